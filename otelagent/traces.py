"""All live traces: opened, bounded, and closed when they are done.

`now` is always an argument (seconds since the epoch). One owner: the task that runs the pipeline.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter
from typing import Final

from otelagent.abroad import Abroad
from otelagent.baselines.learned import Baselines
from otelagent.conversations import MAX_TEXTS, Conversations
from otelagent.model import Receipt, Step
from otelagent.reading.given import MAX_UNREAD, Budget
from otelagent.run import Observer, roster
from otelagent.trace import Closed, Listener, Node, Place, Shared, Trace

RECENT: Final = 256
"""Traces in which a lost parent is looked for."""

OLD: Final = 64
"""Of so many traces, the oldest, the heaviest leave where a limit is passed."""

HEAVIEST: Final = 8
"""So many of them, before others are looked at."""

ROOM: Final = 512
"""This part of a limit is made free at once: otherwise each request at the limit would look for the heaviest."""

CLOSED: Final = 32
"""Traces without agents that are closed in a step of the sweep."""

REST: Final = 5.0
"""Seconds without a new span after which a trace may be put to rest. With one second, two thousand traces that get ten
spans every two seconds are packed and woken all the time, which costs as much as all else."""

QUIET: Final = 2.0
"""Seconds without a new span after which steps no longer wait for calls that they refer to."""


@dataclass(frozen=True)
class Limits:
    """Bounds of all live traces."""

    traces: int = 10_000
    spans: int = 200_000
    bytes: int = 96 << 20
    """Of spans that are steps, as they came: most of what a trace holds is what its steps said."""
    spans_per_trace: int = 20_000
    past_spans: int = 50_000
    """Places kept of traces that have left, so that repeated spans are known again."""
    unread: int = MAX_UNREAD
    """Characters of content kept for grounding, over all traces."""
    talked: int = MAX_TEXTS
    """Characters that conversations keep of turns that have left."""
    awake_spans: int = 40_000
    """Spans of traces that hold objects; of more those that are quiet rest."""
    settle_s: float = 10.0
    idle_s: float = 120.0
    age_s: float = 3600.0


class LiveTraces:
    """All live traces, oldest first, bounded by `limits`."""

    def __init__(
        self,
        detectors: tuple[Observer, ...],
        listener: Listener,
        limits: Limits | None = None,
        normal: Baselines | None = None,
    ) -> None:
        self.normal = normal if normal is not None else Baselines()
        self._detectors = roster(detectors)
        self._listener = listener
        self._limits = limits or Limits()
        self._traces: OrderedDict[bytes, Trace] = OrderedDict()
        self._past: OrderedDict[bytes, dict[bytes, Node]] = OrderedDict()
        self._past_spans = 0
        self._conversations = Conversations(self._limits.talked)
        self._abroad = Abroad(self._traces, self._past, self._detectors, listener)
        budget = Budget(self._limits.unread)
        self._shared = Shared(listener, budget, self.normal, self._conversations, self._abroad)
        self._closing: set[bytes] = set()
        self._working: dict[bytes, Trace] = {}
        """Those that may have something to do within a second: agents work there."""
        self._due: dict[int, list[bytes]] = {}
        """The others by the second in which they may be done: there may be ten thousand."""
        self.spans = 0
        """Spans in the link tables of all live traces."""
        self.bytes = 0
        """Of the steps of all live traces, as they came."""

    def __len__(self) -> int:
        return len(self._traces)

    def __iter__(self) -> Iterator[Trace]:
        return iter(self._traces.values())

    def open(self, trace_id: bytes, now: float) -> Trace:
        """The live trace with this id; made where there is none."""
        trace = self._traces.get(trace_id)
        if trace is None:
            trace = Trace(trace_id, now, self._shared)
            self._traces[trace_id] = trace
            self._recall(trace)
            self._postpone(trace, now + min(self._limits.settle_s, self._limits.idle_s, self._limits.age_s))
        trace.touched = now
        return trace

    def recent(self) -> Iterator[Mapping[bytes, Place]]:
        """The link tables of the traces that were opened or closed last, those at rest aside."""
        yield from islice((trace.nodes for trace in reversed(self._traces.values()) if not trace.rests), RECENT)
        yield from islice(reversed(self._past.values()), RECENT)

    def get(self, trace_id: bytes) -> Trace | None:
        """The live trace with this id, if there is one."""
        return self._traces.get(trace_id)

    def observe(self, trace: Trace, steps: Sequence[Step]) -> None:
        """Observe new steps of a trace."""
        if steps or trace.stirred or trace.lineage.stirred:
            self._working[trace.trace_id] = trace
            trace.observe(steps, self._detectors)
            self._abroad.stitch(trace)

    def placed(self, trace: Trace, spans: int) -> None:
        """So many silent spans have found their places in a trace in which nobody works."""
        self.spans += spans
        if trace.size > self._limits.spans_per_trace:
            self._working[trace.trace_id] = trace

    def receive(self, trace: Trace, span_id: bytes, receipt: Receipt) -> None:
        """A log record tells how much of its work a span's agent did."""
        self._working[trace.trace_id] = trace
        trace.lineage.receive(span_id, receipt)
        trace.conclude(self._detectors)

    def refold(self, trace: Trace, step: Step) -> None:
        """Observe a step's run again, since it says more now."""
        self._working[trace.trace_id] = trace
        trace.refold(step, self._detectors)
        self._abroad.stitch(trace)

    def enforce(self) -> None:
        """Where a limit is passed, close traces until there is room again: of the oldest those that weigh most in what
        is too much."""
        limits = self._limits
        if len(self._traces) > limits.traces:
            self._shed(lambda: len(self._traces), limits.traces, attrgetter("bytes"), Closed.COUNT)
        if self.spans > limits.spans:
            self._shed(lambda: self.spans, limits.spans, attrgetter("size"), Closed.SPANS)
        if self.bytes > limits.bytes:
            self._shed(lambda: self.bytes, limits.bytes, attrgetter("bytes"), Closed.BYTES)

    def _shed(self, held: Callable[[], int], limit: int, weight: Callable[[Trace], int], reason: Closed) -> None:
        """Of equally heavy ones the oldest go first. The newest has just come: it doesn't go for being one too many."""
        enough, newest = limit - limit // ROOM, int(reason is Closed.COUNT)
        while held() > enough and (open_ := len(self._traces)) > 1:
            oldest = [*islice(self._traces.values(), min(OLD, open_ - newest))]
            for trace in sorted(oldest, key=weight, reverse=True)[:HEAVIEST]:
                if held() <= enough or len(self._traces) == 1:
                    return
                if self._traces.get(trace.trace_id) is trace:
                    self._close(trace, reason)

    def weigh(self, trace: Trace, size: int) -> None:
        """Steps of this many bytes have joined a trace."""
        trace.bytes += size
        self.bytes += size

    def shrink(self) -> int:
        """Memory is short: close a quarter of the traces, the oldest, and let go of as many conversations and places of
        traces that have left; gives how many were closed."""
        oldest = list(self._traces.values())[: (len(self._traces) + 3) // 4]
        for trace in oldest:
            if trace.trace_id in self._traces:
                self._close(trace, Closed.MEMORY)
        self._conversations.shrink()
        self._lose(self._past_spans * 3 // 4)
        return len(oldest)

    def sweep(self, now: float) -> Iterator[None]:
        """Fold what waited, and close what is done: a trace a step, so that requests needn't wait for all that have
        settled within a second, of those without agents some. To be called about once a second."""
        self._conversations.tick(now)
        closed = 0
        for trace in self._to_look_at(now):
            if self._traces.get(trace.trace_id) is not trace:
                continue
            quiet = now - trace.touched
            if quiet >= QUIET and trace.waits:
                trace.settle(self._detectors)
                self._abroad.stitch(trace)
                yield
                quiet = now - trace.touched
            reason = self._done(trace, quiet, now)
            if reason is not None and self._traces.get(trace.trace_id) is trace:
                closed += CLOSED if trace.runs else 1
                self._close(trace, reason)
                if closed >= CLOSED:
                    closed = 0
                    yield
            elif reason is None and trace.trace_id not in self._working:
                self._postpone(trace, self._next(trace))
        yield from self._rest(now)

    def _to_look_at(self, now: float) -> list[Trace]:
        """Those at work, and of the others those that may be done; the latter are forgotten until they are put off."""
        due = [(second, self._due.pop(second)) for second in sorted(s for s in self._due if s <= now)]
        known = [(second, t) for second, ids in due for each in ids if (t := self._traces.get(each)) is not None]
        idle = [t for second, t in known if t.due == second and t.trace_id not in self._working]
        return [*idle, *self._working.values()]

    def _postpone(self, trace: Trace, when: float) -> None:
        """A trace without agents needn't be looked at before that."""
        trace.due = int(when)
        self._due.setdefault(trace.due, []).append(trace.trace_id)

    def _next(self, trace: Trace) -> float:
        """When a trace may be done if nothing more comes."""
        quiet = self._limits.settle_s if trace.root_seen else self._limits.idle_s
        return min(trace.touched + quiet, trace.opened + self._limits.age_s)

    def _rest(self, now: float) -> Iterator[None]:
        """Put quiet traces to rest while more spans than `awake_spans` are held as objects: those first for which it
        will be longest until someone asks. Traces whose topmost span has passed leave in the order in which they fell
        silent, of the others those that were silent for long may stay so."""
        if self.spans <= self._limits.awake_spans:
            return
        awake = [t for t in self._working.values() if not t.rests and t.runs]
        excess = sum(t.size for t in awake) - self._limits.awake_spans
        if excess <= 0:
            return
        quiet = [t for t in awake if now - t.touched >= REST]
        for trace in sorted(quiet, key=lambda t: (t.root_seen, -t.touched if t.root_seen else t.touched)):
            if now - trace.touched >= REST and self._traces.get(trace.trace_id) is trace and trace.rest():
                excess -= trace.size
                if excess <= 0:
                    return
                yield

    def settle(self) -> None:
        """Close all traces: the process ends."""
        for trace in [trace for trace in self._traces.values() if trace.waits]:
            trace.settle(self._detectors)
            self._abroad.stitch(trace)
        while self._traces:
            self._close(next(iter(self._traces.values())), Closed.SHUTDOWN)

    def _done(self, trace: Trace, quiet: float, now: float) -> Closed | None:
        if trace.root_seen and quiet >= self._limits.settle_s and not self._abroad.awaited(trace):
            return Closed.SETTLED
        if quiet >= self._limits.idle_s:
            return Closed.IDLE
        if now - trace.opened >= self._limits.age_s:
            return Closed.AGE
        if trace.size > self._limits.spans_per_trace:
            return Closed.SPANS
        return None

    def _close(self, trace: Trace, reason: Closed) -> None:
        if trace.runs:
            self._judge(trace)
        self._close_workers(trace, reason)
        self._listener.closed(trace, reason)
        if trace.runs:
            trace.fall_silent()
        self.spans -= len(trace.nodes)
        self.bytes -= trace.bytes
        del self._traces[trace.trace_id]
        self._working.pop(trace.trace_id, None)
        self._remember(trace)

    def _judge(self, trace: Trace) -> None:
        """For the last time."""
        trace.hear(self._detectors)
        trace.settle(self._detectors)
        self._listener.closing(trace)
        self._abroad.disown(trace)
        trace.conclude(self._detectors, final=True)
        self._abroad.stitch(trace)

    def _close_workers(self, trace: Trace, reason: Closed) -> None:
        """Traces whose runs worked for this one have told all that they can, and are judged by its answer."""
        self._closing.add(trace.trace_id)
        for worker in self._abroad.answering(trace.trace_id):
            if worker.root_seen and worker.trace_id not in self._closing:
                self._close(worker, reason)
        self._closing.discard(trace.trace_id)

    def _remember(self, trace: Trace) -> None:
        """Keep the link table for a while: a sender may repeat spans of a trace that has left."""
        self._past[trace.trace_id] = trace.places
        self._past_spans += len(trace.nodes)
        self._lose(self._limits.past_spans)

    def _lose(self, most: int) -> None:
        """Keep places of traces that have left for so many spans."""
        while self._past_spans > most:
            _, nodes = self._past.popitem(last=False)
            self._past_spans -= len(nodes)

    def _recall(self, trace: Trace) -> None:
        nodes = self._past.pop(trace.trace_id, None)
        if nodes is not None:
            self._past_spans -= len(nodes)
            self.spans += len(nodes)
            trace.recall(nodes)
