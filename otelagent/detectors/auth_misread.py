"""The tool lacked credentials, and the answer blames the user or the resource."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from otelagent.detectors.detector import Detector, evidence_of
from otelagent.model import Evidence, Finding, Layer, Need, Severity, Status, Step
from otelagent.questions import Decision, Verdict
from otelagent.run import AgentRun, Wake


@dataclass(frozen=True)
class AuthMisread(Detector):
    """A tool was denied access, and the answer turns that into a statement about the user or the resource.

    ## What it looks for
    A tool whose call was denied (401, 403, missing or expired credentials). Then an answer that takes the tool's
    missing credentials for a fact about the world: the customer isn't authorised, the account doesn't exist, the
    document isn't available to you; or that simply goes on with specifics that nothing grounds.

    ## Why it matters
    The credentials of the integration are what is broken. Users are told something wrong about themselves, and nobody
    looks at the token that expired.

    ## Stays quiet when
    - the answer says that the tool or system couldn't be accessed, or that the look-up failed
    - the tool says itself that this user has no permission, and the answer passes that on
    - a later call got through

    ## What to do
    Map 401 and 403 of a tool to an error of the integration, alert its owner, and never show it to the model as a
    result about the user.
    """

    mode: ClassVar[str] = "auth_misread"
    wakes: ClassVar[frozenset[Wake]] = frozenset({Wake.DECISION})
    layer: ClassVar[Layer] = Layer.TOOL
    severity: ClassVar[Severity] = Severity.HIGH
    causes: ClassVar[tuple[str, ...]] = ("user_blamed", "ignored")
    needs: ClassVar[tuple[Need, ...]] = (Need.RESULT, Need.COMPLETION)
    fix: ClassVar[str] = (
        "Treat 401 and 403 of a tool as a fault of the integration: alert its owner, and don't hand it to the model as "
        "a result."
    )

    def observe(self, step: Step, run: AgentRun) -> Iterator[Finding]:
        for decision in run.decisions:
            if decision.source.call is None or decision.source.call.outcome.status is not Status.DENIED:
                continue
            cause = _cause(decision)
            if cause:
                yield self._found(cause, decision, run)
            else:
                run.dismiss(
                    self.mode, decision.source, "the answer names the tool's lack of access, or says nothing of it"
                )

    def _found(self, cause: str, decision: Decision, run: AgentRun) -> Finding:
        source, consumer = decision.source, decision.consumer
        takes = "blames the user or the resource" if cause == "user_blamed" else "goes on as if nothing were missing"
        return self.finding(
            run,
            about=consumer,
            root=source,
            cause=cause,
            strength=0.8 if cause == "user_blamed" else 0.65,
            reason=f"{source.tool or 'a tool'} was denied access, and the answer {takes}",
            evidence=[
                evidence_of(source, "access was denied to the tool"),
                Evidence(consumer.span_id, "completion", takes),
            ],
        )


def _cause(decision: Decision) -> str | None:
    said = decision.consumer.turn.said if decision.consumer.turn else None
    if said is None or not decision.answer or decision.verdict is Verdict.RECOVERED:
        return None
    if said.blames:
        return "user_blamed"
    return "ignored" if decision.verdict is Verdict.FABRICATED else None
