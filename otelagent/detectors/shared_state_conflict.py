"""Two runs at work on one resource overwrite each other."""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import ClassVar, Final, NamedTuple

from otelagent.detectors.detector import Detector, threshold
from otelagent.model import Evidence, Finding, Layer, Need, Severity, Step
from otelagent.run import SOURCES, AgentRun, Wake

MOST: Final = 1_000
"""Accesses of one run that are compared."""


class Access(NamedTuple):
    """A read or write of a resource; `value` is a hash, 0 of a read."""

    step: Step
    resource: int
    value: int


@dataclass(frozen=True)
class SharedStateConflict(Detector):
    """Two agents that run at the same time read one resource and then write different values to it.

    ## What it looks for
    Tools that the configuration names as reading or writing a resource. `reads` lists `tool:argument`, `writes` lists
    `tool:argument:value argument`, separated by commas; a tool may be a pattern. Two runs of one trace that overlap,
    both of which read a resource before the other wrote it, and then wrote different values.

    ## Why it matters
    The write that ends last wins, and the other agent's work is lost. Each run is right by itself.

    ## Stays quiet when
    - the configuration names no tools: it is off then
    - both write the same value, or one reads what the other wrote
    - the runs don't overlap
    - the runs are in different traces, as those of two sessions are: only runs of one trace are compared

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

    reads: str = threshold(default="", help="Tools that read: `tool:argument` of the resource, separated by commas.")
    writes: str = threshold(default="", help="Tools that write: `tool:argument:value argument`, separated by commas.")

    def observe(self, step: Step, run: AgentRun) -> Iterator[Finding]:
        yield from ()

    def conclude(self, run: AgentRun) -> Iterator[Finding]:
        own = self._accesses(run, self.writes)
        if not own or run.ended is None:
            return
        read = self._accesses(run, self.reads)
        told: set[int] = set()
        for other in run.trace.others(run):
            if other.ended is None or other.ended.start >= run.ended.end or run.ended.start >= other.ended.end:
                continue
            theirs, known = self._accesses(other, self.writes), self._accesses(other, self.reads)
            for write in own:
                lost = next((w for w in theirs if _lost(write, w, read, known)), None)
                if lost is None and theirs:
                    run.dismiss(self.mode, write.step, "the other run wrote something else, the same, or in turn")
                if lost is not None and write.resource not in told:
                    told.add(write.resource)
                    yield self._found(run, other, write, lost)

    def _accesses(self, run: AgentRun, listed: str) -> list[Access]:
        wanted = _parsed(listed)
        found: list[Access] = []
        for step in run.steps[-MOST:] if wanted else ():
            if step.kind not in SOURCES or step.tool is None or step.call is None or step.call.like is None:
                continue
            for pattern, resource, value in wanted:
                if fnmatchcase(step.tool, pattern) and (key := step.call.like.argument(resource)) is not None:
                    given = step.call.like.argument(value) if value else 0
                    found += [Access(step, key, given)] if given is not None else []
        return found

    def _found(self, run: AgentRun, other: AgentRun, write: Access, lost: Access) -> Finding:
        names = f"{other.agent or 'another agent'} and {run.agent or 'this agent'}"
        return self.finding(
            run,
            about=write.step,
            root=write.step,
            cause="lost_update",
            strength=0.8,
            reason=f"{names} read one resource and wrote different values to it; the earlier write is lost",
            evidence=[
                Evidence(lost.step.span_id, "arguments", "the write that is lost"),
                Evidence(write.step.span_id, "arguments", "the write that overwrote it"),
            ],
        )


def _lost(write: Access, other: Access, read: list[Access], known: list[Access]) -> bool:
    """`other` came first and was overwritten by a run that had read the resource before, as the other had."""
    if write.resource != other.resource or write.value == other.value or other.step.end > write.step.end:
        return False
    mine = [r.step for r in read if r.resource == write.resource and r.step.end <= write.step.start]
    theirs = any(r.resource == write.resource and r.step.end <= other.step.start for r in known)
    return theirs and bool(mine) and max(s.end for s in mine) <= other.step.start


@cache
def _parsed(listed: str) -> tuple[tuple[str, str, str], ...]:
    entries = [[part.strip() for part in entry.split(":")] for entry in listed.split(",") if entry.strip()]
    return tuple((e[0], e[1] if len(e) > 1 else "", e[2] if len(e) > 2 else "") for e in entries if e[0])
