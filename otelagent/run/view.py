"""What a run asks its trace."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from otelagent.baselines.learned import Baselines
from otelagent.delegation import Edge
from otelagent.model import Answered, Finding, Instructions, Receipt, Step, Use
from otelagent.reading.given import Given

if TYPE_CHECKING:
    from otelagent.run.agent_run import AgentRun


class TraceView(Protocol):
    """What a run knows of its trace."""

    trace_id: bytes
    used: dict[str, Use]
    """Tools by name, and what their calls may have done; bounded."""

    @property
    def instructions(self) -> Sequence[Instructions]:
        """System and user messages of this trace, bounded."""

    @property
    def given(self) -> Given:
        """What the agents of this trace were given."""

    def told(self, instructions: Sequence[Instructions]) -> None:
        """Take over new system and user messages."""

    @property
    def normal(self) -> Baselines:
        """What is usual for tools and tasks."""

    def converse(self, run: "AgentRun", name: str) -> None:
        """A run says to which conversation it belongs."""

    def told_before(self, run: "AgentRun") -> Sequence[Instructions]:
        """System and user messages of earlier turns of the run's conversation, which are traces of their own."""

    def used_elsewhere(self) -> Mapping[str, Use]:
        """Tools that other turns of its conversations used, which are traces of their own."""

    partial_view: bool
    """Part of the trace was not seen."""

    @property
    def service(self) -> str:
        """Of its steps."""

    @property
    def over(self) -> bool:
        """The trace was seen to its end: nothing more will come."""

    def abstain(self, mode: str, reason: str) -> None:
        """Count that a detector could not judge."""

    def dismissed(self, mode: str, step: Step, why: str) -> None:
        """A detector looked at a step and stayed quiet."""

    def raised(self, mode: str, step: Step, error: Exception) -> None:
        """A detector raised an exception at a step."""

    def fit(self, step: Step) -> None:
        """Hold a call against what is usual for its tool, and against the spans below it; its outcome may change."""

    def call_of(self, answered: Answered) -> Step | None:
        """The step, anywhere in the trace, that reported the call whose result stands in a message."""

    def shown_before(self, answered: Answered) -> bool:
        """Whether another trace's messages showed the same call."""

    def edge(self, run: "AgentRun") -> Edge | None:
        """How the run came about; None while its own span hasn't passed."""

    def children(self, run: "AgentRun") -> Sequence["AgentRun"]:
        """Runs that this one encloses, without those that they enclose."""

    def enclosing(self, run: "AgentRun") -> "AgentRun | None":
        """The run that encloses this one and goes on with its result."""

    def siblings(self, run: "AgentRun") -> Sequence["AgentRun"]:
        """The other runs that the same run encloses."""

    def others(self, run: "AgentRun") -> Sequence["AgentRun"]:
        """The other runs of the trace that have ended, at most as many as are compared."""

    def noted(self, run: "AgentRun", key: str) -> Iterator[Any]:
        """A note of other traces' runs, of one conversation with this trace or at work for the same run."""

    def wraps(self, run: "AgentRun") -> bool:
        """The run's span only wraps that of another run of the same agent."""

    def receipts(self, run: "AgentRun") -> Sequence[tuple[bytes, Receipt]]:
        """Receipts that spans of this run carry, in order of their end, that of the agent's own span last."""

    def call(self, span_id: bytes | None) -> Step | None:
        """The tool call or hand-over with this id, where an agent's run hangs from it."""

    def inside(self, step: Step) -> bool:
        """An agent's run is inside this tool call."""

    def called(self, run: "AgentRun") -> Step | None:
        """The call that asked for the run, in this trace or another; None where it wasn't seen."""

    def outlived(self, finding: Finding) -> bool:
        """Part of its evidence is in a trace that has left, so that it can't be judged again."""

    def giver(self, run: "AgentRun") -> "AgentRun | None":
        """Of a hand-over: the run that gave the work."""

    def whole(self, run: "AgentRun") -> bool:
        """Nothing shows that steps of the run are still to come."""
