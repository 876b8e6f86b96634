"""A tool failed, and the answer doesn't show it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from otelagent.detectors.detector import Detector, evidence_of, threshold, unfounded
from otelagent.model import Evidence, Finding, Layer, Need, Role, Severity, Status, Step
from otelagent.questions import WHY, Decision, Verdict
from otelagent.reading.arguments import words_of
from otelagent.reading.deed_patterns import DEEDS
from otelagent.reading.doers import may_do
from otelagent.reading.own_verbs import says_done
from otelagent.reading.roles import runs_anything
from otelagent.reading.support import missing
from otelagent.run import SOURCES, AgentRun, Wake


@dataclass(frozen=True)
class ToolErrorIgnored(Detector):
    """A tool failed, and the agent answers with specifics that nothing grounds, or reports success.

    ## What it looks for
    A tool whose call failed: it raised, returned an error, or its framework turned the exception into ordinary text,
    also under a span without an error; a short result with any word of trouble counts once the answer invents
    specifics. No later call put it right. Then an answer that states specifics which occur in nothing that the agent
    was given, or, after a failed action, that reports the work as done, or, after a failed check, that all is well ("no
    vulnerabilities found").

    ## Why it matters
    Frameworks hand errors to the model as text and mark the span as good. What the model makes of it nobody checks.

    ## Stays quiet when
    - the agent corrects its call, or another tool gives what was missing
    - the answer says that something failed or is missing, or asks
    - the answer rests on what did arrive: its specifics occur in other results
    - the error wasn't captured

    ## What to do
    Return errors as structured results that the orchestration can see, and stop or retry there instead of leaving it to
    the model; check claims of success against the tool's result.
    """

    mode: ClassVar[str] = "tool_error_ignored"
    wakes: ClassVar[frozenset[Wake]] = frozenset({Wake.DECISION, Wake.UNKNOWN})
    layer: ClassVar[Layer] = Layer.TOOL
    severity: ClassVar[Severity] = Severity.HIGH
    causes: ClassVar[tuple[str, ...]] = ("fabricated", "reported_success")
    needs: ClassVar[tuple[Need, ...]] = (Need.RESULT, Need.COMPLETION)
    fix: ClassVar[str] = (
        "Return tool errors as structured results, and retry or stop in the orchestration instead of leaving it to the "
        "model."
    )

    claims: int = threshold(default=2, help="Ungrounded specific claims that an answer after an error may not reach.")

    def observe(self, step: Step, run: AgentRun) -> Iterator[Finding]:
        if step.kind in SOURCES and (step.call is None or step.call.outcome.status is Status.UNKNOWN):
            run.abstain(self.mode, f"result_{step.withheld}" if step.withheld else "result")
        mine = [d for d in run.decisions if d.source.call and d.source.call.outcome.status is Status.ERROR]
        for cause, chosen in (
            ("fabricated", [d for d in mine if self._fabricated(d, run)]),
            ("reported_success", [d for d in mine if _reported_success(d, run)]),
        ):
            if chosen:
                yield self._found(cause, chosen, run)
                mine = [d for d in mine if d not in chosen]
        for decision in mine:
            run.dismiss(self.mode, decision.source, WHY[decision.verdict])

    def _fabricated(self, decision: Decision, run: AgentRun) -> bool:
        """One such claim is enough where the agent had no source to answer from at all, for the number that an action
        would have given, or beside the name of what this call alone was asked for."""
        sparse = any(map(_arrived, run.steps)) and not _numbered(decision) and not _named(decision, run)
        needed = self.claims if sparse else 1
        if decision.source.call is not None and decision.source.call.role is Role.NOTE:
            return False
        return decision.verdict is Verdict.FABRICATED and decision.answer and len(decision.ungrounded) >= needed

    def _found(self, cause: str, decisions: Sequence[Decision], run: AgentRun) -> Finding:
        first, consumer = decisions[0].source, decisions[0].consumer
        count = len(decisions[0].ungrounded)
        went_on = f"states {unfounded(count)}" if cause == "fabricated" else "reports success"
        return self.finding(
            run,
            about=consumer,
            root=first,
            cause=cause,
            strength=min(0.95, 0.6 + 0.08 * count) if cause == "fabricated" else 0.6,
            reason=f"{first.tool or 'a tool'} failed, no later call put it right, and the answer {went_on}",
            evidence=[
                *(evidence_of(d.source, "the call failed") for d in decisions),
                Evidence(consumer.span_id, "completion", went_on),
            ],
        )


def _numbered(decision: Decision) -> bool:
    """After a failed action the answer has a number that only a successful one would have given."""
    acted = decision.source.call is not None and decision.source.call.role is Role.ACTION
    return acted and any(claim.kind == "id" for claim in decision.ungrounded)


def _named(decision: Decision, run: AgentRun) -> bool:
    """A line with something invented names what the failed call was asked for, and no other call was."""
    source, turn = decision.source.call, decision.consumer.turn
    if source is None or turn is None or turn.said is None or not source.terms:
        return False
    others = (step.call.terms for step in run.steps if step.call is not None and step.call is not source)
    alone = source.terms.difference(*others)
    text = turn.said.wording
    return bool(alone) and any(
        not alone.isdisjoint(words_of(_line(text, claim.start, claim.end))) for claim in decision.ungrounded
    )


def _line(text: str, start: int, end: int) -> str:
    until = text.find("\n", end)
    return text[text.rfind("\n", 0, start) + 1 : None if until < 0 else until]


def _reported_success(decision: Decision, run: AgentRun) -> bool:
    """After a failed action the answer says that it, or all, is done; after a failed check, that all is well. What
    fails is more than a note by its name."""
    acted = decision.source.call is not None and decision.source.call.role in (Role.ACTION, Role.NOTE)
    tool = decision.source.tool or ""
    said = decision.consumer.turn.said if decision.consumer.turn else None
    if decision.verdict is Verdict.ABSENCE and decision.answer and said is not None:
        return said.clears or not said.admission.absence
    undecided = decision.verdict in (Verdict.SILENT, Verdict.FABRICATED)
    if said is None or not (undecided and decision.answer):
        return False
    if not acted:
        return _claimed(decision, run) or (said.complete and not any(run.trace.used.values()))
    if said.complete or _unsupported(decision, run):
        return True
    claimed = frozenset[str]().union(*said.deeds, *said.stated).intersection(DEEDS)
    told = any(may_do(tool, deed) for deed in claimed) or says_done(tool, said.wording)
    return told and not _succeeded(decision.source, claimed, run)


_RUN: Final = frozenset({"run", "release"})
"""Deeds that a command is itself: that others went well bears out nothing."""


def _claimed(decision: Decision, run: AgentRun) -> bool:
    """A tool whose name tells nothing failed, and what it may have done is said to be done."""
    return any(may_do(decision.source.tool or "", deed) for deed in _unsupported(decision, run))


def _unsupported(decision: Decision, run: AgentRun) -> list[str]:
    """What the answer says was done, though no call can have been that."""
    turn = decision.consumer.turn
    return [deed for deed in missing(turn, run.trace.used) if deed != "search"] if turn is not None else []


def _succeeded(source: Step, claimed: frozenset[str], run: AgentRun) -> bool:
    """The tool did it in another call, a command that is the deed itself in a later one; one that only may have failed
    counted as a success so far."""
    if runs_anything(source.tool or "") and not claimed.isdisjoint(_RUN):
        later = (step.call for step in run.steps if step.tool == source.tool and step.end > source.end)
        return any(call is not None and call.outcome.status is Status.OK and not call.only_reads for call in later)
    if source.call is None or source.call.hint is None:
        return bool(run.trace.used.get(source.tool or ""))
    own = (step.call for step in run.steps if step.tool == source.tool and step.call is not None)
    return any(call.outcome.status is Status.OK for call in own)


def _arrived(step: Step) -> bool:
    if step.call is None or step.call.outcome.status is not Status.OK:
        return False
    return step.call.role is Role.SOURCE or (step.call.hint is None and runs_anything(step.tool or ""))
