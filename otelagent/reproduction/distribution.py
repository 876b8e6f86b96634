"""Runs of one step counted by what came out, and what the counts justify saying."""

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

OK: Final = "ok"
UNEXPECTED: Final = "unexpected_call"
"""The run asked for something that was never recorded: neither failed nor well."""
HALF: Final = 0.5
MOSTLY: Final = 0.8
"""Rate that must be surpassed before runs end because all of them failed; or undercut, because none did."""


class Verdict(StrEnum):
    """How the failure comes about."""

    DETERMINISTIC = "deterministic"
    """The same failure in every run: something in the input triggers it."""
    MIXED = "mixed"
    """One failure in at least half of the runs: a trigger, and chance."""
    STOCHASTIC = "stochastic"
    """In less than half of the runs, or different failures: chance in the model."""
    NOT_REPRODUCED = "not_reproduced"
    """In no run."""


READING: Final = {
    Verdict.DETERMINISTIC: "a trigger in the input: fixable by a guard at that boundary",
    Verdict.MIXED: "fixable by a guard at that boundary, which makes the trigger harmless whatever the model does",
    Verdict.STOCHASTIC: "points to the prompt or the model, not to one boundary",
    Verdict.NOT_REPRODUCED: "the recorded input alone doesn't bring it about: look at what the replay leaves out",
}


@dataclass
class Distribution:
    """Outcomes by class. `confidence` of the interval, two-sided."""

    confidence: float = 0.95
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, outcome: str) -> None:
        """One more run."""
        self.counts[outcome] += 1

    @property
    def runs(self) -> int:
        return self.counts.total()

    @property
    def failure(self) -> str | None:
        """The most frequent failure."""
        failed = [(n, name) for name, n in self.counts.items() if name not in (OK, UNEXPECTED)]
        return max(failed)[1] if failed else None

    @property
    def failures(self) -> int:
        """How often it came."""
        return self.counts[self.failure] if self.failure is not None else 0

    @property
    def verdict(self) -> Verdict:
        if self.failures == 0:
            return Verdict.NOT_REPRODUCED
        if self.failures == self.runs:
            return Verdict.DETERMINISTIC
        return Verdict.MIXED if self.failures >= HALF * self.runs else Verdict.STOCHASTIC

    @property
    def interval(self) -> tuple[float, float]:
        """Of the failure's rate."""
        return clopper_pearson(self.failures, self.runs, self.confidence)

    @property
    def clear(self) -> bool:
        """The rate lies on one side of a half at this confidence."""
        low, high = self.interval
        return low > HALF or high < HALF

    @property
    def may_stop(self) -> bool:
        """Clear although one has looked after each run: the error is shared among the looks, 1/(n(n+1)) for the nth."""
        n = self.runs
        if n == 0:
            return False
        low, high = clopper_pearson(self.failures, n, 1.0 - (1.0 - self.confidence) / (n * (n + 1)))
        if self.verdict in (Verdict.DETERMINISTIC, Verdict.NOT_REPRODUCED):
            return low > MOSTLY or high < 1.0 - MOSTLY
        return low > HALF or high < HALF

    @property
    def justified(self) -> str:
        """What the interval lets one say."""
        low, high = self.interval
        sure = f"{self.confidence:.0%} confidence"
        if self.failures == 0:
            return f"at {sure} the failure's rate is at most {high:.0%}"
        if self.failures == self.runs:
            return f"at {sure} the failure's rate is at least {low:.0%}"
        side = "" if self.clear else "; more runs would tell on which side of a half"
        return f"at {sure} the failure's rate is between {low:.0%} and {high:.0%}: neither never nor always{side}"

    def as_json(self) -> dict[str, Any]:
        """Stable; fields are only added."""
        low, high = self.interval
        return {
            "runs": self.runs,
            "outcomes": dict(self.counts.most_common()),
            "failure": self.failure,
            "failures": self.failures,
            "interval": [round(low, 4), round(high, 4)],
            "confidence": self.confidence,
            "verdict": str(self.verdict),
            "clear": self.clear,
            "reading": READING[self.verdict],
            "justified": self.justified,
        }


def clopper_pearson(successes: int, trials: int, confidence: float) -> tuple[float, float]:
    """The exact interval of a binomial rate (C. J. Clopper and E. S. Pearson, Biometrika 26(4), 1934)."""
    if trials == 0:
        return 0.0, 1.0
    error = (1.0 - confidence) / 2
    low = 0.0 if successes == 0 else _root(lambda p: 1.0 - _at_most(successes - 1, trials, p), error)
    high = 1.0 if successes == trials else _root(lambda p: -_at_most(successes, trials, p), -error)
    return low, high


def _at_most(k: int, n: int, p: float) -> float:
    """Probability of at most k successes."""
    return math.fsum(math.comb(n, i) * p**i * (1.0 - p) ** (n - i) for i in range(k + 1))


def _root(rising: Callable[[float], float], target: float) -> float:
    """Where a rising function of a rate meets a value."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < target else (low, middle)
    return (low + high) / 2
