"""What went wrong in the last while: modes, agents, tools, workflows, incidents, cost and trend, from the store."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from otelagent.diagnosis.scan import scan
from otelagent.history import HOUR, Settled, Told
from otelagent.incidents import Incident, Incidents, subject
from otelagent.store import Kept, TraceStore
from otelagent.success import Counts

TOP: Final = 10
TREND: Final = 24
"""Stretches of time in the trend."""
MAX_SCANNED: Final = 300
"""Kept traces that are read again, since no finding of theirs is in the history (such as imported ones)."""


@dataclass(frozen=True)
class Line:
    """One row: a name, how many findings, and tokens spent after them."""

    name: str
    findings: int
    wasted: int


@dataclass(frozen=True)
class Workflow:
    """One workflow: what its pipelines came to, beside what their leaves say, and why they didn't succeed."""

    name: str
    counts: Counts
    reasons: tuple[tuple[str, int], ...]

    @property
    def gap(self) -> float | None:
        """By how much the leaves look better than the pipelines are."""
        if self.counts.pipeline_ratio is None or self.counts.leaf_ratio is None:
            return None
        return self.counts.leaf_ratio - self.counts.pipeline_ratio


@dataclass(frozen=True)
class Report:
    """Of one stretch of time. `kept_only`: pipelines weren't counted, so successes aren't known."""

    since: float
    until: float
    findings: int
    modes: tuple[Line, ...]
    agents: tuple[Line, ...]
    tools: tuple[Line, ...]
    workflows: tuple[Workflow, ...]
    incidents: tuple[Incident, ...]
    trend: tuple[int, ...]
    before: int
    """Findings in the stretch of equal length before this one."""
    tokens: int
    wasted: int
    cost: float
    kept_only: bool
    unread: int
    """Kept traces that were too many to be read again."""


def report(told: Sequence[Told], settled: Sequence[Settled], since: float, until: float) -> Report:
    """`told` and `settled` may reach back twice as far, for the trend."""
    now = [t for t in told if since <= t.at <= until]
    hours = [s for s in settled if (s.hour + 1) * HOUR > since]
    return Report(
        since=since,
        until=until,
        findings=len(now),
        modes=_lines(now, lambda t: t.mode),
        agents=_lines(now, lambda t: t.agent),
        tools=_lines(now, lambda t: t.tool),
        workflows=_workflows(now, hours),
        incidents=_incidents(now),
        trend=_trend(now, since, until),
        before=sum(since - (until - since) <= t.at < since for t in told),
        tokens=sum(s.tokens for s in hours),
        wasted=sum(t.wasted for t in now),
        cost=sum(s.cost for s in hours),
        kept_only=not hours,
        unread=0,
    )


def reread(store: TraceStore, kept: Sequence[Kept], told: Iterable[Told]) -> tuple[list[Told], int]:
    """Findings of kept traces that the history doesn't know, and how many traces were too many to be read."""
    known = {t.trace_id for t in told}
    missing = [k for k in kept if k.modes and k.trace_id not in known]
    found: list[Told] = []
    for each in missing[:MAX_SCANNED]:
        made = scan(store.load(each.trace_id))
        found += [
            Told(
                f.trace_id,
                f.root,
                each.kept_at,
                f.mode,
                f.cause,
                str(f.layer),
                str(f.severity),
                made.agents.get(identity),
                f.tool,
                each.workflow,
                each.service,
                f.reason,
                f.wasted_tokens,
            )
            for identity, f in made.findings.items()
        ]
    return found, max(len(missing) - MAX_SCANNED, 0)


def _lines(told: Iterable[Told], name_of: Any) -> tuple[Line, ...]:
    findings: Counter[str] = Counter()
    wasted: Counter[str] = Counter()
    for each in told:
        if (name := name_of(each)) is not None:
            findings[name] += 1
            wasted[name] += each.wasted
    return tuple(Line(name, count, wasted[name]) for name, count in findings.most_common(TOP))


def _workflows(told: Iterable[Told], settled: Iterable[Settled]) -> tuple[Workflow, ...]:
    counts: dict[str, Counts] = defaultdict(Counts)
    reasons: dict[str, Counter[str]] = defaultdict(Counter)
    for each in settled:
        counts[each.workflow].add(each.counts)
    for finding in told:
        where = f" ({finding.tool})" if finding.tool else ""
        reasons[finding.workflow or ""][f"{finding.mode}{where}"] += 1
    names = sorted({*counts, *reasons}, key=lambda n: (-sum(reasons[n].values()), n))
    return tuple(Workflow(n, counts[n], tuple(reasons[n].most_common(3))) for n in names[:TOP])


def _incidents(told: Iterable[Told]) -> tuple[Incident, ...]:
    """All of the time, the open ones and those that are over."""
    made, seen = Incidents(), {}
    for t in sorted(told, key=lambda t: t.at):
        incident = made.add(subject(t.mode, t.layer, t.service, t.tool, t.agent), t.at, t.trace_id, t.reason)
        seen[id(incident)] = incident
    return tuple(sorted(seen.values(), key=lambda i: (-i.count, i.first))[:TOP])


def _trend(told: Iterable[Told], since: float, until: float) -> tuple[int, ...]:
    stretch = max(until - since, 1.0) / TREND
    found = Counter(min(int((t.at - since) / stretch), TREND - 1) for t in told)
    return tuple(found[place] for place in range(TREND))


def as_json(made: Report) -> dict[str, Any]:
    """Stable; fields are only added within version 1."""
    return {
        "version": 1,
        "since": made.since,
        "until": made.until,
        "findings": made.findings,
        "findings_before": made.before,
        "trend": list(made.trend),
        "cost": {"tokens": made.tokens, "wasted_tokens": made.wasted, "dollars": round(made.cost, 6)},
        **{
            name: [{"name": x.name, "findings": x.findings, "wasted_tokens": x.wasted} for x in lines]
            for name, lines in (("modes", made.modes), ("agents", made.agents), ("tools", made.tools))
        },
        "workflows": [
            {
                "workflow": w.name or None,
                **{n: getattr(w.counts, n) for n in ("success", "degraded", "failed", "unknown")},
                "pipeline_success": w.counts.pipeline_ratio,
                "leaf_success": w.counts.leaf_ratio,
                "gap": w.gap,
                "reasons": [{"reason": reason, "findings": count} for reason, count in w.reasons],
            }
            for w in made.workflows
        ],
        "incidents": [
            {
                "id": i.id,
                "mode": i.subject.mode,
                "layer": i.subject.layer,
                "tool": i.subject.tool,
                "agent": i.subject.agent,
                "service": i.subject.service,
                "findings": i.count,
                "first_seen": i.first,
                "last_seen": i.last,
                "examples": [trace.hex() for trace in i.examples],
                "reason": i.reason,
            }
            for i in made.incidents
        ],
        "successes_known": not made.kept_only,
        "traces_unread": made.unread,
    }
