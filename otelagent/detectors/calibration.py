"""From the strength of a finding's evidence, as its detector rates it, to the share of such findings that are right.

`calibration.toml` is written by `make eval`; between its points the line is straight, and never falls.
"""

import tomllib
from bisect import bisect_right
from functools import cache
from importlib.resources import files
from itertools import pairwise

Points = list[tuple[float, float]]
"""Strength and confidence, both rising."""


@cache
def fitted() -> dict[str, Points]:
    """The points of each mode."""
    text = (files("otelagent.detectors") / "calibration.toml").read_text("utf-8")
    return {mode: [(strength, right) for strength, right in points] for mode, points in tomllib.loads(text).items()}


def calibrated(mode: str, strength: float) -> float:
    """The confidence of a finding; of a mode that nobody fitted it is the strength."""
    return along(fitted()[mode], strength) if mode in fitted() else strength


def along(points: Points, strength: float) -> float:
    """The height of the line through the points; level beyond its ends."""
    place = bisect_right([x for x, _ in points], strength)
    if place in (0, len(points)):
        return points[max(0, place - 1)][1]
    (left, low), (right, high) = list(pairwise(points))[place - 1]
    return low + (high - low) * (strength - left) / (right - left)
