"""Delegations across traces: a child whose spans are a trace of their own is joined to the run that asked for it.

By span link first, last by the delegated text where that is unique within a time window. Trace ids are never rewritten.
"""

from collections import OrderedDict
from functools import lru_cache
from typing import Final, NamedTuple

from otelagent.delegation import plain
from otelagent.model import Kind, Step

MAX_KNOWN: Final = 5_000
"""Links, tasks and calls that are remembered, each; beyond that the oldest are let go."""

WINDOW: Final = 600 * 10**9
"""Nanoseconds between a call and the start of a child that the text alone joins."""

_AGENTS: Final = ("agent", "delegate", "assistant", "analyst", "expert", "specialist", "coworker", "worker", "team")


MAX_NAMES: Final = 1024
"""Names of tools that are remembered."""


class Ref(NamedTuple):
    """A run, or a call, in one of the live traces."""

    trace_id: bytes
    span_id: bytes
    start: int
    end: int


class Join(NamedTuple):
    """A child run and the span in another trace that asked for it."""

    child: Ref
    asked: Ref
    method: str
    confidence: float


class Stitches:
    """Owned by the live traces; bounded."""

    def __init__(self) -> None:
        self._linked: OrderedDict[tuple[bytes, bytes], list[Ref]] = OrderedDict()
        self._by_trace: dict[bytes, dict[tuple[bytes, bytes], None]] = {}
        self._tasks: OrderedDict[int, list[Ref]] = OrderedDict()
        self._calls: OrderedDict[int, list[Ref]] = OrderedDict()

    def child(self, step: Step, fingerprint: int | None) -> list[Join]:
        """An agent's run ended that nothing in its own trace asked for."""
        own = Ref(step.trace_id, step.span_id, step.start, step.end)
        joins = [Join(own, Ref(t, s, 0, 0), "link", 0.9) for t, s in step.links if t != step.trace_id]
        if joins or fingerprint is None:
            return joins
        self._keep(self._tasks, fingerprint, own)
        return self._match(fingerprint)

    def call(self, step: Step) -> list[Join]:
        """A tool call ended that may stand for an agent, and no agent's run is inside it."""
        if step.call is None or step.call.like is None or not may_delegate(step):
            return []
        own = Ref(step.trace_id, step.span_id, step.start, step.end)
        joins = []
        for fingerprint in step.call.like.texts:
            self._keep(self._calls, fingerprint, own)
            joins += self._match(fingerprint)
        return joins

    def join(self, join: Join) -> None:
        """Remember who works for a span of another trace."""
        key = (join.asked.trace_id, join.asked.span_id)
        known = self._linked.setdefault(key, [])
        known[:] = [*(r for r in known if r[:2] != join.child[:2]), join.child][-100:]
        self._by_trace.setdefault(key[0], {})[key] = None
        while len(self._linked) > MAX_KNOWN:
            gone, _ = self._linked.popitem(last=False)
            self._by_trace.get(gone[0], {}).pop(gone, None)
            if not self._by_trace.get(gone[0]):
                self._by_trace.pop(gone[0], None)

    def any(self, trace_id: bytes) -> bool:
        """Runs of other traces work for spans of this one."""
        return trace_id in self._by_trace

    def children(self, trace_id: bytes) -> list[tuple[bytes, Ref]]:
        """Spans of this trace that runs of other traces work for, and those runs."""
        return [(key[1], ref) for key in self._by_trace.get(trace_id, ()) for ref in self._linked.get(key, ())]

    def _match(self, fingerprint: int) -> list[Join]:
        """The one child and the one call with this text, if there are no more of them."""
        children, calls = self._tasks.get(fingerprint, ()), self._calls.get(fingerprint, ())
        if len(children) != 1 or len(calls) != 1:
            return []
        child, call = children[0], calls[0]
        if child.trace_id == call.trace_id or not 0 <= child.start - call.start <= WINDOW:
            return []
        return [Join(child, call, "text", 0.6)]

    def _keep(self, known: OrderedDict[int, list[Ref]], fingerprint: int, ref: Ref) -> None:
        own = known.setdefault(fingerprint, [])
        if all(ref[:2] != other[:2] for other in own) and len(own) < 8:
            own.append(ref)
        known.move_to_end(fingerprint)
        while len(known) > MAX_KNOWN:
            known.popitem(last=False)


def may_delegate(step: Step) -> bool:
    """The tool names another agent, or its own name says that it stands for one."""
    if step.kind is not Kind.TOOL:
        return False
    return step.target is not None or _names_agent(step.tool or "")


@lru_cache(MAX_NAMES)
def _names_agent(tool: str) -> bool:
    return tool.lower().startswith("ask_") or any(word in plain(tool) for word in _AGENTS)
