"""Two runs at work on one resource overwrite each other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from itertools import islice
from typing import ClassVar, Final, NamedTuple

from otelagent.detectors.detector import Detector, threshold
from otelagent.model import Evidence, Finding, Layer, Need, Severity, Step
from otelagent.run import LASTING, SOURCES, AgentRun, Wake

MOST: Final = 1_000
"""Accesses of one run that are compared."""


class Access(NamedTuple):
    """A read or write of a resource; `value` is a hash, 0 of a read."""

    span_id: bytes
    start: int
    end: int
    resource: int
    value: int


class Accesses(NamedTuple):
    """Those of one run that has ended, which may be of another trace."""

    trace_id: bytes
    agent: str | None
    start: int
    end: int
    reads: tuple[Access, ...]
    writes: tuple[Access, ...]


@dataclass(frozen=True)
class SharedStateConflict(Detector):
    """Two agents that run at the same time read one resource and then write different values to it.

    ## What it looks for
    Tools that the configuration names as reading or writing a resource. `reads` lists `tool:argument`, `writes` lists
    `tool:argument:value argument`, separated by commas; a tool may be a pattern. Two runs that overlap, both of which
    read a resource before the other wrote it, and then wrote different values: runs of one trace, of traces that
    belong to one conversation, or of traces that work for the same agent.

    ## Why it matters
    The write that ends last wins, and the other agent's work is lost. Each run is right by itself.

    ## Stays quiet when
    - the configuration names no tools: it is off then
    - both write the same value, or one reads what the other wrote
    - the runs don't overlap
    - the runs are in traces that have nothing in common, as those of two sessions are

    ## What to do
    Give the resource one owner, or let writes carry the version that was read, so that the second is refused.
    """

    mode: ClassVar[str] = "shared_state_conflict"
    wakes: ClassVar[frozenset[Wake]] = frozenset()
    layer: ClassVar[Layer] = Layer.ORCHESTRATION
    severity: ClassVar[Severity] = Severity.HIGH
    causes: ClassVar[tuple[str, ...]] = ("lost_update",)
    needs: ClassVar[tuple[Need, ...]] = (Need.ARGUMENTS,)
    fix: ClassVar[str] = "Give the resource one owner, or refuse a write whose version isn't the one that was read."
    on: ClassVar[bool] = False
    concludes: ClassVar[bool] = True
    shares: ClassVar[bool] = True

    reads: str = threshold(default="", help="Tools that read: `tool:argument` of the resource, separated by commas.")
    writes: str = threshold(default="", help="Tools that write: `tool:argument:value argument`, separated by commas.")

    def observe(self, step: Step, run: AgentRun) -> Iterator[Finding]:
        yield from ()

    def conclude(self, run: AgentRun) -> Iterator[Finding]:
        own = self._of(run)
        if own is None or not own.writes:
            return
        run.notes[LASTING + self.mode] = own
        others = [self._of(other) for other in run.trace.others(run)]
        met: dict[Accesses, None] = run.notes.setdefault(self.mode, {})
        met.update(dict.fromkeys(islice(run.trace.noted(run, LASTING + self.mode), MOST)))
        told: set[int] = set()
        for other in (*others, *met):  # whom it met may have left since
            if other is not None and other.writes and other.start < own.end and own.start < other.end:
                yield from self._overwrites(run, own, other, told)

    def _of(self, run: AgentRun) -> Accesses | None:
        ended = run.ended
        if ended is None:
            return None
        reads, writes = self._accesses(run, self.reads), self._accesses(run, self.writes)
        return Accesses(run.trace.trace_id, run.agent, ended.start, ended.end, tuple(reads), tuple(writes))

    def _overwrites(self, run: AgentRun, own: Accesses, other: Accesses, told: set[int]) -> Iterator[Finding]:
        steps = {step.span_id: step for step in run.steps}
        for write in own.writes:
            lost = next((w for w in other.writes if _lost(write, w, own.reads, other.reads)), None)
            step = steps[write.span_id]
            if lost is None:
                run.dismiss(self.mode, step, "the other run wrote something else, the same, or in turn")
            elif write.resource not in told:
                told.add(write.resource)
                yield self._found(run, other, step, lost)

    def _accesses(self, run: AgentRun, listed: str) -> list[Access]:
        wanted = _parsed(listed)
        found: list[Access] = []
        for step in run.steps[-MOST:] if wanted else ():
            if step.kind not in SOURCES or step.tool is None or step.call is None or step.call.like is None:
                continue
            for pattern, resource, value in wanted:
                if fnmatchcase(step.tool, pattern) and (key := step.call.like.argument(resource)) is not None:
                    given = step.call.like.argument(value) if value else 0
                    found += [Access(step.span_id, step.start, step.end, key, given)] if given is not None else []
        return found

    def _found(self, run: AgentRun, other: Accesses, write: Step, lost: Access) -> Finding:
        abroad = other.trace_id if other.trace_id != run.trace.trace_id else b""
        names = f"{other.agent or 'another agent'} and {run.agent or 'this agent'}"
        return self.finding(
            run,
            about=write,
            root=write,
            cause="lost_update",
            strength=0.8,
            reason=f"{names} read one resource and wrote different values to it; the earlier write is lost",
            evidence=[
                Evidence(lost.span_id, "arguments", "the write that is lost", abroad),
                Evidence(write.span_id, "arguments", "the write that overwrote it"),
            ],
        )


def _lost(write: Access, other: Access, read: Sequence[Access], known: Sequence[Access]) -> bool:
    """`other` came first and was overwritten by a run that had read the resource before, as the other had."""
    if write.resource != other.resource or write.value == other.value or other.end > write.end:
        return False
    mine = [r.end for r in read if r.resource == write.resource and r.end <= write.start]
    theirs = any(r.resource == write.resource and r.end <= other.start for r in known)
    return theirs and bool(mine) and max(mine) <= other.start


@cache
def _parsed(listed: str) -> tuple[tuple[str, str, str], ...]:
    entries = [[part.strip() for part in entry.split(":")] for entry in listed.split(",") if entry.strip()]
    return tuple((e[0], e[1] if len(e) > 1 else "", e[2] if len(e) > 2 else "") for e in entries if e[0])
