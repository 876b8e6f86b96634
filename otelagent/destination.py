"""One exporter with what waits for it: lanes in memory, the spool on disk, and what brings both there."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from otelagent.drain import Backoff, Drain
from otelagent.errors import Misconfigured, OtelagentError, Rejected, Retryable, TooLarge, Unsupported
from otelagent.exporters.exporter import Exporter
from otelagent.items import count
from otelagent.lane import JOIN, Lane, Send
from otelagent.policy import CAPACITY, Policy
from otelagent.selftrace import spanning
from otelagent.splitting import halves, pieces
from otelagent.spool import Spool
from otelagent.traffic import Outlet, Signal, Traffic
from otelagent.troubles import Troubles

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

STORE: Final = 2.5
"""Seconds that a sender waits for the spool."""

log = logging.getLogger(__name__)


class Destination:
    """Owned by the event loop. Without a spool a request that can't be sent is the sender's to repeat."""

    def __init__(
        self,
        exporter: Exporter,
        traffic: Traffic,
        policy: Policy | None = None,
        spool: Spool | None = None,
        tracer: "Tracer | None" = None,
    ) -> None:
        self.name = exporter.name
        self.policy = policy or Policy()
        self._outlets = {signal: Outlet(self.name, signal) for signal in Signal}
        self._exporter = exporter
        self._tracer = tracer
        self._traffic = traffic
        self._spool = None if self.policy.ack == "delivered" else spool
        self._patience = min(self.policy.timeout, self.policy.answer_within) if self._spool else self.policy.timeout
        self._closing = asyncio.Event()
        self._queue = traffic.queue(self.name)
        self._queue.sizer, self._queue.capacity = self.policy.sizer, self.policy.capacity
        self._queue.most_bytes = self.policy.capacity if self.policy.sizer == "bytes" else CAPACITY
        join = min(JOIN, self.policy.max_request)
        self._lanes = {
            signal: Lane(self._sender(signal), join=join, in_flight=self.policy.in_flight) for signal in Signal
        }
        self._troubles = Troubles(self.name, "go to the spool" if self._spool else "stay with their senders")
        self._takes_events = True
        self._background: set[asyncio.Task[Any]] = set()
        self._drains = {
            signal: Drain(self._outlets[signal], self._spool, self._send_for_drain, traffic, self.policy)
            for signal in Signal
            if self._spool is not None
        }

    def start(self) -> None:
        """Begin to bring what waits on disk."""
        for signal, drain in self._drains.items():
            drain.start(partial(self._mark, signal))

    # --- taking -----------------------------------------------------------------------------------------------------

    async def deliver(self, signal: Signal, body: bytes, items: int, budget: float) -> None:
        """Return when it is not the sender's any more; raises Retryable, Rejected or Unsupported."""
        outlet = self._outlets[signal]
        if self.policy.ack == "received":
            self._receive(outlet, body, items)
            return
        if self._spool and signal in self._troubles.failing and self._spool.waits(outlet):
            await self._keep(outlet, body, items)
            return
        try:
            await self._deliver_now(outlet, body, items, budget)
        except Unsupported:
            raise
        except (Retryable, Rejected):
            if self._spool is None:
                raise
            await self._keep(outlet, body, items)

    async def tell(self, events: bytes, items: int, budget: float) -> None:
        """Deliver finding events; a destination that takes no logs gets none from then on."""
        if not self._takes_events:
            return
        try:
            await self.deliver(Signal.LOGS, events, items, budget)
        except Unsupported:
            self._takes_events = False
            log.warning("exporter %s: the destination takes no logs, so it gets no finding events", self.name)

    def refresh(self) -> None:
        """Use certificates that have changed, tell troubles that are over; called once a second."""
        self._exporter.refresh()
        self._troubles.look()

    def hurry(self) -> None:
        """The end is near: what can't be sent at once is its sender's to send again."""
        self._closing.set()

    async def close(self, grace: float, *, drain: bool = True) -> None:
        """Give what is on the wire, and then (`drain`) what waits on disk, `grace` seconds; what can't be sent stays
        on disk."""
        end = time.monotonic() + grace
        work: list[Awaitable[object]] = [*(lane.idle() for lane in self._lanes.values()), *self._background]
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*work, return_exceptions=True), grace)
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        if drain:
            await asyncio.gather(*(each.finish(end - time.monotonic()) for each in self._drains.values()))
        for each in self._drains.values():
            await each.stop()
        await self._exporter.close()

    @property
    def outlets(self) -> tuple[Outlet, ...]:
        return tuple(self._outlets.values())

    # --- now --------------------------------------------------------------------------------------------------------

    async def _deliver_now(self, outlet: Outlet, body: bytes, items: int, budget: float) -> None:
        if len(body) <= self.policy.max_request:
            await self._attempt(outlet, body, items, budget)
            return
        parts = [(part, count(outlet.signal, part)) for part in pieces(body, self.policy.max_request)]
        jobs = (self._attempt(outlet, part, n, budget) for part, n in parts)
        results = await asyncio.gather(*jobs, return_exceptions=True)
        if errors := [r for r in results if r is not None]:
            self._traffic.taken[outlet] -= (
                done := sum(n for (_, n), r in zip(parts, results, strict=True) if r is None)
            )
            self._traffic.sent[outlet] -= done
            raise next((e for e in errors if isinstance(e, Retryable)), errors[0])

    async def _attempt(self, outlet: Outlet, body: bytes, items: int, budget: float) -> None:
        """One attempt with a spool; without one as many as there is time for: not every sender tries again."""
        backoff, end = Backoff(self.policy.pace), time.monotonic() + budget
        while error := await self._once(outlet, body, items, end - time.monotonic()):
            if self._spool or not self.policy.retries or self._closing.is_set() or not _passing(error):
                raise error
            pause = backoff.next(error.asked)
            if time.monotonic() + pause >= end:
                raise error
            await self._pause(pause, items, len(body))
        self._traffic.taken[outlet] += items
        self._traffic.sent[outlet] += items

    async def _once(self, outlet: Outlet, body: bytes, items: int, seconds: float) -> OtelagentError | None:
        """In company of what else waits. Raises Retryable where nothing more may wait."""
        queue, size = self._queue, len(body)
        if queue.requests and queue.full(items, size):
            self._traffic.enqueue_failed[outlet] += items
            raise Retryable("queue full")
        queue.add(items, size)
        answer = self._lanes[outlet.signal].put(body, items)
        answer.add_done_callback(lambda _: queue.remove(items, size))
        await asyncio.wait((answer,), timeout=min(seconds, self._patience))
        error = answer.result() if answer.done() else Retryable("downstream is slow")
        self._mark(outlet.signal, isinstance(error, Retryable), error)
        return error

    async def _pause(self, seconds: float, items: int, size: int) -> None:
        """What waits in a call waits in the queue too. Cut short when the end comes."""
        self._queue.add(items, size)
        try:
            async with asyncio.timeout(seconds):
                await self._closing.wait()
        except TimeoutError:
            pass
        finally:
            self._queue.remove(items, size)

    def _mark(self, signal: Signal, failing: bool, error: OtelagentError | None = None) -> None:
        self._troubles.note(signal, failing, error)
        self._queue.failing = bool(self._troubles.failing)

    def _sender(self, signal: Signal) -> Send:
        outlet = self._outlets[signal]

        async def send(body: bytes, items: int) -> None:
            await self._send(outlet, body, items, self._patience)

        return send

    async def _send(self, outlet: Outlet, body: bytes, items: int, timeout: float, depth: int = 5) -> None:
        """One attempt on the wire; what is too large goes in halves."""
        try:
            await self._export(outlet, body, items, timeout)
        except TooLarge:
            both = halves(body) if depth else None
            if both is None:
                raise
            for half in both:
                await self._send(outlet, half, count(outlet.signal, half), timeout, depth - 1)

    async def _export(self, outlet: Outlet, body: bytes, items: int, timeout: float) -> None:
        self._queue.in_flight += 1
        try:
            with spanning(self._tracer, f"exporter/{self.name}/{outlet.signal}", root=True) as span:
                span.set_attribute("items", items)
                rejected = await self._exporter.export(outlet.signal, body, timeout)
        except OtelagentError:
            self._traffic.send_failed[outlet] += items
            raise
        finally:
            self._queue.in_flight -= 1
        if rejected:
            self._traffic.sent[outlet] -= rejected
            self._traffic.dropped[outlet, "partial_success"] += rejected
            log.warning("exporter %s: the destination accepted a request in part", self.name)

    async def _send_for_drain(self, outlet: Outlet, body: bytes, items: int) -> None:
        if len(body) <= self.policy.max_request:
            await self._export(outlet, body, items, self.policy.timeout)
            return
        for part in pieces(body, self.policy.max_request):
            await self._export(outlet, part, count(outlet.signal, part), self.policy.timeout)

    # --- later --------------------------------------------------------------------------------------------------------

    async def _keep(self, outlet: Outlet, body: bytes, items: int) -> None:
        """Put the request on disk; raises Retryable where that isn't possible. It is counted also if the sender has
        gone meanwhile."""
        if self._spool is None:
            raise Retryable("no spool")
        storing = asyncio.create_task(self._store(self._spool, outlet, body, items))
        self._background.add(storing)
        storing.add_done_callback(self._background.discard)
        try:
            error = await asyncio.wait_for(asyncio.shield(storing), STORE)
        except TimeoutError:
            error = Retryable("spool is slow")
        if error is not None:
            self._traffic.enqueue_failed[outlet] += items
            raise error

    async def _store(self, spool: Spool, outlet: Outlet, body: bytes, items: int) -> Retryable | None:
        try:
            await spool.put(outlet, body, items)
        except Retryable as error:
            return error
        self._traffic.taken[outlet] += items
        self._traffic.spooled[outlet] += items
        self._traffic.waiting[outlet] += items
        self._drains[outlet.signal].wake(failing=outlet.signal in self._troubles.failing)
        return None

    def _receive(self, outlet: Outlet, body: bytes, items: int) -> None:
        """`ack: received`: take it into memory and bring it when that is possible; raises Retryable when full."""
        queue, size = self._queue, len(body)
        if queue.full(items, size):
            self._traffic.enqueue_failed[outlet] += items
            raise Retryable("queue full")
        queue.add(items, size)
        self._traffic.taken[outlet] += items
        self._traffic.waiting[outlet] += items
        task = asyncio.create_task(self._bring(outlet, body, items))
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _bring(self, outlet: Outlet, body: bytes, items: int) -> None:
        """Until the destination has it, the spool has it, or it is given up."""
        reason = "shutdown"
        backoff = Backoff(self.policy.pace)
        began, give_up = time.monotonic(), self.policy.pace.give_up
        try:
            while True:
                error = await self._lanes[outlet.signal].put(body, items)
                if error is None:
                    reason = ""
                    self._traffic.sent[outlet] += items
                    return
                if not isinstance(error, Retryable):
                    reason = "unsupported" if isinstance(error, Unsupported) else "rejected"
                    return
                if self._spool and await self._spooled(outlet, body, items):
                    reason = ""
                    return
                if give_up and time.monotonic() - began > give_up:
                    reason = "too_old"
                    return
                await asyncio.sleep(backoff.next(error.asked))
        finally:
            self._queue.remove(items, len(body))
            self._traffic.waiting[outlet] -= items
            if reason:
                self._traffic.dropped[outlet, reason] += items

    async def _spooled(self, outlet: Outlet, body: bytes, items: int) -> bool:
        try:
            await self._keep(outlet, body, items)
        except Retryable:
            return False
        self._traffic.taken[outlet] -= items
        return True


def _passing(error: OtelagentError) -> TypeGuard[Retryable]:
    """Whether it may be over soon, by itself."""
    return isinstance(error, Retryable) and not isinstance(error, Misconfigured)
