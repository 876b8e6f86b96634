"""The most suspicious step, also where no detector found anything: a ranking by what is known of each step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from otelagent.diagnosis.dataflow import Dataflow
from otelagent.diagnosis.grounds import Held, Support
from otelagent.diagnosis.known_good import KnownGood
from otelagent.diagnosis.recording import Recorded, Recording
from otelagent.model import BAD, Finding, Kind, Role, Status, Text

CHANCE: Final = 0.15
"""Confidence of a guess that only the shape of the run supports."""

_SURROUNDINGS: Final = frozenset({Status.RATE_LIMITED, Status.TIMEOUT, Status.DENIED, Status.PARTIAL})
"""Outcomes that are no fault of the caller; an error mostly is."""
LOOSE: Final = 3
"""Ungrounded specifics in one text that speak against it."""
REQUEST: Final = 12
"""Words of a message that asks for something."""


@dataclass(frozen=True)
class Suspect:
    """A step, how sure it is, and the rule that named it."""

    span_id: bytes
    trace_id: bytes
    agent: str | None
    confidence: float
    why: str


def most_suspicious(
    recording: Recording,
    flow: Dataflow,
    claims: Mapping[int, Sequence[Held]],
    ordered: Sequence[Finding],
    good: KnownGood,
) -> Suspect | None:
    """The root of the first finding; else the first step that something speaks against; None of an empty trace."""
    for finding in ordered:
        at = recording.at(finding.first_divergence)
        agent = (at.agent if at else None) or finding.agent
        return Suspect(finding.first_divergence, finding.trace_id, agent, finding.confidence, f"root of {finding.mode}")
    diverged = recording.at(good.first_divergence)
    if diverged is not None and _status(diverged) in _SURROUNDINGS:
        return _suspect(diverged, 0.35, f"a bad result: {good.decided_by}")
    for look in (_ungrounded, _gone_wrong, _first_action, _last_request, _first_call, _last_answer):
        if (suspect := look(recording.steps, flow, claims)) is not None:
            return suspect
    return None


_Claims = Mapping[int, Sequence[Held]]


def _ungrounded(steps: Sequence[Recorded], flow: Dataflow, claims: _Claims) -> Suspect | None:
    """Several specifics out of nowhere in one text."""
    for at in steps:
        loose = [held for held in claims.get(at.index, ()) if held.support is Support.UNSUPPORTED]
        if at.step.kind is Kind.LLM and len(loose) >= LOOSE:
            return _suspect(at, 0.4, f"states {len(loose)} specifics that nothing grounds")
    return None


def _gone_wrong(steps: Sequence[Recorded], flow: Dataflow, claims: _Claims) -> Suspect | None:
    """The author of the first call that went wrong; a lookup that was repeated with success went right."""
    worked = {at.step.tool: at.index for at in steps if at.source and _status(at) is Status.OK}
    for at in steps:
        wrong = at.source and _status(at) in BAD - {Status.EMPTY}
        if wrong and (_role(at) is Role.ACTION or worked.get(at.step.tool, -1) < at.index):
            author = next((s for s in flow.inputs(at) if s.step.kind is Kind.LLM), at)
            return _suspect(author, 0.3, "asked for the first call that went wrong")
    return None


def _first_action(steps: Sequence[Recorded], flow: Dataflow, claims: _Claims) -> Suspect | None:
    """The author of the first call that changes something: what it decided can't be taken back."""
    return _author(steps, flow, Role.ACTION, 0.3, "asked for the first call that changes something")


def _last_request(steps: Sequence[Recorded], flow: Dataflow, claims: _Claims) -> Suspect | None:
    """A dialogue in which the agent changed nothing and nothing failed: what the user asked for may be at fault."""
    asked = [at for at in steps if at.step.kind is Kind.LLM and _new_request(at)]
    if len(asked) < 2:
        return None
    at = asked[-1]
    why = "the last request of the user; the agent changed nothing"
    return Suspect(at.span_id, at.step.trace_id, "user", CHANCE, why)


def _new_request(at: Recorded) -> bool:
    """The step answers the user, who says more than a yes or a goodbye."""
    last = at.history[-1].read() if at.history else None
    words = sum(len(p.text.split()) for p in last.parts if isinstance(p, Text)) if last and last.role == "user" else 0
    return words >= REQUEST


def _first_call(steps: Sequence[Recorded], flow: Dataflow, claims: _Claims) -> Suspect | None:
    return _author(steps, flow, Role.SOURCE, CHANCE, "asked for the first call")


def _author(steps: Sequence[Recorded], flow: Dataflow, role: Role, confidence: float, why: str) -> Suspect | None:
    for at in steps:
        if at.source and _role(at) is role:
            author = next((s for s in flow.inputs(at) if s.step.kind is Kind.LLM), at)
            return _suspect(author, confidence, why)
    return None


def _last_answer(steps: Sequence[Recorded], flow: Dataflow, claims: _Claims) -> Suspect | None:
    answers = [at for at in steps if at.step.kind is Kind.LLM] or list(steps)
    return _suspect(answers[-1], CHANCE, "the last completion; nothing speaks against any step") if answers else None


def _status(at: Recorded) -> Status:
    return at.step.call.outcome.status if at.step.call else Status.UNKNOWN


def _role(at: Recorded) -> Role | None:
    return at.step.call.role if at.step.call else None


def _suspect(at: Recorded, confidence: float, why: str) -> Suspect:
    return Suspect(at.span_id, at.step.trace_id, at.agent, confidence, why)
