"""Steps on their way to the runs whose they are."""

from collections.abc import Container
from typing import TYPE_CHECKING

from otelagent.model import Kind, Step
from otelagent.nothing import NOTHING
from otelagent.run import AgentRun, Observer, order

if TYPE_CHECKING:
    from otelagent.trace.trace import Trace


class Homes:
    """Gives steps to their runs, also those that turn out to be another's, and keeps those that wait for calls."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: dict[bytes, list[Step]] = NOTHING
        """By the key of their run."""

    @property
    def waiting(self) -> Container[bytes]:
        """Keys of the runs whose steps wait for calls that their messages refer to; false where there are none."""
        return self._waiting

    def take(self, trace: "Trace", run: AgentRun, steps: list[Step], detectors: tuple[Observer, ...]) -> None:
        """Steps of a run, in their order; all wait where one refers to a call whose own span is still to come."""
        if waiting := self._waiting.pop(run.key, []):
            steps = sorted([*waiting, *steps], key=order)
        if any(map(trace.refers_to_unseen, steps)):
            self._waiting = self._waiting or {}
            self._waiting[run.key] = steps
        elif run.in_order(steps[0]):
            for step in steps:
                trace.tell(run, run.observe(step, detectors))
        elif late := [s for s in steps if not run.absorbs(s)]:
            trace.tell(run, run.fold([*run.own_steps(), *late], detectors))

    def settle(self, trace: "Trace", detectors: tuple[Observer, ...]) -> None:
        """Fold what waits for calls that were referred to and never came."""
        for key, late in list(self._waiting.items()):
            run = trace.run(key)
            trace.tell(run, run.fold([*run.own_steps(), *late], detectors))
            trace.lineage.changed(key)
        self._waiting.clear()

    def resolve(self, trace: "Trace", detectors: tuple[Observer, ...]) -> list[Step]:
        """Steps that turned out to belong to another run: the run above, or an agent that was hidden."""
        moved: list[Step] = []
        lineage = trace.lineage
        for key in [k for k, r in trace.runs.items() if r.provisional]:
            node = trace.nodes.get(key)
            if node is None or node.kind is Kind.AGENT:
                continue
            if any(s.kind is Kind.LLM for s in trace.runs[key].steps):
                lineage.thinks(key)
            if (target := trace.owner(key)) != key:
                moved += self._dissolve(trace, key, target)
        for key in lineage.released:
            if key in trace.runs:
                moved += self._dissolve(trace, key, trace.owner(key))
        lineage.released = ()
        loosened, lineage.loosened = lineage.loosened, ()
        for span_id in loosened:
            moved += self._part(trace, span_id, detectors)
        return moved

    def _dissolve(self, trace: "Trace", key: bytes, into: bytes) -> list[Step]:
        run = trace.runs.pop(key)
        target = trace.run(into)
        target.findings = {**target.findings, **run.findings} if run.findings else target.findings
        target.former |= {key, *run.former}
        return [*run.own_steps(), *self._waiting.pop(key, [])]

    def _part(self, trace: "Trace", span_id: bytes, detectors: tuple[Observer, ...]) -> list[Step]:
        """Steps below a span that turned out to be an agent's leave the run above it."""
        node = trace.nodes[span_id]
        above = trace.owner(node.parent_id) if node.parent_id else span_id
        run = trace.runs.get(above)
        if run is None:
            return []
        own = [*run.own_steps(), *self._waiting.get(above, ())]
        leaving = {id(s): home for s in own if (home := trace.run_of(s)) != above}
        if not leaving:
            return []
        self._waiting.pop(above, None)
        if len(leaving) == len(own) and run.provisional:
            self._dissolve(trace, above, next(iter(leaving.values())))
        else:
            trace.tell(run, run.fold([s for s in own if id(s) not in leaving], detectors))
        return [s for s in own if id(s) in leaving]
