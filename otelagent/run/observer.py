"""Detectors as a run sees them, and which of them a step concerns."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol

from otelagent.model import Finding, Kind, Status, Step
from otelagent.run.sources import SOURCES

if TYPE_CHECKING:
    from otelagent.run.agent_run import AgentRun


UNSURE: Final = "the confidence is below min_confidence"
"""Why a finding wasn't told."""


RAISED: Final = "the detector raised an exception; its judgement is missing"
"""As above; the tally counts it."""


LASTING: Final = "lasting/"
"""How notes begin that runs of other traces of one conversation may ask for, also when this trace has left."""


class Wake(StrEnum):
    """What a detector asks to be shown."""

    CALL = "call"
    """Each tool or retrieval step."""
    UNKNOWN = "unknown"
    """Such a step of which nothing tells the outcome."""
    DECISION = "decision"
    """A step that decides an open question."""
    TURN = "turn"
    """Each LLM step."""
    END = "end"
    """The step of an agent, which ends its run."""
    OTHER = "other"
    """Hand-overs and workflows."""


_WAKES: Final = {Kind.TOOL: Wake.CALL, Kind.RETRIEVAL: Wake.CALL, Kind.LLM: Wake.TURN, Kind.AGENT: Wake.END}


class Observer(Protocol):
    """A detector, as a run sees it."""

    @property
    def mode(self) -> str: ...
    @property
    def concludes(self) -> bool: ...
    @property
    def shares(self) -> bool:
        """It leaves notes (`LASTING`) for the runs of other traces of a conversation."""

    @property
    def wakes(self) -> frozenset[Wake]: ...
    @property
    def min_confidence(self) -> float: ...

    def observe(self, step: Step, run: "AgentRun") -> Iterator[Finding]:
        """Findings that the step completes."""

    def conclude(self, run: "AgentRun") -> Iterator[Finding]:
        """All findings that the tree shows about a run that has ended; called again when its surroundings change."""


class Roster(tuple[Observer, ...]):
    """The detectors, and which of them a step concerns."""

    def __init__(self, _: Iterable[Observer]) -> None:
        self.concluding = Roster(d for d in self if d.concludes) if any(not d.concludes for d in self) else self
        self._due: dict[tuple[Kind, bool, bool], tuple[Observer, ...]] = {}

    def due(self, step: Step, decided: bool) -> tuple[Observer, ...]:
        """Those that ask for a step like this, in their order. `decided`: it decides an open question."""
        unknown = step.kind in SOURCES and (step.call is None or step.call.outcome.status is Status.UNKNOWN)
        key = (step.kind, unknown, decided)
        due = self._due.get(key)
        if due is None:
            due = self._due[key] = tuple(d for d in self if not d.wakes.isdisjoint(_wakes(*key)))
        return due


def roster(detectors: Iterable[Observer]) -> Roster:
    """The same detectors as a roster; a roster as it is."""
    return detectors if isinstance(detectors, Roster) else Roster(detectors)


def _wakes(kind: Kind, unknown: bool, decided: bool) -> Iterator[Wake]:
    yield _WAKES.get(kind, Wake.OTHER)
    if unknown:
        yield Wake.UNKNOWN
    if decided:
        yield Wake.DECISION
