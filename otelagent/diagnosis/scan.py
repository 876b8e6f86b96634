"""The fold over recorded requests: what was found, what was considered, what could not be judged."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from otelagent.annotate import finding_id
from otelagent.attributes import DELEGATION_ASSIGNED, DELEGATION_MISSING, DELEGATION_PROCESSED, DELEGATION_RECEIPT
from otelagent.diagnosis.play import LOCAL, Request, play
from otelagent.ear import Ear
from otelagent.model import Finding, Odd, Step
from otelagent.pipeline import Pipeline, Settings
from otelagent.run import AgentRun
from otelagent.trace import Closed, Trace

FORMAT_VERSION = 1
"""Of the JSON output; fields are only added within a version."""


@dataclass(frozen=True)
class Dismissal:
    """A detector looked at a span and stayed quiet."""

    mode: str
    trace_id: bytes
    span_id: bytes
    tool: str | None
    why: str


@dataclass
class Report(Ear):
    """What a scan gives. It is an ear of the pipeline."""

    findings: dict[tuple[str, bytes, bytes], Finding] = field(default_factory=dict)
    agents: dict[tuple[str, bytes, bytes], str | None] = field(default_factory=dict)
    dismissals: dict[Dismissal, None] = field(default_factory=dict)
    abstentions: Counter[tuple[str, str]] = field(default_factory=Counter)
    traces: set[bytes] = field(default_factory=set)
    spans_read: int = 0
    oddities: Counter[Odd] = field(default_factory=Counter)
    """Spans that were read all the same."""
    missed: Counter[str] = field(default_factory=Counter)
    """Spans that look like an agent's and were not understood, by scope."""

    def step(self, step: Step, run: AgentRun, trace: Trace) -> None:
        self.traces.add(trace.trace_id)

    def found(self, finding: Finding, run: AgentRun, trace: Trace, first: bool) -> None:
        if finding.raised:
            return
        self.findings[finding.identity] = finding
        self.agents[finding.identity] = run.agent or finding.agent

    def withdrawn(self, finding: Finding, trace: Trace) -> None:
        pass  # `closed` says what holds at the end

    def abstained(self, mode: str, reason: str) -> None:
        self.abstentions[mode, reason] += 1

    def dismissed(self, mode: str, step: Step, why: str) -> None:
        self.dismissals[Dismissal(mode, step.trace_id, step.span_id, step.tool, why)] = None

    def closed(self, trace: Trace, reason: Closed) -> None:
        """What the trace holds at its end counts: findings that others took the place of are gone."""
        held = {i: (f, run) for run in trace.runs.values() for i, f in run.findings.items() if not f.raised}
        for identity in [i for i in self.findings if i[1] == trace.trace_id and i not in held and not trace.recalled]:
            del self.findings[identity], self.agents[identity]
        for identity, (finding, run) in held.items():
            self.findings[identity] = finding
            self.agents[identity] = run.agent or self.agents.get(identity)

    def spans(self, dialect: str, kind: str, count: int) -> None:
        pass

    def unrecognised(self, scope: str, count: int) -> None:
        self.missed[scope] += count

    def odd(self, reason: Odd, count: int) -> None:
        self.oddities[reason] += count

    def unread(self, reason: str) -> None:
        pass

    def as_json(self) -> dict[str, Any]:
        """The stable form; ids are hex."""
        return {
            "version": FORMAT_VERSION,
            "traces": len(self.traces),
            "spans": self.spans_read,
            "findings": [self._finding(f) for f in self.findings.values()],
            "abstentions": [{"mode": m, "reason": r, "count": n} for (m, r), n in sorted(self.abstentions.items())],
            "odd": [{"reason": str(reason), "count": n} for reason, n in sorted(self.oddities.items())],
            "unrecognised": [{"scope": scope, "spans": n} for scope, n in sorted(self.missed.items())],
            "considered": [
                {"mode": d.mode, "trace_id": d.trace_id.hex(), "span_id": d.span_id.hex(), "tool": d.tool, "why": d.why}
                for d in self.dismissals
            ],
        }

    def _finding(self, finding: Finding) -> dict[str, Any]:
        return {
            "id": finding_id(finding),
            "mode": finding.mode,
            "cause": finding.cause,
            "layer": str(finding.layer),
            "severity": str(finding.severity),
            "confidence": finding.confidence,
            "agent": self.agents.get(finding.identity),
            "tool": finding.tool,
            "workflow": finding.workflow,
            "trace_id": finding.trace_id.hex(),
            "span_id": finding.about.hex(),
            "first_divergence": {"span_id": finding.first_divergence.hex()},
            "last_good": {"span_id": finding.last_good.hex()} if finding.last_good else None,
            "reason": finding.reason,
            "fix": finding.fix,
            "evidence": [{"span_id": e.span_id.hex(), "path": e.path, "why": e.why} for e in finding.evidence],
            "items": _items(finding),
            "consequences": list(finding.consequences),
            "wasted_tokens": finding.wasted_tokens,
        }


def _items(finding: Finding) -> dict[str, Any] | None:
    """What a delegated child was assigned and did."""
    if DELEGATION_ASSIGNED not in finding.extra:
        return None
    return {
        "assigned": finding.extra[DELEGATION_ASSIGNED],
        "processed": finding.extra[DELEGATION_PROCESSED],
        "receipt": finding.extra[DELEGATION_RECEIPT],
        "missing": finding.extra.get(DELEGATION_MISSING, []),
    }


def scan(requests: Iterable[Request], settings: Settings | None = None) -> Report:
    """Play requests through the fold, one second apart, and settle all traces at the end."""
    report = Report()
    report.spans_read = play(requests, Pipeline(settings or LOCAL, ears=(report,)))
    return report
