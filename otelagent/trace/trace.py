"""One live trace: who hangs below whom, whose step is whose, and what its runs find."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, Final, cast

from otelagent import canary, turns
from otelagent.baselines.learned import Baselines
from otelagent.delegation import Edge
from otelagent.lineage import Lineage
from otelagent.log_parts import LogParts, tell
from otelagent.model import Answered, Finding, Instructions, Kind, LogPart, Plain, Receipt, Step, Use
from otelagent.nothing import NOTHING
from otelagent.reading.declared import declared
from otelagent.reading.given import Given
from otelagent.reading.seen import Seen
from otelagent.run import LASTING, SOURCES, AgentRun, Observer, order, roster
from otelagent.trace import fitting
from otelagent.trace.calls import Calls
from otelagent.trace.homes import Homes
from otelagent.trace.http_statuses import HttpStatuses
from otelagent.trace.names import NAMELESS
from otelagent.trace.place import Node, Place, bare, plain
from otelagent.trace.rest import Resting
from otelagent.trace.shared import Shared
from otelagent.trace.talks import Talks
from otelagent.trace.told import Told

MAX_DEPTH: Final = 256
"""Parents followed upward; a longer chain, or a cycle, ends where the limit is met."""

MAX_ABROAD: Final = 256
"""Runs of other traces, at work for the same run, whose notes are looked at."""

MAX_INSTRUCTIONS: Final = 32
"""System and user messages kept per trace, the first ones."""


class Trace(Resting):
    """One live trace. Changed only by LiveTraces."""

    __slots__ = (
        "_calls",
        "_final",
        "_homes",
        "_housed",
        "_linked",
        "_names",
        "_shared",
        "_size",
        "_told",
        "bytes",
        "due",
        "given",
        "http",
        "instructions",
        "lineage",
        "logged",
        "nodes",
        "opened",
        "origin",
        "outcomes",
        "partial_view",
        "parts",
        "recalled",
        "root_failed",
        "root_seen",
        "runs",
        "seen",
        "stirred",
        "talks",
        "touched",
        "trace_id",
        "used",
    )

    HELD = (
        "_calls",
        "_told",
        "given",
        "instructions",
        "lineage",
        "nodes",
        "outcomes",
        "parts",
        "runs",
        "seen",
        "used",
    )

    lineage: Lineage
    given: Given
    seen: Seen
    parts: LogParts
    _homes: Homes
    _told: Told

    def __init__(self, trace_id: bytes, now: float, shared: Shared) -> None:
        super().__init__()
        self._shared = shared
        self.trace_id = trace_id
        self.opened = now
        self.touched = now
        self.due = 0
        """The second in which it is looked at next while nobody works here."""
        self.nodes: dict[bytes, Place] = {}
        self.runs: dict[bytes, AgentRun] = {}
        self.talks = Talks(shared.conversations, trace_id)
        self.instructions: tuple[Instructions, ...] = ()
        self.used: dict[str, Use] = NOTHING
        self.bytes = 0
        """Of its steps' spans, as they came."""
        self.partial_view = False
        self.stirred = False
        """The parent came at which a provisional run's chain ended: its steps may belong to another."""
        self.recalled = False
        """It left once already, and spans came after that."""
        self.root_seen = False
        self.root_failed = False
        self._names = NAMELESS
        self.outcomes: dict[bytes, tuple[str, bool]] = NOTHING
        """Of agents' spans that have left: the outcome they were given, and whether their status was error."""
        self.origin: tuple[bytes, ...] = ()
        """Serialised resource of the last span that came."""
        self._calls = Calls()
        self.http = HttpStatuses()
        self.logged = False
        """Log records may have told of its spans."""
        self._final = False
        self._housed = False
        """Steps may wait for others."""
        self._linked = 0
        """Of the nodes, those that the lineage knows of."""
        self._size = 0
        """At rest: how many spans."""

    # --- rest ---------------------------------------------------------------------------------------------------

    def _made(self, name: str) -> Any:
        """What only agents need: most traces of other services never do."""
        match name:
            case "lineage":
                return Lineage(self.nodes, self.runs)
            case "given":
                return Given(self._shared.budget)
            case "seen":
                return Seen(self._shared.conversations.asked)
            case "parts":
                self.logged = True
                return LogParts()
            case "_homes":
                self._housed = True
                return Homes()
            case "_told":
                return Told()
        raise AttributeError(name)

    @property
    def size(self) -> int:
        """Spans in the link table."""
        return len(self.nodes) if self._packed is None else self._size

    def rest(self) -> bool:
        """As every trace does, but not while its steps or findings wait."""
        if self.rests or (self.runs and (self.waits or self._told.waits)):
            return False
        self._size = len(self.nodes)
        return super().rest()

    def _awake(self, held: Iterable[str]) -> None:
        for run in self.runs.values():
            run.trace = self
        if "given" in held:
            self.given.belong(self._shared.budget, self.talks.ungrounded if self.talks else None)
        if "seen" in held:
            self.seen.belong(self._shared.conversations.asked)

    # --- what it is called by -----------------------------------------------------------------------------------

    @property
    def service(self) -> str:
        return self._names.service

    @property
    def environment(self) -> str:
        return self._names.environment

    @property
    def workflow(self) -> str | None:
        return self._names.workflow

    # --- what a run asks ----------------------------------------------------------------------------------------

    @property
    def normal(self) -> Baselines:
        return self._shared.normal

    def abstain(self, mode: str, reason: str) -> None:
        self._shared.listener.abstained(mode, reason)

    def told(self, instructions: Sequence[Instructions]) -> None:
        self.instructions += tuple(instructions[: MAX_INSTRUCTIONS - len(self.instructions)])

    def converse(self, run: AgentRun, name: str) -> None:
        if self.talks.join(name, self.service, self, self.touched):
            self.given.elsewhere = self.talks.ungrounded

    def talk(self, run: AgentRun | None) -> str | None:
        """The conversation that a run belongs to: its own, else the only one that the trace names."""
        return run.conversation if run is not None and run.conversation else self.talks.only

    def told_before(self, run: AgentRun) -> Sequence[Instructions]:
        return self.talks.told_before(run)

    def used_elsewhere(self) -> Mapping[str, Use]:
        return self.talks.used()

    def hear(self, detectors: tuple[Observer, ...]) -> None:
        """Judge again what depends on other turns: they may have come after it."""
        if self.talks.outdated:
            for run in [*self.runs.values()]:
                self.tell(run, run.fold(run.own_steps(), detectors))
                self.lineage.changed(run.key)

    def fall_silent(self) -> None:
        """It leaves memory; its conversations keep what later turns may ask for."""
        self.talks.leave(self)
        self.given.release()

    def dissolve(self) -> None:
        """Let go of all runs, which know their trace: what points in a circle waits for the garbage collector."""
        self.runs.clear()
        self.lineage.alone = ()
        self.given.elsewhere = None

    def dismissed(self, mode: str, step: Step, why: str) -> None:
        self._shared.listener.dismissed(mode, step, why)

    def raised(self, mode: str, step: Step, error: Exception) -> None:
        self._shared.listener.raised(mode, step, error)

    def call_of(self, answered: Answered) -> Step | None:
        return self._calls.of(answered)

    def shown_before(self, answered: Answered) -> bool:
        return self._shared.conversations.shows(answered.id, self.trace_id)

    def fit(self, step: Step) -> None:
        if step.service != canary.AGENT:
            self.normal.fit(step)
        if step.call is not None and step.tool and fitting.declares_a_shape(step):
            fitting.hold(step.call, self.seen.declared.get(step.tool) or declared(step.tool_description))
        if fitting.may_be_cut_off(step) and not step.rebuilt:
            fitting.cut_off(step, fitting.last_below(step, self.nodes))

    def outlasted(self, items: Iterable[Step | Plain]) -> Iterator[Step]:
        """Calls that were observed already and that late spans below them show to have been cut off."""
        nodes = self.nodes
        for item in items:
            node = nodes.get(item.parent_id)
            if node is None or node.kind not in SOURCES or item.end <= node.end:
                continue
            if (step := self._outlasted(item, node)) is not None:
                yield step

    def _outlasted(self, item: Step | Plain, node: Place) -> Step | None:
        run = self.runs.get(self.owner(node.parent_id) if node.parent_id else item.parent_id)
        step = next((s for s in run.steps if s.span_id == item.parent_id), None) if run is not None else None
        if step is None or step.call is None or step.call.outcome.status not in fitting.MAY_BE_CUT_OFF:
            return None
        return step if fitting.cut_off(step, item.end) else None

    def edge(self, run: AgentRun) -> Edge | None:
        return self.lineage.edge(run)

    def children(self, run: AgentRun) -> Sequence[AgentRun]:
        return [*self.lineage.children(run), *self._shared.elsewhere.workers(run)]

    def enclosing(self, run: AgentRun) -> AgentRun | None:
        edge = self.lineage.edge(run)
        above = self.runs.get(edge.above) if edge is not None and edge.above is not None else None
        if edge is None or not edge.trace_id:
            return above
        wrapped = self._shared.elsewhere.employer(above) if above is not None else None  # its span only wraps the run
        return self._shared.elsewhere.employer(run) or wrapped

    def siblings(self, run: AgentRun) -> Sequence[AgentRun]:
        above, here = self.enclosing(run), self.lineage.siblings(run)
        if above is None:
            return here
        abroad = above.trace.children(above) if above.trace is not self else self._shared.elsewhere.workers(above)
        return [*here, *(other for other in abroad if other is not run)]

    def noted(self, run: AgentRun, key: str) -> Iterator[Any]:
        yield from self.talks.noted(key)
        abroad = (other for other in self.siblings(run) if other.trace is not self)
        yield from (other.notes[key] for other in islice(abroad, MAX_ABROAD) if key in other.notes)

    @property
    def lasting(self) -> bool:
        """Runs have notes that those of other traces may ask for."""
        return any(name.startswith(LASTING) for run in self.runs.values() for name in run.notes)

    def others(self, run: AgentRun) -> Sequence[AgentRun]:
        return self.lineage.others(run)

    def wraps(self, run: AgentRun) -> bool:
        return self.lineage.tree.wrapper(run.key)

    def receipts(self, run: AgentRun) -> Sequence[tuple[bytes, Receipt]]:
        return self.lineage.receipts(run, self.owner)

    def call(self, span_id: bytes | None) -> Step | None:
        return self.lineage.call(span_id, self.owner)

    def called(self, run: AgentRun) -> Step | None:
        edge = self.lineage.edge(run)
        if edge is None or not edge.asked:
            return self.call(edge.call) if edge is not None else None
        home = self._shared.elsewhere.employer(run)
        asked = [s for s in home.steps if s.span_id == edge.asked] if home is not None else []
        shown = [s for s in asked if s.rebuilt]
        return turns.matching(shown, run) if shown else next(iter(asked), None)

    def inside(self, step: Step) -> bool:
        own = (self._calls.named(step.call_id) if step.rebuilt and step.call_id else None) or step
        here = bool(self.lineage.tree.by_call(own.span_id)) or self.lineage.is_run(own.span_id)
        return here or self._answered_abroad(own, self._answered_calls())

    def _answered_abroad(self, call: Step, spans: Container[bytes]) -> bool:
        """A run of another trace works for the call. `spans`: those for which any do."""
        if call.span_id not in spans or not call.rebuilt:
            return call.span_id in spans
        run = self.runs.get(self.run_of(call))  # its span is the turn that shows it, with others
        return run is not None and any(w.trace.called(w) is call for w in self._shared.elsewhere.workers(run))

    def _answered_calls(self) -> set[bytes]:
        """Spans for which runs of other traces work, and those that enclose them."""
        found: set[bytes] = set()
        for at in self._shared.elsewhere.answered(self.trace_id):
            while at in self.nodes and at not in found:
                found.add(at)
                at = self.nodes[at].parent_id
        return found

    def delegations(self) -> Iterator[tuple[AgentRun | None, AgentRun]]:
        """Parent and child of each delegation in which a run of this trace was the child."""
        for parent, child in self.lineage.delegations():
            yield parent if parent is not None and parent.agent else self.enclosing(child) or parent, child

    def coworkers(self) -> Iterator[tuple[AgentRun, Step]]:
        """The calling run, and each call that stands for an agent of which no span was seen in any trace."""
        abroad = self._answered_calls()
        return ((run, step) for run, step in self.lineage.coworkers() if not self._answered_abroad(step, abroad))

    def outlived(self, finding: Finding) -> bool:
        return not all(self._shared.elsewhere.lives(e.trace_id) for e in finding.evidence if e.trace_id)

    def giver(self, run: AgentRun) -> AgentRun | None:
        return self.lineage.giver(run)

    @property
    def over(self) -> bool:
        return self._final and self.root_seen and not self.partial_view

    def whole(self, run: AgentRun) -> bool:
        if self._final:
            return self.over and not run.gaps
        return run.key not in self._homes.waiting and run.whole

    # --- phase a: links -----------------------------------------------------------------------------------------

    @property
    def idle(self) -> bool:
        """Nobody has worked here, as far as is known: spans need a place, and nothing more. `link` makes up for the
        rest when that ends."""
        return not (self.runs or self.recalled)

    def recall(self, nodes: Mapping[bytes, Node]) -> None:
        """It has left once already, with these nodes."""
        self.nodes.update(nodes)
        self._linked = len(nodes)
        self.partial_view = self.recalled = True

    @property
    def places(self) -> dict[bytes, Node]:
        """What is kept of it for a while after it has left: its link table without its steps."""
        if self.idle:
            return cast(dict[bytes, Node], self.nodes)
        return {span_id: bare(place) for span_id, place in self.nodes.items()}

    def _catch_up(self) -> None:
        """Tell of the spans that were placed while the trace was idle."""
        waiting = [*islice(self.nodes.items(), self._linked, None)]
        self._linked = len(self.nodes)
        for span_id, node in waiting:
            self.lineage.link(
                Plain(trace_id=self.trace_id, span_id=span_id, parent_id=node.parent_id, start=node.start, end=node.end)
            )
        self.http.catch_up(waiting)

    def link(self, item: Step | Plain) -> bool:
        """Take a span's place into the link table; False for one that is known already."""
        if item.span_id in self.nodes:
            return False
        if self._linked < len(self.nodes):
            self._catch_up()
        self._linked += 1
        item.trace_id = self.trace_id  # one object for all
        self.lineage.share(item)
        if isinstance(item, Step):
            self.nodes[item.span_id] = item
            self._names = self._names.after(item)
        else:
            self.nodes[item.span_id] = plain(item)
        if not item.parent_id:
            self.root_seen = True
            self.root_failed = isinstance(item, Step) and item.failed
        self.lineage.link(item)
        self.stirred = self.stirred or item.span_id in self.runs
        return True

    # --- phase b: whose step ------------------------------------------------------------------------------------

    def owner(self, span_id: bytes) -> bytes:
        """Key of the run that a span below `span_id` belongs to: an agent, an id not seen yet, or the root."""
        at = span_id
        for _ in range(MAX_DEPTH):
            node = self.nodes.get(at)
            if node is None or node.kind is Kind.AGENT or not node.parent_id or node.parent_id == at:
                return at
            if (hidden := self.lineage.stops(at)) is not None:
                return hidden
            at = node.parent_id
        return at

    def ancestors(self, span_id: bytes) -> Iterator[bytes]:
        """Ids above a span, nearest first, as far as they are known."""
        at = span_id
        for _ in range(MAX_DEPTH):
            node = self.nodes.get(at)
            if node is None or not node.parent_id or node.parent_id == at:
                return
            at = node.parent_id
            yield at

    def run_of(self, step: Step) -> bytes:
        """Key of the run in which a step is observed; an agent's own step is the last of its own run."""
        if step.kind is Kind.AGENT or not step.parent_id:
            return step.span_id
        return self.owner(step.parent_id)

    # --- phase c: observe ---------------------------------------------------------------------------------------

    def observe(self, steps: Sequence[Step], detectors: tuple[Observer, ...]) -> None:
        """Attribute new steps to runs and observe them, moving provisional runs whose place is known now."""
        for step in steps:
            if step.kind is Kind.LLM and step.parent_id:
                self.lineage.thinks(step.parent_id)
        self.stirred = False
        moved = self._homes.resolve(self, detectors)
        ordered = sorted([*moved, *steps], key=order) if moved or len(steps) > 1 else steps
        for step in ordered:
            self._calls.remember(step)
        homes = [(self.run_of(step), step) for step in ordered]
        for key, own in groupby(homes, itemgetter(0)):
            self._homes.take(self, self.run(key), [step for _, step in own], detectors)
        for key, step in homes:
            self.lineage.observed(step, key)
        if ordered and self._told.stands:
            self._judge_again(min(step.end for step in ordered), {key for key, _ in homes}, detectors)
        self.conclude(detectors)

    def _judge_again(self, since: int, own: Container[bytes], detectors: tuple[Observer, ...]) -> None:
        """Steps that come late may ground what was told of other runs' answers, or have done what these claim."""
        for key, run in [*self.runs.items()]:
            later = key not in own and any(
                (place := self.nodes.get(finding.about)) is not None and place.end > since
                for finding in run.findings.values()
            )
            if later:
                self.tell(run, run.fold(run.own_steps(), detectors))
                self.lineage.changed(key)

    def conclude(self, detectors: tuple[Observer, ...], final: bool = False) -> None:
        """Judge what the tree of agents shows; `final`: nothing more will come."""
        self._final = final
        for run, findings in self.lineage.conclude(roster(detectors).concluding, self.owner, final):
            self.tell(run, findings)
        self._told.tell(self, self._shared.listener)

    def join(self, step: Step) -> None:
        """Add to a new step's content what log records have told of it already."""
        if self.logged and (parts := self.parts.of(step.span_id)):
            tell(step, step.content, parts)

    def rejoin(self, span_id: bytes) -> Step | None:
        """The step of a span that has passed, with the content that its log records give; read it, then `refold`."""
        step = next((s for run in self.runs.values() for s in run.own_steps() if s.span_id == span_id), None)
        if step is not None and _says_more(step, self.parts.of(span_id)):
            tell(step, None, self.parts.of(span_id))
            return step
        return None

    def refold(self, step: Step, detectors: tuple[Observer, ...]) -> None:
        """A step that was observed says more now."""
        run = self.run(self.run_of(step))
        self.tell(run, run.fold(run.own_steps(), detectors))
        self.lineage.changed(run.key)
        self.conclude(detectors)

    def run(self, key: bytes) -> AgentRun:
        """The run with this key; made where there is none."""
        run = self.runs.get(key)
        if run is None:
            run = self.runs[key] = AgentRun(self, key)
        return run

    def settle(self, detectors: tuple[Observer, ...]) -> None:
        """Fold what waits for calls that were referred to and never came."""
        self._homes.settle(self, detectors)
        self.conclude(detectors)

    @property
    def waits(self) -> bool:
        """Steps wait for calls that their messages refer to."""
        return self._housed and bool(self._homes.waiting)

    @property
    def outcome(self) -> str:
        """success, degraded, failed or unknown, of the whole trace; unknown while its topmost span wasn't seen."""
        if self.root_seen and self.root_failed:
            return "failed"
        if any(run.findings for run in self.runs.values()):
            return "degraded"
        if not self.root_seen or self.partial_view or self.lineage.unseen:
            return "unknown"
        return "success"

    def receipt_below(self, span_id: bytes) -> Receipt | None:
        """How much of its assignment the run of a span did; without a receipt of its own the sum of its children's."""
        return self.lineage.receipt_below(span_id)

    def findings_below(self, span_id: bytes) -> list[Finding]:
        """Findings of the runs below a span, its own run included."""
        return [f for run in self._runs_below(span_id) for f in run.findings.values()]

    def _runs_below(self, span_id: bytes) -> Iterator[AgentRun]:
        """Runs with findings below a span."""
        node = self.nodes.get(span_id)
        if node is not None and node.kind is Kind.AGENT:
            yield from (self.runs[k] for k in self.lineage.descend(span_id) if k in self.runs)
            return
        for key, run in self.runs.items():
            if run.findings and (key == span_id or span_id in self.ancestors(key)):
                yield run

    def tell(self, run: AgentRun, findings: Iterable[Finding]) -> None:
        """Told once the tree is judged."""
        self._told.add(run, findings)

    def refers_to_unseen(self, step: Step) -> bool:
        """The step's messages show a call whose own span is still to come: an open question, not a judgement."""
        if step.turn is None or not step.turn.answered:
            return False
        unseen = [a for a in step.turn.answered if self.call_of(a) is None]
        return any(not a.tail for a in unseen) or bool(unseen and self._calls)


def _says_more(step: Step, parts: Sequence[LogPart]) -> bool:
    """Whether log records have what the span lacks; some repeat its numbers alone."""
    if step.turn is None:
        return any(part.error or part.error_type or part.http_status for part in parts)
    shown = step.turn.history and (step.turn.text or bool(step.turn.asked))
    return not shown and any(part.input or part.output for part in parts)
