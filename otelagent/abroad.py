"""Runs that work for runs of other traces: joined, parted, and judged again where the other side says something new."""

from collections.abc import Iterator, Mapping
from typing import Final

from otelagent import turns
from otelagent.delegation import Edge
from otelagent.model import Odd
from otelagent.nothing import NOTHING
from otelagent.run import AgentRun, Observer
from otelagent.stitching import Join, Ref, Stitches, child_keys, may_delegate
from otelagent.trace import Listener, Node, Trace, creates
from otelagent.w3c import Context

MAX_EMPLOYERS: Final = 64
"""Runs above one, each in its own trace or another, that are followed upward; a longer chain isn't made any longer."""

MAX_SILENT: Final = 64
"""Calls of a trace whose conversation isn't known yet: often only the agent's span says it, which comes last."""


class Abroad:
    """Joins between all live traces.

    `traces` are those that live, `past` the link tables of those that have left; both belong to LiveTraces.
    """

    def __init__(
        self,
        traces: Mapping[bytes, Trace],
        past: Mapping[bytes, dict[bytes, Node]],
        detectors: tuple[Observer, ...],
        listener: Listener,
    ) -> None:
        self._traces = traces
        self._past = past
        self._detectors = detectors
        self._shares = any(d.shares for d in detectors)
        self._listener = listener
        self._stitches = Stitches()

    def stitch(self, trace: Trace) -> None:
        """Join runs that nothing in their own trace asked for to calls in other traces, whichever comes first."""
        alone, trace.lineage.alone = trace.lineage.alone, ()
        calls, trace.lineage.empty_calls = trace.lineage.empty_calls, ()
        if trace.talks and trace.lineage.silent_calls:
            calls, trace.lineage.silent_calls = (*calls, *trace.lineage.silent_calls), ()
        joins: list[Join] = []
        stale: list[Join] = []
        for run in alone:
            if run.ended is not None:
                keys = child_keys(run.ended, trace.talk(run), run.asked_for)
                refs = [ref for ref in trace.lineage.foreign(run.key) if self._may_ask(ref[1])]
                found = self._stitches.child(run.ended, run.agent, refs, keys)
                joins, stale = joins + found[0], stale + found[1]
        for call in calls:
            conversation = call.conversation or trace.talk(trace.runs.get(trace.run_of(call)))
            if conversation is None and may_delegate(call) and len(trace.lineage.silent_calls) < MAX_SILENT:
                trace.lineage.silent_calls += (call,)
            found = self._stitches.call(call, conversation)
            joins, stale = joins + found[0], stale + found[1]
        for found in self._turns(trace):
            joins, stale = joins + found[0], stale + found[1]
        for join in stale:
            self._part(join)
        for join in joins:
            if self._stitches.full(join.asked.trace_id):
                self._listener.odd(Odd.CROWDED, 1)
            elif self._leads_back(join):
                self._listener.odd(Odd.CYCLE, 1)
            elif self._stitches.betters(join):
                self._join(join)
        self._share(trace)
        self._pass_on(trace)

    def _turns(self, trace: Trace) -> Iterator[tuple[list[Join], list[Join]]]:
        """Where each model call is a trace: answers, and the calls that messages show."""
        keys, trace.lineage.turns = trace.lineage.turns, ()
        for run in [trace.runs[key] for key in keys if key in trace.runs]:
            if (last := turns.answer(run)) is not None:
                yield self._stitches.answer(last, turns.child_keys(last, run.asked_for))
            for step in turns.shown(run):
                yield self._stitches.shown(step, turns.call_keys(step))

    def _may_ask(self, at: Context) -> bool:
        """Whether a span of another trace can have asked for a run that refers to it: not one whose trace is known and
        has no step. Runs refer to the span in which their agent was created, too, which is a trace of its own."""
        home = self._traces.get(at[0])
        if home is not None:
            if at[1] in home.nodes and creates(home.nodes[at[1]]):
                return False
            return bool(home.runs) or home.recalled or not home.root_seen
        if self._stitches.refused(at):
            return False
        nodes = self._past.get(at[0], {})
        idle = at[1] in nodes and (creates(nodes[at[1]]) or all(node.kind is None for node in nodes.values()))
        if idle:
            self._stitches.refuse(at)
        return not idle

    def disown(self, trace: Trace) -> None:
        """Part runs from spans of which it turned out that they can't have asked for them."""
        for key in trace.runs:
            join = self._stitches.joined(trace.trace_id, key)
            if join is not None and not self._may_ask(join.asked[:2]):
                self._part(join)

    def _leads_back(self, join: Join) -> bool:
        """The child would work for itself: ids of calls may repeat, so that two traces ask for each other."""
        home = self._traces.get(join.asked.trace_id)
        run = home.runs.get(home.owner(join.asked.span_id)) if home is not None else None
        for _ in range(MAX_EMPLOYERS):
            if run is None or (run.trace.trace_id, run.key) == join.child[:2]:
                return run is not None
            run = run.trace.enclosing(run)
        return True

    def _join(self, join: Join) -> None:
        self._stitches.join(join)
        home, asked = join.asked[:2]
        edge = Edge(join.child.span_id, join.method, trace_id=home, asked=asked, confidence=join.confidence)
        self._changed(join, edge)

    def _part(self, join: Join) -> None:
        self._stitches.part(join)
        self._changed(join, None)

    def _changed(self, join: Join, edge: Edge | None) -> None:
        child, parent = self._traces.get(join.child.trace_id), self._traces.get(join.asked.trace_id)
        if child is not None:
            child.lineage.outside(join.child.span_id, edge)
            self._speak(child.runs.get(join.child.span_id), child, edge is not None)
            child.conclude(self._detectors)
        if parent is not None:
            key = parent.owner(join.asked.span_id)
            self._speak(parent.runs.get(key), parent, self._stitches.any(parent.trace_id))
            parent.lineage.changed(key)
            parent.conclude(self._detectors)

    def _speak(self, run: AgentRun | None, trace: Trace, joined: bool) -> None:
        """A turn that is a trace ends an agent's run, as runs of other traces show."""
        if run is not None and turns.turn(run) is not None:
            trace.lineage.speaks(run, turns.answer(run) if joined else None)
            call = trace.called(run) if run.agent is None else None
            run.agent = (call.target or call.tool) if call is not None else run.agent

    def _pass_on(self, trace: Trace) -> None:
        """What a run concluded matters to those in other traces that it works for, or that work for it."""
        concluded, trace.lineage.concluded = trace.lineage.concluded, NOTHING
        if not concluded or self._stitches.none:
            return
        near = [run for key in concluded if (run := trace.runs.get(key)) is not None]
        for other in dict.fromkeys(
            o for run in near for o in (*self.workers(run), self.employer(run)) if o is not None
        ):
            home = self._traces.get(other.trace.trace_id)
            if home is not None and home is not trace:
                home.lineage.changed(other.key)
                home.conclude(self._detectors)
                home.lineage.concluded = NOTHING

    def _share(self, trace: Trace) -> None:
        """What a run noted for those of other traces of its conversation has them judged again."""
        if not self._shares or not trace.talks or not trace.lineage.concluded or not trace.lasting:
            return
        turns = [self._traces.get(turn.trace_id) for turn in trace.talks.live()]
        for home in [home for home in turns if home is not None and home.lasting]:
            for run in home.runs.values():
                home.lineage.changed(run.key)
            home.conclude(self._detectors)
            home.lineage.concluded = NOTHING

    def workers(self, run: AgentRun) -> list[AgentRun]:
        """Runs of other traces that work for spans of this run."""
        own = run.trace.trace_id
        found = []
        for span_id, ref in self._stitches.children(own) if self._stitches.any(own) else ():
            trace, home = self._traces.get(ref.trace_id), self._traces.get(own)
            if trace is not None and home is not None and home.owner(span_id) == run.key and ref.span_id in trace.runs:
                found.append(trace.runs[ref.span_id])
        return found

    def employer(self, run: AgentRun) -> AgentRun | None:
        """The run of another trace that this one works for."""
        asked = self._stitches.above(run.trace.trace_id, run.key)
        home = self._traces.get(asked.trace_id) if asked is not None else None
        return home.runs.get(home.owner(asked.span_id)) if home is not None and asked is not None else None

    def answering(self, trace_id: bytes) -> Iterator[Trace]:
        """Live traces whose runs work for this one."""
        for _, ref in self._stitches.children(trace_id) if self._stitches.any(trace_id) else ():
            if (worker := self._traces.get(ref.trace_id)) is not None:
                yield worker

    def lives(self, trace_id: bytes) -> bool:
        return trace_id in self._traces

    def answered(self, trace_id: bytes) -> list[bytes]:
        """Spans of this trace that runs of other traces work for."""
        return [span_id for span_id, _ in self._stitches.children(trace_id)] if self._stitches.any(trace_id) else []

    def awaited(self, trace: Trace) -> bool:
        """Someone in another trace waits for this one's result and hasn't answered yet."""
        return any(
            (asked := self._stitches.above(trace.trace_id, key)) is not None
            and ((home := self._traces.get(asked.trace_id)) is None or not home.root_seen or _goes_on(home, asked))
            for key in trace.runs
        )


def _goes_on(home: Trace, asked: Ref) -> bool:
    """The agent that was given the result has asked for more."""
    run = home.runs.get(home.owner(asked.span_id))
    return run is not None and turns.goes_on(run)
