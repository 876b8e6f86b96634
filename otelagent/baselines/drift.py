"""Whether one result fits the shape that its tool's results have had."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from otelagent.baselines.usual import Usual
from otelagent.model import Declared, Form, Shape
from otelagent.reading.declared import plain
from otelagent.reading.shape import KEYS


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
    """How a result parts from what its tool says of it; None where it fits, or holds no object that could."""
    if declared.names:
        at = next((path for path in ("", "/*") if "object" in shape.kinds.get(path, ())), None)
        if at is None:
            return None
        held = {plain(path.rpartition("/")[2]) for path in shape.kinds}
        return None if held & declared.names or len(held) < 2 else Misfit(at, "has no member that its tool describes")
    parted = [_unlike(form, shape) for form in declared.forms]
    nearest = [found for found in parted if found is not None]
    return max(nearest, key=lambda found: found.pointer.count("/")) if 0 < len(nearest) == len(parted) else None


def _unlike(form: Form, shape: Shape) -> Misfit | None:
    for row in shape.rows:
        at, *members = row.kinds
        gone = [p for p in form.required if p not in row.kinds and p.rpartition("/")[0] == at]
        if gone and 0 < len(members) < KEYS:  # of a wider object, or one whose members are data, not all are known
            return Misfit(at, f"lacks {_names(gone)}, which its schema requires")
    for path, kinds in form.types.items():
        strange = shape.kinds.get(path, kinds) - kinds - {"null"}
        if strange:
            where = " or ".join(_article(kind) for kind in sorted(kinds))
            return Misfit(path, f"{_article(min(strange))} where its schema has {where}")
    return None


def _types(usual: Usual, here: Mapping[str, frozenset[str]]) -> Iterator[Misfit]:
    for path, kinds in here.items():
        types = usual.types.get(path)
        if types is None or types.expected == "null":
            continue
        strange = [kind for kind in kinds if kind != "null" and kind not in types.usual]
        if strange:
            yield Misfit(path, f"{_article(min(strange))} instead of {_article(types.expected)}")


def _missing(usual: Usual, here: Mapping[str, frozenset[str]]) -> Iterator[Misfit]:
    """Members that were always there, where what is gone is more than an optional member that is absent for once."""
    for parent, kinds in here.items():
        required = usual.required.get(parent, ()) if "object" in kinds else ()
        gone = [path for path in required if path not in here]
        if not gone:
            continue
        new = [path for path in _children(here, parent) if path not in usual.types]
        payload = [path for path in gone if (types := usual.types[path]) is not None and types.payload]
        if new or payload or 2 * len(gone) >= len(required) > 1:
            yield Misfit(parent, f"lacks {_names(payload or gone)}, which it always had")


def _children(paths: Mapping[str, object], parent: str) -> Iterator[str]:
    """Paths of the members of an object, without those whose names are data."""
    return (p for p in paths if p and p.rpartition("/")[0] == parent and not p.endswith("/*"))


def _names(paths: Sequence[str]) -> str:
    return ", ".join(path.rpartition("/")[2] for path in paths[:3])


def _article(kind: str) -> str:
    return kind if kind == "null" else f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"
