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
    shown: int = 0
    """Bytes of the model calls' spans; 0 where they don't show all messages."""


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


class Trend:
    """A line through the logarithms of something and of the tokens of the runs that had so much of it."""

    __slots__ = ("_n", "_single", "_slope", "_x", "_xx", "_xy", "_y")

    def __init__(self, n: float = 0.0, x: float = 0.0, y: float = 0.0, xx: float = 0.0, xy: float = 0.0) -> None:
        """Weight of the runs, and weighted sums over them."""
        self._n, self._x, self._y, self._xx, self._xy = n, x, y, xx, xy
        self._slope: float | None = None
        self._single = 0.0
        """Logarithm of the tokens at 1."""

    def add(self, amount: int, tokens: int, weight: float) -> None:
        """Learn from a run; the line stays as it was drawn until `forget`."""
        x, y = math.log(max(amount, 1)), math.log(tokens)
        self._n += weight
        self._x += x * weight
        self._y += y * weight
        self._xx += x * x * weight
        self._xy += x * y * weight

    def forget(self) -> None:
        """Draw the line anew when it is asked for."""
        self._slope = None

    def tokens(self, amount: int) -> float:
        """What a run with so much is expected to take."""
        if self._slope is None:
            self._slope, self._single = self._drawn()
        return math.exp(self._single + self._slope * math.log(max(amount, 1)))

    def _drawn(self) -> tuple[float, float]:
        if not self._n:
            return 0.0, 0.0
        x, y, xx, xy = (total / self._n for total in (self._x, self._y, self._xx, self._xy))
        spread = xx - x * x
        slope = min(max((xy - x * y) / spread, 0.0), 2.5) if spread > 1e-6 else 1.0
        return slope, y - slope * x

    def merge(self, other: "Trend", scale: float) -> None:
        self._n += other._n * scale
        self._x += other._x * scale
        self._y += other._y * scale
        self._xx += other._xx * scale
        self._xy += other._xy * scale
        self.forget()

    def as_json(self) -> dict[str, Any]:
        return {"n": self._n, "sums": [self._x, self._y, self._xx, self._xy]}

    @classmethod
    def from_json(cls, written: Any) -> Self:
        """Raises ValueError, TypeError or KeyError where it wasn't one."""
        x, y, xx, xy = map(float, written["sums"])
        return cls(float(written["n"]), x, y, xx, xy)


class TaskBaseline:
    """Of one task: an agent or workflow with a coarse class of its input. Owned by `Baselines`; under 8 KiB.

    Runs of many turns take more tokens, so tokens are judged as they are, against what a run of as many model calls
    takes, and, where messages are recorded, against what a run that shows as much content takes.
    """

    __slots__ = (
        "_memo",
        "aging",
        "by_calls",
        "by_content",
        "cached",
        "cost",
        "density",
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
        self.density = Sketch(MEDIUM)
        """The same of a run that shows as much content."""
        self.llm_calls, self.tools, self.seconds = Sketch(COARSE), Sketch(COARSE), Sketch(COARSE)
        self.cached, self.cost = Sketch(COARSE), Sketch(MEDIUM)
        self._memo: dict[tuple[str, Margins], Expected] = {}
        """What was worked out from sketches, until enough runs were added."""
        self.by_calls, self.by_content = Trend(), Trend()

    def add(self, usage: Usage, now: float) -> None:
        """Learn from a run that has ended; one without tokens says nothing."""
        if usage.tokens <= 0:
            return
        weight = self.aging.weight(now)
        self.runs += 1
        if self.runs < SETTLED or self.runs % ANEW == 0:
            self._renew()
        self.tokens.add(usage.tokens, weight)
        self.cached.add(usage.cached, weight)
        self.llm_calls.add(usage.llm_calls, weight)
        self.tools.add(usage.tool_calls, weight)
        self.seconds.add(usage.seconds, weight)
        if usage.cost is not None:
            self.cost.add(usage.cost, weight)
        self.by_calls.add(usage.llm_calls, usage.tokens, weight)
        self.residual.add(usage.tokens / self.by_calls.tokens(usage.llm_calls), weight)
        if usage.shown:
            self.by_content.add(usage.shown, usage.tokens, weight)
            self.density.add(usage.tokens / self.by_content.tokens(usage.shown), weight)
        if weight > HEAVY:
            self._rebase(now)

    def _renew(self) -> None:
        self._memo.clear()
        self.by_calls.forget()
        self.by_content.forget()

    def expected(self, margins: Margins) -> Expected:
        """Of the tokens of a whole run; as of the last few runs, since it is asked for at every step."""
        return self._once("tokens", margins)

    def exceeded(self, tokens: int, margins: Margins) -> Expected | None:
        """What is usual, if a run with so many tokens is far from it, by all that is known now."""
        return self._passed(tokens, "tokens", margins)

    def exceeded_for(self, llm_calls: int, tokens: int, margins: Margins) -> Expected | None:
        """The same of a run with so many model calls."""
        return self._passed_times(self.by_calls.tokens(llm_calls), tokens, "residual", margins)

    def exceeded_for_content(self, shown: int, tokens: int, margins: Margins) -> Expected | None:
        """The same of a run that shows so much content; None where too few runs, or not this one, show theirs."""
        if not shown or not self._mostly(self.density):
            return None
        return self._passed_times(self.by_content.tokens(shown), tokens, "density", margins)

    def exceeded_cost(self, cost: float, margins: Margins) -> Expected | None:
        """The same of the cost; None where too few runs told theirs."""
        return self._passed(cost, "cost", margins) if self._mostly(self.cost) else None

    def _mostly(self, known: Sketch) -> bool:
        """Nearly all runs told it."""
        return 0 < known.count >= 0.9 * self.tokens.count

    def _passed_times(self, unit: float, tokens: int, name: str, margins: Margins) -> Expected | None:
        found = self._passed(tokens / unit, name, margins)
        return None if found is None else Expected(*(unit * each for each in found))

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
        self.by_calls.merge(other.by_calls, scale)
        self.by_content.merge(other.by_content, scale)
        for name, own in self._sketches():
            own.merge(getattr(other, name), scale)

    def _sketches(self) -> Iterator[tuple[str, Sketch]]:
        for name in ("tokens", "residual", "density", "llm_calls", "tools", "seconds", "cached", "cost"):
            yield name, getattr(self, name)

    def as_json(self) -> dict[str, Any]:
        """In units of the last observation."""
        now = self.as_of()
        head = {"start": now.aging.start, "half_life": now.aging.half_life, "runs": now.runs}
        lines = {"line": now.by_calls.as_json(), "content_line": now.by_content.as_json()}
        return head | lines | {name: sketch.as_json() for name, sketch in now._sketches()}

    @classmethod
    def from_json(cls, written: Any) -> Self:
        """The baseline that was written. Raises ValueError, TypeError or KeyError where it wasn't one."""
        made = cls(float(written["half_life"]))
        made.aging = Aging(made.aging.half_life, float(written["start"]))
        made.runs, made.by_calls = int(written["runs"]), Trend.from_json(written["line"])
        if "content_line" in written:  # not in those of an earlier otelagent
            made.by_content = Trend.from_json(written["content_line"])
        for name, sketch in made._sketches():
            setattr(made, name, Sketch.from_json(written.get(name, ()), sketch.grain))
        return made


def _expected(sketch: Sketch, margins: Margins) -> Expected:
    median, p90, p99 = sketch.quantiles(0.5, 0.9, 0.99)
    spread = max(math.log(p90 / median) / NORMAL_90, LEAST_SPREAD) if 0 < median < p90 else LEAST_SPREAD
    unsure = 1 + UNSURE / math.sqrt(max(sketch.count, 1.0))
    limit = max(margins.ratio * median, margins.beyond * p99, median * math.exp(margins.spread * unsure * spread))
    return Expected(median, p99, limit)
