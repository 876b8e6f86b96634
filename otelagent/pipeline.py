"""The way of a request: otlp, dialects, reading, traces, detectors, annotate. Delivery is the caller's."""

import logging
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from traceback import extract_tb
from typing import Any, Final

from otelagent import annotate, canary, dialects, learning, oddities, otlp, windows
from otelagent import attributes as a
from otelagent.baselines.learned import Baselines
from otelagent.detectors import build
from otelagent.ear import Ear
from otelagent.errors import Rejected
from otelagent.incidents import Incident, Incidents, subject
from otelagent.model import Finding, Kind, LogPart, Odd, Plain, Role, Step
from otelagent.overrides import Exemption, exempted
from otelagent.quotes import Quotes
from otelagent.reading import facts
from otelagent.reading.roles import role
from otelagent.run import RAISED, AgentRun
from otelagent.success import counted
from otelagent.trace import Closed, Node, Place, Trace
from otelagent.traces import Limits, LiveTraces

log = logging.getLogger(__name__)

MAX_PENDING_EVENTS: Final = 10_000
"""Finding events that wait for a request to take them along; the oldest are dropped and counted."""


Tape = Callable[[bytes, Iterable[bytes]], None]
"""Takes each request as it came, with the ids of its traces: the recorder."""


@dataclass(frozen=True)
class Annotated:
    """A request to forward, and the finding events that belong to it (ExportLogsServiceRequest)."""

    body: bytes
    events: bytes | None = None
    spans: int = 0


@dataclass(frozen=True)
class Settings:
    """What the pipeline needs of the configuration."""

    detectors: Mapping[str, Any] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    roles: Mapping[str, Role] = field(default_factory=dict)
    """Tool name patterns to roles; they go before what names tell."""
    exemptions: Sequence[tuple[str, Exemption]] = ()
    """Modes with what is muted or tuned for a service, agent or tool."""
    evaluations: bool = False
    """Whether findings are also told as `gen_ai.evaluation.result`."""
    quotes: bool = False
    """Whether findings may quote content."""
    windows: Mapping[str, int] = field(default_factory=dict)
    """Context windows in tokens by prefix of the model's name; they go before the shipped table."""
    normal: Baselines | None = None
    """What is known of tools and tasks; the pipeline goes on learning in it. None: nothing yet."""
    dissolves: bool = False
    """Traces that have left are taken apart: no ear keeps any."""


@lru_cache(maxsize=256)
def _complain(mode: str, kind: str, place: str) -> None:
    """Once for each kind and place; what the exception says may be captured content."""
    log.error("detector %s raised %s at %s; its judgement is missing there, the others go on", mode, kind, place)


def _by_end(pair: tuple[otlp.Span, Step | Plain]) -> tuple[int, int]:
    item = pair[1]
    return item.end, -item.start


class Pipeline:
    """One owner: the event loop's task that calls it. Never raises but Rejected."""

    def __init__(
        self, settings: Settings | None = None, ears: tuple[Ear, ...] = (), tape: "Tape | None" = None
    ) -> None:
        settings = settings or Settings()
        self.detectors = exempted(build(settings.detectors), settings.exemptions)
        self._roles = settings.roles
        self._quotes = Quotes() if settings.quotes else None
        self._evaluations = settings.evaluations
        self._windows = tuple(settings.windows.items())
        self._ears = ears
        self._tape = tape
        self._dissolves = settings.dissolves
        self.normal = settings.normal if settings.normal is not None else Baselines()
        self.live = LiveTraces(self.detectors, self, settings.limits, self.normal)
        self._events: deque[tuple[tuple[bytes, ...], Any]] = deque(maxlen=MAX_PENDING_EVENTS)
        self.incidents = Incidents()
        self._fresh: dict[bytes, list[Finding]] = defaultdict(list)
        self._stirred: dict[bytes, Trace] = {}
        self._now = 0.0
        self.left = 0
        """Traces that have left memory since the start."""

    # --- the way of a request ------------------------------------------------------------------------------------

    def traces(self, body: bytes, now: float) -> Annotated:
        """Read an ExportTraceServiceRequest; raises Rejected where its envelope can't be parsed."""
        request = otlp.TraceRequest(body)
        self._now = now
        try:
            self._read(request, body, now)
            return Annotated(request.serialise(), self._take_events(), request.size)
        except Exception:
            log.exception("a request passed unread: a mistake of otelagent's own")
            self._each(lambda ear: ear.unread("internal_error"))
            return Annotated(body, None, request.size)

    def logs(self, body: bytes, now: float) -> None:
        """Read an ExportLogsServiceRequest; raises Rejected where its envelope can't be parsed."""
        records = list(otlp.logs(body))
        self._now = now
        try:
            for record in records:
                part = dialects.read_log(record)
                if part is not None:
                    self._join(part, now)
            self.live.enforce()
        except Exception:
            log.exception("log records passed unread: a mistake of otelagent's own")
            self._each(lambda ear: ear.unread("internal_error"))

    def tick(self, now: float) -> bytes | None:
        """Close what is done; gives late finding events."""
        for _ in self.sweep(now):
            pass
        return self.late(now)

    def sweep(self, now: float) -> Iterator[None]:
        """Close what is done, in steps between which requests may be read; then ask `late`."""
        self._now = now
        yield from self.live.sweep(now)

    def late(self, now: float) -> bytes | None:
        """Finding events that no request takes along."""
        self._now = now
        self.normal.tick(now)
        self.incidents.close(now)
        return self._take_events()

    def settle(self, now: float) -> bytes | None:
        """Close all traces; gives the last finding events."""
        self._now = now
        self.live.settle()
        return self._take_events()

    def _read(self, request: otlp.TraceRequest, body: bytes, now: float) -> None:
        items: list[tuple[otlp.Span, Step | Plain]] = []
        beside: dict[bytes, list[otlp.Head]] = defaultdict(list)
        silent, unmarked = 0, dialects.unmarked(body)
        for group in request.groups:
            if dialects.silent(group, unmarked):
                silent += group.heads(beside)
            else:
                items += [(span, dialects.read(span)) for span in request.read(group)]
        by_trace: dict[bytes, list[tuple[otlp.Span, Step | Plain]]] = defaultdict(list)
        for span, item in items:
            by_trace[span.trace_id].append((span, item))
        idle = self._idle(request, beside, by_trace, now) if beside else {}
        self._count(request, items, silent)
        if self._tape is not None:
            self._tape(body, by_trace.keys() | beside.keys())
        for trace, heads in idle:
            self._place(trace, heads)
        for trace_id, own in by_trace.items():
            self._read_trace(request, self.live.open(trace_id, now), own)
        if items:
            self._odd(oddities.of_values([span.attributes.flaws for span, _ in items]))
        self.live.enforce()

    def _count(self, request: otlp.TraceRequest, items: list[tuple[otlp.Span, Step | Plain]], silent: int) -> None:
        kinds = Counter([(item.dialect, item.kind) for _, item in items])
        if silent:
            kinds[None, None] += silent
        for (dialect, kind), count in kinds.items():
            for ear in self._ears:
                ear.spans(dialect or "none", "other" if kind is None else str(kind), count)
        for scope, count in Counter([s.origin.scope for s, i in items if i.kind is None and i.missed]).items():
            for ear in self._ears:
                ear.unrecognised(scope, count)
        self._odd(oddities.of_request(request))
        self._odd(oddities.of_items(item for _, item in items))

    def _odd(self, found: Mapping[Odd, int]) -> None:
        for reason, count in found.items():
            self.odd(reason, count)

    def _idle(
        self,
        request: otlp.TraceRequest,
        silent: dict[bytes, list[otlp.Head]],
        by_trace: dict[bytes, list[tuple[otlp.Span, Step | Plain]]],
        now: float,
    ) -> list[tuple[Trace, list[otlp.Head]]]:
        """Silent spans of traces in which nobody works; those beside agents join what is read of them."""
        found: list[tuple[Trace, list[otlp.Head]]] = []
        for trace_id, heads in silent.items():
            trace = self.live.open(trace_id, now)
            if trace.idle and trace_id not in by_trace:
                found.append((trace, heads))
            else:
                items = [(span, dialects.placed(span)) for span in request.whole(heads)]
                self._odd(oddities.of_items(item for _, item in items))
                by_trace[trace_id] += items
        return found

    def _place(self, trace: Trace, heads: list[otlp.Head]) -> None:
        """Silent spans of a trace in which nobody works: the hot path of services without agents."""
        nodes = trace.nodes
        before = len(nodes)
        for _, span_id, parent_id, start, end, kind, raw, _, _ in heads:
            known = nodes.get(span_id)
            if known is not None or end < start or span_id == parent_id:
                self._doubt(trace, known, span_id, Node(parent_id, start, end))
            if known is None:
                nodes[span_id] = node = Node(parent_id, start, end)
                if not parent_id:
                    trace.root_seen, trace.root_failed = True, False
                if kind == otlp.CLIENT and otlp.STATUS in raw:
                    node.http_status = self._status(raw)
        trace.origin = heads[0][7].origin.raw_resource
        self.live.placed(trace, len(nodes) - before)

    def _doubt(self, trace: Trace, known: Place | None, span_id: bytes, node: Node) -> None:
        """Count what is odd about a silent span, `known` by the place that it has already."""
        item = Plain(trace_id=trace.trace_id, span_id=span_id, parent_id=node.parent_id, start=node.start, end=node.end)
        self._odd(oddities.of_items((item,)))
        if known is not None and oddities.differs(known, item):
            self.odd(Odd.ID_REUSED, 1)

    def _status(self, raw: bytes) -> int | None:
        if (known := dialects.answered_in(raw)) is not None:
            return known
        attributes = otlp.attributes(raw)
        status = dialects.answered(attributes)
        self._odd(oddities.of_values((attributes.flaws,)))
        return status

    def _read_trace(
        self, request: otlp.TraceRequest, trace: Trace, items: list[tuple[otlp.Span, Step | Plain]]
    ) -> None:
        trace.origin = items[0][0].origin.raw_resource
        new = []
        for span, item in items:
            if trace.link(item):
                new.append((span, item))
            elif oddities.differs(trace.nodes[item.span_id], item):
                self.odd(Odd.ID_REUSED, 1)
        self.live.spans += len(new)
        self.live.weigh(trace, sum([span.size for span, item in new if item.kind is not None]))
        steps: list[Step] = []
        for _, item in sorted(new, key=_by_end) if len(new) > 1 else new:
            if trace.http or item.http_status is not None:
                trace.http.carry(item)
            if isinstance(item, Step):
                trace.join(item)
                steps.append(item)
        for span, _ in new:
            if span.events:
                steps += dialects.calls(span)
        self._fresh.clear()
        if not steps and not trace.runs and len(new) == len(items):  # no agent here: there is nothing to say
            self.live.observe(trace, steps)
            return
        for cut_off in trace.outlasted([item for _, item in new]):
            self.live.refold(trace, cut_off)
        self._observe(trace, steps)
        self._annotate(request, trace, new)
        if len(new) < len(items):
            self._annotate_again(request, trace, [span for span, _ in items], {id(span) for span, _ in new})

    def _observe(self, trace: Trace, steps: list[Step]) -> None:
        seen = trace.seen
        for step in steps:
            if self._quotes is not None:
                self._quotes.take(step)
            if step.context_limit is None and (model := step.traits.model):
                step.context_limit = windows.limit(model, self._windows)
            facts.read(step, seen, self._role)
        self.live.observe(trace, steps)
        for step in steps if self._ears else ():
            run = trace.run(trace.run_of(step))
            for ear in self._ears:
                ear.step(step, run, trace)

    def _join(self, part: LogPart, now: float) -> None:
        """Take what a log record says of a span, whichever of the two comes first."""
        trace = self.live.open(part.trace_id, now)
        if not trace.parts.add(part):
            return
        if part.receipt is not None:
            self.live.receive(trace, part.span_id, part.receipt)
        if part.step is not None:
            self._observe(trace, [part.step])
        elif part.span_id in trace.nodes and (step := trace.rejoin(part.span_id)) is not None:
            facts.read_again(step, self._role)
            self.live.refold(trace, step)

    def _annotate(
        self,
        request: otlp.TraceRequest,
        trace: Trace,
        new: list[tuple[otlp.Span, Step | Plain]],
    ) -> None:
        for span, item in new:
            if values := self._values(item, trace):
                added = trace.nodes[item.span_id].added = otlp.delta(values)
                request.append(span, added)

    def _annotate_again(self, request: otlp.TraceRequest, trace: Trace, spans: list[otlp.Span], but: set[int]) -> None:
        """What was added to spans that have passed before is added to their repetitions."""
        for span in spans:
            if id(span) not in but and (added := trace.nodes[span.span_id].added):
                request.append(span, added)

    def _values(self, item: Step | Plain, trace: Trace) -> dict[str, otlp.Value]:
        about = self._fresh.get(item.span_id, ())
        if isinstance(item, Step):
            values = annotate.attributes_of(item, trace, about)
            return values if self._quotes is None else self._quoting(item.trace_id, values)
        own = trace.runs.get(item.span_id)
        if not about and (own is None or not own.findings):
            return {}
        return self._quoting(item.trace_id, annotate.carried_by([*about, *(own.findings.values() if own else ())]))

    def _quoting(self, trace_id: bytes, values: dict[str, otlp.Value]) -> dict[str, otlp.Value]:
        if self._quotes is not None and isinstance(evidence := values.get(a.FAILURE_EVIDENCE), list):
            values[a.FAILURE_EVIDENCE_CONTENT] = [
                *self._quotes.of(trace_id, (bytes.fromhex(str(span_id)) for span_id in evidence))
            ]
        return values

    def _take_events(self) -> bytes | None:
        self._correct()
        if not self._events:
            return None
        taken, self._events = self._events, deque(maxlen=MAX_PENDING_EVENTS)
        return annotate.events_request(taken)

    def _correct(self) -> None:
        """Tell of spans that have left with an outcome which what was found since makes another one."""
        stirred, self._stirred = self._stirred, {}
        for trace in stirred.values():
            self._events.extend((trace.origin, record) for record in annotate.corrections(trace, self._now))
            if self._dissolves and self.live.get(trace.trace_id) is not trace:
                trace.dissolve()

    def _role(self, tool: str | None, description: str | None, command: str = "") -> Role:
        return role(tool, description, self._roles, command)

    # --- what the fold tells ------------------------------------------------------------------------------------

    def found(self, finding: Finding, run: AgentRun, trace: Trace, first: bool) -> None:
        self._fresh[finding.about].append(finding)
        self._stirred[trace.trace_id] = trace
        values = self._quoting(trace.trace_id, annotate.told(finding, run))
        if not finding.raised and trace.service != canary.AGENT:
            values = {**values, a.INCIDENT_ID: self._incident(finding, run, trace, first).id}
        self._events.append((trace.origin, annotate.event(finding, values, self._now)))
        if self._evaluations:
            self._events.append((trace.origin, annotate.evaluation(finding, self._now)))
        self._each(lambda ear: ear.found(finding, run, trace, first))

    def withdrawn(self, finding: Finding, run: AgentRun | None, trace: Trace) -> None:
        self._stirred[trace.trace_id] = trace
        self._events.append((trace.origin, annotate.withdrawal(finding, run, self._now)))
        self._each(lambda ear: ear.withdrawn(finding, trace))

    def _incident(self, finding: Finding, run: AgentRun, trace: Trace, first: bool) -> Incident:
        about = subject(finding.mode, finding.layer, trace.service, finding.tool, run.agent or finding.agent)
        return self.incidents.add(about, self._now, finding.trace_id, finding.reason, again=not first)

    def abstained(self, mode: str, reason: str) -> None:
        self._each(lambda ear: ear.abstained(mode, reason))

    def dismissed(self, mode: str, step: Step, why: str) -> None:
        for ear in self._ears:
            ear.dismissed(mode, step, why)

    def raised(self, mode: str, step: Step, error: Exception) -> None:
        last = extract_tb(error.__traceback__)[-1]
        _complain(mode, type(error).__name__, f"{last.filename}:{last.lineno}")
        self.dismissed(mode, step, RAISED)

    def odd(self, reason: Odd, count: int) -> None:
        self._each(lambda ear: ear.odd(reason, count))

    def closing(self, trace: Trace) -> None:
        learning.learn_calls(trace, self.normal)

    def closed(self, trace: Trace, reason: Closed) -> None:
        self.left += 1
        learning.learn_runs(trace, self.normal)
        if trace.outcomes or (self._dissolves and trace.runs):
            self._stirred[trace.trace_id] = trace
        for odd, count in oddities.of_trace(trace, self.live.recent).items():
            self.odd(odd, count)
        self._each(lambda ear: ear.closed(trace, reason))
        if trace.runs and not trace.recalled and trace.service != canary.AGENT:
            made = counted(trace.outcome, (step for run in trace.runs.values() for step in run.steps))
            self._each(lambda ear: ear.settled(trace, made))

    def _each(self, tell: Callable[[Ear], None]) -> None:
        for ear in self._ears:
            tell(ear)


__all__ = ["Annotated", "Ear", "Kind", "Pipeline", "Rejected", "Settings"]
