"""Nothing came back, and the answer has specifics all the same."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from otelagent.detectors.detector import Detector, evidence_of, threshold, unfounded
from otelagent.model import Evidence, Finding, Layer, Need, Severity, Status, Step
from otelagent.questions import WHY, Decision, Verdict
from otelagent.run import SOURCES, AgentRun, Wake


@dataclass(frozen=True)
class EmptyResultFabrication(Detector):
    """A data source returned nothing, and the agent then states specifics that nothing grounds.

    ## What it looks for
    A source (a search, a query, a retrieval) whose result is empty: no text, an empty list or object at any depth, a
    count of 0, "no results found". Then, in one of the next two completions with text, specific claims (numbers,
    percentages, dates, money, citations, URLs, quotations, names) whose values occur in nothing that the agent was
    given: not in its instructions, not in the user's words, not in any tool result of the trace, and not as a sum,
    difference or share of such numbers. Where no source brought anything, the name or the small count that the user
    asked for is such a claim too. A short result that may say there is nothing ("Zu dieser Nummer liegt nichts vor")
    counts as empty once the answer states such claims, and so does a record that holds hardly anything but nulls. Words
    of trouble that are the answer's subject ("it failed 14 times") acknowledge nothing. Cause `absence_as_evidence`:
    the answer concludes from the empty result that there is nothing, where the tool could not have shown that, or gives
    a verdict ("clean, safe to use") after a search that found nothing.

    ## Why it matters
    The model fills the gap with plausible figures. Every span is green; only a reader who knows the subject notices.

    ## Stays quiet when
    - the answer says that nothing was found, that data is missing, or asks for clarification
    - a later call with the same arguments found something, or one with similar arguments from which the figures come
    - the tool's normal result is empty: it sends, writes, deletes, or takes a note
    - a scanner's or check's empty list is what shows that all is well
    - the figures stand in the question, in the instructions or in another result
    - the result wasn't captured: missing is unknown and not empty

    ## What to do
    Put a gate behind the tool call: on an empty primary source, tell the model before its next call that nothing was
    found and that it must not synthesise.
    """

    mode: ClassVar[str] = "empty_result_fabrication"
    wakes: ClassVar[frozenset[Wake]] = frozenset({Wake.DECISION, Wake.UNKNOWN})
    layer: ClassVar[Layer] = Layer.TOOL
    severity: ClassVar[Severity] = Severity.HIGH
    causes: ClassVar[tuple[str, ...]] = ("empty", "absence_as_evidence")
    needs: ClassVar[tuple[Need, ...]] = (Need.RESULT, Need.COMPLETION)
    fix: ClassVar[str] = (
        "Gate the tool call: on an empty primary source tell the model, before its next call, that nothing was found "
        "and that it must not synthesise."
    )

    claims: int = threshold(
        default=1, help="Ungrounded specific claims that an answer after an empty result may not reach."
    )

    def observe(self, step: Step, run: AgentRun) -> Iterator[Finding]:
        if step.kind in SOURCES:
            self._note_unknown(step, run)
        mine = [d for d in run.decisions if d.source.call and d.source.call.outcome.status is Status.EMPTY]
        fabricated = [d for d in mine if d.verdict is Verdict.FABRICATED and len(d.ungrounded) >= self.claims]
        absence = [d for d in mine if d.verdict is Verdict.ABSENCE]
        if fabricated:
            yield self._fabricated(fabricated, run)
        elif absence:
            yield self._absence(absence, run)
        for decision in mine:
            if decision not in fabricated and decision not in absence:
                run.dismiss(self.mode, decision.source, WHY[decision.verdict])

    def _note_unknown(self, step: Step, run: AgentRun) -> None:
        if step.call is None or step.call.outcome.status is Status.UNKNOWN:
            run.abstain(self.mode, f"result_{step.withheld}" if step.withheld else "result")

    def _fabricated(self, decisions: Sequence[Decision], run: AgentRun) -> Finding:
        """One answer, one finding: of several empty sources the first is the root."""
        consumer, claims = decisions[0].consumer, decisions[0].ungrounded
        kinds = ", ".join(sorted({claim.kind for claim in claims}))
        reason = f"{_returned_nothing(decisions)}, and the next answer states {unfounded(len(claims))}: {kinds}"
        return self.finding(
            run,
            about=consumer,
            root=decisions[0].source,
            cause="empty",
            strength=_confidence(len(claims), run.partial_view or run.trace.given.full),
            reason=reason,
            evidence=[
                *(evidence_of(d.source, "the result is empty") for d in decisions),
                Evidence(consumer.span_id, "completion", f"states {unfounded(len(claims))}: {kinds}"),
            ],
        )

    def _absence(self, decisions: Sequence[Decision], run: AgentRun) -> Finding:
        consumer = decisions[0].consumer
        return self.finding(
            run,
            about=consumer,
            root=decisions[0].source,
            cause="absence_as_evidence",
            strength=0.5,
            severity=Severity.MEDIUM,
            reason=f"{_returned_nothing(decisions)}, and the answer takes that as evidence that there is nothing",
            evidence=[
                *(evidence_of(d.source, "the result is empty") for d in decisions),
                Evidence(consumer.span_id, "completion", "concludes from the empty result"),
            ],
        )


def _returned_nothing(decisions: Sequence[Decision]) -> str:
    tools = ", ".join(dict.fromkeys(d.source.tool or "a source" for d in decisions))
    return f"{tools} returned nothing" + (f" {len(decisions)} times" if len(decisions) > 1 else "")


def _confidence(claims: int, partial: bool) -> float:
    """More ungrounded specifics, more certainty; less where grounding may have been missed."""
    return min(0.95, 0.7 + 0.08 * (claims - 1)) - (0.25 if partial else 0.0)
