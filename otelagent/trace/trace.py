"""One live trace: who hangs below whom, whose step is whose, and what its runs find."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, Final, TypeAlias

from otelagent import canary
from otelagent.baselines.learned import Baselines
from otelagent.conversations import Conversations
from otelagent.delegation import Edge
from otelagent.lineage import Lineage
from otelagent.log_parts import LogParts, tell
from otelagent.model import Answered, Finding, Instructions, Kind, LogPart, Plain, Receipt, Step
from otelagent.reading.declared import declared
from otelagent.reading.given import Budget, Given
from otelagent.reading.seen import Seen
from otelagent.resting import packed, unpacked
from otelagent.run import LASTING, SOURCES, AgentRun, Identity, Observer, order, roster
from otelagent.trace import fitting
from otelagent.trace.calls import Calls
from otelagent.trace.http_statuses import HttpStatuses
from otelagent.trace.listener import Elsewhere, Listener
from otelagent.trace.place import Node, Place, bare, plain
from otelagent.trace.talks import Talks

MAX_DEPTH: Final = 256
"""Parents followed upward; a longer chain, or a cycle, ends where the limit is met."""

MAX_ABROAD: Final = 256
"""Runs of other traces, at work for the same run, whose notes are looked at."""

MAX_INSTRUCTIONS: Final = 32
"""System and user messages kept per trace, the first ones."""

HELD: Final = (
    "_absorbed",
    "_calls",
    "_standing",
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
"""What a trace packs when it rests."""

Standing: TypeAlias = tuple[bytes, Identity]
"""A finding in its place: the key of its run, and its identity."""


class Trace:
    """One live trace. Changed only by LiveTraces."""

    __slots__ = (
        "_absorbed",
        "_budget",
        "_by_agent",
        "_calls",
        "_elsewhere",
        "_final",
        "_linked",
        "_listener",
        "_packed",
        "_restless",
        "_standing",
        "_told",
        "_untold",
        "_waiting",
        "bytes",
        "conversations",
        "environment",
        "given",
        "http",
        "instructions",
        "lineage",
        "nodes",
        "normal",
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
        "service",
        "stirred",
        "talks",
        "touched",
        "trace_id",
        "used",
        "workflow",
    )

    lineage: Lineage
    given: Given
    seen: Seen
    parts: LogParts

    def __init__(
        self,
        trace_id: bytes,
        now: float,
        listener: Listener,
        budget: Budget,
        normal: Baselines,
        conversations: Conversations,
        elsewhere: Elsewhere,
    ) -> None:
        self._packed: tuple[bytes, int] | None = None
        """At rest: what it holds, and how many spans."""
        self._restless = False
        """It can't rest."""
        self.normal = normal
        self._elsewhere = elsewhere
        self.trace_id = trace_id
        self.opened = now
        self.touched = now
        self.nodes: dict[bytes, Place] = {}
        self.runs: dict[bytes, AgentRun] = {}
        self._budget = budget
        self.conversations = conversations
        self.talks = Talks(conversations, trace_id)
        self.instructions: list[Instructions] = []
        self.used: dict[str, bool] = {}
        self.bytes = 0
        """Of its steps' spans, as they came."""
        self.partial_view = False
        self.stirred = False
        """The parent came at which a provisional run's chain ended: its steps may belong to another."""
        self.recalled = False
        """It left once already, and spans came after that."""
        self.root_seen = False
        self.root_failed = False
        self.service = ""
        self.environment = ""
        self.workflow: str | None = None
        self._by_agent = False
        """The workflow's name is that of an agent: of the outermost, once it has passed."""
        self.outcomes: dict[bytes, tuple[str, bool]] = {}
        """Of agents' spans that have left: the outcome they were given, and whether their status was error."""
        self.origin: tuple[bytes, ...] = ()
        """Serialised resource of the last span that came."""
        self._listener = listener
        self._calls = Calls()
        self._waiting: dict[bytes, list[Step]] = {}
        self.http = HttpStatuses()
        self._told: set[tuple[str, bytes, bytes]] = set()
        self._standing: dict[Standing, Finding] = {}
        """Findings that were told and not taken back."""
        self._absorbed: dict[Identity, Standing] = {}
        """What took the place of findings."""
        self._untold: list[tuple[AgentRun, Finding]] = []
        self._final = False
        self._linked = 0
        """Of the nodes, those that the lineage knows of."""

    def __getattr__(self, name: str) -> Any:
        """What only agents need is made when it is asked for first: most traces of other services never do. A trace at
        rest wakes where it is asked for something that it holds."""
        if name in HELD and self._packed is not None:
            self._wake()
            return getattr(self, name)
        match name:
            case "lineage":
                self.lineage = Lineage(self.nodes, self.runs)
            case "given":
                self.given = Given(self._budget)
            case "seen":
                self.seen = Seen(self.conversations.asked)
            case "parts":
                self.parts = LogParts()
            case _:
                raise AttributeError(name)
        return getattr(self, name)

    # --- rest ---------------------------------------------------------------------------------------------------

    @property
    def rests(self) -> bool:
        """What it holds are bytes until someone asks for it."""
        return self._packed is not None

    @property
    def size(self) -> int:
        """Spans in the link table."""
        return len(self.nodes) if self._packed is None else self._packed[1]

    def rest(self) -> bool:
        """Turn what it holds into bytes, until someone asks for it; False where it can't, or waits for something.

        Nobody may hold on to its runs or steps: they will be others.
        """
        if self.rests or self._restless or self._waiting or self._untold:
            return False
        held = self._own(HELD)
        data = packed(held)
        if data is None:
            self._restless = True
            return False
        self._packed = (data, len(self.nodes))
        for name in held:
            delattr(self, name)
        return True

    def _own(self, names: Iterable[str]) -> dict[str, Any]:
        """Those of these attributes that it has already."""
        found = {}
        for name in names:
            with suppress(AttributeError):
                found[name] = object.__getattribute__(self, name)
        return found

    def _wake(self) -> None:
        assert self._packed is not None  # noqa: S101 - the caller looked
        held, self._packed = unpacked(self._packed[0]), None
        for name, value in held.items():
            setattr(self, name, value)
        for run in self.runs.values():
            run.trace = self
        if "given" in held:
            self.given.belong(self._budget, self.talks.ungrounded if self.talks else None)
        if "seen" in held:
            self.seen.belong(self.conversations.asked)

    # --- what a run asks ----------------------------------------------------------------------------------------

    def abstain(self, mode: str, reason: str) -> None:
        self._listener.abstained(mode, reason)

    def told(self, instructions: Sequence[Instructions]) -> None:
        self.instructions += instructions[: MAX_INSTRUCTIONS - len(self.instructions)]

    def converse(self, run: AgentRun, name: str) -> None:
        if self.talks.join(name, self.service, self, self.touched):
            self.given.elsewhere = self.talks.ungrounded

    def told_before(self, run: AgentRun) -> Sequence[Instructions]:
        return self.talks.told_before(run)

    def used_elsewhere(self) -> Mapping[str, bool]:
        return self.talks.used()

    def hear(self, detectors: tuple[Observer, ...]) -> None:
        """Judge again what depends on other turns: they may have come after it."""
        if self.talks.outdated:
            for run in [*self.runs.values()]:
                self._tell(run, run.fold(run.own_steps(), detectors))
                self.lineage.changed(run.key)

    def fall_silent(self) -> None:
        """It leaves memory; its conversations keep what later turns may ask for."""
        self.talks.leave(self)
        self.given.release()

    def dissolve(self) -> None:
        """Let go of all runs, which know their trace: what points in a circle waits for the garbage collector."""
        self.runs.clear()
        self.lineage.alone.clear()
        self.given.elsewhere = None

    def dismissed(self, mode: str, step: Step, why: str) -> None:
        self._listener.dismissed(mode, step, why)

    def raised(self, mode: str, step: Step, error: Exception) -> None:
        self._listener.raised(mode, step, error)

    def call_of(self, answered: Answered) -> Step | None:
        return self._calls.of(answered)

    def shown_before(self, answered: Answered) -> bool:
        return self.conversations.shows(answered.id, self.trace_id)

    def fit(self, step: Step) -> None:
        if step.service != canary.AGENT:
            self.normal.fit(step)
        if step.call is not None and step.tool and fitting.declares_a_shape(step):
            fitting.hold(step.call, self.seen.declared.get(step.tool) or declared(step.tool_description))
        if fitting.may_be_cut_off(step) and not step.rebuilt:
            fitting.cut_off(step, fitting.last_below(step, self.nodes))

    def outlasted(self, item: Step | Plain) -> Step | None:
        """The call that was observed already and that this late span below it shows to have been cut off."""
        node = self.nodes.get(item.parent_id)
        if node is None or node.kind not in SOURCES or item.end <= node.end:
            return None
        run = self.runs.get(self.owner(node.parent_id) if node.parent_id else item.parent_id)
        step = next((s for s in run.steps if s.span_id == item.parent_id), None) if run is not None else None
        if step is None or step.call is None or step.call.outcome.status not in fitting.MAY_BE_CUT_OFF:
            return None
        return step if fitting.cut_off(step, item.end) else None

    def edge(self, run: AgentRun) -> Edge | None:
        return self.lineage.edge(run)

    def children(self, run: AgentRun) -> Sequence[AgentRun]:
        return [*self.lineage.children(run), *self._elsewhere.workers(run)]

    def enclosing(self, run: AgentRun) -> AgentRun | None:
        edge = self.lineage.edge(run)
        above = self.runs.get(edge.above) if edge is not None and edge.above is not None else None
        if edge is None or not edge.trace_id:
            return above
        wrapped = self._elsewhere.employer(above) if above is not None else None  # its span only wraps the run
        return self._elsewhere.employer(run) or wrapped

    def siblings(self, run: AgentRun) -> Sequence[AgentRun]:
        above, here = self.enclosing(run), self.lineage.siblings(run)
        if above is None:
            return here
        abroad = above.trace.children(above) if above.trace is not self else self._elsewhere.workers(above)
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
        home = self._elsewhere.employer(run)
        return next((s for s in home.steps if s.span_id == edge.asked), None) if home is not None else None

    def inside(self, step: Step) -> bool:
        own = (self._calls.named(step.call_id) if step.rebuilt and step.call_id else None) or step
        here = bool(self.lineage.tree.by_call(own.span_id)) or self.lineage.is_run(own.span_id)
        return here or own.span_id in self._answered_calls()

    def _answered_calls(self) -> set[bytes]:
        """Spans for which runs of other traces work, and those that enclose them."""
        found: set[bytes] = set()
        for at in self._elsewhere.answered(self.trace_id):
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
        return ((run, step) for run, step in self.lineage.coworkers() if step.span_id not in abroad)

    def giver(self, run: AgentRun) -> AgentRun | None:
        return self.lineage.giver(run)

    @property
    def over(self) -> bool:
        return self._final and self.root_seen and not self.partial_view

    def whole(self, run: AgentRun) -> bool:
        if self._final:
            return self.over and not run.gaps
        return run.key not in self._waiting and run.whole

    # --- phase a: links -----------------------------------------------------------------------------------------

    @property
    def idle(self) -> bool:
        """Nobody has worked here, as far as is known: spans need a place, and nothing more."""
        return not (self.runs or self.recalled)

    def place(self, span_id: bytes, parent_id: bytes, start: int, end: int) -> None:
        """Take a silent span's place while the trace is idle; `link` makes up for the rest when that ends."""
        self.nodes[span_id] = Node(parent_id, start, end)
        if not parent_id:
            self.root_seen, self.root_failed = True, False

    def recall(self, nodes: Mapping[bytes, Node]) -> None:
        """It has left once already, with these nodes."""
        self.nodes.update(nodes)
        self._linked = len(nodes)
        self.partial_view = self.recalled = True

    @property
    def places(self) -> dict[bytes, Node]:
        """What is kept of it for a while after it has left: its link table without its steps."""
        return {span_id: bare(place) for span_id, place in self.nodes.items()}

    def _catch_up(self) -> None:
        """Tell of the spans that were placed while the trace was idle."""
        waiting = [*islice(self.nodes.items(), self._linked, None)]
        self._linked = len(self.nodes)
        for span_id, node in waiting:
            self.lineage.link(
                Plain(trace_id=self.trace_id, span_id=span_id, parent_id=node.parent_id, start=node.start, end=node.end)
            )

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
            self._name(item)
        else:
            self.nodes[item.span_id] = plain(item)
        if not item.parent_id:
            self.root_seen = True
            self.root_failed = isinstance(item, Step) and item.failed
        self.lineage.link(item)
        self.stirred = self.stirred or item.span_id in self.runs
        return True

    def _name(self, step: Step) -> None:
        self.service = step.service or self.service
        self.environment = step.environment or self.environment
        top = step.kind is Kind.WORKFLOW or (step.kind is Kind.AGENT and (self.workflow is None or self._by_agent))
        if step.workflow or top:
            first = self.workflow is None or step.kind is Kind.WORKFLOW or not step.parent_id
            self._by_agent = not step.workflow and step.kind is Kind.AGENT
            self.workflow = step.workflow or ((step.agent or step.name) if first else self.workflow)

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
        moved = self._resolve(detectors)
        ordered = sorted([*moved, *steps], key=order) if moved or len(steps) > 1 else steps
        for step in ordered:
            self._calls.remember(step)
        homes = [(self.run_of(step), step) for step in ordered]
        for key, own in groupby(homes, itemgetter(0)):
            self._take(self.run(key), [step for _, step in own], detectors)
        for key, step in homes:
            self.lineage.observed(step, key)
        self.conclude(detectors)

    def conclude(self, detectors: tuple[Observer, ...], final: bool = False) -> None:
        """Judge what the tree of agents shows; `final`: nothing more will come."""
        self._final = final
        for run, findings in self.lineage.conclude(roster(detectors).concluding, self.owner, final):
            self._tell(run, findings)
        untold, self._untold = self._untold, []
        untold = [(run, finding) for run, finding in untold if finding.identity in run.findings]
        self._leave(untold)
        for run, finding in untold:
            first = finding.identity not in self._told
            self._told.add(finding.identity)
            self._standing[run.key, finding.identity] = finding
            self._listener.found(finding, run, self, first)
        if self._standing:
            self._take_back()

    def _leave(self, untold: Sequence[tuple[AgentRun, Finding]]) -> None:
        """Take back at its span what is about to be told of another: of a child's answer first, then of its agent."""
        for run, finding in untold:
            before = self._standing.get((run.key, finding.identity))
            if before is not None and before.about != finding.about:
                del self._standing[run.key, finding.identity]
                self._listener.withdrawn(before, run, self)

    def _take_back(self) -> None:
        """Tell which findings no longer hold; one that another took the place of does, as evidence of that."""
        gone = [at for at in self._standing if not self._stands(at) and not self._stands(self._absorbed.get(at[1]))]
        if not gone:
            return
        held = {(f.identity, f.about): (run.key, f) for run in self.runs.values() for f in run.findings.values()}
        self._absorbed = {i: (key, f.identity) for key, f in held.values() for i in f.absorbs}
        for at in gone:
            key, identity = at
            if identity in self._absorbed:
                continue
            finding = self._standing.pop(at)
            if (identity, finding.about) in held:  # its run goes by another key now
                self._standing[held[identity, finding.about][0], identity] = finding
            elif all(self._elsewhere.lives(e.trace_id) for e in finding.evidence if e.trace_id):
                self._listener.withdrawn(finding, self.runs.get(key), self)

    def _stands(self, at: Standing | None) -> bool:
        return at is not None and at[0] in self.runs and at[1] in self.runs[at[0]].findings

    def join(self, step: Step) -> None:
        """Add to a new step's content what log records have told of it already."""
        parts = self.parts.of(step.span_id)
        if parts:
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
        self._tell(run, run.fold(run.own_steps(), detectors))
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
        for key, late in list(self._waiting.items()):
            run = self.run(key)
            self._tell(run, run.fold([*run.own_steps(), *late], detectors))
            self.lineage.changed(key)
        self._waiting.clear()
        self.conclude(detectors)

    @property
    def waits(self) -> bool:
        """Steps wait for calls that their messages refer to."""
        return bool(self._waiting)

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

    def _resolve(self, detectors: tuple[Observer, ...]) -> list[Step]:
        """Steps that turned out to belong to another run: the run above, or an agent that was hidden."""
        moved: list[Step] = []
        self.stirred = False
        for key in [k for k, r in self.runs.items() if r.provisional]:
            node = self.nodes.get(key)
            if node is None or node.kind is Kind.AGENT:
                continue
            if any(s.kind is Kind.LLM for s in self.runs[key].steps):
                self.lineage.thinks(key)
            if (target := self.owner(key)) != key:
                moved += self._dissolve(key, target)
        for key in self.lineage.released:
            if key in self.runs:
                moved += self._dissolve(key, self.owner(key))
        self.lineage.released.clear()
        for span_id in self._loosened():
            moved += self._part(span_id, detectors)
        return moved

    def _dissolve(self, key: bytes, into: bytes) -> list[Step]:
        run = self.runs.pop(key)
        target = self.run(into)
        target.findings.update(run.findings)
        target.former |= {key, *run.former}
        return [*run.own_steps(), *self._waiting.pop(key, [])]

    def _loosened(self) -> list[bytes]:
        loosened, self.lineage.loosened = self.lineage.loosened, []
        return loosened

    def _part(self, span_id: bytes, detectors: tuple[Observer, ...]) -> list[Step]:
        """Steps below a span that turned out to be an agent's leave the run above it."""
        node = self.nodes[span_id]
        above = self.owner(node.parent_id) if node.parent_id else span_id
        run = self.runs.get(above)
        if run is None:
            return []
        own = [*run.own_steps(), *self._waiting.pop(above, [])]
        leaving = {id(s): self.run_of(s) for s in own if self.run_of(s) != above}
        if not leaving:
            return []
        if len(leaving) == len(own) and run.provisional:
            self._dissolve(above, next(iter(leaving.values())))
        else:
            self._tell(run, run.fold([s for s in own if id(s) not in leaving], detectors))
        return [s for s in own if id(s) in leaving]

    def _take(self, run: AgentRun, steps: list[Step], detectors: tuple[Observer, ...]) -> None:
        if waiting := self._waiting.pop(run.key, []):
            steps = sorted([*waiting, *steps], key=order)
        if any(map(self._refers_to_unseen, steps)):
            self._waiting[run.key] = steps
        elif run.in_order(steps[0]):
            for step in steps:
                self._tell(run, run.observe(step, detectors))
        elif late := [s for s in steps if not run.absorbs(s)]:
            self._tell(run, run.fold([*run.own_steps(), *late], detectors))

    def _refers_to_unseen(self, step: Step) -> bool:
        """The step's messages show a call whose own span is still to come: an open question, not a judgement."""
        if step.turn is None or not step.turn.answered:
            return False
        unseen = [a for a in step.turn.answered if self.call_of(a) is None]
        return any(not a.tail for a in unseen) or bool(unseen and self._calls)

    def _tell(self, run: AgentRun, findings: Iterable[Finding]) -> None:
        """Told once the tree is judged: what another finding takes the place of isn't told at all."""
        self._untold += [(run, finding) for finding in findings]


def _says_more(step: Step, parts: Sequence[LogPart]) -> bool:
    """Whether log records have what the span lacks; some repeat its numbers alone."""
    if step.turn is None:
        return any(part.error or part.error_type or part.http_status for part in parts)
    shown = step.turn.history and (step.turn.text or bool(step.turn.asked))
    return not shown and any(part.input or part.output for part in parts)
