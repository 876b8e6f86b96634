"""Step two, the last known-good step: back from the output through what it rests on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from otelagent.diagnosis.dataflow import Dataflow, path
from otelagent.diagnosis.grounds import Held, Support
from otelagent.diagnosis.recording import Recorded, Recording
from otelagent.model import BAD, Finding, Kind, Role, Status
from otelagent.reading.acknowledgement import admits


@dataclass(frozen=True)
class Link:
    """A step on the way from the divergence to the output, and what its output shows."""

    span_id: bytes
    kind: Kind
    name: str
    agent: str | None
    verdict: str


@dataclass(frozen=True)
class KnownGood:
    """Where the run first diverged. Both None: nothing shows that it did."""

    first_divergence: bytes | None
    last_good: bytes | None
    chain: tuple[Link, ...]
    """From the last good step to the output."""
    decided_by: str


def known_good(
    recording: Recording,
    flow: Dataflow,
    claims: Mapping[int, Sequence[Held]],
    output: Recorded | None,
    findings: Sequence[Finding],
) -> KnownGood:
    """By the first finding where there is one; else by the output's unsupported claims."""
    if findings and (diverged := recording.at(findings[0].first_divergence)) is not None:
        return _by_finding(recording, flow, claims, diverged, findings[0], output)
    broken = _broken(recording)
    if broken is not None:
        good = next((at for at in reversed(flow.inputs(broken)) if not _wrong(recording, claims, at)), None)
        links = _links([*([good] if good else []), broken], claims)
        return KnownGood(broken.span_id, good.span_id if good else None, links, "the run failed after it, unanswered")
    if output is None:
        return KnownGood(None, None, (), "no output was captured")
    reached = flow.behind(output)
    behind = sorted((recording.steps[index] for index in reached), key=lambda at: at.index)
    loose = bool(_loose(claims, output))
    silent = not admits(output.said).any
    wrong = next((at for at in behind if (loose or (silent and at.source)) and _wrong(recording, claims, at)), None)
    if wrong is None:
        return KnownGood(
            None, output.span_id, (), "no claim of the output lacks ground, and no result behind it is bad"
        )
    good = next((at for at in reversed(behind) if at.index < wrong.index and at.step.end <= wrong.step.start), None)
    chain = ([good] if good else []) + path(reached, wrong)
    decided = "the unsupported claims" if loose else "the output, which doesn't mention it,"
    decided = f"the first step behind {decided} that shows something wrong"
    return KnownGood(wrong.span_id, good.span_id if good else None, _links(chain, claims), decided)


def _broken(recording: Recording) -> Recorded | None:
    """The failed call after which an agent's run failed, and no model was asked again."""
    if not any(at.step.failed and at.step.kind in (Kind.AGENT, Kind.WORKFLOW) for at in recording.steps):
        return None
    last = next((at for at in reversed(recording.steps) if at.source or at.step.kind is Kind.LLM), None)
    return last if last is not None and last.source and _wrong(recording, {}, last) else None


def _by_finding(
    recording: Recording,
    flow: Dataflow,
    claims: Mapping[int, Sequence[Held]],
    diverged: Recorded,
    finding: Finding,
    output: Recorded | None,
) -> KnownGood:
    good = recording.at(finding.last_good)
    ends = [end for end in (output, recording.at(finding.about)) if end is not None]
    reached = next((r for end in ends if diverged.index in (r := flow.behind(end))), None)
    onward = (
        path(reached, diverged) if reached is not None else [diverged, *(e for e in ends[-1:] if e is not diverged)]
    )
    chain = ([good] if good and good is not diverged else []) + onward
    return KnownGood(
        finding.first_divergence, finding.last_good, _links(chain, claims), f"{finding.mode}: {finding.reason}"
    )


def _links(chain: Sequence[Recorded], claims: Mapping[int, Sequence[Held]]) -> tuple[Link, ...]:
    return tuple(Link(at.span_id, at.step.kind, at.name, at.agent, _verdict(at, claims)) for at in chain)


def _verdict(at: Recorded, claims: Mapping[int, Sequence[Held]]) -> str:
    if at.source:
        outcome = at.step.call.outcome if at.step.call else None
        return (
            " ".join(filter(None, (str(outcome.status), outcome.note and f"({outcome.note})")))
            if outcome
            else "unknown"
        )
    loose = _loose(claims, at)
    held = len(claims.get(at.index, ()))
    if at.step.failed:
        return "failed"
    if not held:
        return "calls tools" if at.asked else "no specific claims"
    return f"{loose} of {held} claims unsupported" if loose else f"{held} claims, none unsupported"


def _wrong(recording: Recording, claims: Mapping[int, Sequence[Held]], at: Recorded) -> bool:
    """A bad result that the same tool didn't make up for, or claims without ground."""
    if not at.source:
        return bool(_loose(claims, at))
    if at.step.call is None or at.step.call.outcome.status not in BAD:
        return False
    if at.step.call.outcome.status is Status.EMPTY and at.step.call.role is not Role.SOURCE:
        return False
    later = (s for s in recording.steps[at.index + 1 :] if s.source and s.name == at.name and s.step.call)
    return not any(s.step.call and s.step.call.outcome.status is Status.OK for s in later)


def _loose(claims: Mapping[int, Sequence[Held]], at: Recorded) -> int:
    return sum(held.support is Support.UNSUPPORTED for held in claims.get(at.index, ()))
