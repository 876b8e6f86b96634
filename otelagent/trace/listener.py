"""Who hears what a trace learns, and whom it asks about other traces."""

from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from otelagent.model import Finding, Odd, Step
from otelagent.run import AgentRun

if TYPE_CHECKING:
    from otelagent.trace.trace import Trace


class Closed(StrEnum):
    """Why a trace left memory."""

    SETTLED = "settled"
    """Its topmost span was seen, and nothing new came for `settle_s`."""
    IDLE = "idle"
    AGE = "age"
    COUNT = "count"
    SPANS = "spans"
    BYTES = "bytes"
    MEMORY = "memory"
    SHUTDOWN = "shutdown"


class Listener(Protocol):
    """Hears what the fold learns; implemented by the pipeline."""

    def found(self, finding: Finding, run: AgentRun, trace: "Trace", first: bool) -> None:
        """A finding is new (`first`), or says something else than before."""

    def withdrawn(self, finding: Finding, run: AgentRun | None, trace: "Trace") -> None:
        """A finding that was told no longer holds; `run`: where it stood, if that is still there."""

    def abstained(self, mode: str, reason: str) -> None:
        """A detector could not judge a run."""

    def dismissed(self, mode: str, step: Step, why: str) -> None:
        """A detector looked at a step and stayed quiet."""

    def odd(self, reason: Odd, count: int) -> None:
        """Spans contradict themselves or others."""

    def raised(self, mode: str, step: Step, error: Exception) -> None:
        """A detector raised an exception at a step."""

    def closing(self, trace: "Trace") -> None:
        """A trace is about to be judged for the last time."""

    def closed(self, trace: "Trace", reason: Closed) -> None:
        """A trace leaves memory."""


class Elsewhere(Protocol):
    """What a trace asks about runs of other traces; implemented by Abroad."""

    def workers(self, run: AgentRun) -> list[AgentRun]:
        """Runs of other traces that work for spans of this run."""

    def employer(self, run: AgentRun) -> AgentRun | None:
        """The run of another trace that this one works for."""

    def lives(self, trace_id: bytes) -> bool:
        """The trace is in memory."""

    def answered(self, trace_id: bytes) -> list[bytes]:
        """Spans of this trace that runs of other traces work for."""
