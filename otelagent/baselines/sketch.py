"""A quantile sketch of non-negative numbers: DDSketch's mapping and store, with weights that can be scaled."""

import math
from array import array
from collections.abc import Iterator
from functools import cache
from typing import Any, Final, NamedTuple, Self

from ddsketch.mapping import LogarithmicMapping
from ddsketch.store import CollapsingLowestDenseStore


class Grain(NamedTuple):
    """Relative error of a quantile, and most bins: beyond them the lowest are joined. A bin takes 8 bytes."""

    error: float
    bins: int


FINE: Final = Grain(0.03, 192)
"""For distributions that are compared."""

MEDIUM: Final = Grain(0.06, 40)
"""For those whose upper end is judged: two decades below the largest value."""

COARSE: Final = Grain(0.2, 16)
"""For those that only tell what is usual."""

_mapping = cache(LogarithmicMapping)


@cache
def _scale(error: float) -> float:
    """By which a logarithm is times to be the mapping's key, rounded up: its own `key` takes three calls."""
    return 1 / math.log(_mapping(error).gamma)


class Sketch:
    """Weighted counts of values in bins of equal ratio. Sketches of one grain merge exactly."""

    __slots__ = ("_mapping", "_scale", "_store", "_zeros", "grain")

    def __init__(self, grain: Grain = FINE) -> None:
        self.grain = grain
        self._mapping: LogarithmicMapping = _mapping(grain.error)
        self._scale = _scale(grain.error)
        self._store = CollapsingLowestDenseStore(grain.bins)
        self._store.chunk_size = 8  # the collapsing store doesn't pass on what its constructor is given
        self._zeros = 0.0

    @property
    def count(self) -> float:
        """Sum of all weights."""
        return float(self._store.count + self._zeros)

    def add(self, value: float, weight: float = 1.0) -> None:
        """Take in one value; what isn't positive counts as 0."""
        if value <= 1e-9:
            self._zeros += weight
            return
        key, store = math.ceil(math.log(value) * self._scale), self._store
        if store.min_key <= key <= store.max_key:  # what its own `add` does where its bins needn't grow, without calls
            store.bins[key - store.offset] += weight
            store.count += weight
        else:
            store.bins = list(store.bins)
            store.add(key, weight)
            store.bins = array("d", store.bins)  # type: ignore[assignment]  # a quarter of a list, which seldom grows

    def quantile(self, share: float) -> float:
        """The value at this share of the whole weight, within the grain's error; 0 of an empty sketch.

        Weights are any positive numbers here, so the rank is a share of their sum (the library's own counts items).
        """
        return self.quantiles(share)[0]

    def quantiles(self, *shares: float) -> list[float]:
        """Several in one go, of rising shares."""
        found: list[float] = []
        seen = last = 0.0
        wanted = [share * self.count for share in shares]
        for value, weight in self.bins():
            seen, last = seen + weight, value
            while len(found) < len(wanted) and seen >= wanted[len(found)]:
                found.append(value)
            if len(found) == len(wanted):
                break
        return found + [last] * (len(wanted) - len(found))

    def share_up_to(self, limit: float) -> float:
        """Share of the weight at values up to this one; 0 of an empty sketch."""
        below = sum(weight for value, weight in self.bins() if value <= limit * (1 + self.grain.error))
        return below / self.count if below else 0.0

    def bins(self) -> Iterator[tuple[float, float]]:
        """Value and weight of each bin that holds something, in rising order."""
        if self._zeros:
            yield 0.0, self._zeros
        for place, weight in enumerate(self._store.bins):
            if weight:
                yield float(self._mapping.value(place + self._store.offset)), float(weight)

    def merge(self, other: "Sketch", scale: float = 1.0) -> None:
        """Take in all that another one holds, each weight times `scale`."""
        for value, weight in other.bins():
            self.add(value, weight * scale)

    def as_json(self) -> list[list[float]]:
        """Bins as pairs of value and weight."""
        return [[float(f"{value:.6g}"), float(f"{weight:.6g}")] for value, weight in self.bins()]

    @classmethod
    def from_json(cls, written: Any, grain: Grain = FINE) -> Self:
        """The sketch that was written; raises ValueError or TypeError."""
        made = cls(grain)
        for value, weight in written:
            if not (0 <= value < 1e300 and 0 < weight < 1e300):
                raise ValueError("values and weights of a sketch must be positive and finite")
            made.add(float(value), float(weight))
        return made
