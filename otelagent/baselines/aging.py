"""Weights that make the past count less: each observation weighs more the later it is (forward decay)."""

from typing import Final

DAY: Final = 86_400.0
HEAVY: Final = 1e9
"""Weight from which on the unit is moved, so that numbers stay small."""


class Aging:
    """The weight of an observation at a time, in units of one at `start`. Halves the past in `half_life` seconds.

    `half_life` 0: everything counts the same, as in recorded files.
    """

    __slots__ = ("half_life", "latest", "start")

    def __init__(self, half_life: float = 0.0, start: float | None = None) -> None:
        self.half_life = half_life
        self.start = start
        self.latest = start if start is not None else 0.0
        """Time of the last observation."""

    def weight(self, now: float) -> float:
        """Of an observation at `now`, seconds since the epoch; one from before the start weighs less than 1."""
        if self.start is None:
            self.start = self.latest = now
        if not self.half_life:
            return 1.0
        now = min(now, self.latest + self.half_life)  # a wrong clock must not make all else count for nothing
        self.latest = max(self.latest, now)
        return float(2.0 ** min(max((now - self.start) / self.half_life, -30.0), 60.0))

    def scale_of(self, other: "Aging") -> float:
        """What the other's weights are times, to be in this one's units."""
        self.latest = max(self.latest, other.latest)
        if not self.half_life or self.start is None or other.start is None:
            return 1.0
        return self.weight(other.start)
