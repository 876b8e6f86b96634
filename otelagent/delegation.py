"""Who works for whom in one trace: edges between agent runs, from every way in which emitters show a delegation.

Pure and bounded: built from the link table and the steps, it knows no content.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Final, Protocol, TypeVar

import msgspec

from otelagent.model import Kind, Step
from otelagent.nothing import NOTHING
from otelagent.span_links import SpanLinks

K = TypeVar("K")

MAX_DEPTH: Final = 256
MAX_CHILDREN: Final = 2_000
"""Children kept for one parent; further ones have no edge."""

MAX_NAMES: Final = 1_000
MAX_HANDOFFS: Final = 1_000
MAX_LOOKED: Final = 64
"""Runs beside one among which the sender of its message is looked for."""


class Place(Protocol):
    """A span's place, as the link table knows it."""

    @property
    def parent_id(self) -> bytes: ...
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def kind(self) -> Kind | None: ...
    @property
    def tool(self) -> str | None: ...


class Edge(msgspec.Struct, frozen=True, gc=False):
    """A child run and what it hangs from. Keys are those of runs.

    `method` says how the delegation shows: tool (the child runs inside a tool call), nested (inside another agent),
    handoff, named (it names its caller), asked (a model asked for a tool of its name, and that call isn't over),
    workflow (one of several agents of a workflow), link (in this trace or from another), context, call_id,
    exchange (its first message and last answer are what a call was given and returned), result (the answer alone),
    conversation, text. None: no delegation is known.
    """

    child: bytes
    method: str | None
    above: bytes | None = None
    """The nearest agent or workflow that encloses it: the one that goes on with its result."""
    giver: bytes | None = None
    """Of a hand-over: the run that gave the work."""
    call: bytes | None = None
    """The tool call or hand-over by which the work was given."""
    unseen: bytes | None = None
    """The chain of parents ends at this span, which hasn't been seen."""
    trace_id: bytes = b""
    """The parent's trace, where it is another."""
    asked: bytes = b""
    """The span in that trace that asked for the work."""
    confidence: float = 1.0
    beside: bool = False
    """The model asked for it with other calls in one turn, and the agent that did hasn't passed: others may share its
    work."""


class Member(msgspec.Struct, frozen=True, gc=False):
    """What the tree keeps of an agent's run."""

    name: str | None
    agent_id: str | None
    start: int
    end: int
    caller: str | None = None


class Tree:
    """Owned by one trace."""

    __slots__ = (
        "_agents",
        "_asked",
        "_awaiting",
        "_by_call",
        "_children",
        "_edges",
        "_given_to",
        "_handoffs",
        "_last",
        "_named",
        "_nodes",
        "_outside",
        "_seeking",
        "links",
    )

    def __init__(self, nodes: Mapping[bytes, Place]) -> None:
        self._nodes = nodes
        self._edges: dict[bytes, Edge] = NOTHING
        self._children: dict[bytes, tuple[bytes, ...]] = NOTHING
        self._by_call: dict[bytes, tuple[bytes, ...]] = NOTHING
        self._awaiting: dict[bytes, tuple[bytes, ...]] = NOTHING
        self._named: dict[str, tuple[bytes, ...]] = NOTHING
        self._handoffs: dict[str, list[tuple[Step, bytes]]] = NOTHING
        self._asked: dict[str, tuple[int, int]] = NOTHING
        """Tools that models asked for: when last, and with how many calls in that turn."""
        self._agents: dict[bytes, Member] = NOTHING
        self._outside: dict[bytes, Edge] = NOTHING
        self.links = SpanLinks(nodes)
        self._given_to: dict[bytes, tuple[bytes, ...]] = NOTHING
        self._seeking: dict[bytes, None] = NOTHING
        """Runs with links whose sender isn't known yet."""
        self._last: Step | None = None
        """The hand-over that ended last."""

    # --- what is learned -----------------------------------------------------------------------------------------

    def agent(self, key: bytes, member: Member) -> list[bytes]:
        """An agent's run has ended; gives the runs whose edges are new or other than before."""
        self._agents = self._agents or {}
        self._agents[key] = member
        if member.name and len(self._named) < MAX_NAMES:
            self._named = with_another(self._named, member.name, key)
        names = {member.name, member.agent_id} - {None}
        called = [k for k, other in self._agents.items() if other.caller in names] if names else []
        again = dict.fromkeys((key, *self._children.get(key, ()), *called, *islice(self._seeking, MAX_LOOKED)))
        return [k for k in again if k in self._agents and self._put(k)]

    def handoff(self, step: Step, giver: bytes) -> list[bytes]:
        """A hand-over was seen, given by the run `giver`."""
        self._last = step if self._last is None or step.end > self._last.end else self._last
        if not step.target or sum(map(len, self._handoffs.values())) >= MAX_HANDOFFS:
            return []
        self._handoffs = self._handoffs or {}
        known = self._handoffs.setdefault(step.target, [])
        known[:] = [*(pair for pair in known if pair[0] is not step), (step, giver)]
        return [k for k in self._named.get(step.target, ()) if self._put(k)]

    def asked(self, step: Step) -> None:
        """A model asks for tools; one of them may stand for an agent."""
        calls = step.turn.asked if step.turn else ()
        for call in calls:
            if call.name and (len(self._asked) < MAX_NAMES or call.name in self._asked):
                self._asked = self._asked or {}
                self._asked[call.name] = max((step.end, len(calls)), self._asked.get(call.name, (0, 0)))

    def linked(self, span_ids: Iterable[bytes]) -> list[bytes]:
        """Spans have taken their places; gives the runs whose edges are other than before."""
        waiting = [key for span_id in span_ids for key in self._awaiting.pop(span_id, ())] if self._awaiting else []
        placed = [key for key in waiting if self._put(key)]
        again = list(islice(self._seeking, MAX_LOOKED)) if placed else ()
        return placed + [key for key in again if key in self._agents and self._put(key)]

    def awaits(self, span_id: bytes) -> bool:
        """A chain of parents ends at this span."""
        return span_id in self._awaiting

    def outside(self, child: bytes, edge: Edge | None) -> None:
        """The parent was found in another trace; None: it turned out to be none."""
        self._outside.pop(child, None)
        if edge is not None:
            self._outside = self._outside or {}
            self._outside[child] = edge
        if child in self._agents:
            self._put(child)

    # --- what is asked -------------------------------------------------------------------------------------------

    def edge(self, key: bytes) -> Edge | None:
        """How the run came about; None while its own span hasn't passed.

        Work that is given to a span that wraps a run of the same agent is given to that run.
        """
        edge = self._edges.get(key)
        if edge is not None and edge.method is not None and self.wrapper(key):
            return msgspec.structs.replace(edge, method=None)
        if edge is None or edge.method is not None or edge.above is None or self._given_to.get(key):
            return edge  # who gives work on, and was given none, is where a workflow begins
        if (outer := self._edges.get(edge.above)) is not None and outer.method is not None and self.wrapper(edge.above):
            return msgspec.structs.replace(outer, child=key, above=edge.above)
        if self._crowd(edge):
            return msgspec.structs.replace(edge, method="workflow", confidence=0.7)
        return edge

    def children(self, key: bytes) -> tuple[bytes, ...]:
        """Keys of the runs that work directly for this one, or whose nearest enclosing agent it is."""
        return self._children.get(key, ())

    def by_call(self, span_id: bytes) -> tuple[bytes, ...]:
        """Keys of the runs inside a tool call."""
        return self._by_call.get(span_id, ())

    def ancestors(self, key: bytes) -> Iterator[bytes]:
        """Runs that enclose a run, nearest first."""
        for _ in range(MAX_DEPTH):
            edge = self._edges.get(key)
            if edge is None or edge.above is None or edge.above == key:
                return
            key = edge.above
            yield key

    def dropped(self, worked: int) -> bool:
        """Work was handed to an agent that never ran. `worked`: when the last turn of a model began."""
        last = self._last
        if last is None or last.end <= worked or not last.target:
            return False
        name = plain(last.target)
        return not any(m.start >= last.start and name == plain(m.name or "") for m in self._agents.values())

    def wrapper(self, key: bytes) -> bool:
        """The span only wraps a run of the same agent."""
        own, children = self._agents.get(key), self._children.get(key)
        if own is None or not children:
            return False
        inner = [self._agents[k] for k in children if k in self._agents]
        return len(inner) == 1 and bool(own.name) and inner[0].name == own.name

    # --- inside --------------------------------------------------------------------------------------------------

    def _put(self, key: bytes) -> bool:
        self._await_senders(key)
        edge, known = self._find(key), self._edges.get(key)
        if edge == known:
            return False
        if known is not None:
            self._take_out(known)
        self._edges = self._edges or {}
        self._edges[key] = edge
        if edge.above is not None:
            own = self._children.get(edge.above, ())
            if len(own) < MAX_CHILDREN and key not in own:
                self._children = with_another(self._children, edge.above, key)
        if edge.giver is not None:
            self._given_to = with_another(self._given_to, edge.giver, key)
        if edge.call is not None:
            self._by_call = with_another(self._by_call, edge.call, key)
        if edge.unseen is not None:
            self._awaiting = with_another(self._awaiting, edge.unseen, key)
        return True

    def _await_senders(self, key: bytes) -> None:
        for source in self.links.sources(key):
            if source not in self._nodes and key not in self._awaiting.get(source, ()):
                self._awaiting = with_another(self._awaiting, source, key)

    def _take_out(self, edge: Edge) -> None:
        if edge.above is not None:
            self._children[edge.above] = _without(edge.child, self._children.get(edge.above, ()))
        if edge.giver is not None:
            self._given_to[edge.giver] = _without(edge.child, self._given_to.get(edge.giver, ()))
        if edge.call is not None:
            self._by_call[edge.call] = _without(edge.child, self._by_call.get(edge.call, ()))

    def _find(self, key: bytes) -> Edge:
        above, call, unseen = self._upward(key)
        member = self._agents[key]
        if key in self._outside:
            return msgspec.structs.replace(self._outside[key], above=above, call=call, unseen=unseen)
        if call is not None:
            asked = self._asked.get(self._nodes[call].tool or "", (0, 0)) if unseen is not None else (0, 0)
            return Edge(key, "tool", above, None, call, unseen, beside=asked[1] > 1)
        given = self._given(member, key)
        if given is not None:
            return Edge(key, "handoff", above, given[1], given[0].span_id, unseen)
        if (caller := self._caller(member, key)) is not None:
            return Edge(key, "named", above, caller, None, unseen, confidence=0.9)
        if above is not None and (sender := self._sender(member, key, above)) is not None:
            return Edge(key, "link", above, sender, None, unseen, confidence=0.9)
        if above is not None and self._nodes[above].kind is Kind.AGENT and not self._wraps(above, member):
            return Edge(key, "nested", above, None, None, unseen)
        if unseen is not None and (calls := self._awaited(member)):
            return Edge(key, "asked", above, None, None, unseen, confidence=0.9, beside=calls > 1)
        return Edge(key, None, above, None, None, unseen)

    def _upward(self, key: bytes) -> tuple[bytes | None, bytes | None, bytes | None]:
        """The nearest enclosing agent or topmost span, the tool call on the way, and where the chain ends unseen."""
        node = self._nodes.get(key)
        call = key if node is not None and node.kind is Kind.TOOL else None
        at = key
        for _ in range(MAX_DEPTH):
            node = self._nodes.get(at)
            if node is None:
                return None, call, at
            if at != key and (node.kind is Kind.AGENT or not node.parent_id):
                return at, call, None
            if at != key and node.kind in (Kind.TOOL, Kind.HANDOFF):
                call = call or at
            if not node.parent_id or node.parent_id == at:
                return None, call, None
            at = node.parent_id
        return None, call, None

    def _given(self, member: Member, key: bytes) -> tuple[Step, bytes] | None:
        """The last hand-over to this agent before it began."""
        earlier = [pair for pair in self._handoffs.get(member.name or "", ()) if pair[0].start <= member.start]
        found = max(earlier, key=lambda pair: pair[0].end, default=None)
        return found if found is not None and found[1] != key else None

    def _caller(self, member: Member, key: bytes) -> bytes | None:
        """The run of the agent that this one names as its caller."""
        if not member.caller:
            return None
        same = [k for k in self._named.get(member.caller, ()) if k != key and self._agents[k].start <= member.start]
        return max(same, key=lambda k: self._agents[k].start, default=None)

    def _sender(self, member: Member, key: bytes, above: bytes) -> bytes | None:
        """The run that sent the message by which this one was started, as its links show."""
        sources = self.links.sources(key)
        self._seeking.pop(key, None)
        if not sources:
            return None
        beside = islice(reversed(self._children.get(above, ())), MAX_LOOKED)
        earlier = [k for k in beside if k != key and k in self._agents and self._agents[k].start <= member.start]
        found = next((k for k in earlier if self.links.within(k, sources)), None)
        if found is None and len(self._seeking) < MAX_NAMES:
            self._seeking = self._seeking or {}
            self._seeking[key] = None
        return found

    def _wraps(self, above: bytes, member: Member) -> bool:
        """The enclosing agent span is one of the same agent: a second span for one run."""
        outer = self._agents.get(above)
        return outer is not None and bool(member.name) and outer.name == member.name

    def _awaited(self, member: Member) -> int:
        """How many calls a model asked for in the turn that asked for a tool of this name; 0: none did."""
        name = plain(member.name or "")
        asked = (pair for tool, pair in self._asked.items() if name in plain(tool) and pair[0] <= member.start)
        return max(asked, default=(0, 0))[1] if len(name) > 2 else 0

    def _crowd(self, edge: Edge) -> bool:
        """Another agent works for the same workflow."""
        assert edge.above is not None  # noqa: S101 - the caller looked
        node = self._nodes.get(edge.above)
        if node is None or node.kind is Kind.AGENT:
            return False
        names = {self._agents[k].name for k in self._children.get(edge.above, ()) if k in self._agents}
        return len(names) > 1


def with_another(known: dict[K, tuple[bytes, ...]], key: K, each: bytes) -> dict[K, tuple[bytes, ...]]:
    """The same table with one more under a key; one of its own where there was none."""
    known = known or {}
    known[key] = (*known.get(key, ()), each)
    return known


def _without(key: bytes, keys: tuple[bytes, ...]) -> tuple[bytes, ...]:
    return tuple([each for each in keys if each != key])


@lru_cache(MAX_NAMES)
def plain(name: str) -> str:
    """A name as letters and digits in lower case, for likeness of agents and tools."""
    return "".join(c for c in name.lower() if c.isalnum())
