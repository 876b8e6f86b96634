"""What the fold learns, counted: the ear that feeds the metrics.

Of what `otelagent canary` sends only its run and its failure are counted, by which it sees that all works.
"""

from collections import Counter
from typing import Any, Final

from otelagent import canary
from otelagent.baselines.learned import Baselines
from otelagent.coverage import BROKEN
from otelagent.ear import Ear
from otelagent.incidents import Incidents
from otelagent.late import Late
from otelagent.metrics import Metrics
from otelagent.model import Finding, Kind, Odd, Step
from otelagent.overrides import MUTED
from otelagent.pipeline import Pipeline
from otelagent.run import RAISED, SOURCES, AgentRun
from otelagent.success import Counts, Success
from otelagent.trace import Closed, Trace

EVERY: Final = 5.0
"""Seconds between two looks at states."""


class Tally(Ear):
    """Owned by the pipeline. A finding's count waits for its agent's name, which may come with the last span."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self.success = Success()
        self._shown = 0.0
        self._begun: Counter[tuple[str, str]] = Counter()
        self._far: set[str] = set()
        self._owed: dict[bytes, list[Step]] = {}
        """By trace, agents' own spans that passed while their run waited for calls that it refers to."""

    def step(self, step: Step, run: AgentRun, trace: Trace) -> None:
        kind, traits, call = step.kind, step.traits, step.call
        if traits.service == canary.AGENT and kind is not Kind.AGENT:
            return
        if traits.withheld is not None:
            self._metrics.without_content(step.dialect, str(traits.withheld))
        if kind is Kind.LLM:
            if (used := step.utilization) is not None:
                service, environment = traits.service or "", traits.environment or ""
                name = run.agent or Late(run.key)
                self._metrics.context(name, used, service=service, environment=environment, trace_id=step.trace_id)
        elif kind in SOURCES:
            if call is not None and not traits.retold:
                self._metrics.tool_call(
                    step.tool,
                    call.outcome.status,
                    bytes=call.size,
                    seconds=max(step.end - step.start, 0) / 1e9,
                    service=traits.service or "",
                    environment=traits.environment or "",
                    trace_id=step.trace_id,
                )
        elif kind is Kind.AGENT:
            self._agent(step, run)

    def found(self, finding: Finding, run: AgentRun, trace: Trace, first: bool) -> None:
        if not first or finding.raised:
            return
        self._metrics.failure(
            finding.mode,
            str(finding.layer),
            _name(run),
            finding.tool if trace.service != canary.AGENT else None,
            service=trace.service,
            environment=trace.environment,
            trace_id=finding.trace_id,
        )
        ended = next((s.end for s in reversed(run.steps) if s.span_id == finding.about), None)
        if ended is not None:
            self._metrics.finding_delay(trace.touched - ended / 1e9)

    def withdrawn(self, finding: Finding, trace: Trace) -> None:
        if not finding.raised:
            self._metrics.withdrawn(finding.mode, service=trace.service, environment=trace.environment)

    def abstained(self, mode: str, reason: str) -> None:
        self._metrics.abstention(mode, reason)

    def dismissed(self, mode: str, step: Step, why: str) -> None:
        if why is MUTED:
            self._metrics.muted(mode, service=step.service, environment=step.environment)
        elif why is RAISED:
            self._metrics.detector_error(mode)

    def closed(self, trace: Trace, reason: Closed) -> None:
        self._metrics.trace_closed(str(reason))
        for step in self._owed.pop(trace.trace_id, ()):
            self._ran(step, trace.run(step.span_id))
        if trace.service == canary.AGENT:
            return
        where: dict[str, Any] = _where(trace) | {"trace_id": trace.trace_id}
        for run in trace.runs.values():
            self._named(run, run.agent)
            if run.tokens:
                self._metrics.task_tokens(run.agent, run.tokens, **where)
            for finding in run.findings.values():
                self._wasted(finding, run, trace)

    def settled(self, trace: Trace, made: Counts) -> None:
        where: dict[str, Any] = _where(trace) | {"trace_id": trace.trace_id}
        self._delegations(trace, where)
        self._metrics.pipeline(trace.outcome, trace.workflow, **where)
        self.success.settled(trace.workflow, made, trace.touched)
        self._metrics.leaf_steps("ok", trace.workflow, made.leaf_ok, **_where(trace))
        self._metrics.leaf_steps("error", trace.workflow, made.leaf_failed, **_where(trace))

    def gauges(self, pipeline: Pipeline, now: float) -> None:
        """What is a state and no count; call it once a second."""
        if now - self._shown < EVERY:
            return
        self._shown = now
        for each in self.success.ratios(now):
            self._metrics.success(*each)
        self._of_tools(pipeline.normal)
        self._of_incidents(pipeline.incidents)

    def _of_tools(self, normal: Baselines) -> None:
        far = dict.fromkeys(self._far, (0.0, False))  # one that is forgotten isn't far any more
        for (_, tool), state in normal.divergence.states.items():
            distance, diverged = far.get(tool, (0.0, False))
            far[tool] = max(state.distance, distance), state.diverged or diverged
        for tool, (distance, diverged) in far.items():
            self._metrics.tool_divergence(tool, distance, diverged)
        self._far = {tool for _, tool in normal.divergence.states}
        for tool, share in normal.timeout_races().items():
            self._metrics.timeout_races(tool, share)
        for (kind, known), n in normal.states().items():
            self._metrics.baselines(kind, known, n)

    def _of_incidents(self, incidents: Incidents) -> None:
        for (mode, layer), begun in incidents.begun.items():
            for _ in range(begun - self._begun[mode, layer]):
                self._metrics.incident(mode, layer)
            self._begun[mode, layer] = begun
            going_on = sum(i.subject.mode == mode and i.subject.layer == layer for i in incidents)
            self._metrics.open_incidents(mode, layer, going_on)

    def _delegations(self, trace: Trace, where: dict[str, Any]) -> None:
        for parent, child in trace.delegations():
            assigned = child.receipt.assigned if child.receipt else None
            processed = child.receipt.processed if child.receipt else None
            self._metrics.delegation(
                parent.agent if parent else None,
                child.agent,
                _delegated(child),
                assigned=assigned,
                processed=processed,
                **where,
            )
        for run, step in trace.coworkers():
            receipt = step.call.receipt if step.call is not None else None
            self._metrics.delegation(
                run.agent,
                step.target or step.tool,
                _answered(step),
                assigned=receipt.assigned if receipt else None,
                processed=receipt.processed if receipt else None,
                **where,
            )

    def spans(self, dialect: str, kind: str, count: int) -> None:
        self._metrics.spans(dialect, kind, count)

    def unrecognised(self, scope: str, count: int) -> None:
        self._metrics.unrecognised(scope, count)

    def odd(self, reason: Odd, count: int) -> None:
        self._metrics.odd_spans(str(reason), count)

    def unread(self, reason: str) -> None:
        self._metrics.unread_request(reason)

    def _agent(self, step: Step, run: AgentRun) -> None:
        where = _where(step)
        if step.agent:
            self._metrics.seen_agent(step.agent, **where)
        self._named(run, step.agent)
        if run.ended is None:
            self._owed.setdefault(step.trace_id, []).append(step)
        else:
            self._ran(step, run)

    def _ran(self, step: Step, run: AgentRun) -> None:
        self._metrics.agent_run(step.agent, run.outcome, trace_id=step.trace_id, **_where(step))

    def _named(self, run: AgentRun, name: str | None) -> None:
        for key in (run.key, *run.former):
            self._metrics.resolve(key, name)

    def _wasted(self, finding: Finding, run: AgentRun, trace: Trace) -> None:
        """All that was spent after the failure began, also after it was told."""
        root = next((step for step in run.steps if step.span_id == finding.root), None)
        tokens = finding.wasted_tokens if root is None else run.tokens_after(root)
        if tokens:
            self._metrics.wasted_tokens(finding.mode, tokens, service=trace.service, environment=trace.environment)


def _delegated(child: AgentRun) -> str:
    """Whether the child did all of its work: failed, incomplete, complete, or unknown."""
    if child.ended is not None and child.ended.failed:
        return "failed"
    short = child.receipt is not None and child.receipt.short
    if short or any(f.mode == "delegation_incomplete" and not f.raised for f in child.findings.values()):
        return "incomplete"
    return "complete" if child.ended is not None and not child.trace.partial_view else "unknown"


def _answered(call: Step) -> str:
    """The same of a call that stands for an agent without spans: what its result says."""
    assert call.call is not None  # noqa: S101 - co-workers are calls
    if call.call.outcome.status in BROKEN:
        return "failed"
    if call.call.receipt is not None:
        return "incomplete" if call.call.receipt.open else "complete"
    return "unknown"


def _name(run: AgentRun) -> str | Late:
    return run.agent or Late(run.key)


def _where(source: Step | Trace) -> dict[str, Any]:
    return {"service": source.service, "environment": source.environment}
