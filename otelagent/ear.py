"""Who hears what the pipeline learns: metrics, the terminal, the recorder, the commands that look at recordings."""

from otelagent.model import Finding, Odd, Step
from otelagent.run import AgentRun
from otelagent.success import Counts
from otelagent.trace import Closed, Trace


class Ear:
    """Hears what the pipeline learns; who inherits from it names only what it wants."""

    def step(self, step: Step, run: AgentRun, trace: Trace) -> None:
        """A step was observed for the first time."""

    def found(self, finding: Finding, run: AgentRun, trace: Trace, first: bool) -> None:
        """A finding is new (`first`), or says something else than before."""

    def withdrawn(self, finding: Finding, trace: Trace) -> None:
        """A finding that was told no longer holds."""

    def abstained(self, mode: str, reason: str) -> None:
        """A detector could not judge a run."""

    def dismissed(self, mode: str, step: Step, why: str) -> None:
        """A detector looked at a step and stayed quiet."""

    def closed(self, trace: Trace, reason: Closed) -> None:
        """A trace left memory."""

    def settled(self, trace: Trace, made: Counts) -> None:
        """A trace in which agents ran, no canary, left memory for the first time; its outcome and its leaves."""

    def spans(self, dialect: str, kind: str, count: int) -> None:
        """Spans were read by a dialect."""

    def unrecognised(self, scope: str, count: int) -> None:
        """Spans of an instrumentation scope look like an agent's, and no dialect can say what they are."""

    def odd(self, reason: Odd, count: int) -> None:
        """Spans contradict themselves or others."""

    def unread(self, reason: str) -> None:
        """A request passed without being understood, by reason."""
