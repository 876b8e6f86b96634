"""What a task usually costs: tokens, calls, time and money of its runs, and how far from that is far."""

import math
from collections.abc import Iterator
from typing import Any, Final, NamedTuple, Self

import msgspec

from otelagent.baselines.aging import HEAVY, Aging
from otelagent.baselines.sketch import COARSE, MEDIUM, Sketch

LEAST_SPREAD: Final = 0.1
"""Of the logarithm of tokens: runs of a task are never taken to be more alike than that."""
UNSURE: Final = 3.0
"""By this over the root of the number of runs the spread is taken to be larger than it looks: few runs hide it."""
SETTLED: Final = 128
"""Runs from which on what is usual is worked out anew only once in `ANEW` runs."""
ANEW: Final = 16
NORMAL_90: Final = 1.2816
"""Standard deviations from the median to the 90th percentile of a normal distribution."""


class Usage(msgspec.Struct, frozen=True):
    """What one run of a task took, its sub-agents included."""

    tokens: int
    """Input and output, whether the input was read from a cache or not."""
    cached: int = 0
    """Of the input tokens, those read from a cache."""
    llm_calls: int = 0
    tool_calls: int = 0
    seconds: float = 0.0
    cost: float | None = None
    """US dollars, where the instrumentation tells."""


class Expected(NamedTuple):
    """What is usual, and from where on a value is not."""

    usual: float
    p99: float
    limit: float


class Margins(NamedTuple):
    """How far from usual is far: all three must be passed."""

    ratio: float
    """Times the median."""
    beyond: float
    """Times the 99th percentile."""
    spread: float
    """Robust standard deviations above the median, on a logarithmic scale."""


class TaskBaseline:
    """Of one task: an agent or workflow with a coarse class of its input. Owned by `Baselines`; under 8 KiB.

    Runs of many turns take more tokens, so tokens are judged twice: as they are, and against what a run of as many
    model calls takes (a line through the logarithms).
    """

    __slots__ = (
        "_line",
        "_memo",
        "_n",
        "_sums",
        "aging",
        "cached",
        "cost",
        "llm_calls",
        "residual",
        "runs",
        "seconds",
        "tokens",
        "tools",
    )

    def __init__(self, half_life: float = 0.0) -> None:
        self.aging = Aging(half_life)
        self.runs = 0
        """Runs learned, unweighted."""
        self.tokens = Sketch(MEDIUM)
        self.residual = Sketch(MEDIUM)
        """Tokens by what is expected of a run with as many model calls."""
        self.llm_calls, self.tools, self.seconds = Sketch(COARSE), Sketch(COARSE), Sketch(COARSE)
        self.cached, self.cost = Sketch(COARSE), Sketch(MEDIUM)
        self._memo: dict[tuple[str, Margins], Expected] = {}
        """What was worked out from sketches, until enough runs were added."""
        self._line: tuple[float, float] | None = None
        """Slope, and tokens of a single call (its logarithm)."""
        self._n = 0.0
        self._sums = [0.0, 0.0, 0.0, 0.0]
        """Of x, y, x*x and x*y: logarithms of calls and tokens."""

    def add(self, usage: Usage, now: float) -> None:
        """Learn from a run that has ended; one without tokens says nothing."""
        if usage.tokens <= 0:
            return
        weight = self.aging.weight(now)
        self.runs += 1
        if self.runs < SETTLED or self.runs % ANEW == 0:
            self._memo.clear()
            self._line = None
        self.tokens.add(usage.tokens, weight)
        self.cached.add(usage.cached, weight)
        self.llm_calls.add(usage.llm_calls, weight)
        self.tools.add(usage.tool_calls, weight)
        self.seconds.add(usage.seconds, weight)
        if usage.cost is not None:
            self.cost.add(usage.cost, weight)
        self._fit(usage, weight)
        self.residual.add(usage.tokens / self.for_calls(usage.llm_calls), weight)
        if weight > HEAVY:
            self._rebase(now)

    def _fit(self, usage: Usage, weight: float) -> None:
        x, y = math.log(max(usage.llm_calls, 1)), math.log(usage.tokens)
        self._n += weight
        sums = self._sums
        sums[0] += x * weight
        sums[1] += y * weight
        sums[2] += x * x * weight
        sums[3] += x * y * weight

    def for_calls(self, llm_calls: int) -> float:
        """Tokens that a run with so many model calls is expected to take."""
        if self._line is None:
            self._line = self._drawn()
        slope, single = self._line
        return math.exp(single + slope * math.log(llm_calls)) if llm_calls > 1 else math.exp(single)

    def _drawn(self) -> tuple[float, float]:
        if not self._n:
            return 0.0, 0.0
        x, y, xx, xy = [total / self._n for total in self._sums]
        spread = xx - x * x
        slope = min(max((xy - x * y) / spread, 0.0), 2.5) if spread > 1e-6 else 1.0
        return slope, y - slope * x

    def expected(self, margins: Margins) -> Expected:
        """Of the tokens of a whole run; as of the last few runs, since it is asked for at every step."""
        return self._once("tokens", margins)

    def exceeded(self, tokens: int, margins: Margins) -> Expected | None:
        """What is usual, if a run with so many tokens is far from it, by all that is known now."""
        return self._passed(tokens, "tokens", margins)

    def exceeded_for(self, llm_calls: int, tokens: int, margins: Margins) -> Expected | None:
        """The same of a run with so many model calls."""
        unit = self.for_calls(llm_calls)
        found = self._passed(tokens / unit, "residual", margins)
        return None if found is None else Expected(*(unit * each for each in found))

    def exceeded_cost(self, cost: float, margins: Margins) -> Expected | None:
        """The same of the cost; None where too few runs told theirs."""
        known = self.cost.count and self.cost.count >= 0.9 * self.tokens.count
        return self._passed(cost, "cost", margins) if known else None

    def _passed(self, value: float, name: str, margins: Margins) -> Expected | None:
        if value <= self._once(name, margins).limit:
            return None
        self._memo.clear()
        found = self._once(name, margins)
        return found if value > found.limit else None

    def _once(self, name: str, margins: Margins) -> Expected:
        found = self._memo.get((name, margins))
        if found is None:
            found = self._memo[name, margins] = _expected(getattr(self, name), margins)
        return found

    def quantile_of(self, tokens: int) -> float:
        """Share of the runs that took no more."""
        return self.tokens.share_up_to(tokens)

    def _rebase(self, now: float) -> None:
        fresh = self.as_of(now)
        for name in self.__slots__:
            setattr(self, name, getattr(fresh, name))

    def as_of(self, now: float | None = None) -> Self:
        """The same in units of an observation at `now`, or at the last one."""
        fresh = type(self)(self.aging.half_life)
        fresh.aging.start = self.aging.latest if now is None else now
        fresh.merge(self)
        return fresh

    def merge(self, other: "TaskBaseline") -> None:
        """Take in all that another one holds, in this one's units of weight."""
        if self.aging.start is None:
            self.aging.start = other.aging.start
        scale = self.aging.scale_of(other.aging)
        self.runs += other.runs
        self._memo.clear()
        self._line = None
        self._n += other._n * scale
        self._sums = [own + theirs * scale for own, theirs in zip(self._sums, other._sums, strict=True)]
        for name, own in self._sketches():
            own.merge(getattr(other, name), scale)

    def _sketches(self) -> Iterator[tuple[str, Sketch]]:
        for name in ("tokens", "residual", "llm_calls", "tools", "seconds", "cached", "cost"):
            yield name, getattr(self, name)

    def as_json(self) -> dict[str, Any]:
        """In units of the last observation."""
        now = self.as_of()
        head = {"start": now.aging.start, "half_life": now.aging.half_life, "runs": now.runs}
        line = {"n": now._n, "sums": list(now._sums)}
        return head | {"line": line} | {name: sketch.as_json() for name, sketch in now._sketches()}

    @classmethod
    def from_json(cls, written: Any) -> Self:
        """The baseline that was written. Raises ValueError, TypeError or KeyError where it wasn't one."""
        made = cls(float(written["half_life"]))
        made.aging = Aging(made.aging.half_life, float(written["start"]))
        made.runs, made._n = int(written["runs"]), float(written["line"]["n"])
        x, y, xx, xy = written["line"]["sums"]
        made._sums = [float(x), float(y), float(xx), float(xy)]
        for name, sketch in made._sketches():
            setattr(made, name, Sketch.from_json(written[name], sketch.grain))
        return made


def _expected(sketch: Sketch, margins: Margins) -> Expected:
    median, p90, p99 = sketch.quantiles(0.5, 0.9, 0.99)
    spread = max(math.log(p90 / median) / NORMAL_90, LEAST_SPREAD) if 0 < median < p90 else LEAST_SPREAD
    unsure = 1 + UNSURE / math.sqrt(max(sketch.count, 1.0))
    limit = max(margins.ratio * median, margins.beyond * p99, median * math.exp(margins.spread * unsure * spread))
    return Expected(median, p99, limit)
