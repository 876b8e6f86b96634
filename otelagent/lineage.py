"""Runs of one trace as a family: where agents are hidden in the tree of spans, and when a run's end can be judged."""

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from itertools import islice
from typing import Final

from otelagent.delegation import Edge, Member, Place, Tree, plain, with_another
from otelagent.model import Finding, Kind, Plain, Receipt, Step
from otelagent.nothing import NOTHING
from otelagent.run import SOURCES, AgentRun, Observer
from otelagent.stitching import may_delegate
from otelagent.w3c import Context

MAX_RECEIPTS: Final = 1_000
MAX_DEPTH: Final = 256
MAX_LINKS: Final = 8
"""Links to other traces that are kept for one span."""

MAX_BELOW: Final = 2_000
"""Runs below one that are judged again when it ends."""

MAX_OTHERS: Final = 256
"""Runs of a trace with which one is compared."""

MAX_BESIDE: Final = 256
"""Spans beside an agent's that are looked at, the last ones: its body comes shortly before it, or after."""

SAME: Final = 0.1
"""Share of its length by which the body of an agent may differ from its span."""

SLACK: Final = 50_000_000
"""Nanoseconds by which it may differ at least."""


class Lineage:
    """Owned by one trace, which tells it of spans and steps."""

    __slots__ = (
        "_agentic",
        "_bearing",
        "_bodies",
        "_calls",
        "_dirty",
        "_foreign",
        "_leaves",
        "_new",
        "_nodes",
        "_owned",
        "_parents",
        "_receipts",
        "_runs",
        "_worked",
        "alone",
        "concluded",
        "empty_calls",
        "loosened",
        "released",
        "silent_calls",
        "stirred",
        "tree",
        "turns",
    )

    def __init__(self, nodes: Mapping[bytes, Place], runs: MutableMapping[bytes, AgentRun]) -> None:
        self._nodes = nodes
        self._runs = runs
        self.tree = Tree(nodes)
        self._receipts: dict[bytes, Receipt] = NOTHING
        self._owned: dict[bytes, list[bytes]] | None = None
        """Spans with receipts by the run that each belongs to, while runs are judged."""
        self._parents: dict[bytes, bytes] = {}
        """Ids of spans that have children, by themselves: one object for all that bear the id."""
        self._leaves: dict[bytes, tuple[bytes, ...]] = NOTHING
        """Agents' spans by the span above them."""
        self._bearing: dict[bytes, tuple[bytes, ...]] = NOTHING
        """Plain spans that have children, by the span above them."""
        self._bodies: dict[bytes, bytes] = NOTHING
        self._agentic: dict[bytes, None] = NOTHING
        self._calls: dict[bytes, Step] = NOTHING
        self._new: list[bytes] = []
        self._dirty: dict[bytes, None] = NOTHING
        self._worked = 0
        """When the last turn of a model began."""
        self.concluded: dict[bytes, None] = NOTHING
        """Keys of runs that were judged since the owner looked last."""
        self.alone: tuple[AgentRun, ...] = ()
        """Runs that ended, and that nothing in this trace asked for."""
        self.empty_calls: tuple[Step, ...] = ()
        """Tool calls without an agent's run inside."""
        self.turns: tuple[bytes, ...] = ()
        """Keys of runs that are one model call, whose trace has nothing else."""
        self.silent_calls: tuple[Step, ...] = ()
        """Of these, those whose conversation isn't known yet."""
        self._foreign: dict[bytes, tuple[tuple[str, Context], ...]] = NOTHING
        self.stirred = False
        """Spans that came since the runs were judged have changed what is known of them."""
        self.loosened: tuple[bytes, ...] = ()
        """Spans below which steps may belong to another run than before."""
        self.released: tuple[bytes, ...] = ()
        """Tool calls that are no runs of their own after all."""

    # --- places --------------------------------------------------------------------------------------------------

    def share(self, item: Step | Plain) -> None:
        """Have the same objects for ids that were seen before."""
        item.span_id = self._parents.get(item.span_id, item.span_id)
        item.parent_id = self._parents.get(item.parent_id, item.parent_id)

    def link(self, item: Step | Plain) -> None:
        """A span has taken its place in the link table."""
        self._new.append(item.span_id)
        if item.parent_id and item.parent_id not in self._parents:
            self._parents[item.parent_id] = item.parent_id
            self._bears(item.parent_id)
        if item.receipt is not None:
            self.receive(item.span_id, item.receipt)
        if item.links:
            self._refers(item.span_id, [("link", link) for link in item.links if link[0] != item.trace_id])
            self.tree.links.add(
                item.span_id, [span_id for trace_id, span_id in item.links if trace_id == item.trace_id]
            )
        self.stirred = self.stirred or self.tree.awaits(item.span_id) or item.span_id in self._foreign
        if item.kind is None and item.span_id in self._parents:
            self._bear(item.span_id, item.parent_id)
        elif item.kind is Kind.AGENT and item.parent_id:
            self._leaves = with_another(self._leaves, item.parent_id, item.span_id)
            if item.span_id not in self._parents:
                for span_id in _last(self._bearing, item.parent_id):
                    self._pair(span_id, item.span_id)

    def _refers(self, span_id: bytes, refs: list[tuple[str, Context]]) -> None:
        if refs and len(self._foreign) < MAX_RECEIPTS:
            self._foreign = self._foreign or {}
            self._foreign[span_id] = (*self._foreign.get(span_id, ()), *refs[:MAX_LINKS])

    def foreign(self, key: bytes) -> list[tuple[str, Context]]:
        """Spans of other traces to which a run's span or one that encloses it refers, the nearest first."""
        found: list[tuple[str, Context]] = []
        at = key if self._foreign else b""
        for _ in range(MAX_DEPTH):
            found += self._foreign.get(at, ())
            node = self._nodes.get(at)
            if node is None or not node.parent_id or node.parent_id == at:
                break
            at = node.parent_id
        return found

    def receive(self, span_id: bytes, receipt: Receipt) -> None:
        """A receipt that a span carries, or a log record of it."""
        known = self._receipts.get(span_id)
        if known is not None:
            assigned = receipt.assigned if receipt.assigned is not None else known.assigned
            processed = receipt.processed if receipt.processed is not None else known.processed
            receipt = Receipt(assigned, processed, receipt.method, receipt.path, receipt.honest)
        if known is not None or len(self._receipts) < MAX_RECEIPTS:
            self._receipts = self._receipts or {}
            self._receipts[span_id] = receipt
            self._new.append(span_id)

    def stops(self, span_id: bytes) -> bytes | None:
        """The run to which what hangs below this span belongs, if the span is an agent's in disguise.

        A tool call with a model's turns below it is a run of its own; a plain span beside an agent span that has no
        children of its own, and as long as it, is that agent's body.
        """
        agent = self._bodies.get(span_id)
        if agent is not None and agent not in self._parents:
            return agent
        return span_id if span_id in self._agentic else None

    def thinks(self, span_id: bytes) -> None:
        """A model's turn hangs below this span: a tool call above it, nearer than any agent, is a run of its own."""
        at = span_id
        for _ in range(MAX_DEPTH):
            node = self._nodes.get(at)
            if node is None or node.kind is Kind.AGENT or self.stops(at) is not None:
                return
            if node.kind is Kind.TOOL:
                self._agentic = self._agentic or {}
                self._agentic[at] = None
                self.loosened += (at,)
                return
            if not node.parent_id or node.parent_id == at:
                return
            at = node.parent_id

    def is_run(self, span_id: bytes) -> bool:
        """The span is a tool call in which a model works."""
        return span_id in self._agentic

    def _bears(self, span_id: bytes) -> None:
        """A span has its first child."""
        node = self._nodes.get(span_id)
        if node is not None and node.kind is None:
            self._bear(span_id, node.parent_id)

    def _bear(self, span_id: bytes, parent_id: bytes) -> None:
        """A plain span that has children may be the body of an agent beside it."""
        if parent_id:
            self._bearing = with_another(self._bearing, parent_id, span_id)
        for agent in _last(self._leaves, parent_id):
            self._pair(span_id, agent)

    def _pair(self, span_id: bytes, agent: bytes) -> None:
        body, span = self._nodes[span_id], self._nodes[agent]
        slack = max(SLACK, int(SAME * (span.end - span.start)))
        if 0 <= body.start - span.start <= slack and 0 <= span.end - body.end <= slack:
            self._bodies = self._bodies or {}
            self._bodies[span_id] = agent
            self.loosened += (span_id,)
            self._release(body.parent_id)

    def _release(self, span_id: bytes) -> None:
        """The nearest tool call above an agent's body is no run of its own: the agent is."""
        at = span_id
        for _ in range(MAX_DEPTH):
            node = self._nodes.get(at)
            if node is None or node.kind is Kind.AGENT or node.parent_id == at:
                return
            if at in self._agentic:
                del self._agentic[at]
                self.released += (at,)
                return
            at = node.parent_id

    # --- runs ----------------------------------------------------------------------------------------------------

    def observed(self, step: Step, key: bytes) -> None:
        """A step was observed in the run with this key."""
        run = self._runs[key]
        if step.context is not None and step.context[0] != step.trace_id:
            self._refers(step.span_id, [("context", step.context)])
        if step.kind is Kind.AGENT:
            member = Member(step.agent, step.agent_id, step.start, step.end, step.parent_agent)
            self._touch(self.tree.agent(step.span_id, member))
        elif step.kind is Kind.LLM:
            self.tree.asked(step)
            self._worked = max(self._worked, step.start)
            if key == step.span_id:
                self.turns += (key,)
        elif step.kind is Kind.HANDOFF:
            self._touch(self.tree.handoff(step, key))
        if step.span_id in self._agentic:
            self._end(step)
        if step.kind in SOURCES and (below := self.tree.by_call(step.span_id)):
            self._stands_for(step)
            self._touch(below)
        elif step.kind is Kind.TOOL and not step.rebuilt and (step.call_id or may_delegate(step)):
            self.empty_calls += (step,)
        if step.receipt is not None:
            self.receive(step.span_id, step.receipt)
        if run.ended is not None:
            self._touch((key,))

    def _end(self, tool: Step) -> None:
        """The tool call is the last that is seen of the run inside it."""
        run = self._runs.get(tool.span_id)
        if run is None:
            return
        run.ended, run.provisional = tool, False
        run.agent = (
            run.agent or next((s.agent for s in run.steps if s.agent and s.agent != tool.agent), None) or tool.tool
        )
        self._touch((tool.span_id, *self.tree.agent(tool.span_id, Member(run.agent, None, tool.start, tool.end))))
        self._stands_for(tool)

    def _stands_for(self, call: Step) -> None:
        """An agent works inside the call."""
        self._calls = self._calls or {}
        self._calls[call.span_id] = call

    def changed(self, key: bytes) -> None:
        """A run's steps say more than before."""
        self._touch((key,))
        node = self._nodes.get(key)
        if node is not None and node.kind is Kind.LLM and key not in self.turns:
            self.turns += (key,)

    def speaks(self, run: AgentRun, answer: Step | None) -> None:
        """A turn is all that shows an agent's run: its last, answered for a call, or that in which it goes on.

        None for `answer`: nobody in another trace has to do with it after all.
        """
        if run.ended is not None and run.ended.kind is not Kind.LLM:
            return
        run.ended, run.provisional = answer, answer is None
        if answer is not None:
            self._touch((run.key, *self.tree.agent(run.key, Member(run.agent, None, answer.start, answer.end))))

    def outside(self, child: bytes, edge: Edge | None) -> None:
        """A run's parent was found in another trace; None: it turned out to be none."""
        self.tree.outside(child, edge)
        self._touch((child,))

    def _touch(self, keys: Iterable[bytes]) -> None:
        for key in keys:
            self._dirty = self._dirty or {}
            self._dirty[key] = None

    def conclude(
        self, detectors: Sequence[Observer], owner: Callable[[bytes], bytes], final: bool
    ) -> list[tuple[AgentRun, list[Finding]]]:
        """Let detectors judge the runs whose surroundings have changed, children first; gives what is new."""
        self._touch(self.tree.linked(self._new))
        if self._receipts:
            self._touch(owner(span_id) for span_id in self._new if span_id in self._receipts)
        self._new.clear()
        self.stirred = False
        if final:
            self._touch(self._runs)
        if not self._dirty:
            return []
        due, self._owned = self._due(), None
        told = [(run, run.conclude(detectors)) for run in due]
        self.concluded = {**self.concluded, **dict.fromkeys(run.key for run in due)} if due else self.concluded
        self._dirty, self._owned = NOTHING, None
        self.alone += tuple(run for run in due if self._alone(run))
        for run, _ in told:
            self._absorb(run)
        return told

    def _alone(self, run: AgentRun) -> bool:
        """Nothing in this trace asked for the run, or only a server that says who asked it."""
        edge = self.tree.edge(run.key)
        if edge is None or edge.unseen is not None or edge.trace_id:
            return False
        above = self._nodes.get(edge.above) if edge.above is not None else None
        served = edge.method == "tool" and (above is None or above.kind is not Kind.AGENT)
        return edge.method is None or (served and bool(self.foreign(run.key)))

    def _due(self) -> list[AgentRun]:
        """Changed runs with those that enclose them; of one that has ended also those below that have something to say.

        A child that another one makes good for is judged again when the run that encloses both ends.
        """
        depths: dict[bytes, int] = {}
        for key in list(self._dirty):
            above = list(self.tree.ancestors(key))
            for depth, each in enumerate([*reversed(above), key]):
                depths[each] = max(depth, depths.get(each, 0))
            if key in self._runs and self._runs[key].ended is not None:
                for below, depth in self._below(key, len(above)):
                    depths[below] = max(depth, depths.get(below, 0))
        due = [(-depth, self._runs[key]) for key, depth in depths.items() if key in self._runs]
        return [run for _, run in sorted(due, key=lambda pair: pair[0]) if run.ended is not None]

    def _below(self, key: bytes, depth: int) -> Iterator[tuple[bytes, int]]:
        stack = [(child, depth + 1) for child in self.tree.children(key)]
        for _ in range(MAX_BELOW):
            if not stack:
                return
            child, at = stack.pop()
            run = self._runs.get(child)
            if run is not None and (run.findings or (run.receipt is not None and run.receipt.short)):
                yield child, at
            stack += [(each, at + 1) for each in self.tree.children(child)]

    def _absorb(self, run: AgentRun) -> None:
        for identity in run.excused:
            run.findings.pop(identity, None)
        for identity in [i for f in run.findings.values() for i in f.absorbs]:
            for other in self._runs.values():
                if identity not in other.findings or not other.findings[identity].absorbs:
                    other.findings.pop(identity, None)

    # --- what the trace asks -------------------------------------------------------------------------------------

    @property
    def unseen(self) -> bool:
        """A child is known to exist and wasn't seen: a model has worked below a span that never came, or none has since
        work was handed over."""
        return self.tree.dropped(self._worked) or any(
            run.provisional and key not in self._nodes and any(s.kind is Kind.LLM for s in run.steps)
            for key, run in self._runs.items()
        )

    def descend(self, key: bytes) -> Iterator[bytes]:
        """Keys of a run and of all below it."""
        stack = [key]
        for _ in range(MAX_BELOW):
            if not stack:
                return
            yield (at := stack.pop())
            stack += self.tree.children(at)

    def receipt_below(self, key: bytes) -> Receipt | None:
        run = self._runs.get(key)
        if run is not None and run.receipt is not None:
            return run.receipt
        below = [r for k in self.tree.children(key) if (r := self._receipt_of(k)) is not None]
        known = [(r.assigned, r.processed) for r in below if r.assigned is not None and r.processed is not None]
        if not known:
            return None
        method = next(m for m in ("inferred", "text", "reported") if any(r.method == m for r in below))
        return Receipt(sum(a for a, _ in known), sum(min(p, a) for a, p in known), method)

    def _receipt_of(self, key: bytes) -> Receipt | None:
        return self._runs[key].receipt if key in self._runs else None

    def delegations(self) -> Iterator[tuple[AgentRun | None, AgentRun]]:
        """Parent and child of each delegation; the parent is None where it wasn't seen."""
        for key, run in self._runs.items():
            edge = self.tree.edge(key)
            if edge is not None and edge.method is not None and not self.tree.wrapper(key):
                above = edge.giver or edge.above
                yield (self._runs.get(above) if above is not None else None), run

    def coworkers(self) -> Iterator[tuple[AgentRun, Step]]:
        """Calls that stand for agents which have no span here."""
        for run in self._runs.values():
            own = [step for step in run.steps if step.kind is Kind.TOOL and step.call and may_delegate(step)]
            seen = {plain(child.agent or "") for child in self.children(run)} - {""} if own else set()
            for step in own:
                inside = self.tree.by_call(step.span_id) or self.is_run(step.span_id)
                if not inside and not any(name in plain(step.target or step.tool or "") for name in seen):
                    yield run, step

    # --- what a run asks -----------------------------------------------------------------------------------------

    def edge(self, run: AgentRun) -> Edge | None:
        return self.tree.edge(run.key)

    def children(self, run: AgentRun) -> list[AgentRun]:
        return [self._runs[key] for key in self.tree.children(run.key) if key in self._runs]

    def siblings(self, run: AgentRun) -> list[AgentRun]:
        edge = self.tree.edge(run.key)
        if edge is None or edge.above is None:
            return []
        return [self._runs[k] for k in self.tree.children(edge.above) if k in self._runs and k != run.key]

    def others(self, run: AgentRun) -> list[AgentRun]:
        ended = (r for k, r in self._runs.items() if r is not run and r.ended is not None and not self.tree.wrapper(k))
        return list(islice(ended, MAX_OTHERS))

    def receipts(self, run: AgentRun, owner: Callable[[bytes], bytes]) -> list[tuple[bytes, Receipt]]:
        if self._owned is None:
            self._owned = {}
            for span_id in self._receipts:
                for key in dict.fromkeys((span_id, owner(span_id))):
                    self._owned.setdefault(key, []).append(span_id)
        own = [(span_id, self._receipts[span_id]) for span_id in self._owned.get(run.key, ())]
        return sorted(
            own, key=lambda pair: (pair[0] == run.key, self._nodes[pair[0]].end if pair[0] in self._nodes else 0)
        )

    def call(self, span_id: bytes | None, owner: Callable[[bytes], bytes]) -> Step | None:
        if span_id is None or (known := self._calls.get(span_id)) is not None:
            return known if span_id is not None else None
        node = self._nodes.get(span_id)
        run = self._runs.get(owner(node.parent_id)) if node is not None else None
        return next((s for s in run.steps if s.span_id == span_id), None) if run is not None else None

    def giver(self, run: AgentRun) -> AgentRun | None:
        edge = self.tree.edge(run.key)
        return self._runs.get(edge.giver) if edge is not None and edge.giver is not None else None


def _last(known: Mapping[bytes, Sequence[bytes]], key: bytes) -> Iterator[bytes]:
    """Of the spans kept under a key the last ones."""
    return islice(reversed(known.get(key, ())), MAX_BESIDE)
