"""What a JSON schema says of a tool's results, laid out for holding their shapes against it: no values are at hand.

Only what must hold is kept. Keywords that restrict further (`if`, `not`, `pattern`) are left aside, sets of values may
grow, and what isn't understood (a reference elsewhere, a tuple) says nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final, NamedTuple

from otelagent.model import Form
from otelagent.reading.shape import escaped

MAX_MEMBERS: Final = 64
"""Paths of a form that are kept, those of the upper levels first."""
MAX_FORMS: Final = 8
"""Alternatives of a whole result that are told apart; of more, what they have in common is kept."""
DEPTH: Final = 4
NODES: Final = 400
"""Parts of a schema that are looked at; of a larger one nothing is kept, since part of a union would be wrong."""
NESTED: Final = 40
"""References and unions within each other that are followed."""

_TYPES: Final[Mapping[str, str]] = {
    "integer": "number",
    "number": "number",
    "string": "string",
    "boolean": "boolean",
    "object": "object",
    "array": "array",
    "null": "null",
}


_HOLDERS: Final = frozenset(("object", "array"))

_NO_RESTRICTIONS: Final = frozenset(("$defs", "definitions", "$schema", "$id", "title", "description"))


class TooMuch(ValueError):
    """A schema is too large or too deeply nested to be read."""


class _Part(NamedTuple):
    """Types by path, where they are restricted, and paths that an object at their parent must have."""

    kinds: Mapping[str, frozenset[str]]
    required: frozenset[str]

    def may_hold(self, at: str, path: str) -> bool:
        """What stands at `at` may have this path below it."""
        kinds, below = self.kinds.get(at), path[len(at) + 1 :]
        return kinds is None or ("array" if below.partition("/")[0] == "*" else "object") in kinds


def forms(schema: Mapping[str, Any]) -> tuple[Form, ...]:
    """A result must fit one of them; none where the schema restricts nothing that a shape shows, or is too large."""
    try:
        parts = _Reader(schema).alternatives(schema)
    except TooMuch:
        return ()
    found = [_form(part) for part in parts if not part.kinds.get("", _HOLDERS).isdisjoint(_HOLDERS)]
    return tuple(found) if all(form.required or form.types for form in found) else ()


def _form(part: _Part) -> Form:
    paths = sorted({*part.kinds, *part.required} - {""}, key=lambda path: (path.count("/"), path))[:MAX_MEMBERS]
    return Form(
        tuple(path for path in paths if path in part.required),
        {path: part.kinds[path] for path in paths if path in part.kinds},
    )


class _Reader:
    """One schema, and how much of it may still be looked at."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._left = NODES

    def alternatives(self, schema: Mapping[str, Any]) -> list[_Part]:
        """Of the whole result: one for each branch of a union, else one."""
        for _ in range(NESTED):
            if schema.keys() - _NO_RESTRICTIONS != {"$ref"} or (target := self._target(schema)) is None:
                break
            schema = target
        branches = next((b for key in ("anyOf", "oneOf") if (b := _schemas(schema.get(key)))), [])
        if not 1 < len(branches) <= MAX_FORMS:
            return [self._part(schema, "", 0)]
        rest = {key: value for key, value in schema.items() if key not in ("anyOf", "oneOf")}
        common = self._part(rest, "", 0)
        return [_both([common, self._part(branch, "", 0)]) for branch in branches]

    def _part(self, schema: Mapping[str, Any], at: str, nested: int) -> _Part:
        """`at`: the path of what the schema is of."""
        self._left -= 1
        if self._left < 0 or nested > NESTED:
            raise TooMuch
        kinds = _kinds(schema)
        parts = [_Part({} if kinds is None else {at: kinds}, frozenset()), *self._members(schema, at, nested + 1)]
        if (target := self._target(schema)) is not None:
            parts.append(self._part(target, at, nested + 1))
        parts += [self._part(each, at, nested + 1) for each in _schemas(schema.get("allOf"))]
        for key in ("anyOf", "oneOf"):
            if branches := _schemas(schema.get(key)):
                parts.append(_either([self._part(branch, at, nested + 1) for branch in branches], at))
        return _both(parts)

    def _members(self, schema: Mapping[str, Any], at: str, nested: int) -> Iterator[_Part]:
        """Of the members of an object and the items of an array."""
        if at.count("/") >= DEPTH:
            return
        yield _Part({}, frozenset(f"{at}/{escaped(name)}" for name in _required(schema) if escaped(name) != "*"))
        for name, inner in _properties(schema):
            yield self._part(inner, f"{at}/{escaped(name)}", nested)
        if isinstance(items := schema.get("items"), dict) and "prefixItems" not in schema:
            yield self._part(items, f"{at}/*", nested)

    def _target(self, schema: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """What a reference within the schema stands for."""
        reference = schema.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#"):
            return None
        found: Any = self._root
        for name in reference[1:].split("/")[1:NESTED]:
            name = name.replace("~1", "/").replace("~0", "~")
            found = found.get(name) if isinstance(found, dict) else None
        return found if isinstance(found, dict) else None


def _required(schema: Mapping[str, Any]) -> list[str]:
    names = schema.get("required")
    return [name for name in names[:MAX_MEMBERS] if isinstance(name, str)] if isinstance(names, list) else []


def _properties(schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Members without those whose names are data."""
    members = schema.get("properties")
    for name, inner in islice(members.items(), MAX_MEMBERS) if isinstance(members, dict) else ():
        if isinstance(inner, dict) and escaped(name) != "*":
            yield name, inner


def _schemas(value: object) -> list[Mapping[str, Any]]:
    """Branches; `true` and what isn't a schema restrict nothing."""
    return [each if isinstance(each, dict) else {} for each in value] if isinstance(value, list) else []


def _kinds(schema: Mapping[str, Any]) -> frozenset[str] | None:
    """None: any type, or one that isn't known."""
    said = schema.get("type")
    names = said if isinstance(said, list) else [said]
    known = [_TYPES.get(name) if isinstance(name, str) else None for name in names[: len(_TYPES)]]
    return None if None in known else frozenset(kind for kind in known if kind is not None) or None


def _both(parts: Iterable[_Part]) -> _Part:
    """All of them hold; types that exclude each other say nothing."""
    kinds: dict[str, frozenset[str]] = {}
    required: set[str] = set()
    for part in parts:
        required |= part.required
        for path, each in part.kinds.items():
            kinds[path] = (kinds.get(path, each) & each) or kinds[path]
    return _Part(kinds, frozenset(required))


def _either(parts: list[_Part], at: str) -> _Part:
    """One of them holds. A branch that can't have a path says nothing of it."""
    paths = {path for part in parts for path in (*part.kinds, *part.required)}
    kinds, required = dict[str, frozenset[str]](), set[str]()
    for path in paths:
        able = [part for part in parts if path == at or part.may_hold(at, path)]
        if able and all(path in part.kinds for part in able):
            kinds[path] = frozenset[str]().union(*(part.kinds[path] for part in able))
        if able and all(path in part.required for part in able):
            required.add(path)
    return _Part(kinds, frozenset(required))
