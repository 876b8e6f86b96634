"""The acknowledgement rule: a request is acknowledged when every destination of its signal has it.

"Has it" means: has accepted it, or it is on disk. There is one short attempt inside a call; a sender whose request can
neither be sent nor stored still owns it and is asked to come again. Owned by the event loop.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Final, Protocol

from otelagent.destination import Destination
from otelagent.errors import OtelagentError, Rejected, Retryable, Unsupported
from otelagent.items import count
from otelagent.policy import ATTEMPT
from otelagent.traffic import Signal, Step, Traffic

MARGIN: Final = 0.5
"""Seconds of the sender's deadline that are left for our answer."""

LONGEST: Final = 8.0
"""Seconds after which an SDK has given up."""

EVENTS_KEPT: Final = 4 * 1024 * 1024
"""Bytes of finding events that wait for the next request when downstream refuses them."""

Redact = Callable[[bytes], bytes]
"""Takes what must not go on out of a request; raises Rejected where it can't be read."""

log = logging.getLogger(__name__)


class Annotated(Protocol):
    """A request to forward and the finding events that it gave rise to, as a serialised ExportLogsServiceRequest."""

    @property
    def body(self) -> bytes: ...
    @property
    def events(self) -> bytes | None: ...
    @property
    def spans(self) -> int: ...


def budget(remaining: float | None) -> float:
    """Seconds for one attempt when the sender gives up in `remaining` (None: it doesn't say)."""
    if remaining is None:
        return LONGEST
    return min(LONGEST, max(remaining - MARGIN, remaining / 2, 0.0))


class Delivery:
    """All destinations by signal. Without a destination a signal is acknowledged and let go."""

    def __init__(
        self,
        destinations: Mapping[Signal, Sequence[Destination]],
        traffic: Traffic,
        redact: Mapping[Signal, Redact] | None = None,
        processors: Mapping[Signal, Sequence[str]] | None = None,
    ) -> None:
        """`processors`: their ids by signal, in order, as they are counted; `redact` stands for the last of them."""
        self._destinations = destinations
        self._traffic = traffic
        self._redact = redact or {}
        self._steps = {s: tuple(Step(p, s) for p in names) for s, names in (processors or {}).items()}
        for counts in (traffic.incoming, traffic.outgoing):
            counts.update({step: 0 for steps in self._steps.values() for step in steps})
        self._events: list[bytes] = []

    @property
    def destinations(self) -> tuple[Destination, ...]:
        """Each once."""
        return tuple({d.name: d for targets in self._destinations.values() for d in targets}.values())

    async def deliver(
        self, signal: Signal, body: bytes, items: int, *, events: bytes | None = None, remaining: float | None = None
    ) -> None:
        """Return when all destinations have the request and its events.

        Raises Retryable if one may take it later, Unsupported if none takes this signal, Rejected if one never will.
        """
        seconds = budget(remaining)
        body = self._processed(signal, body, items)
        jobs = [d.deliver(signal, body, items, seconds) for d in self._destinations.get(signal, ())]
        if (events or self._events) and (telling := self._telling(events, seconds)):
            jobs.append(telling)
        if len(jobs) == 1:
            await jobs[0]
        elif jobs:
            _raise_worst(await asyncio.gather(*jobs, return_exceptions=True))

    async def tell(self, events: bytes | None) -> None:
        """Deliver late events, best effort: what is refused goes with the next request."""
        if (events or self._events) and (telling := self._telling(events, ATTEMPT)):
            try:
                await telling
            except OtelagentError as error:
                log.debug("finding events wait: %s", type(error).__name__)

    def _processed(self, signal: Signal, body: bytes, items: int) -> bytes:
        """What leaves the last processor; analysis has come before, and lets everything pass."""
        steps = self._steps.get(signal, ())
        passed = steps
        for step in steps:
            self._traffic.incoming[step] += items
        try:
            return self._redacted(signal, body)
        except Rejected:
            passed = tuple(step for step in steps if not step.processor.startswith("redaction"))
            raise
        finally:
            for step in passed:
                self._traffic.outgoing[step] += items

    def _redacted(self, signal: Signal, body: bytes) -> bytes:
        redact = self._redact.get(signal)
        return redact(body) if redact else body

    def _telling(self, events: bytes | None, seconds: float) -> Coroutine[Any, Any, None] | None:
        """Events of requests that failed are sent with the next: a sender that repeats a request gets no new ones."""
        told = b"".join((*self._events, self._redacted(Signal.LOGS, events) if events else b""))
        self._events.clear()
        targets = self._destinations.get(Signal.LOGS, ())
        return self._tell(targets, told, seconds) if targets and told else None

    async def _tell(self, targets: Sequence[Destination], events: bytes, seconds: float) -> None:
        items = count(Signal.LOGS, events)
        try:
            _raise_worst(
                await asyncio.gather(*(d.tell(events, items, seconds) for d in targets), return_exceptions=True)
            )
        except BaseException:
            self._keep(events)
            raise

    def _keep(self, events: bytes) -> None:
        self._events.append(events)
        while len(self._events) > 1 and sum(map(len, self._events)) > EVENTS_KEPT:
            self._events.pop(0)
            self._traffic.events_dropped += 1


def _raise_worst(results: Sequence[BaseException | None]) -> None:
    """A retryable error counts most: then the sender comes again for all."""
    errors = [r for r in results if r is not None]
    if not errors:
        return
    unsupported = [e for e in errors if isinstance(e, Unsupported)]
    if len(unsupported) == len(errors) < len(results):
        return
    for kind in (asyncio.CancelledError, Retryable, OtelagentError):
        if found := next((e for e in errors if isinstance(e, kind) and not isinstance(e, Unsupported)), None):
            raise found
    raise errors[0]
