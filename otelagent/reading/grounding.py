"""What an agent was given, as hashes, and which claims nothing in it supports.

Owned by one trace. Bounded: hashes beyond the limit are dropped and `full` says so.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from math import floor, isfinite, log10
from typing import Final

from otelagent.model import Claim
from otelagent.reading.numerals import key as number_key
from otelagent.reading.values import CUT

NUMERIC: Final = frozenset(("number", "percent", "money"))
_FRESH: Final = 512
_PAIRS: Final = 64
"""Numbers that are tried in pairs: the latest ones."""
_STATED: Final = 24
"""Numbers of the completion that are combined."""
_COUNTS: Final = range(2, 10)
_FEW: Final = 12
"""Up to so many given numbers, any pair may explain a claim."""
_CHANCE: Final = 0.5
"""Chance hits expected, beyond which a pair explains nothing."""
_ROUNDS: Final = 2
"""A total may stand before or after what it sums up."""


class Ledger:
    """Hashes of the values that an agent was given, and some of its numbers for sums, differences and shares."""

    __slots__ = ("_fresh", "_kept", "_limit", "_numbers", "_numbers_limit", "full")

    def __init__(self, limit: int = 4096, numbers: int = 256) -> None:
        self._limit = limit
        self._numbers_limit = numbers
        self._kept = array("Q")
        self._fresh: set[int] = set()
        self._numbers: list[float] = []
        self.full = False
        """Something given isn't here: what seems ungrounded may be grounded."""

    def add(self, hashes: Iterable[int], numbers: Iterable[float] = ()) -> None:
        """Take in what a message or result contains."""
        for hashed in hashes:
            if hashed == CUT:
                self.full = True
                continue
            if hashed in self._fresh:
                continue
            if len(self._kept) + len(self._fresh) >= self._limit:
                self.full = True
                break
            self._fresh.add(hashed)
        if len(self._fresh) > _FRESH:
            self._fold()
        self._numbers.extend(number for number in numbers if isfinite(number) and number not in self._numbers)
        del self._numbers[: -self._numbers_limit or None]

    def merge(self, other: "Ledger") -> None:
        """Take in what another contains."""
        self.add((*other._kept, *other._fresh), other._numbers)
        self.full = self.full or other.full

    def __contains__(self, hashed: int) -> bool:
        if hashed in self._fresh:
            return True
        place = bisect_left(self._kept, hashed)
        return place < len(self._kept) and self._kept[place] == hashed

    def __len__(self) -> int:
        return len(self._kept) + len(self._fresh)

    def ungrounded(self, claims: Sequence[Claim]) -> tuple[Claim, ...]:
        """The claims whose value doesn't occur in what was given and isn't derived from it in a simple way."""
        missing = [claim for claim in claims if not (any(key in self for key in claim.keys) or self._multiple(claim))]
        if not any(claim.kind in NUMERIC for claim in missing):
            return tuple(missing)
        lost = set(map(id, missing))
        derivable = _Derivable(self._numbers, (c.value for c in claims if c.kind in NUMERIC and id(c) not in lost))
        for _ in range(_ROUNDS):
            missing = [claim for claim in missing if not (claim.kind in NUMERIC and derivable.gives(claim))]
        return tuple(missing)

    def _multiple(self, claim: Claim) -> bool:
        """A price times a small count: both girders, three nights, four passengers."""
        if claim.kind != "money" or not claim.value or not isfinite(claim.value):
            return False
        parts = (claim.value / count for count in _COUNTS)
        return any(abs(part - round(part, 2)) < 1e-9 and number_key(part) in self for part in parts)

    def _fold(self) -> None:
        self._kept = array("Q", sorted({*self._kept, *self._fresh}))
        self._fresh.clear()


class _Derivable:
    """Simple arithmetic over what was given and over what the completion itself states and has grounds for."""

    def __init__(self, given: Sequence[float], stated: Iterable[float | None]) -> None:
        self._given = [number for number in given[-_PAIRS:] if number]
        self._stated = [number for number in dict.fromkeys(stated) if number][:_STATED]
        self._pairs = sorted(_pairs(self._given))
        self._ratios = sorted(_ratios(self._given))
        self._own: list[float] | None = None

    def gives(self, claim: Claim) -> bool:
        """Whether a claim follows; what follows is stated from then on."""
        value = abs(claim.value) if claim.value is not None and isfinite(claim.value) else 0.0
        if not value or not self._follows(claim.kind, value, precision(value)):
            return False
        if value not in self._stated and len(self._stated) < _STATED:
            self._stated.append(value)
            self._own = None
        return True

    def _follows(self, kind: str, value: float, slack: float) -> bool:
        if kind == "percent" and any(abs(100 * one - value) <= slack * 1.001 for one in self._given if abs(one) <= 1):
            return True
        if kind == "percent" and self._telling(self._ratios, value, max(slack, 0.05)):
            return True
        if self._own is None:
            self._own = sorted((*_wholes(self._stated), *_pairs(self._stated), *_ratios(self._stated)))
        if _hits(self._own, value, slack) or (kind != "percent" and _hits(self._own, value * 100, slack * 100)):
            return True
        if kind == "percent":
            return False
        return self._telling(self._pairs, value, slack) or self._telling(self._ratios, value * 100, slack * 100)

    def _telling(self, candidates: list[float], value: float, slack: float) -> bool:
        """A hit counts only where one by chance is unlikely: few candidates lie around the value."""
        hits = _hits(candidates, value, slack)
        if not hits:
            return False
        around = bisect_left(candidates, value * 1.5) - bisect_left(candidates, value * 0.5)
        return len(self._given) <= _FEW or (around - hits) * 2 * slack / value < _CHANCE


def _hits(candidates: list[float], value: float, slack: float) -> int:
    return bisect_left(candidates, value + slack * 1.001) - bisect_left(candidates, value - slack * 1.001)


def precision(value: float) -> float:
    """Half a unit of the last digit that a number shows; of 1,200,000 the hundred thousands."""
    if not value:
        return 0.5
    if value.is_integer():
        text = f"{value:.0f}"
        zeros = len(text) - len(text.rstrip("0"))
        return 0.5 * 10**zeros if zeros >= 2 else 0.5
    decimals = len(repr(value).partition(".")[2]) if "e" not in repr(value) else -floor(log10(value))
    return 0.5 * 10.0**-decimals


def _wholes(stated: Sequence[float]) -> Iterator[float]:
    """Totals of what the completion lists: of all its numbers, of runs of them, and their averages."""
    for first in range(min(len(stated), 24)):
        total = 0.0
        for count, number in enumerate(stated[first : first + 24], 1):
            total += number
            if count > 1:
                yield total
                yield total / count


def _pairs(given: Sequence[float]) -> Iterator[float]:
    """Sums, differences, averages and products of two."""
    for place, one in enumerate(given):
        for other in given[place + 1 :]:
            yield one + other
            yield abs(one - other)
            yield (one + other) / 2
            if one * other < 1e15:
                yield one * other


def _ratios(given: Sequence[float]) -> Iterator[float]:
    """Shares and changes in percent."""
    for one in given:
        for other in given:
            if one != other:
                yield 100 * one / other
                yield 100 * abs(one - other) / other
