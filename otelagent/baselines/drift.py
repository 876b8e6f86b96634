"""Whether one result fits the shape that its tool's results have had."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from otelagent.baselines.usual import FREQUENT, Usual
from otelagent.model import Declared, Shape
from otelagent.reading.declared import plain

RARE: Final = 0.01
"""Share of the types at a place up to which one is no part of the shape."""


class Misfit(NamedTuple):
    """Where a result parts from its tool's shape, as a JSON pointer, and how, without content."""

    pointer: str
    note: str


def misfit(usual: Usual, shape: Shape, fitting: set[int]) -> Misfit | None:
    """The first telling difference; None where it fits. Marks of rows and shapes that fit are added to `fitting`.

    Absent optional members, null, new members, types that have been seen before and longer lists are no difference.
    Where each row fits, so does the whole; where one doesn't, another may hold what it lacks.
    """
    new = [row for row, mark in zip(shape.rows, shape.marks, strict=True) if mark not in fitting]
    fits = [row.mark for row in new if _differs(usual, row.kinds) is None]
    fitting.update(fits)
    found = None if len(fits) == len(new) else _differs(usual, shape.kinds)
    if found is None:
        fitting.add(shape.mark)
    return found


def _differs(usual: Usual, kinds: Mapping[str, frozenset[str]]) -> Misfit | None:
    return next(_types(usual, kinds), None) or next(_missing(usual, kinds), None)


def undeclared(declared: Declared, shape: Shape) -> Misfit | None:
    """How a result parts from what its tool says of it: None where it fits, or where it isn't an object or several."""
    at = next((path for path in ("", "/*") if "object" in shape.kinds.get(path, ())), None)
    if at is None:
        return None
    if declared.names:
        held = {plain(path.rpartition("/")[2]) for path in shape.kinds}
        return None if held & declared.names or len(held) < 2 else Misfit(at, "has no member that its tool describes")
    gone = [name for name in declared.required if f"{at}/{name}" not in shape.kinds]
    if gone:
        return Misfit(at, f"lacks {', '.join(gone[:3])}, which its schema requires")
    for name, kind in declared.types.items():
        found = shape.kinds.get(f"{at}/{name}", frozenset())
        if found and not found & {kind, "null"}:
            return Misfit(f"{at}/{name}", f"{_article(min(found))} where its schema has {_article(kind)}")
    return None


def _types(usual: Usual, here: Mapping[str, frozenset[str]]) -> Iterator[Misfit]:
    for path, kinds in here.items():
        seen = usual.kinds.get(path)
        if seen is None or sum(seen.values()) < FREQUENT * usual.shaped:
            continue
        rare = RARE * sum(seen.values())
        strange = [kind for kind in kinds if kind != "null" and seen.get(kind, 0.0) <= rare]
        expected = max(seen, key=lambda kind: seen[kind])
        if strange and expected != "null":
            yield Misfit(path, f"{_article(strange[0])} instead of {_article(expected)}")


def _missing(usual: Usual, here: Mapping[str, frozenset[str]]) -> Iterator[Misfit]:
    """Members that were always there, where what is gone is more than an optional member that is absent for once."""
    for parent, kinds in here.items():
        required = usual.required.get(parent, ()) if "object" in kinds else ()
        gone = [path for path in required if path not in here]
        if not gone:
            continue
        new = [path for path in _children(here, parent) if path not in usual.kinds]
        payload = [path for path in gone if usual.kinds[path].keys() & {"object", "array"}]
        if new or payload or 2 * len(gone) >= len(required) > 1:
            yield Misfit(parent, f"lacks {', '.join(_name(p) for p in (payload or gone)[:3])}, which it always had")


def _children(paths: Mapping[str, object], parent: str) -> Iterator[str]:
    """Paths of the members of an object, without those whose names are data."""
    return (p for p in paths if p and p.rpartition("/")[0] == parent and not p.endswith("/*"))


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _article(kind: str) -> str:
    return kind if kind == "null" else f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"
