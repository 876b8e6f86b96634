"""In which respects two profiles of a tool can differ: shares, mixtures and distributions, side by side."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from otelagent.baselines.sketch import Sketch
from otelagent.baselines.tool import ToolProfile
from otelagent.model import Status

NORMAL: Final = frozenset({Status.OK, Status.UNKNOWN})

OUTCOMES: Final = "outcomes"
MAGNITUDES: Final = "magnitudes"
SHAPES: Final = "shapes"
"""Families of respects that are tested together: few outcomes mustn't drown among many places of results."""


@dataclass(frozen=True)
class Aspect:
    """One respect. Weights by category, in the same order on both sides; `values` where categories are magnitudes."""

    what: str
    """outcome, size, latency, presence, type, class, length."""
    where: str
    """Outcome, or path."""
    family: str
    before: tuple[float, ...]
    after: tuple[float, ...]
    names: tuple[str, ...] = ()
    values: tuple[float, ...] = ()
    independent: tuple[float, float] = field(default=(0.0, 0.0))
    """How many independent observations the weights are worth, on either side; 0: as many as they are."""

    @property
    def shares(self) -> tuple[float, float]:
        """Of the first category, before and after."""
        return self.before[0] / max(sum(self.before), 1e-12), self.after[0] / max(sum(self.after), 1e-12)

    @property
    def medians(self) -> tuple[float, float]:
        """Of magnitudes."""
        return _median(self.values, self.before), _median(self.values, self.after)

    @property
    def distance(self) -> float:
        """0 to 1: difference of shares, total variation of mixtures, largest gap between distributions."""
        before, after = _normed(self.before), _normed(self.after)
        if not self.values:
            return sum(abs(a - b) for a, b in zip(before, after, strict=True)) / 2
        gap = here = there = 0.0
        for a, b in zip(before, after, strict=True):
            here, there = here + a, there + b
            gap = max(gap, abs(here - there))
        return gap


def aspects(before: ToolProfile, after: ToolProfile) -> Iterator[Aspect]:
    """All respects in which both say enough to be compared."""
    for status in Status:
        if status not in NORMAL and (before.outcomes.get(status) or after.outcomes.get(status)):
            yield _outcome(str(status), before, after)
    for what, one, other in (
        ("size", before.sizes, after.sizes),
        ("latency", before.latencies, after.latencies),
    ):
        if one.count and other.count:
            yield _worth(_magnitude(what, one, other), before, after)
    for aspect in _shapes(before, after):
        yield _worth(aspect, before, after)


def _outcome(status: str, before: ToolProfile, after: ToolProfile) -> Aspect:
    sides = [(p.outcomes.get(status, 0.0), p.calls - p.outcomes.get(status, 0.0)) for p in (before, after)]
    worth = _independent(status, before, after)
    return Aspect("outcome", status, OUTCOMES, sides[0], sides[1], (status, "other"), independent=worth)


def _independent(status: str, before: ToolProfile, after: ToolProfile) -> tuple[float, float]:
    """How many independent calls the calls of either side are worth, for the share of an outcome.

    Calls of one run tend to come out alike. The variance of the share between traces, by that of as many independent
    calls, is the design effect (the ratio estimator of cluster sampling), that of both sides together: few traces of
    one side may be alike by chance.
    """
    p = sum(side.outcomes.get(status, 0.0) for side in (before, after)) / max(before.calls + after.calls, 1e-12)
    between, apart = (sum(sums) for sums in zip(before.effect(status, p), after.effect(status, p), strict=True))
    effect = max(between / apart, 1.0) if apart > 0 else 1.0
    return before.calls / effect, after.calls / effect


def _worth(aspect: Aspect, before: ToolProfile, after: ToolProfile) -> Aspect:
    worth = sum(aspect.before) * before.alike, sum(aspect.after) * after.alike
    return replace(aspect, independent=worth)


def _magnitude(what: str, before: Sketch, after: Sketch) -> Aspect:
    one, other = dict(before.bins()), dict(after.bins())
    values = tuple(sorted({*one, *other}))
    return Aspect(
        what,
        "",
        MAGNITUDES,
        tuple(one.get(value, 0.0) for value in values),
        tuple(other.get(value, 0.0) for value in values),
        values=values,
    )


def _shapes(before: ToolProfile, after: ToolProfile) -> Iterator[Aspect]:
    one, other = before.kinds(), after.kinds()
    for path in sorted({*one, *other}):
        sides = (one.get(path, {}), other.get(path, {}))
        held = _held(path, one, before.shaped), _held(path, other, after.shaped)
        if path and not path.endswith("/*") and all(held):
            counts = [
                (min(sum(s.values()), h), max(h - sum(s.values()), 0.0)) for s, h in zip(sides, held, strict=True)
            ]
            yield Aspect("presence", path, SHAPES, counts[0], counts[1], ("present", "absent"))
        yield from _mixture("type", path, *sides)
    strings, others = before.classes(), after.classes()
    for path in sorted(strings.keys() & others.keys()):
        sides = (strings[path], others[path])
        arrays = any(kind.startswith("array") for side in sides for kind in side)
        yield from _mixture("length" if arrays else "class", path, *sides)


def _held(path: str, kinds: Mapping[str, Mapping[str, float]], shaped: float) -> float:
    """Weight of the results that could have had this member."""
    return kinds.get(path.rpartition("/")[0], {}).get("object", 0.0) if path else shaped


def _mixture(what: str, path: str, one: Mapping[str, float], other: Mapping[str, float]) -> Iterator[Aspect]:
    names = tuple(sorted({*one, *other}))
    if len(names) > 1 and one and other:
        before, after = tuple(one.get(n, 0.0) for n in names), tuple(other.get(n, 0.0) for n in names)
        yield Aspect(what, path, SHAPES, before, after, names)


def _normed(weights: Sequence[float]) -> list[float]:
    total = sum(weights)
    return [weight / total for weight in weights] if total else [0.0 for _ in weights]


def _median(values: Sequence[float], weights: Sequence[float]) -> float:
    half, seen = sum(weights) / 2, 0.0
    for value, weight in zip(values, weights, strict=True):
        seen += weight
        if seen >= half:
            return value
    return 0.0
