"""What was told of a trace: each finding once, and taken back when it no longer holds."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from otelagent.model import Finding
from otelagent.nothing import NOTHING
from otelagent.run import AgentRun, Identity
from otelagent.trace.listener import Listener

if TYPE_CHECKING:
    from otelagent.trace.trace import Trace

Standing: TypeAlias = tuple[bytes, Identity]
"""A finding in its place: the key of its run, and its identity."""


class Told:
    """Findings of a trace's runs that were told, and those that wait until its tree is judged."""

    __slots__ = ("_absorbed", "_ever", "_standing", "_waiting")

    def __init__(self) -> None:
        self._waiting: tuple[tuple[AgentRun, Finding], ...] = ()
        self._ever: dict[Identity, None] = NOTHING
        self._standing: dict[Standing, Finding] = NOTHING
        """Told, and not taken back."""
        self._absorbed: dict[Identity, Standing] = NOTHING
        """What took the place of findings."""

    @property
    def stands(self) -> bool:
        """Something was told, and not taken back."""
        return bool(self._standing)

    @property
    def waits(self) -> bool:
        """Findings wait to be told."""
        return bool(self._waiting)

    def add(self, run: AgentRun, findings: Iterable[Finding]) -> None:
        """Told by `tell`: what another finding takes the place of until then isn't told at all."""
        self._waiting += tuple([(run, finding) for finding in findings])

    def tell(self, trace: "Trace", listener: Listener) -> None:
        """Tell what waits and still holds, and take back what was told and doesn't."""
        waiting = [(run, finding) for run, finding in self._waiting if finding.identity in run.findings]
        self._waiting = ()
        for run, finding in waiting:
            self._leave(run, finding, trace, listener)
        for run, finding in waiting:
            identity = finding.identity
            first = identity not in self._ever
            self._ever, self._standing = self._ever or {}, self._standing or {}
            self._ever[identity] = None
            self._standing[run.key, identity] = finding
            listener.found(finding, run, trace, first)
        if self._standing:
            self._take_back(trace, listener)

    def _leave(self, run: AgentRun, finding: Finding, trace: "Trace", listener: Listener) -> None:
        """Take back at its span what is about to be told of another: of a child's answer first, then of its agent."""
        before = self._standing.get((run.key, finding.identity))
        if before is not None and before.about != finding.about:
            del self._standing[run.key, finding.identity]
            listener.withdrawn(before, run, trace)

    def _take_back(self, trace: "Trace", listener: Listener) -> None:
        """Tell which findings no longer hold; one that another took the place of does, as evidence of that."""
        runs = trace.runs
        gone = [at for at in self._standing if not _holds(at, runs) and not _holds(self._absorbed.get(at[1]), runs)]
        if not gone:
            return
        held = {(f.identity, f.about): (run.key, f) for run in runs.values() for f in run.findings.values()}
        self._absorbed = {i: (key, f.identity) for key, f in held.values() for i in f.absorbs}
        for at in gone:
            key, identity = at
            if identity in self._absorbed:
                continue
            finding = self._standing.pop(at)
            if (identity, finding.about) in held:  # its run goes by another key now
                self._standing[held[identity, finding.about][0], identity] = finding
            elif not trace.outlived(finding):
                listener.withdrawn(finding, runs.get(key), trace)


def _holds(at: Standing | None, runs: Mapping[bytes, AgentRun]) -> bool:
    return at is not None and at[0] in runs and at[1] in runs[at[0]].findings
