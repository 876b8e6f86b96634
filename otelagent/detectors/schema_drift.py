"""A result of another shape than its tool's, taken for a good one."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from otelagent.detectors.detector import Detector, evidence_of, threshold
from otelagent.model import Evidence, Finding, Layer, Need, Severity, Status, Step
from otelagent.questions import WHY, Decision, Verdict
from otelagent.run import AgentRun, Wake


@dataclass(frozen=True)
class SchemaDrift(Detector):
    """A tool's result doesn't fit the shape that its results have, and the agent goes on as if it did.

    ## What it looks for
    A call that returned without an error, and whose result parts from the tool's shape: another type at a place that
    always had one, or members gone that were always there, where that is more than an optional member being absent:
    one that holds the payload, half of all, or one with a new name beside it. The shape is that of the staging profile
    where one is given, else what the tool's earlier results have shown (50 at least). Also what the tool says
    of itself, where its definition was captured: its output schema (members, types, references within it, unions), or
    the members that its description names and of which the result has none. Then a completion that states specifics
    which nothing grounds, or an answer that doesn't mention it (the words of a description alone are not enough for
    that).

    ## Why it matters
    The API behind a tool changes, or answers with an error page of its own. The call succeeds, the model reads what it
    expects into what it gets, and no span turns red.

    ## Stays quiet when
    - optional members are absent, members are null, new members appear, sets of values grow, lists get longer
    - a union's other form was seen before
    - the answer says that something is missing or failed, or a later call meets the same need
    - too few results of the tool were seen in the same service (two services may have tools of one name), or results
      aren't captured
    - the new shape has become usual: one result in a hundred is enough

    ## What to do
    Validate results against a schema at the tool's boundary and return a structured error when they don't fit; pin the
    API's version. `otelagent compare --baseline staging --candidate prod` shows what else has changed.
    """

    mode: ClassVar[str] = "schema_drift"
    wakes: ClassVar[frozenset[Wake]] = frozenset({Wake.DECISION})
    layer: ClassVar[Layer] = Layer.TOOL
    severity: ClassVar[Severity] = Severity.HIGH
    causes: ClassVar[tuple[str, ...]] = ("nonconforming",)
    needs: ClassVar[tuple[Need, ...]] = (Need.RESULT,)
    fix: ClassVar[str] = "Validate results against a schema where the tool is called, and return an error that says so."

    ungrounded: int = threshold(default=1, help="Ungrounded specifics from which on an answer rests on a guess.")
    silent: bool = threshold(default=True, help="Tell also of answers that are grounded and don't mention it.")

    def observe(self, step: Step, run: AgentRun) -> Iterator[Finding]:
        for decision in run.decisions:
            call = decision.source.call
            if call is None or call.outcome.status is not Status.NONCONFORMING:
                continue
            if decision.verdict is Verdict.FABRICATED and len(decision.ungrounded) >= self.ungrounded:
                yield self._found(run, decision, 0.85, Severity.HIGH)
            elif decision.verdict is Verdict.SILENT and decision.answer and self.silent and not call.doubtful:
                yield self._found(run, decision, 0.6, Severity.MEDIUM)
            elif decision.final:
                run.dismiss(self.mode, decision.source, WHY[decision.verdict])

    def _found(self, run: AgentRun, decision: Decision, confidence: float, severity: Severity) -> Finding:
        source, consumer = decision.source, decision.consumer
        assert source.call is not None  # noqa: S101 - the caller looked
        guessed = len(decision.ungrounded)
        how = (
            f"states {guessed} specific{'s' * (guessed != 1)} that nothing grounds" if guessed else "doesn't mention it"
        )
        return self.finding(
            run,
            about=consumer,
            root=source,
            cause="nonconforming",
            strength=confidence,
            severity=severity,
            reason=f"{source.tool or 'a tool'} returned a result of another shape than usual "
            f"({source.call.outcome.note}), and the answer {how}",
            evidence=[
                evidence_of(source, source.call.outcome.note),
                Evidence(consumer.span_id, "completion", f"the answer that {how}"),
            ],
        )
