"""Traces as they were understood: agents, what they delegated and did, and where each fact came from."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from otelagent.attributes import DELEGATION_MISSING
from otelagent.diagnosis.play import LOCAL, Request, play
from otelagent.ear import Ear
from otelagent.model import Finding, Receipt, Step
from otelagent.pipeline import Pipeline, Settings
from otelagent.run import AgentRun
from otelagent.trace import Closed, Trace

FORMAT_VERSION = 1
"""Of the JSON output; fields are only added within a version."""


@dataclass(frozen=True)
class Deed:
    """One step of an agent."""

    span_id: str
    kind: str
    name: str
    dialect: str
    tool: str | None = None
    outcome: str | None = None
    outcome_from: str | None = None
    note: str | None = None
    model: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    seconds: float = 0.0
    rebuilt: bool = False
    time: str = ""
    """When it began: UTC, to the millisecond."""
    arguments: str | None = None
    """Hash: equal ones are equal calls."""
    bytes: int | None = None
    """Of its result."""


@dataclass
class Agent:
    """One run of an agent, and the runs that work for it."""

    span_id: str
    trace_id: str
    name: str | None
    outcome: str
    span: str | None = None
    """What its span is called: all that is known of an agent without a name."""
    method: str | None = None
    confidence: float | None = None
    asked_in: str | None = None
    """The trace in which it was asked for, where that is another."""
    receipt: Receipt | None = None
    findings: tuple[Finding, ...] = ()
    steps: tuple[Deed, ...] = ()
    children: list["Agent"] = field(default_factory=list)

    @property
    def title(self) -> str:
        """Its name, or what its span is called."""
        return self.name or self.span or "agent"

    def as_json(self, steps: bool = True) -> dict[str, Any]:
        """The stable form; ids are hex."""
        receipt = self.receipt
        known = {"steps": [vars(step) for step in self.steps]} if steps else {}
        given = {"method": self.method, "confidence": self.confidence, "trace_id": self.asked_in}
        return {
            "span_id": self.span_id,
            "agent": self.name,
            "span": self.span,
            "outcome": self.outcome,
            "delegation": given if self.method else None,
            "receipt": {
                "items_assigned": receipt.assigned,
                "items_processed": receipt.processed,
                "method": receipt.method,
                "from": receipt.path,
            }
            if receipt is not None
            else None,
            "findings": [_told(finding) for finding in self.findings],
            **known,
            "children": [child.as_json(steps) for child in self.children],
        }


def _told(finding: Finding) -> dict[str, Any]:
    return {
        "mode": finding.mode,
        "cause": finding.cause,
        "confidence": finding.confidence,
        "reason": finding.reason,
        "raised": finding.raised,
        "missing": finding.extra.get(DELEGATION_MISSING, []),
    }


@dataclass(frozen=True)
class Pipe:
    """One trace."""

    trace_id: str
    outcome: str
    workflow: str | None
    agents: tuple[Agent, ...]

    def as_json(self, steps: bool = True) -> dict[str, Any]:
        return {
            "trace_id": self.trace_id,
            "outcome": self.outcome,
            "workflow": self.workflow,
            "agents": [agent.as_json(steps) for agent in self.agents],
        }


class Inspection(Ear):
    """An ear of the pipeline that keeps what each trace came to."""

    def __init__(self) -> None:
        self.pipes: list[Pipe] = []

    def closed(self, trace: Trace, reason: Closed) -> None:
        agents = tuple(_agents(trace))
        if agents:
            self.pipes.append(Pipe(trace.trace_id.hex(), trace.outcome, trace.workflow, agents))

    def as_json(self, steps: bool = True) -> dict[str, Any]:
        """The stable form; ids are hex. `steps`: those of agents as well."""
        return {"version": FORMAT_VERSION, "traces": [pipe.as_json(steps) for pipe in self.pipes]}

    def mermaid(self) -> str:
        """A flowchart of all delegations; findings mark their agents."""
        lines = ["flowchart TD"]
        for pipe in self.pipes:
            for agent in pipe.agents:
                lines += _chart(agent)
        marked = [_id(a) for pipe in self.pipes for top in pipe.agents for a in walk(top) if a.findings]
        if marked:
            lines += ["  classDef failed stroke:#c00,stroke-width:2px", f"  class {','.join(marked)} failed"]
        return "\n".join(lines)


def inspect(requests: Iterable[Request], settings: Settings | None = None) -> Inspection:
    """Play requests through the fold, and keep what each trace came to."""
    inspection = Inspection()
    play(requests, Pipeline(settings or LOCAL, ears=(inspection,)))
    return inspection


def walk(agent: Agent) -> Iterator[Agent]:
    """An agent and all below it."""
    yield agent
    for child in agent.children:
        yield from walk(child)


def _agents(trace: Trace) -> Iterator[Agent]:
    made = {key: _agent(run, trace) for key, run in trace.runs.items() if run.steps and not _is_twin(run, trace)}
    for key, agent in made.items():
        edge = trace.edge(trace.runs[key])
        above = (edge.giver or edge.above) if edge is not None else None
        parent = made.get(above) if above is not None and above != key else None
        if parent is None:
            parent = next((made[k] for k in trace.ancestors(key) if k in made), None)
        if parent is None:
            yield agent
        else:
            parent.children.append(agent)


def _is_twin(run: AgentRun, trace: Trace) -> bool:
    """It only wraps a run of the same agent, and nothing was found in it: one agent, told by two instrumentations."""
    return trace.wraps(run) and not run.findings and all(step is run.ended for step in run.steps)


def _agent(run: AgentRun, trace: Trace) -> Agent:
    edge = trace.edge(run)
    delegated = edge is not None and edge.method is not None
    own = [s for s in run.steps if s is not run.ended]
    return Agent(
        span_id=run.key.hex(),
        trace_id=trace.trace_id.hex(),
        name=run.agent or next((s.agent or s.workflow for s in run.steps if s.agent or s.workflow), None),
        span=run.ended.name
        if run.ended is not None
        else next((s.name for s in run.steps if s.span_id == run.key), None),
        outcome=run.outcome if run.ended is not None or not _is_top(run, trace) else trace.outcome,
        method=edge.method if delegated and edge is not None else None,
        confidence=edge.confidence if delegated and edge is not None else None,
        asked_in=edge.trace_id.hex() or None if edge is not None else None,
        receipt=run.receipt,
        findings=tuple(run.findings.values()),
        steps=tuple(_deed(step) for step in own),
    )


def _is_top(run: AgentRun, trace: Trace) -> bool:
    node = trace.nodes.get(run.key)
    return node is not None and not node.parent_id


def _deed(step: Step) -> Deed:
    call = step.call
    outcome = call.outcome if call is not None else None
    return Deed(
        span_id=step.span_id.hex(),
        kind=str(step.kind),
        name=step.name,
        dialect=step.dialect,
        tool=step.tool or step.target,
        outcome=str(outcome.status) if outcome is not None else None,
        outcome_from=outcome.path or None if outcome is not None else None,
        note=outcome.note or None if outcome is not None else None,
        model=step.model,
        input_tokens=step.input_tokens,
        output_tokens=step.output_tokens,
        seconds=round(max(step.end - step.start, 0) / 1e9, 3),
        rebuilt=step.rebuilt,
        time=_utc(step.start),
        arguments=f"{call.arguments:016x}" if call is not None and call.arguments is not None else None,
        bytes=call.size if call is not None else None,
    )


def _utc(nanoseconds: int) -> str:
    try:
        at = datetime.fromtimestamp(nanoseconds // 10**6 / 1000, UTC)
    except (OverflowError, OSError, ValueError):
        return ""
    return at.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def _id(agent: Agent) -> str:
    return f"a{agent.trace_id[:6]}{agent.span_id}"


def _chart(agent: Agent) -> Iterator[str]:
    name = "".join(c if c.isalnum() or c in " _-." else " " for c in agent.title)[:60]
    receipt = agent.receipt
    counts = f"<br/>{receipt.processed} of {receipt.assigned}, {receipt.method}" if receipt is not None else ""
    modes = "".join(f"<br/>{f.mode}: {f.cause}" for f in agent.findings)
    yield f'  {_id(agent)}["{name}{counts}{modes}"]'
    for child in agent.children:
        yield from _chart(child)
        yield f"  {_id(agent)} -->|{child.method or 'runs'}| {_id(child)}"
