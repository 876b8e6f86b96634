"""From a recorded run to its root cause, in the six steps of the practice. No model is called."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from otelagent.diagnosis.boundary import Boundary, ToolUse, boundary, shown, tools
from otelagent.diagnosis.classify import Classification, classify
from otelagent.diagnosis.context import ContextState, context
from otelagent.diagnosis.dataflow import Dataflow
from otelagent.diagnosis.grounds import Grounds, Held, Support
from otelagent.diagnosis.known_good import KnownGood, known_good
from otelagent.diagnosis.play import Request
from otelagent.diagnosis.recording import Recorded, Recording, record
from otelagent.diagnosis.suspicion import Suspect, most_suspicious
from otelagent.model import RANK, Finding, Kind, Role, Status
from otelagent.pipeline import Settings
from otelagent.reading.acknowledgement import admits

FULL: Final = 0.75
"""Utilisation from which a context counts as nearly full."""
UNSURE: Final = 0.4
"""Findings below this confidence come after the others."""


@dataclass(frozen=True)
class Action:
    """A call that changes something, and how it came out."""

    span_id: bytes
    tool: str
    agent: str | None
    outcome: Status


@dataclass(frozen=True)
class Output:
    """Step one: what the run told, claim by claim. `text` is captured content; None: not captured."""

    span_id: bytes | None
    agent: str | None
    text: str | None
    claims: tuple[Held, ...]
    admits: tuple[str, ...]
    """What the text admits about its data: missing, failed, partial, asks, absence."""
    actions: tuple[Action, ...]


@dataclass(frozen=True)
class Memory:
    """What the run knew before the divergence."""

    values: int
    """Specific values that it had been given."""
    constraints: int
    calls: int


@dataclass(frozen=True)
class Isolation:
    """Step five: how to run the step again, or what is missing for that."""

    span_id: bytes | None
    replayable: bool
    missing: tuple[str, ...]
    commands: tuple[str, ...]


@dataclass(frozen=True)
class Diagnosis:
    """The six steps with the evidence filled in."""

    recording: Recording
    output: Output
    known_good: KnownGood
    boundaries: tuple[Boundary, ...]
    tools: tuple[ToolUse, ...]
    context: ContextState
    memory: Memory
    isolation: Isolation
    classification: Classification
    findings: tuple[Finding, ...]
    """By root cause: what began first comes first."""
    most_suspicious: Suspect | None
    claims: dict[int, tuple[Held, ...]]
    """Of each LLM step by its index."""


def diagnose(
    requests: Iterable[Request],
    settings: Settings | None = None,
    *,
    trace: bytes | None = None,
    commands: Collection[str] = (),
    source: str = "FILE",
) -> Diagnosis:
    """Diagnose recorded requests; `commands` that exist and `source`, as it is
    typed, shape the replay advice.
    """
    recording = record(requests, settings, trace)
    flow, grounds = Dataflow(recording), Grounds(recording)
    findings = by_root_cause(recording)
    turns = sorted((s for s in recording.steps if not s.source and s.said), key=lambda s: s.step.start)
    output = _output_step(recording)
    diverging = recording.at(findings[0].first_divergence) if findings else None
    claims: dict[int, tuple[Held, ...]] = {}
    known: int | None = None
    for at in turns:
        if diverging is not None and known is None and at.step.start > diverging.step.start:
            known = grounds.at(diverging.step.start)
        if at.step.kind is Kind.LLM or at is output:
            claims[at.index] = grounds.judge(at)
    good = known_good(recording, flow, claims, output, findings)
    diverged = recording.at(good.first_divergence)
    state = context(recording.steps)
    loose = sum(h.support is Support.UNSUPPORTED for h in claims.get(output.index, ())) if output else 0
    full = any((f.utilization or 0) >= FULL for f in state.curve)
    return Diagnosis(
        recording=recording,
        output=_output(recording, output, claims),
        known_good=good,
        boundaries=tuple(boundary(recording, flow, call) for call in _calls(flow, diverged)),
        tools=tools(recording.steps),
        context=state,
        memory=_memory(recording, diverged, state, grounds.values if known is None else known),
        isolation=_isolation(recording, flow, diverged or output, commands, source),
        classification=classify(findings, diverged, loose, full),
        findings=findings,
        most_suspicious=most_suspicious(recording, flow, claims, findings, good),
        claims=claims,
    )


def by_root_cause(recording: Recording) -> tuple[Finding, ...]:
    """The findings, what began first comes first; unsure ones come last."""

    def began(finding: Finding) -> tuple[bool, int, int, float]:
        at = recording.at(finding.first_divergence)
        return finding.confidence < UNSURE, at.index if at else 1 << 60, -RANK[finding.severity], -finding.confidence

    return tuple(sorted(recording.findings, key=began))


def _output_step(recording: Recording) -> Recorded | None:
    """The last answer of the topmost run; where its completion wasn't captured, the agent's own output."""
    inner = {run.key for run in recording.runs if run.above is not None}
    steps = recording.steps
    own = [at for at in steps if at.said and not at.source]
    answers = [at for at in own if at.step.kind is Kind.LLM and not at.asked]
    if answers and len(recording.runs) > 1:
        names = {run.agent for run in recording.runs if run.key not in inner}
        answers = [at for at in answers if at.agent in names] or answers
    return next(reversed(answers or own), None)


def _output(recording: Recording, step: Recorded | None, claims: dict[int, tuple[Held, ...]]) -> Output:
    actions = tuple(
        Action(at.span_id, at.name, at.agent, at.step.call.outcome.status)
        for at in recording.steps
        if at.source and at.step.call and at.step.call.role is Role.ACTION
    )
    if step is None:
        return Output(None, None, None, (), (), actions)
    admission = admits(step.said)
    named = (("missing", admission.missing), ("failed", admission.failed), ("partial", admission.partial))
    rest = (("asks", admission.asks), ("absence", admission.absence))
    said = tuple(name for name, told in (*named, *rest) if told)
    return Output(step.span_id, step.agent, step.said, claims.get(step.index, ()), said, actions)


def _calls(flow: Dataflow, diverged: Recorded | None) -> Sequence[Recorded]:
    """The calls at the divergence: the step itself, or those that a completion read."""
    if diverged is None:
        return ()
    return [diverged] if diverged.source else [at for at in flow.inputs(diverged) if at.source][:8]


def _memory(recording: Recording, diverged: Recorded | None, state: ContextState, known: int) -> Memory:
    until = diverged.index if diverged else len(recording.steps)
    calls = sum(at.source for at in recording.steps[:until])
    given = sum(1 for rule in state.rules if (at := recording.at(rule.given_span_id)) and at.index <= until)
    return Memory(known, given, calls)


def _isolation(
    recording: Recording, flow: Dataflow, at: Recorded | None, commands: Collection[str], source: str
) -> Isolation:
    """The LLM step to run again: the one that diverged, or that read the result at which the run diverged."""
    if at is not None and at.source:
        at = next((s for s in recording.steps[at.index :] if s.step.kind is Kind.LLM and at in flow.inputs(s)), at)
    if at is None or at.step.kind is not Kind.LLM:
        return Isolation(None, False, ("no LLM step was recorded for it",), ())
    missing = []
    if not at.history:
        reason = f" ({at.step.withheld})" if at.step.withheld else ""
        hint = f"; {at.step.capture_hint}" if at.step.capture_hint else ""
        missing.append(f"input messages{reason}{hint}")
    if not at.offers:
        missing.append("the tools that the model was offered")
    if at.step.model is None:
        missing.append("the model's name")
    return Isolation(at.span_id, bool(at.history), tuple(missing), tuple(_commands(recording, at, commands, source)))


def _commands(recording: Recording, at: Recorded, commands: Collection[str], source: str) -> Iterator[str]:
    """What to run next, as it is typed."""
    if at.history and "replay" in commands:
        yield f"otelagent replay {source} --step {at.span_id.hex()}"
    first = next(iter(by_root_cause(recording)), None)
    for command, more in (("reduce", ""), ("repro", " -o repro")):
        if first is not None and command in commands:
            yield f"otelagent {command} {source} --mode {first.mode}{more}"


__all__ = ["Diagnosis", "diagnose", "shown"]
