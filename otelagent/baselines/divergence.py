"""How far tools have come from their staging profile, live: a number per tool, and a state that doesn't flicker."""

import math
from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from typing import Final

from otelagent.baselines.aspects import Aspect, aspects
from otelagent.baselines.tool import ToolProfile

EVERY: Final = 5.0
"""Seconds between two looks at a tool, unless its calls have grown by a quarter since."""
GROWTH: Final = 0.25
LEAST_NEW: Final = 25
"""Calls between two looks for that."""
SURE: Final = 4.0
"""Standard errors of a difference of shares that chance doesn't reach, though many are looked at again and again."""
SURE_GAP: Final = 2.2
"""The same for the gap between two distributions (Kolmogorov and Smirnov): about one in ten thousand."""
LEAST: Final = 0.02
"""Distances below it are nothing."""


@dataclass(frozen=True)
class Thresholds:
    """When a tool has diverged, and when it no longer has: two numbers, so that the state doesn't flicker."""

    enter: float = 0.1
    leave: float = 0.05
    looks: int = 2
    """Looks in a row that must agree."""
    least_calls: int = 50


@dataclass
class State:
    """Of one tool."""

    distance: float = 0.0
    diverged: bool = False
    agreeing: int = 0
    respects: tuple[str, ...] = ()
    """What differs, the farthest first."""
    told: tuple[bytes, bytes] | None = None
    """Trace and span that carry the news."""
    looked: float = 0.0
    new: int = 0
    """Calls since the last look."""


@dataclass
class Divergence:
    """Owned by the pipeline's task. A tool's recent calls against the staging profile of that tool."""

    thresholds: Thresholds = field(default_factory=Thresholds)
    states: dict[tuple[str, str], State] = field(default_factory=dict)
    """By environment and tool; those of tools that have left are dropped by `forget`."""

    def called(self, key: tuple[str, str], staged: ToolProfile, profile: ToolProfile, calls: int, now: float) -> None:
        """Calls of a tool were added to its profile at `now`, by our clock: look again, if it is time."""
        state = self.states.setdefault(key, State())
        state.new += calls
        grown = state.new >= max(LEAST_NEW, GROWTH * profile.calls / profile.aging.weight(profile.aging.latest))
        if grown or now - state.looked >= EVERY:
            self._look(state, staged, profile, now)

    def again(self, key: tuple[str, str], staged: ToolProfile, profile: ToolProfile, now: float) -> None:
        """Look once more at a tool that is about to change its state, though it isn't called."""
        state = self.states.get(key)
        if state is not None and state.agreeing and now - state.looked >= EVERY:
            self._look(state, staged, profile, now)

    def forget(self, keys: Container[tuple[str, str]]) -> None:
        """Drop the states of tools that are not among these."""
        for gone in [key for key in self.states if key not in keys]:
            del self.states[gone]

    def _look(self, state: State, staged: ToolProfile, profile: ToolProfile, now: float) -> None:
        recent = profile.as_of()
        state.looked, state.new = now, 0
        if min(recent.calls, staged.calls) < self.thresholds.least_calls:
            return
        far = sorted(((d, a) for a in aspects(staged, recent) if (d := beyond_chance(a))), key=lambda pair: -pair[0])
        state.distance = far[0][0] if far else 0.0
        state.respects = tuple(_text(aspect) for _, aspect in far[:3])
        if state.diverged:
            turns = state.distance < self.thresholds.leave
        else:
            turns = any(d >= self._enter(aspect) for d, aspect in far)
        state.agreeing = state.agreeing + 1 if turns else 0
        if state.agreeing >= self.thresholds.looks:
            state.diverged, state.agreeing, state.told = not state.diverged, 0, None

    def _enter(self, aspect: Aspect) -> float:
        """Outcomes count from half the distance on: a tool that fails one time in twenty more is news."""
        return self.thresholds.enter / 2 if aspect.what == "outcome" else self.thresholds.enter

    def news(self, key: tuple[str, str], calls: Sequence[tuple[bytes, bytes]]) -> tuple[State, bytes] | None:
        """The state of a tool that has diverged, and the span that carries it: the last of the first calls that ask.

        `calls`: trace and span ids. Asked again with that span among them, the answer is the same.
        """
        state = self.states.get(key)
        if state is None or not state.diverged or not calls:
            return None
        if state.told is None:
            state.told = calls[-1]
        return (state, state.told[1]) if state.told in calls else None


def beyond_chance(aspect: Aspect) -> float:
    """The distance between the two sides, or 0 where chance could have made it."""
    distance = aspect.distance
    n, m = (worth or sum(side) for worth, side in zip(aspect.independent, (aspect.before, aspect.after), strict=True))
    if min(n, m) < 1 or distance < LEAST:
        return 0.0
    if aspect.values:
        noise = SURE_GAP * math.sqrt((n + m) / (n * m))
    else:
        before, after = sum(aspect.before), sum(aspect.after)
        pooled = [(n * b / before + m * a / after) / (n + m) for b, a in zip(aspect.before, aspect.after, strict=True)]
        noise = SURE * math.sqrt(max(p * (1 - p) for p in pooled) * (1 / n + 1 / m))
    return distance if distance > noise else 0.0


def _text(aspect: Aspect) -> str:
    if aspect.values:
        return f"{aspect.what} (median {aspect.medians[0]:.3g} -> {aspect.medians[1]:.3g})"
    if len(aspect.names) == 2 and aspect.what in ("outcome", "presence"):
        one, other = aspect.shares
        return f"{aspect.what} {aspect.where} ({one:.0%} -> {other:.0%})"
    return f"{aspect.what} of {aspect.where or 'the result'}"
