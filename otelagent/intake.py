"""One request's way through: read, annotate, deliver, count. Receivers call this whatever their transport."""

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
            self._traffic.refused[inlet] += items
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
