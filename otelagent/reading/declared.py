"""What a tool says its results are: by an output schema, or in the words of its description."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any, Final

import re2

from otelagent.model import Declared
from otelagent.reading.shape import escaped

HEAD: Final = 1_000
"""Characters of a description that are read."""
MAX_NAMES: Final = 32
MAX_MEMBERS: Final = 64
"""Members of a schema that are looked at."""
SCHEMA_DEPTH: Final = 4

_ENVELOPES: Final = frozenset({"result", "output", "data", "response", "content", "value", "body", "structuredContent"})
_BEYOND: Final = ("anyOf", "oneOf", "allOf", "$ref", "if", "not")
"""Keywords with which a schema is more than a list of members."""

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

_TYPES: Final[Mapping[str, str]] = {
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
    """What a JSON schema says of members of objects, also of those in objects and arrays.

    A part that is more than that (a union, a reference) says nothing; nor does an envelope, which isn't there any more
    when a result is held against its schema.
    """
    members = schema.get("properties")
    if isinstance(members, dict) and len(members) == 1 and not _ENVELOPES.isdisjoint(members):
        return None
    found = list(islice(_members(schema, "", SCHEMA_DEPTH), MAX_MEMBERS))
    required = tuple(path for path, _, needed in found if needed and path[1:] not in _ENVELOPES)
    types = {path: kind for path, kind, _ in found if kind is not None}
    return Declared(required=required, types=types) if required or types else None


def _members(schema: Mapping[str, Any], at: str, depth: int) -> Iterator[tuple[str, str | None, bool]]:
    """Path, type where there is one, and whether it is required; those of the upper levels first."""
    if depth <= 0 or any(key in schema for key in _BEYOND):
        return
    inner = []
    members, required = _named(schema.get("properties")), schema.get("required")
    for name, member in members.items():
        kind, path = member.get("type"), f"{at}/{escaped(name)}"
        yield path, _TYPES.get(kind) if isinstance(kind, str) else None, isinstance(required, list) and name in required
        inner.append((member, path))
    if isinstance(items := schema.get("items"), dict):
        inner.append((items, f"{at}/*"))
    for member, path in inner:
        yield from _members(member, path, depth - 1)


def _named(members: object) -> dict[str, Mapping[str, Any]]:
    """Members that a schema describes, without those whose names are data."""
    if not isinstance(members, dict):
        return {}
    return {str(name): m for name, m in members.items() if isinstance(m, dict) and escaped(name) != "*"}
