"""Delegations across traces: a child whose spans are a trace of their own is joined to the run that asked for it.

By span link or W3C context first, then by the id of the tool call, by what was given and came back (or came back, where
no more is known) in traces of one model call, by the conversation that both belong to, and last by the delegated text
where that is unique within a time window. Trace ids are never rewritten.
"""

from collections import Counter, OrderedDict
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Final, NamedTuple

from otelagent.delegation import plain
from otelagent.model import Kind, Step
from otelagent.reading.roles import stands_for_agent, starts_any
from otelagent.w3c import Context

MAX_KNOWN: Final = 5_000
"""Links, ids, conversations, tasks and calls that are remembered, each; beyond that the oldest are let go."""

MAX_CHILDREN: Final = 256
"""Runs of other traces that work for one trace: each that joins has the runs above it judged again."""

MAX_SAME: Final = 8
"""Children, and calls, of one key."""

WINDOW: Final = 600 * 10**9
"""Nanoseconds between a call and the start of a child that the text alone joins."""

SLACK: Final = 10**9
"""Nanoseconds by which clocks may differ where a child has to run within its call."""

UNIQUE: Final = 8
"""Characters from which on an id may be one of its kind."""

CONFIDENCE: Final = {
    "link": 0.9,
    "context": 0.9,
    "call_id": 0.9,
    "exchange": 0.9,
    "result": 0.7,
    "conversation": 0.7,
    "text": 0.6,
}


class Ref(NamedTuple):
    """A run, or a call, in one of the live traces."""

    trace_id: bytes
    span_id: bytes
    start: int
    end: int
    name: str = ""
    """Of a run its agent's name, of a call what it calls."""
    shown: str | None = None
    """Of a call that only messages show, which begins when they are first seen: its id. Later turns show it again."""


class Join(NamedTuple):
    """A child run and the span in another trace that asked for it."""

    child: Ref
    asked: Ref
    method: str

    @property
    def confidence(self) -> float:
        return CONFIDENCE[self.method]


class Dropped(NamedTuple):
    """Runs and calls that were let go under one key."""

    runs_end: int = 0
    """When the last run of them ended."""
    calls_end: int = 0
    joined: int = 0
    alone: int = 0
    """Runs that no call had inside."""


Key = tuple[str, str | int]
"""A method and what both sides have in common by it."""


class Stitches:
    """Owned by the live traces; bounded."""

    def __init__(self) -> None:
        self._linked: OrderedDict[tuple[bytes, bytes], list[Join]] = OrderedDict()
        self._by_trace: dict[bytes, dict[tuple[bytes, bytes], None]] = {}
        self._above: dict[tuple[bytes, bytes], Join] = {}
        self._children: OrderedDict[Key, list[Ref]] = OrderedDict()
        self._calls: OrderedDict[Key, list[Ref]] = OrderedDict()
        self._dropped: dict[Key, Dropped] = {}
        """What was let go under a key with more than are kept."""
        self._refused: OrderedDict[Context, None] = OrderedDict()
        """Spans that asked for nobody, of traces that have left; those that runs still refer to stay longest."""

    # --- what is learned -----------------------------------------------------------------------------------------

    def child(
        self,
        step: Step,
        name: str | None,
        links: Iterable[tuple[str, Context]],
        keys: Iterable[Key],
    ) -> tuple[list[Join], list[Join]]:
        """An agent's run ended that nothing in its own trace asked for; gives joins, and joins that no longer hold."""
        own = Ref(step.trace_id, step.span_id, step.start, step.end, plain(name or ""))
        joins = [Join(own, Ref(*at, 0, 0), method) for method, at in links if at[0] != step.trace_id]
        if joins:
            return joins[:1], []
        return self._matched(self._children, own, keys)

    def call(self, step: Step, conversation: str | None) -> tuple[list[Join], list[Join]]:
        """A tool call ended that has no agent's run inside; gives joins, and joins that no longer hold.

        `conversation`: which it belongs to, as its own span or another of its run says.
        """
        own = Ref(step.trace_id, step.span_id, step.start, step.end, _called(step))
        return self._matched(self._calls, own, call_keys(step, conversation))

    def answer(self, step: Step, keys: Iterable[Key]) -> tuple[list[Join], list[Join]]:
        """The last turn of an agent that has no span but its model calls', each a trace; gives the same."""
        return self._matched(self._children, Ref(step.trace_id, step.span_id, step.start, step.end), keys)

    def shown(self, step: Step, keys: Iterable[Key]) -> tuple[list[Join], list[Join]]:
        """A call that the messages of such a turn show; gives the same. The latest such turn goes on with it."""
        own = Ref(step.trace_id, step.span_id, step.start, step.end, _called(step), step.call_id or "")
        return self._matched(self._calls, own, keys)

    def join(self, join: Join) -> None:
        """Remember who works for a span of another trace."""
        self.part(join)
        key = (join.asked.trace_id, join.asked.span_id)
        self._above[join.child[:2]] = join
        self._linked[key] = [*self._linked.get(key, ()), join]
        self._by_trace.setdefault(key[0], {})[key] = None
        while len(self._linked) > MAX_KNOWN:
            self._forget(next(iter(self._linked)))

    def part(self, join: Join) -> None:
        """The child works for nobody that is known."""
        known = self._above.pop(join.child[:2], None)
        if known is None:
            return
        key = (known.asked.trace_id, known.asked.span_id)
        left = [other for other in self._linked.get(key, ()) if other.child[:2] != join.child[:2]]
        if left:
            self._linked[key] = left
        else:
            self._forget(key)

    def refuse(self, at: Context) -> None:
        """Nobody works for this span, whatever refers to it."""
        self._refused[at] = None
        while len(self._refused) > MAX_KNOWN:
            self._refused.popitem(last=False)

    # --- what is asked -------------------------------------------------------------------------------------------

    @property
    def none(self) -> bool:
        """No run works for a span of another trace."""
        return not self._above

    def any(self, trace_id: bytes) -> bool:
        """Runs of other traces work for spans of this one."""
        return trace_id in self._by_trace

    def full(self, trace_id: bytes) -> bool:
        """No further run can work for this trace."""
        return sum(len(self._linked[key]) for key in self._by_trace.get(trace_id, ())) >= MAX_CHILDREN

    def children(self, trace_id: bytes) -> list[tuple[bytes, Ref]]:
        """Spans of this trace that runs of other traces work for, and those runs."""
        return [(key[1], join.child) for key in self._by_trace.get(trace_id, ()) for join in self._linked.get(key, ())]

    def above(self, trace_id: bytes, span_id: bytes) -> Ref | None:
        """The span of another trace that a run works for."""
        join = self.joined(trace_id, span_id)
        return join.asked if join is not None else None

    def joined(self, trace_id: bytes, span_id: bytes) -> Join | None:
        """By what a run works for a span of another trace."""
        return self._above.get((trace_id, span_id))

    def betters(self, join: Join) -> bool:
        """It is surer than by what its child works for someone now, or as sure and of another call."""
        known = self._above.get(join.child[:2])
        if known is None or join.confidence > known.confidence:
            return True
        return join.method == known.method and join.asked[:2] != known.asked[:2]

    def refused(self, at: Context) -> bool:
        """Nobody works for this span; asked for again, it is remembered longer."""
        if at not in self._refused:
            return False
        self._refused.move_to_end(at)
        return True

    # --- inside --------------------------------------------------------------------------------------------------

    def _forget(self, key: tuple[bytes, bytes]) -> None:
        for join in self._linked.pop(key, ()):
            self._above.pop(join.child[:2], None)
        own = self._by_trace.get(key[0], {})
        own.pop(key, None)
        if not own:
            self._by_trace.pop(key[0], None)

    def _matched(
        self, known: OrderedDict[Key, list[Ref]], own: Ref, keys: Iterable[Key]
    ) -> tuple[list[Join], list[Join]]:
        joins: list[Join] = []
        stale: list[Join] = []
        for key in keys:
            self._keep(known, key, own)
            children, calls = self._children.get(key, ()), self._calls.get(key, ())
            if not children or not (calls or self._above):
                continue
            found = _pairs(key[0], children, calls, self._dropped.get(key, Dropped()))
            sure = {join.child[:2] for join in found}
            stale += [j for c in children if c[:2] not in sure and (j := self._above.get(c[:2])) and j.method == key[0]]
            joins += filter(self.betters, found)
        return joins, stale

    def _keep(self, known: OrderedDict[Key, list[Ref]], key: Key, ref: Ref) -> None:
        own = known.get(key)
        if own is None:
            known[key] = [ref]
        else:
            if ref.shown is not None and (before := next((o for o in own if o.shown == ref.shown), None)) is not None:
                own.remove(before)
                ref = max(before, ref, key=_end)._replace(start=min(before.start, ref.start))
            trace_id, span_id = ref[:2]
            left = [other for other in own if other[1] != span_id or other[0] != trace_id]
            for gone in left[: 1 - MAX_SAME]:
                self._drop(key, gone, run=known is self._children)
            own[:] = [*left[1 - MAX_SAME :], ref]
            known.move_to_end(key)
        while len(known) > MAX_KNOWN:
            self._dropped.pop(known.popitem(last=False)[0], None)

    def _drop(self, key: Key, gone: Ref, *, run: bool) -> None:
        known = self._dropped.get(key, Dropped())
        if not run:
            self._dropped[key] = known._replace(calls_end=max(known.calls_end, gone.end))
            return
        own = gone[:2] in self._above
        self._dropped[key] = known._replace(
            runs_end=max(known.runs_end, gone.end), joined=known.joined + own, alone=known.alone + (not own)
        )


_end: Final = attrgetter("end")


def _pairs(method: str, children: Sequence[Ref], calls: Sequence[Ref], dropped: Dropped) -> list[Join]:
    """Children and calls that can only mean each other.

    Of conversations what was let go counts, too: a call that may have had such a run inside, or a run that may have
    been inside such a call, is not sure.
    """
    talk = method == "conversation"
    fit = [(c, p) for c in children for p in calls if c.trace_id != p.trace_id and _fits(method, c, p)]
    if not fit or (talk and _strangers(fit, children, calls, dropped)):
        return []
    of_child, of_call = Counter(c[:2] for c, _ in fit), Counter(p[:2] for _, p in fit)
    sure = [(c, p) for c, p in fit if of_child[c[:2]] == of_call[p[:2]] == 1]
    if talk:
        sure = [(c, p) for c, p in sure if dropped.runs_end < p.start and dropped.calls_end < c.end]
    return [Join(c, p, method) for c, p in sure]


def _strangers(fit: Sequence[tuple[Ref, Ref]], children: Sequence[Ref], calls: Sequence[Ref], dropped: Dropped) -> bool:
    """More runs of a conversation's agents were outside its calls than inside: many that have nothing to do with each
    other share its id."""
    first, last = min(call.start for call in calls), max(call.start for call in calls)
    inside = {c[:2] for c, _ in fit}
    between = [c for c in children if first <= c.start and c.end <= last and c[:2] not in inside]
    return len(between) + dropped.alone > len(inside) + dropped.joined


def _fits(method: str, child: Ref, call: Ref) -> bool:
    if method == "conversation":
        inside = call.start - SLACK <= child.start and child.end <= call.end + SLACK
        return inside and (not child.name or not call.name or child.name in call.name)
    if call.shown is not None:
        return 0 <= call.start - child.end <= WINDOW
    if method == "text":
        return 0 <= child.start - call.start <= WINDOW
    return True


def _called(step: Step) -> str:
    """What a call calls, for likeness with agents' names; empty where it is a tool that starts any agent."""
    name = plain(f"{step.tool or ''} {step.target or ''}")
    return "" if step.target is None and starts_any(step.tool or "") else name


def child_keys(step: Step, conversation: str | None, fingerprint: int | None) -> list[Key]:
    """By what a run without a parent may be found: an id of its call, its conversation, its task."""
    ids: list[Key] = [("call_id", each) for each in (step.call_id, conversation) if each and len(each) >= UNIQUE]
    talk: list[Key] = [("conversation", conversation)] if conversation else []
    text: list[Key] = [("text", fingerprint)] if fingerprint is not None else []
    return [*ids, *talk, *text]


def call_keys(step: Step, conversation: str | None) -> list[Key]:
    """By what a call without a run inside may be found; without its id only one that may stand for an agent."""
    ids: list[Key] = [("call_id", step.call_id)] if step.call_id and len(step.call_id) >= UNIQUE else []
    if not may_delegate(step):
        return ids
    talk: list[Key] = [("conversation", conversation)] if conversation else []
    like = step.call.like if step.call is not None else None
    return [*ids, *talk, *(("text", text) for text in (like.texts if like is not None else ()))]


def may_delegate(step: Step) -> bool:
    """The tool names another agent, or its own name says that it stands for one."""
    if step.kind is not Kind.TOOL:
        return False
    return step.target is not None or stands_for_agent(step.tool or "")
