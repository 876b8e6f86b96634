"""One exporter with what waits for it."""

import asyncio
import contextlib
import logging
from typing import Final

from otelagent.errors import OtelagentError, Retryable, Unsupported
from otelagent.exporters.exporter import Exporter
from otelagent.lane import Lane, Send
from otelagent.traffic import Outlet, Signal, Traffic

ATTEMPT: Final = 2.0
"""Seconds that a sender waits for downstream: SDKs send one request at a time and give up after 8 to 10."""

log = logging.getLogger(__name__)


class Destination:
    """One exporter with its lanes. `capacity`: bytes that may wait in memory."""

    def __init__(
        self, exporter: Exporter, traffic: Traffic, *, timeout: float = 5.0, capacity: int = 64 * 1024 * 1024
    ) -> None:
        self.name = exporter.name
        self._exporter = exporter
        self._traffic = traffic
        self._timeout = timeout
        self._queue = traffic.queue(self.name)
        self._queue.capacity = capacity
        self._lanes = {signal: Lane(self._sender(signal)) for signal in Signal}
        self._takes_events = True

    async def deliver(self, signal: Signal, body: bytes, items: int, budget: float) -> None:
        """Return when the destination has it; raises Retryable, Rejected or Unsupported."""
        outlet = Outlet(self.name, signal)
        queue = self._queue
        if queue.bytes + len(body) > queue.capacity and queue.waiting:
            self._traffic.enqueue_failed[outlet] += items
            raise Retryable("queue full")
        queue.waiting += 1
        queue.bytes += len(body)
        answer = self._lanes[signal].put(body, items)
        answer.add_done_callback(lambda _: self._left(len(body)))
        try:
            error = await asyncio.wait_for(asyncio.shield(answer), budget)
        except TimeoutError:
            raise Retryable("downstream is slow") from None
        if error is not None:
            raise error

    async def tell(self, events: bytes, items: int, budget: float) -> None:
        """Deliver finding events; a destination that takes no logs gets none from then on."""
        if not self._takes_events:
            return
        try:
            await self.deliver(Signal.LOGS, events, items, budget)
        except Unsupported:
            self._takes_events = False
            log.warning("exporter %s: the destination takes no logs, so it gets no finding events", self.name)

    async def close(self, grace: float) -> None:
        """Give what is on the wire `grace` seconds, then let the connection go."""
        lanes = asyncio.gather(*(lane.idle() for lane in self._lanes.values()))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(lanes, grace)
        await self._exporter.close()

    def _left(self, size: int) -> None:
        self._queue.waiting -= 1
        self._queue.bytes -= size

    def _sender(self, signal: Signal) -> Send:
        outlet = Outlet(self.name, signal)
        traffic, queue = self._traffic, self._queue

        async def send(body: bytes, items: int) -> None:
            queue.in_flight += 1
            try:
                rejected = await self._exporter.export(signal, body, min(self._timeout, ATTEMPT))
            except OtelagentError:
                traffic.send_failed[outlet] += items
                raise
            finally:
                queue.in_flight -= 1
            traffic.sent[outlet] += items - rejected
            if rejected:
                traffic.dropped[outlet, "partial_success"] += rejected

        return send
