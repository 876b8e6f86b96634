"""What a tool's results usually hold, laid out for holding single results against it."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

STABLE: Final = 0.99
"""Share of the objects at a path from which on a member is part of the shape."""
FREQUENT: Final = 0.2
"""Share of the results from which on a path says enough to be judged."""
RARE: Final = 0.01
"""Share of the types at a path up to which one is no part of the shape."""


class Types(NamedTuple):
    """What stands at a path: the most frequent JSON type, and all that aren't rare; paths share these."""

    expected: str
    usual: frozenset[str]

    @property
    def payload(self) -> bool:
        """It holds more than one value."""
        return not self.usual.isdisjoint(("object", "array"))


class Usual:
    """Made from a profile now and then; it doesn't change."""

    __slots__ = ("required", "types")

    def __init__(self, kinds: Mapping[str, Mapping[str, float]], shaped: float) -> None:
        """`kinds`: JSON types by path, each with the weight of the results that had it; `shaped`: of all results."""
        self.types = {path: _types(seen, FREQUENT * shaped) for path, seen in kinds.items()}
        """By path; None where too few results had the path."""
        required: dict[str, list[str]] = {}
        for parent, path in _required(kinds, FREQUENT * shaped):
            required.setdefault(parent, []).append(path)
        self.required = {parent: tuple(paths) for parent, paths in required.items()}
        """By path of an object: members that practically all had. Those whose names are data are left out."""


def _types(seen: Mapping[str, float], enough: float) -> Types | None:
    total = sum(seen.values())
    if total < enough:
        return None
    return _shared(max(seen, key=lambda kind: seen[kind]), frozenset(k for k, w in seen.items() if w > RARE * total))


_shared: Final = lru_cache(256)(Types)


def _required(kinds: Mapping[str, Mapping[str, float]], enough: float) -> Iterator[tuple[str, str]]:
    for path, seen in kinds.items():
        parent = path.rpartition("/")[0]
        held = kinds.get(parent, {}).get("object", 0.0) if path and not path.endswith("/*") else 0.0
        if held and held >= enough and sum(seen.values()) >= STABLE * held:
            yield parent, path
