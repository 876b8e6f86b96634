"""A lane: waiting requests of one signal to one destination, joined and answered together. Owned by the event loop."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final, NamedTuple

from otelagent.errors import OtelagentError, Rejected, Retryable

JOIN: Final = 1_000_000
"""Bytes up to which waiting requests are joined; receivers limit requests at 4 MiB by default."""

LINGER: Final = 0.01
"""Seconds that a request waits for company while another one is on the wire."""

IN_FLIGHT: Final = 10
"""Joined requests of one signal on the wire to one destination."""


class Waiting(NamedTuple):
    """A request that waits to be sent. The answer is None for accepted, else the error; it is never an exception."""

    body: bytes
    items: int
    answer: "asyncio.Future[OtelagentError | None]"


Send = Callable[[bytes, int], Awaitable[None]]


class Lane:
    """Joins waiting requests of one signal to one destination and hands each its answer.

    Only requests whose envelope parsed may enter: serialised OTLP requests concatenate, and a malformed one would
    swallow its neighbour.
    """

    def __init__(self, send: Send, *, join: int = JOIN, linger: float = LINGER, in_flight: int = IN_FLIGHT) -> None:
        self._send = send
        self._join = join
        self._linger = linger
        self._in_flight = in_flight
        self._waiting: list[Waiting] = []
        self._bytes = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.Handle | None = None

    def put(self, body: bytes, items: int) -> "asyncio.Future[OtelagentError | None]":
        """Have the request sent soon; the future gets its answer."""
        loop = asyncio.get_running_loop()
        waiting = Waiting(body, items, loop.create_future())
        self._waiting.append(waiting)
        self._bytes += len(body)
        if self._bytes >= self._join:
            self._flush()
        elif self._timer is None:
            self._timer = loop.call_later(self._linger, self._flush) if self._tasks else loop.call_soon(self._flush)
        return waiting.answer

    async def idle(self) -> None:
        """Wait until nothing waits and nothing is on the wire."""
        while self._tasks or self._waiting:
            self._flush()
            await asyncio.wait(self._tasks)

    def _flush(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        while self._waiting and len(self._tasks) < self._in_flight:
            task = asyncio.create_task(self._settle(self._take()))
            self._tasks.add(task)
            task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if self._waiting:
            self._flush()

    def _take(self) -> list[Waiting]:
        size, count = 0, 0
        for waiting in self._waiting:
            if count and size + len(waiting.body) > self._join:
                break
            size, count = size + len(waiting.body), count + 1
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        self._bytes -= size
        return taken

    async def _settle(self, batch: Sequence[Waiting]) -> None:
        """Send joined; where that is refused for good, halve, so that a poisoned request takes no neighbour with it."""
        try:
            await self._send(b"".join(w.body for w in batch), sum(w.items for w in batch))
        except Rejected as error:
            if len(batch) > 1:
                half = len(batch) // 2
                await asyncio.gather(self._settle(batch[:half]), self._settle(batch[half:]))
                return
            _answer(batch, error)
        except OtelagentError as error:
            _answer(batch, error)
        except BaseException as error:
            _answer(batch, Retryable(f"internal: {type(error).__name__}"))
            if not isinstance(error, Exception):
                raise
        else:
            _answer(batch, None)


def _answer(batch: Iterable[Waiting], error: OtelagentError | None) -> None:
    for waiting in batch:
        if not waiting.answer.done():
            waiting.answer.set_result(error)
