"""Fits the confidence of findings: what share of a mode's findings of some strength is right.

Findings at first sight, on scenarios that nothing was tuned on yet (`data/first_sight.jsonl`), and those in public runs
count whole; those on recordings and scenarios that faults were mended on count a tenth. Few findings are drawn towards
the mode's share, and that towards PRIOR.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

HERE: Final = Path(__file__).parent
SHIPPED: Final = HERE.parent / "otelagent" / "detectors" / "calibration.toml"
FIRST_SIGHT: Final = HERE / "data" / "first_sight.jsonl"
EDGES: Final = (0.0, 0.55, 0.65, 0.75, 0.85, 1.01)
PRIOR: Final = 0.85
DRAWN: Final = 4.0
"""Findings that the prior counts for."""
TUNED: Final = 0.1
"""What a finding counts on a recording that was tuned on."""
CERTAIN: Final = 0.97
"""No finding is surer than this: what was measured is clearer than what comes."""
SLOPE: Final = 0.05
"""How much confidence rises with strength where what was measured doesn't, so that it keeps its order."""
FEW: Final = 4.0
"""Weight below which a mode isn't fitted."""
UNFITTED: Final = frozenset({"delegation_incomplete"})
"""Its confidence is that of its receipt and of how its traces were joined."""


class Judged(NamedTuple):
    mode: str
    strength: float
    right: bool
    weight: float = 1.0


def first_sight() -> list[Judged]:
    rows = map(json.loads, FIRST_SIGHT.read_text("utf-8").splitlines())
    return [Judged(row["mode"], row["strength"], row["right"]) for row in rows]


def fit(judged: Iterable[Judged]) -> dict[str, list[tuple[float, float]]]:
    """Points of strength and confidence for each mode with enough findings; both rise."""
    by_mode: dict[str, list[Judged]] = defaultdict(list)
    for each in judged:
        by_mode[each.mode].append(each)
    return {
        mode: _points(found)
        for mode, found in sorted(by_mode.items())
        if mode not in UNFITTED and sum(each.weight for each in found) >= FEW
    }


def _points(found: list[Judged]) -> list[tuple[float, float]]:
    usual = _drawn(found, PRIOR)
    bands = [[each for each in found if low <= each.strength < high] for low, high in pairwise(EDGES)]
    blocks = [(_mean(band), _drawn(band, usual), sum(e.weight for e in band) + DRAWN) for band in bands if band]
    return [(round(strength, 3), round(min(CERTAIN, right), 3)) for strength, right in _rising(blocks)]


def _drawn(found: list[Judged], towards: float) -> float:
    right = sum(each.weight for each in found if each.right)
    return (right + DRAWN * towards) / (sum(each.weight for each in found) + DRAWN)


def _mean(band: list[Judged]) -> float:
    return sum(each.strength * each.weight for each in band) / sum(each.weight for each in band)


def _rising(blocks: list[tuple[float, float, float]]) -> list[tuple[float, float]]:
    """Neighbours that fall are pooled (isotonic regression)."""
    pools: list[tuple[list[float], float, float]] = []
    for strength, right, weight in blocks:
        pools.append(([strength], right, weight))
        while len(pools) > 1 and pools[-2][1] > pools[-1][1]:
            (left, low, size), (more, high, other) = pools[-2:]
            pools[-2:] = [(left + more, (low * size + high * other) / (size + other), size + other)]
    return [
        (strength, right + SLOPE * (strength - sum(strengths) / len(strengths)))
        for strengths, right, _ in pools
        for strength in strengths
    ]


def write(points: Mapping[str, list[tuple[float, float]]]) -> None:
    """The shipped file."""
    lines = ["# Written by `make eval`: strength of evidence and share of such findings that are right."]
    lines += [f"{mode} = {[list(point) for point in found]}" for mode, found in points.items()]
    SHIPPED.write_text("\n".join(lines) + "\n", "utf-8")
