"""What a tool says its results are: by an output schema, or in the words of its description."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import orjson
import re2

from otelagent.model import Declared, Form
from otelagent.reading.result_schema import forms

HEAD: Final = 1_000
"""Characters of a description that are read."""
MAX_NAMES: Final = 32
MAX_SCHEMA: Final = 32 << 10
"""Bytes of a schema that is read; a longer one says nothing."""

_ENVELOPES: Final = frozenset({"result", "output", "data", "response", "content", "value", "body", "structuredContent"})

_NAME: Final = r"[`'\"]?[A-Za-z][A-Za-z0-9_]{0,30}[`'\"]?(?:\s*\([^()]{1,30}\))?"
_LISTED: Final = re2.compile(
    r"(?i)\b(?:with|returns?|returning|including|includes?|containing|contains?|gives|fields|keys|members)"
    r"(?:\s+(?:an?|the|its|their|these|following|dict|dictionary|object|record|json|keys|fields|members|with|and|of))*[:\s]+"
    rf"({_NAME}(?:\s*,\s*{_NAME})*\s*,?\s+and\s+{_NAME}|{_NAME}(?:\s*,\s*{_NAME}){{2,}})"
)
_BRACES: Final = re2.compile(r"\{\s*([`'\"]?[A-Za-z][A-Za-z0-9_]{0,30}[`'\"]?\s*[:,][^{}]{2,300})\}")
_KEYS: Final = re2.compile(r"(?:^|,)\s*[`'\"]?([A-Za-z][A-Za-z0-9_]{0,30})[`'\"]?\s*(?::|,|$)")
_ARGUMENTS: Final = re2.compile(r"(?i)\b(?:args|arguments|parameters|params|input)\s*:")
_RETURNS: Final = re2.compile(r"(?i)\breturns?\s*:")
_ONE: Final = re2.compile(r"[A-Za-z][A-Za-z0-9_]*")


def declared(description: str | None, schema: object = None) -> Declared | None:
    """What is declared of a tool's results; None where nothing is. A schema goes before words."""
    if isinstance(schema, dict) and (found := _schema(schema)) is not None:
        return found
    names = _promised(description[:HEAD]) if description else frozenset()
    return Declared(names=names) if names else None


@lru_cache(1024)
def _promised(description: str) -> frozenset[str]:
    """Members that a description names; few, common words alone are no promise."""
    said = _without_arguments(description)
    names: list[str] = []
    for listed in _LISTED.findall(said)[:4]:
        names += [found.group(0) for part in _split(listed) if (found := _ONE.search(part)) is not None]
    for listed in _BRACES.findall(said)[:2]:
        names += _KEYS.findall(listed)
    found = frozenset(name.strip("`'\"") for name in names[:MAX_NAMES])
    telling = len(found) > 2 or any("_" in name for name in found)
    return frozenset(map(plain, found)) if telling and len(found) > 1 else frozenset()


def _without_arguments(description: str) -> str:
    """What stands before the arguments, and what stands under Returns."""
    arguments, returns = _ARGUMENTS.search(description), _RETURNS.search(description)
    if arguments is None:
        return description
    head = description[: arguments.start()]
    return head + description[returns.start() :] if returns and returns.start() > arguments.start() else head


def _split(listed: str) -> list[str]:
    return [part for piece in listed.split(",") for part in piece.split(" and ") if part.strip()]


def plain(name: str) -> str:
    """A name without case and separators, as it is compared."""
    return name.lower().replace("_", "").replace("-", "").replace(" ", "")


def _schema(schema: dict[str, Any]) -> Declared | None:
    """What an output schema says; equal ones, which come with each trace, are read once."""
    try:
        raw = orjson.dumps(schema)
    except (TypeError, RecursionError):
        return None
    return _read(raw) if len(raw) <= MAX_SCHEMA else None


@lru_cache(128)
def _read(raw: bytes) -> Declared | None:
    schema = orjson.loads(raw)
    found = () if _enveloped(schema) else forms(schema)
    return Declared(forms=tuple(Form(_without_envelopes(form), form.types) for form in found)) if found else None


def _enveloped(schema: Mapping[str, Any]) -> bool:
    """The result is the one member of an envelope, which isn't there any more when it is held against its schema."""
    members = schema.get("properties")
    return isinstance(members, dict) and len(members) == 1 and not _ENVELOPES.isdisjoint(members)


def _without_envelopes(form: Form) -> tuple[str, ...]:
    return tuple(path for path in form.required if path[1:] not in _ENVELOPES)
