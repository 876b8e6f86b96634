"""What waits on disk for one outlet, oldest first, at a bounded rate, beside live traffic. Also the probe that tells
when a failing destination is back."""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from otelagent.errors import Rejected, Retryable, TooLarge, Unsupported
from otelagent.items import count
from otelagent.lane import JOIN
from otelagent.policy import Pace, Policy
from otelagent.splitting import halves
from otelagent.spool import Buried, Spool
from otelagent.spool_file import Waiting
from otelagent.traffic import Outlet, Traffic

POLL: Final = 5.0
"""Seconds after which the spool is looked at unasked: `otelagent spool retry` works from another process."""

ATTEMPTS: Final = 64
"""Attempts to find the poisoned items of one request; what is unclear then is buried whole."""

LARGE: Final = 256 * 1024
"""Bytes from which a single item is believed to be too large when the destination says so. A smaller one that nothing
of its request fares better than is a quota's victim: that is tried again."""

LAST_TRIES: Final = 1.0
"""Seconds of nothing but failures after which the end no longer waits for a destination: a connection that was lost
takes a moment to come back."""

log = logging.getLogger(__name__)

Export = Callable[[Outlet, bytes, int], Awaitable[None]]


class Backoff:
    """Growing pauses; a destination's own wish is heeded."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._base = pace.initial

    def next(self, wish: float = 0.0) -> float:
        """Seconds to wait now."""
        spread = self._pace.randomization
        pause = self._base * random.uniform(1 - spread, 1 + spread)
        self._base = min(self._base * self._pace.factor, self._pace.longest)
        return max(pause, wish)

    def reset(self) -> None:
        self._base = self._pace.initial


class Drain:
    """One task. `mark` hears whether the destination fails."""

    def __init__(self, outlet: Outlet, spool: Spool, export: Export, traffic: Traffic, policy: Policy) -> None:
        self._outlet = outlet
        self._spool = spool
        self._export = export
        self._traffic = traffic
        self._policy = policy
        self._backoff = Backoff(policy.pace)
        self._failing = False
        self._failed_since: float | None = None
        self._wake = asyncio.Event()
        self._hurry = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._mark: Callable[[bool], None] = lambda _: None

    def start(self, mark: Callable[[bool], None]) -> None:
        self._mark = mark
        self._task = asyncio.create_task(self._run())

    async def finish(self, seconds: float) -> None:
        """Before the end: bring what waits without pauses, as long as the destination takes it."""
        self._failed_since = None
        self._hurry.set()
        self._wake.set()
        end = time.monotonic() + seconds
        while self._busy() and time.monotonic() < end:
            if self._failed_since is not None and time.monotonic() - self._failed_since > LAST_TRIES:
                break
            await asyncio.sleep(0.01)

    def _busy(self) -> bool:
        return self._spool.waits(self._outlet) or self._traffic.waiting[self._outlet] > 0

    async def stop(self) -> None:
        """What is under way is broken off; it stays on disk."""
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def wake(self, *, failing: bool) -> None:
        """Something was put on disk; a destination that has just failed gets a pause first."""
        self._failing = failing
        self._wake.set()

    async def _run(self) -> None:
        while True:
            try:
                await self._round()
            except Retryable as error:
                self._mark(True)
                await self._back_off(error.asked)
            except Exception:
                self._traffic.background_errors += 1
                log.exception("draining failed")
                await self._back_off(1.0)

    async def _back_off(self, wish: float) -> None:
        """After a failure; briefly when the end has come."""
        if self._failed_since is None:
            self._failed_since = time.monotonic()
        if self._hurry.is_set():
            await asyncio.sleep(max(wish, 0.1))
        else:
            await self._pause(self._backoff.next(wish))

    async def _pause(self, seconds: float) -> None:
        """Cut short when the end comes."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._hurry.wait()

    async def _round(self) -> None:
        """One joined request, or a wait for one."""
        found = await self._spool.oldest(self._outlet, min(JOIN, self._policy.max_request))
        if not found:
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL):  # wait_for can swallow a cancellation that comes with the wake-up
                    await self._wake.wait()
                if self._failing:
                    await self._pause(self._backoff.next())
            return
        whole = await self._sort_out(found)
        if whole:
            began = time.monotonic()
            await self._bring(whole)
            self._failed_since = None
            took = time.monotonic() - began
            self._backoff.reset()
            if took < self._policy.answer_within:
                self._mark(False)
            size = sum(len(w.body or b"") for w in whole)
            await self._pause(max(size / self._policy.pace.rate - took, 0))

    async def _sort_out(self, found: Sequence[Waiting]) -> list[Waiting]:
        """Give up what is damaged or too old; gives the rest."""
        give_up = self._policy.pace.give_up
        oldest = time.time() - give_up if give_up else 0.0
        for reason, lost in (
            ("damaged", [w for w in found if w.body is None]),
            ("too_old", [w for w in found if w.body is not None and w.stored_at < oldest]),
        ):
            if lost:
                await self._drop(lost, reason)
        return [w for w in found if w.body is not None and w.stored_at >= oldest]

    async def _bring(self, waiting: Sequence[Waiting]) -> None:
        """Send joined; where that is refused for good, one by one. Raises Retryable."""
        body = b"".join(w.body or b"" for w in waiting)
        try:
            await self._export(self._outlet, body, sum(w.items for w in waiting))
        except Unsupported:
            await self._drop(waiting, "unsupported")
        except Rejected as error:
            if len(waiting) > 1:
                for each in waiting:
                    await self._bring([each])
            else:
                await self._dissect(waiting[0], error)
        else:
            await asyncio.shield(self._sent(waiting))

    async def _sent(self, waiting: Sequence[Waiting]) -> None:
        """Forget what has arrived; not broken off, so that the counts are those of the disk."""
        removed = await self._spool.delete(self._outlet, [w.id for w in waiting])
        self._traffic.sent[self._outlet] += removed
        self._traffic.waiting[self._outlet] -= removed

    async def _dissect(self, waiting: Waiting, error: Rejected) -> None:
        """Bring what is good in a refused request and bury the rest. Raises Retryable."""
        search = _Search(self._outlet, self._export)
        dead = await search.poisoned(waiting.body or b"", error)
        removed = await self._spool.bury(self._outlet, waiting, dead)
        buried = min(sum(part.items for part in dead), removed)
        self._traffic.buried[self._outlet] += buried
        self._traffic.sent[self._outlet] += removed - buried
        self._traffic.waiting[self._outlet] -= removed
        log.warning("exporter %s: %d %s became dead letters", self._outlet.exporter, buried, self._outlet.signal.items)

    async def _drop(self, waiting: Sequence[Waiting], reason: str) -> None:
        removed = await self._spool.delete(self._outlet, [w.id for w in waiting])
        self._traffic.dropped[self._outlet, reason] += removed
        self._traffic.waiting[self._outlet] -= removed


class _Search:
    """Halves a refused request until what is poisoned stands alone."""

    def __init__(self, outlet: Outlet, export: Export) -> None:
        self._outlet = outlet
        self._export = export
        self._left = ATTEMPTS
        self._passed = False

    async def poisoned(self, body: bytes, error: Rejected) -> list[Buried]:
        """The parts that are refused; the others have been brought. Raises Retryable."""
        both = halves(body) if self._left > 0 else None
        if both is None:
            if isinstance(error, TooLarge) and not self._passed and len(body) < LARGE:
                raise Retryable(str(error))
            return [Buried(body, count(self._outlet.signal, body), str(error))]
        dead: list[Buried] = []
        for half in both:
            self._left -= 1
            try:
                await self._export(self._outlet, half, count(self._outlet.signal, half))
                self._passed = True
            except Rejected as refusal:
                dead += await self.poisoned(half, refusal)
        return dead
