"""A cut-short result was taken for the whole."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from otelagent.detectors.detector import PHRASES, Detector, evidence_of, unfounded
from otelagent.model import Evidence, Finding, Layer, Need, Severity, Status, Step
from otelagent.questions import WHY, Decision, Verdict
from otelagent.run import SOURCES, AgentRun, Wake

CUT_SHORT: Final = frozenset({Status.RATE_LIMITED, Status.PARTIAL, Status.TIMEOUT})

WENT_ON: Final = frozenset({Verdict.FABRICATED, Verdict.SILENT, Verdict.ABSENCE})


@dataclass(frozen=True)
class RateLimitMidChain(Detector):
    """A tool's call was cut short (429, partial body, timeout), and the answer goes on as if it were complete.

    ## What it looks for
    A source whose result is rate limited, partial or timed out, told by its status, its HTTP client span, its body
    or its exception, also under a span without an error. No later call meets the same need. Then an answer that says
    nothing about it: it states specifics, from the part that did arrive or from nowhere, or it simply goes on. The kind
    stands in the cause: `rate_limited`, `partial`, `timeout`.

    A first page with a cursor, a count above what is listed, or a batch of which some failed is `partial` only where
    the answer takes it for the whole ("altogether", "the only three", or the user asked how many or who), nobody asked
    for the next page, and the answer doesn't name the total.

    ## Why it matters
    The failure is transient and would go away with a retry, but the model can't tell half a result from a whole one. At
    the level of the pipeline nothing shows.

    ## Stays quiet when
    - a retry, or another source with the same query, returned the whole
    - the answer says that data is missing, limited or partial, or asks how to go on
    - the agent follows the pages of a long result, or speaks of its first hits as such
    - it was the model's own API that was limited, and the SDK retried

    ## What to do
    Have the tool's client retry with back-off and return a structured error, never a partial body as success; where
    that isn't possible, check schema and size between tool and model.
    """

    mode: ClassVar[str] = "rate_limit_mid_chain"
    wakes: ClassVar[frozenset[Wake]] = frozenset({Wake.DECISION, Wake.UNKNOWN})
    layer: ClassVar[Layer] = Layer.TOOL
    severity: ClassVar[Severity] = Severity.HIGH
    causes: ClassVar[tuple[str, ...]] = ("rate_limited", "partial", "timeout")
    needs: ClassVar[tuple[Need, ...]] = (Need.RESULT, Need.COMPLETION)
    fix: ClassVar[str] = (
        "Let the tool's client retry and return a structured error, never a partial body as success; "
        "else gate schema and size before the model sees the result."
    )

    def observe(self, step: Step, run: AgentRun) -> Iterator[Finding]:
        if step.kind in SOURCES and (step.call is None or step.call.outcome.status is Status.UNKNOWN):
            run.abstain(self.mode, f"result_{step.withheld}" if step.withheld else "result")
        mine = [d for d in run.decisions if d.source.call and d.source.call.outcome.status in CUT_SHORT]
        taken = [d for d in mine if d.verdict in WENT_ON and d.answer]
        if taken:
            yield self._found(taken, run)
        for decision in mine:
            if decision not in taken:
                run.dismiss(self.mode, decision.source, WHY[decision.verdict])

    def _found(self, decisions: Sequence[Decision], run: AgentRun) -> Finding:
        first, consumer = decisions[0].source, decisions[0].consumer
        assert first.call is not None  # noqa: S101 - decisions are about sources with facts
        status, ungrounded = first.call.outcome.status, decisions[0].ungrounded
        tool = first.tool or "a source"
        invented = f", with {unfounded(len(ungrounded))}" if ungrounded else ""
        return self.finding(
            run,
            about=consumer,
            root=first,
            cause=str(status),
            strength=_confidence(first, bool(ungrounded)),
            reason=f"{tool} {PHRASES[status]}, and the answer goes on as if it were complete{invented}",
            evidence=[
                *(
                    evidence_of(d.source, f"the call {PHRASES[d.source.call.outcome.status]}")
                    for d in decisions
                    if d.source.call
                ),
                Evidence(consumer.span_id, "completion", "says nothing of it"),
            ],
            consequences=("fabrication",) if ungrounded else (),
        )


def _confidence(source: Step, invented: bool) -> float:
    """Invented specifics say most; an explicit status says more than a mark of truncation."""
    outcome = source.call.outcome if source.call else None
    told = source.call is not None and source.call.more is not None
    return (0.9 if invented else 0.75) - (0.2 if told or (outcome is not None and outcome.note == "truncated") else 0.0)
