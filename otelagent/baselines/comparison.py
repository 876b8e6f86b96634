"""Staging against production, offline: per tool what changed, by how much, and whether chance explains it.

scipy is imported here only, and only when something is compared: the sidecar never loads it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any, Final

from otelagent.baselines.aspects import MAGNITUDES, OUTCOMES, SHAPES, Aspect, aspects
from otelagent.baselines.tool import ToolProfile
from otelagent.errors import OtelagentError

FALSE_DISCOVERIES: Final = 0.05
"""Share of the reported changes that may be chance."""
SHARES: Final[Mapping[str, float]] = {OUTCOMES: 0.8, MAGNITUDES: 0.1, SHAPES: 0.1}
"""Of that rate, by family: a rare outcome shows in few calls, a changed size or member in nearly all."""
WORSE: Final = 0.9
"""Of the rate at which an outcome is tested, for its growth: bad outcomes that become fewer do less harm."""
LEAST_CALLS: Final = 30
"""Calls per side below which a tool isn't compared."""
MOST: Final = 20_000
"""Observations per side that a test is given; more only tell apart what doesn't matter."""

LEAST: Final[Mapping[str, float]] = {
    "outcome": 0.04,
    "presence": 0.1,
    "type": 0.1,
    "class": 0.2,
    "length": 0.2,
    "size": 1.3,
    "latency": 1.3,
}
"""Smallest difference worth telling: of shares and mixtures the distance, of magnitudes the ratio of medians."""


class NotInstalled(OtelagentError):
    """A library is missing that only this needs."""


@dataclass(frozen=True)
class Change:
    """One respect in which a tool's results differ."""

    what: str
    where: str
    before: str
    after: str
    effect: float
    """Difference of shares, distance of mixtures, or ratio of medians."""
    p: float
    """Adjusted for all that was tested."""

    @property
    def text(self) -> str:
        """A line for people."""
        if self.what == "renamed":
            return f"renamed {self.before} -> {self.after}"
        where = f" {self.where}" if self.where else ""
        return f"{self.what}{where}: {self.before} -> {self.after}"


@dataclass(frozen=True)
class Compared:
    """One tool. `skipped` says why it wasn't compared."""

    tool: str
    calls: tuple[float, float]
    changes: tuple[Change, ...] = ()
    skipped: str = ""

    @property
    def changed(self) -> bool:
        return bool(self.changes)


@dataclass(frozen=True)
class _Tested:
    tool: str
    aspect: Aspect
    p: float


def compare(
    baseline: Mapping[str, ToolProfile],
    candidate: Mapping[str, ToolProfile],
    *,
    least_calls: int = LEAST_CALLS,
    false_discoveries: float = FALSE_DISCOVERIES,
) -> list[Compared]:
    """All tools of either side, in order of name.

    False discoveries are controlled (Benjamini and Hochberg) over all tools, apart for outcomes, for sizes and
    latencies, and for the places of results, each at its share of the rate: so many places mustn't hide that a tool is
    empty more often.
    Raises NotInstalled.
    """
    if find_spec("scipy") is None:
        raise NotInstalled("this needs scipy: pip install 'otelagent[compare]'")
    judged: dict[str, Compared] = {}
    tested: list[_Tested] = []
    for tool in sorted({*baseline, *candidate}):
        before, after = (side[tool].as_of() if tool in side else None for side in (baseline, candidate))
        calls = (before.calls if before else 0.0, after.calls if after else 0.0)
        judged[tool] = Compared(tool, calls, skipped=_gate(calls, least_calls))
        if before is not None and after is not None and not judged[tool].skipped:
            tested += [_Tested(tool, a, p) for a in aspects(before, after) if (p := _p_value(a)) is not None]
    for family, share in SHARES.items():
        own = [t for t in tested if t.aspect.family == family]
        for each in _discoveries(own, share, false_discoveries):
            known = judged[each.tool]
            judged[each.tool] = replace(known, changes=(*known.changes, _change(each)))
    return [replace(c, changes=tuple(_with_renames(c.changes))) for c in judged.values()]


def _gate(calls: tuple[float, float], least: int) -> str:
    for side, number in zip(("baseline", "candidate"), calls, strict=True):
        if number < least:
            return f"{round(number)} of {least} calls in the {side}" if number else f"not called in the {side}"
    return ""


def _discoveries(tested: Sequence[_Tested], share: float, rate: float) -> Iterator[_Tested]:
    """What chance doesn't explain, with its adjusted p, and is large enough to matter; at this share of the rate."""
    if not tested:
        return
    from scipy.stats import false_discovery_control

    adjusted = false_discovery_control([t.p for t in tested]) / share
    for each, p in zip(tested, adjusted, strict=True):
        if p <= rate and _matters(each.aspect):
            yield replace(each, p=float(p))


def _matters(aspect: Aspect) -> bool:
    if not aspect.values:
        return aspect.distance >= LEAST[aspect.what]
    return _ratio(aspect) >= LEAST[aspect.what] or aspect.distance >= 0.3


def _ratio(aspect: Aspect) -> float:
    """Of the medians, the larger by the smaller."""
    low, high = sorted(aspect.medians)
    return high / low if low > 0 else float("inf") if high > 0 else 1.0


def _p_value(aspect: Aspect) -> float | None:
    """None where no outcome of the test could tell anything."""
    before, after = _observations(aspect)
    if min(sum(before), sum(after)) < 1:
        return None
    if aspect.values:
        return _location(before, after)
    seen = [b + a for b, a in zip(before, after, strict=True)]
    if len(seen) == 2:
        return _share(before, after, WORSE if aspect.what == "outcome" else 0.5) if min(seen) >= 6 else None
    kept = [place for place, total in enumerate(seen) if total >= 5]
    return _mixture([before[i] for i in kept], [after[i] for i in kept]) if len(kept) > 1 else None


def _observations(aspect: Aspect) -> tuple[list[int], list[int]]:
    sides = []
    for weights, worth in zip((aspect.before, aspect.after), aspect.independent, strict=True):
        total = sum(weights)
        scale = min(worth or total, MOST) / total if total else 0.0
        sides.append([round(weight * scale) for weight in weights])
    return sides[0], sides[1]


def _share(before: Sequence[int], after: Sequence[int], growth: float) -> float:
    """Fisher's exact test of the first category's share, with mid-p values, as the plain ones of few counts are far
    below the rate that they are held to; `growth`: the part of that rate at which a larger share is told."""
    from scipy.stats import hypergeom

    more = after[0]
    drawn = hypergeom(sum(before) + sum(after), before[0] + more, sum(after))
    half = float(drawn.pmf(more)) / 2
    return min((float(drawn.sf(more)) + half) / growth, (float(drawn.cdf(more)) - half) / (1 - growth), 1.0)


def _mixture(before: Sequence[int], after: Sequence[int]) -> float | None:
    from scipy.stats import chi2_contingency

    if not sum(before) or not sum(after):
        return None
    return float(chi2_contingency([before, after]).pvalue)


def _location(before: Sequence[int], after: Sequence[int]) -> float:
    """Whether one side tends to larger values: bins in rising order, ties within a bin."""
    import numpy as np
    from scipy.stats import mannwhitneyu

    places = np.arange(len(before))
    return float(mannwhitneyu(np.repeat(places, before), np.repeat(places, after), method="asymptotic").pvalue)


# --- what is told -----------------------------------------------------------------------------------------------------


def _change(tested: _Tested) -> Change:
    aspect = tested.aspect
    if aspect.values:
        before, after = (f"{_number(m, aspect.what)}" for m in aspect.medians)
        low = aspect.medians[0]
        effect = aspect.medians[1] / low if low > 0 else 0.0
        return Change(aspect.what, "", f"median {before}", f"median {after}", round(effect, 3), tested.p)
    if len(aspect.names) == 2 and aspect.what in ("outcome", "presence"):
        one, other = aspect.shares
        return Change(aspect.what, aspect.where, f"{one:.1%}", f"{other:.1%}", round(other - one, 4), tested.p)
    before, after = (_mix(aspect.names, side) for side in (aspect.before, aspect.after))
    return Change(aspect.what, aspect.where, before, after, round(aspect.distance, 4), tested.p)


def _number(value: float, what: str) -> str:
    return f"{value:,.0f} bytes" if what == "size" else f"{value:.3g} s"


def _mix(names: Sequence[str], weights: Sequence[float]) -> str:
    total = sum(weights)
    parts = sorted(((w / total, n) for n, w in zip(names, weights, strict=True) if w), reverse=True)
    return ", ".join(f"{name} {share:.0%}" for share, name in parts[:3])


def _with_renames(changes: Sequence[Change]) -> Iterator[Change]:
    """A member that is gone and one that is new beside it are told as one change."""
    gone = [c for c in changes if c.what == "presence" and c.effect < -0.5]
    new = [c for c in changes if c.what == "presence" and c.effect > 0.5]
    told: set[str] = set()
    for old in gone:
        here = [c for c in new if _parent(c.where) == _parent(old.where) and c.where not in told]
        if len(here) == 1 and len([c for c in gone if _parent(c.where) == _parent(old.where)]) == 1:
            told |= {old.where, here[0].where}
            yield Change("renamed", old.where, old.where, here[0].where, 1.0, max(old.p, here[0].p))
    yield from (c for c in changes if not (c.what == "presence" and c.where in told))


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def as_json(compared: Sequence[Compared]) -> list[dict[str, Any]]:
    """`tools` of the stable form."""
    return [
        {
            "tool": each.tool,
            "changed": each.changed,
            "calls": {"baseline": round(each.calls[0]), "candidate": round(each.calls[1])},
            "skipped": each.skipped or None,
            "changes": [
                {
                    "what": c.what,
                    "where": c.where or None,
                    "baseline": c.before,
                    "candidate": c.after,
                    "effect": c.effect,
                    "p": c.p,
                }
                for c in each.changes
            ],
        }
        for each in compared
    ]
