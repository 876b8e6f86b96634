"""The recorder: request bytes of open agent traces in a ring, and to the trace store what failed.

Replay needs spans that left before the failure showed. Bytes are kept by reference; they are cut to their trace and
compressed only when the trace is kept, and by a thread of its own.
"""

import contextlib
import logging
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from otelagent.ear import Ear
from otelagent.errors import Rejected
from otelagent.model import Kind
from otelagent.otlp import only
from otelagent.run import SOURCES
from otelagent.store import Kept, Limits, StoreUnusable, TraceStore
from otelagent.trace import Closed, Trace

MAX_WAITING: Final = 1_000
"""Traces that wait to be written; beyond that they are let go, and that is logged once."""
EVERY: Final = 0.25
"""Seconds that a trace waits for others which are written with it: a commit costs as much as a trace does."""
LOOK: Final = 10.0
"""Seconds between two looks at the store's limits, for which all rows are read; earlier where SLACK of it is new."""
SLACK: Final = 1 / 50

log = logging.getLogger(__name__)


_Job = tuple[Kept, list[bytes]]
"""What to write of a trace, and the requests that it is in."""


@dataclass(eq=False, slots=True)
class _Held:
    body: bytes
    traces: frozenset[bytes]


class Recorder(Ear):
    """An ear of the pipeline; owned by its task, but for the writing, which is the thread's."""

    def __init__(
        self,
        open_store: Callable[[], TraceStore],
        *,
        ring_bytes: int,
        sample_good: float,
        limits: Limits,
        clock: Callable[[], float],
        redact: Callable[[bytes], bytes] | None = None,
    ) -> None:
        """`redact` takes out of a request what must not be stored; it is called in the writing thread."""
        self._open = open_store
        self._ring_bytes = ring_bytes
        self._sample = int(sample_good * (1 << 32))
        self._limits = limits
        self._clock = clock
        self._redact = redact or (lambda body: body)
        self._ring: deque[_Held] = deque()
        self._size = 0
        self._by_trace: dict[bytes, list[_Held]] = {}
        self._partial: set[bytes] = set()
        self._jobs: queue.Queue[_Job | None] = queue.Queue(MAX_WAITING)
        self._ending = threading.Event()
        self._new = 0
        self._looked = float("-inf")
        self._thread: threading.Thread | None = None
        self._troubled = False

    def start(self) -> None:
        """Begin to write; again does nothing."""
        if self._thread is not None:
            return
        self._thread = threading.Thread(target=self._work, name="recorder", daemon=True)
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        """Write what waits. Where the disk hangs, each of handing over and writing ends after `timeout` seconds."""
        if self._thread is None:
            return
        self._ending.set()
        try:
            self._jobs.put(None, timeout=timeout)
        except queue.Full:
            self._trouble("the trace store doesn't answer; failing traces that waited for it are not kept")
            return
        self._thread.join(timeout)

    def take(self, body: bytes, traces: Iterable[bytes]) -> None:
        """Hold a request for the traces in it; the oldest leave a full ring, and their traces become partial."""
        held = _Held(body, frozenset(traces))
        self._ring.append(held)
        self._size += len(body)
        for trace_id in held.traces:
            self._by_trace.setdefault(trace_id, []).append(held)
        while self._size > self._ring_bytes and self._ring:
            self._evict(self._ring.popleft())

    @property
    def size(self) -> int:
        """Bytes held."""
        return self._size

    # --- what the fold tells ----------------------------------------------------------------------------------------

    def closed(self, trace: Trace, reason: Closed) -> None:
        held = self._by_trace.pop(trace.trace_id, [])
        partial = trace.trace_id in self._partial
        self._partial.discard(trace.trace_id)
        modes = dict.fromkeys(f.mode for run in trace.runs.values() for f in run.findings.values())
        if held and (modes or self._sampled(trace)):
            self._write(_summary(trace, tuple(modes), partial, self._clock()), [h.body for h in held])
        self._trim()

    # --- inside -----------------------------------------------------------------------------------------------------

    def _sampled(self, trace: Trace) -> bool:
        """By the random part of the trace id, so that a trace is kept everywhere or nowhere."""
        chosen = int.from_bytes(trace.trace_id[-4:], "big") < self._sample
        return chosen and any(step.kind in (Kind.AGENT, Kind.LLM) for run in trace.runs.values() for step in run.steps)

    def _evict(self, held: _Held) -> None:
        self._size -= len(held.body)
        for trace_id in held.traces:
            if (own := self._by_trace.get(trace_id)) is not None and held in own:
                own.remove(held)
                self._partial.add(trace_id)

    def _trim(self) -> None:
        """Requests whose traces have all left needn't be held."""
        while self._ring and not any(trace_id in self._by_trace for trace_id in self._ring[0].traces):
            self._size -= len(self._ring.popleft().body)

    def _write(self, kept: Kept, bodies: list[bytes]) -> None:
        try:
            self._jobs.put_nowait((kept, bodies))
        except queue.Full:
            self._trouble("traces fail faster than the trace store can write; some are not kept")

    def _work(self) -> None:
        try:
            store = self._open()
        except StoreUnusable as error:
            self._trouble(f"failing traces are not kept: {error}")
            store = None
        for batch in self._batches():
            if store is not None:
                self._keep(store, batch)
        if store is not None:
            store.close()

    def _batches(self) -> Iterator[list[_Job]]:
        """What came within EVERY seconds, until the end."""
        while (job := self._jobs.get()) is not None:
            self._ending.wait(EVERY)
            batch = [job]
            with contextlib.suppress(queue.Empty):
                while (job := self._jobs.get_nowait()) is not None:
                    batch.append(job)
            yield batch
            if job is None:
                return

    def _keep(self, store: TraceStore, batch: list[_Job]) -> None:
        try:
            self._new += store.keep_all(cut for job in batch if (cut := self._cut(*job)) is not None)
            self._limit(store, batch[-1][0].kept_at)
        except StoreUnusable as error:
            self._trouble(f"failing traces are not kept: {error}")

    def _cut(self, kept: Kept, bodies: list[bytes]) -> _Job | None:
        try:
            return kept, [self._redact(part) for body in bodies if (part := only(body, kept.trace_id))]
        except Rejected as error:
            self._trouble(f"a failing trace is not kept: {error}")
            return None

    def _limit(self, store: TraceStore, now: float) -> None:
        if now - self._looked >= LOOK or self._new >= self._limits.max_bytes * SLACK:
            store.prune(self._limits, now)
            self._new, self._looked = 0, now

    def _trouble(self, why: str) -> None:
        if not self._troubled:
            self._troubled = True
            log.warning("%s", why)


def _summary(trace: Trace, modes: tuple[str, ...], partial: bool, now: float) -> Kept:
    runs = trace.runs.values()
    agents = dict.fromkeys(run.agent for run in runs if run.agent)
    tools = dict.fromkeys(step.tool for run in runs for step in run.steps if step.kind in SOURCES and step.tool)
    return Kept(
        trace.trace_id,
        now,
        len(trace.nodes),
        modes,
        tuple(agents),
        tuple(tools)[:64],
        trace.service,
        trace.workflow,
        partial,
    )
