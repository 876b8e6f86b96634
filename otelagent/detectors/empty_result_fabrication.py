"""Nothing came back, and the answer has specifics all the same."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from otelagent.detectors.detector import Detector, evidence_of, threshold
from otelagent.model import Evidence, Finding, Layer, Severity, Status, Step
from otelagent.questions import WHY, Decision, Verdict
from otelagent.run import SOURCES, AgentRun


@dataclass(frozen=True)
class EmptyResultFabrication(Detector):
    """A data source returned nothing, and the agent then states specifics that nothing grounds.

    ## What it looks for
    A source (a search, a query, a retrieval) whose result is empty: no text, an empty list or object at any depth, a
    count of 0, "no results found". Then, in one of the next two completions with text, specific claims (numbers,
    percentages, dates, money, citations, URLs, quotations, names) whose values occur in nothing that the agent was
    given: not in its instructions, not in the user's words, not in any tool result of the trace, and not as a sum,
    difference or share of such numbers. Cause `absence_as_evidence`: the answer concludes from the empty result that
    there is nothing, where the tool could not have shown that.

    ## Why it matters
    The model fills the gap with plausible figures. Every span is green; only a reader who knows the subject notices.

    ## Stays quiet when
    - the answer says that nothing was found, that data is missing, or asks for clarification
    - a later call with the same or similar arguments found something
    - the tool's normal result is empty: it sends, writes, deletes, or takes a note
    - the figures stand in the question, in the instructions or in another result
    - the result wasn't captured: missing is unknown and not empty

    ## What to do
    Put a gate behind the tool call: on an empty primary source, tell the model before its next call that nothing was
    found and that it must not synthesise.
    """

    mode: ClassVar[str] = "empty_result_fabrication"
    layer: ClassVar[Layer] = Layer.TOOL
    severity: ClassVar[Severity] = Severity.HIGH
    causes: ClassVar[tuple[str, ...]] = ("empty", "absence_as_evidence")
    fix: ClassVar[str] = (
        "Gate the tool call: on an empty primary source tell the model, before its next call, that nothing was found "
        "and that it must not synthesise."
    )

    claims: int = threshold(default=1, help="Ungrounded specific claims that an answer after an empty result may not reach.")

    def observe(self, step: Step, run: AgentRun) -> Iterator[Finding]:
        if step.kind in SOURCES:
            self._note_unknown(step, run)
        for decision in run.decisions:
            source = decision.source
            if source.call is None or source.call.outcome.status is not Status.EMPTY:
                continue
            if decision.verdict is Verdict.FABRICATED and len(decision.ungrounded) >= self.claims:
                yield self._fabricated(decision, run)
            elif decision.verdict is Verdict.ABSENCE:
                yield self._absence(decision, run)
            else:
                run.dismiss(self.mode, source, WHY[decision.verdict])

    def _note_unknown(self, step: Step, run: AgentRun) -> None:
        if step.call is None or step.call.outcome.status is Status.UNKNOWN:
            run.abstain(self.mode, f"result_{step.withheld}" if step.withheld else "result")

    def _fabricated(self, decision: Decision, run: AgentRun) -> Finding:
        source, consumer, count = decision.source, decision.consumer, len(decision.ungrounded)
        kinds = ", ".join(sorted({claim.kind for claim in decision.ungrounded}))
        reason = (
            f"{source.tool or 'a source'} returned nothing, and the next answer states {count} specific "
            f"{'claim' if count == 1 else 'claims'} ({kinds}) that nothing in the trace grounds"
        )
        return self.finding(
            run,
            about=consumer,
            root=source,
            cause="empty",
            confidence=_confidence(count, run.trace.partial_view or run.trace.ledger.full),
            reason=reason,
            evidence=[
                evidence_of(source, "the result is empty"),
                Evidence(consumer.span_id, "completion", f"{count} ungrounded specifics ({kinds})"),
            ],
        )

    def _absence(self, decision: Decision, run: AgentRun) -> Finding:
        source, consumer = decision.source, decision.consumer
        return self.finding(
            run,
            about=consumer,
            root=source,
            cause="absence_as_evidence",
            confidence=0.5,
            severity=Severity.MEDIUM,
            reason=f"{source.tool or 'a source'} returned nothing, and the answer takes that as evidence that there is nothing",
            evidence=[
                evidence_of(source, "the result is empty"),
                Evidence(consumer.span_id, "completion", "concludes from the empty result"),
            ],
        )


def _confidence(claims: int, partial: bool) -> float:
    """More ungrounded specifics, more certainty; less where grounding may have been missed."""
    return min(0.95, 0.7 + 0.08 * (claims - 1)) - (0.25 if partial else 0.0)
