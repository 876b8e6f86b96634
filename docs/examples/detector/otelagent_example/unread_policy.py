"""An action was taken before the policy was read."""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import ClassVar

from otelagent.detectors.detector import Detector, evidence_of, threshold
from otelagent.model import Finding, Layer, Role, Severity, Status, Step
from otelagent.run import AgentRun, Wake


@dataclass(frozen=True)
class UnreadPolicy(Detector):
    """An agent changed something before it had read the policy that it must work by.

    ## What it looks for
    A call of a tool that acts (refund, cancel, send), where no call of the policy's tool has returned anything earlier
    in the same run.

    ## Why it matters
    The action may be forbidden. Nothing else in the trace looks wrong.

    ## Stays quiet when
    - the policy was read first, however often it was searched in vain before
    - the action failed: nothing was changed
    - the run only reads

    ## What to do
    Have the orchestration read the policy before it offers the tools that act.
    """

    mode: ClassVar[str] = "unread_policy"
    layer: ClassVar[Layer] = Layer.ORCHESTRATION
    severity: ClassVar[Severity] = Severity.MEDIUM
    causes: ClassVar[tuple[str, ...]] = ("not_read",)
    fix: ClassVar[str] = "Read the policy before offering the tools that act."
    wakes: ClassVar[frozenset[Wake]] = frozenset({Wake.CALL})

    policy: str = threshold(default="*policy*", help="Pattern for the name of the tool that reads the policy.")

    def observe(self, step: Step, run: AgentRun) -> Iterator[Finding]:
        call = step.call
        if call is None or call.role is not Role.ACTION or call.outcome.status is not Status.OK:
            return
        if any(self._reads(earlier) for earlier in run.before(step.start)):
            run.dismiss(self.mode, step, "the policy was read first")
            return
        yield self.finding(
            run,
            about=step,
            root=step,
            cause="not_read",
            strength=0.9,
            reason=f"{step.tool or 'a tool'} acted before the policy was read",
            evidence=[evidence_of(step, "the action")],
        )

    def _reads(self, step: Step) -> bool:
        read = step.call is not None and step.call.outcome.status is Status.OK
        return read and fnmatchcase((step.tool or "").lower(), self.policy)
