"""One request's way through: read, annotate, deliver, count. Receivers call this whatever their transport."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

from otelagent.delivery import Annotated, Delivery
from otelagent.errors import OtelagentError, Rejected, Retryable
from otelagent.items import count
from otelagent.selftrace import Spanned, spanning
from otelagent.traffic import Inlet, Signal, Traffic

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

RECEIVED: Final = {
    Signal.TRACES: "TraceDataReceived",
    Signal.LOGS: "LogsReceived",
    Signal.METRICS: "MetricsReceived",
}
"""What the Collector calls its own spans of receivers."""

SHUT: Final = 6.0
"""Seconds that a call waits while the configuration is exchanged."""

log = logging.getLogger(__name__)


class Pipeline(Protocol):
    """The fold over live traces. Synchronous; called on the event loop only. `now`: seconds since the epoch."""

    def traces(self, body: bytes, now: float) -> Annotated:
        """Raises Rejected for malformed bytes."""

    def logs(self, body: bytes, now: float) -> None:
        """Raises Rejected for malformed bytes."""

    def tick(self, now: float) -> bytes | None:
        """Close idle traces; late finding events as a serialised request."""

    def settle(self, now: float) -> bytes | None:
        """Settle all open traces before the process ends; their finding events."""


class Intake:
    """Takes requests in. `accept` returns when the sender may let go."""

    def __init__(
        self,
        pipeline: Pipeline,
        delivery: Delivery,
        traffic: Traffic,
        *,
        check: Callable[[], None] = lambda: None,
        inspects: Callable[[Signal], bool] = lambda _: True,
        tracer: "Tracer | None" = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`check` raises Retryable while memory is short; what a pipeline doesn't inspect passes unread."""
        self._pipeline = pipeline
        self._delivery = delivery
        self._traffic = traffic
        self._check = check
        self._tracer = tracer
        self._inspected = frozenset(filter(inspects, Signal))
        self._clock = clock

    def check_memory(self) -> None:
        """Raises Retryable while memory is short; for receivers that can ask before they read a body."""
        try:
            self._check()
        except Retryable:
            self._traffic.memory_refusals += 1
            raise

    async def accept(self, inlet: Inlet, body: bytes, remaining: float | None = None) -> None:
        """Raises Retryable, Rejected or Unsupported; an error of ours never shows as anything else."""
        if not body:
            return
        with spanning(self._tracer, f"receiver/{inlet.receiver}/{RECEIVED[inlet.signal]}") as span:
            span.set_attribute("transport", inlet.transport)
            await self._accept(inlet, body, remaining, span)

    async def _accept(self, inlet: Inlet, body: bytes, remaining: float | None, span: Spanned) -> None:
        self.check_memory()
        try:
            with spanning(self._tracer, "processor/agent_failures"):
                forward, events, items = self._read(inlet.signal, body)
            span.set_attribute(inlet.signal.items, items)
        except Rejected:
            self._traffic.failed[inlet] += 1
            raise
        if not items and not events:
            return
        try:
            await self._delivery.deliver(inlet.signal, forward, items, events=events, remaining=remaining)
        except OtelagentError:
            self._traffic.refused[inlet] += items
            raise
        except Exception as error:
            self._traffic.broken[inlet] += items
            self._traffic.background_errors += 1
            log.exception("delivery failed")
            raise Retryable(f"internal: {type(error).__name__}") from error
        except BaseException:
            self._traffic.refused[inlet] += items
            raise
        self._traffic.accepted[inlet] += items

    def _read(self, signal: Signal, body: bytes) -> tuple[bytes, bytes | None, int]:
        """What to forward, events, items. On an error of ours the request goes on as it came."""
        try:
            match signal:
                case _ if signal not in self._inspected:
                    pass
                case Signal.TRACES:
                    annotated = self._pipeline.traces(body, self._clock())
                    return annotated.body, annotated.events, annotated.spans
                case Signal.LOGS:
                    self._pipeline.logs(body, self._clock())
        except Rejected:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the sender's data go on
            self._traffic.forwarded_unread += 1
            log.error("a %s request goes on unread: %s", signal, type(error).__name__)
        return body, None, count(signal, body)


class Door:
    """Where receivers hand requests in. What is behind it can be exchanged: calls wait meanwhile, ports stay open."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._open = asyncio.Event()
        self._empty = asyncio.Event()
        self._inside = 0
        self.lead_to(intake)
        self._empty.set()

    def check_memory(self) -> None:
        """As `Intake.check_memory`."""
        self._intake.check_memory()

    async def accept(self, inlet: Inlet, body: bytes, remaining: float | None = None) -> None:
        """As `Intake.accept`; raises Retryable if the door stays shut."""
        if not self._open.is_set():
            remaining = await self._wait(remaining)
        self._inside += 1
        self._empty.clear()
        try:
            await self._intake.accept(inlet, body, remaining)
        finally:
            self._inside -= 1
            if not self._inside:
                self._empty.set()

    async def _wait(self, remaining: float | None) -> float | None:
        began = time.monotonic()
        try:
            await asyncio.wait_for(self._open.wait(), SHUT if remaining is None else min(SHUT, remaining / 2))
        except TimeoutError:
            raise Retryable("the configuration is being exchanged") from None
        return None if remaining is None else remaining - (time.monotonic() - began)

    async def shut(self, seconds: float) -> None:
        """Let nobody in; those inside have `seconds` to leave."""
        self._open.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._empty.wait(), seconds)

    def lead_to(self, intake: Intake) -> None:
        """Open, to another intake."""
        self._intake = intake
        self._open.set()
