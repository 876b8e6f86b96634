"""What a tool says its results are: by an output schema, or in the words of its description."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import re2

from otelagent.model import Declared

HEAD: Final = 1_000
"""Characters of a description that are read."""
MAX_NAMES: Final = 32

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

_SCALARS: Final[Mapping[str, str]] = {
    "integer": "number",
    "number": "number",
    "string": "string",
    "boolean": "boolean",
    "object": "object",
    "array": "array",
}


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


def _schema(schema: Mapping[str, Any]) -> Declared | None:
    """The top level of a JSON schema of an object; None of anything that is more than that."""
    members = schema.get("properties")
    if not isinstance(members, dict) or not members or ("result" in members and len(members) == 1):
        return None
    if any(key in schema for key in ("anyOf", "oneOf", "allOf", "$ref", "if", "not")):
        return None
    given = ((str(name), str(member.get("type"))) for name, member in members.items() if isinstance(member, dict))
    types = {name: _SCALARS[kind] for name, kind in given if kind in _SCALARS}
    required = [str(name) for name in schema.get("required") or () if name in members]
    return Declared(required=tuple(required[:MAX_NAMES]), types=types)
