"""What the spool needs once in a while: its state for the metrics, and an end to what is too old."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Collection, Mapping
from concurrent.futures import Future
from typing import Final

from otelagent.spool import Spool
from otelagent.traffic import Outlet, SpoolState, Traffic

log = logging.getLogger(__name__)

EXPIRE: Final = 60.0
"""Seconds between looks for requests that are too old."""


class Housekeeping:
    """Of one spool; owned by the service's tick."""

    def __init__(
        self, spool: Spool, traffic: Traffic, *, capacity: int, max_age: float, exporters: Collection[str]
    ) -> None:
        """`exporters`: ids of those that send what waits."""
        self.spool = spool
        self._traffic = traffic
        self._capacity = capacity
        self._max_age = max_age
        self._exporters = frozenset(exporters)
        self._expired = time.monotonic()
        self._known: dict[str, Counter[Outlet]] = {"found": Counter(), "foreign": Counter(), "lost": Counter()}

    def start(self) -> None:
        """Count what waits already, as soon as the spool is open."""
        loop = asyncio.get_running_loop()

        def opened(answer: "Future[None]") -> None:
            if not answer.exception():
                loop.call_soon_threadsafe(self.count, time.time())
                loop.call_soon_threadsafe(self._warn)

        self.spool.opened.add_done_callback(opened)

    def _warn(self) -> None:
        """Nobody sends what waits for an exporter that was renamed or removed."""
        for outlet, held in list(self.spool.held.items()):
            if held.items and outlet.exporter not in self._exporters:
                what = (held.items, outlet.signal.items.replace("_", " "), outlet.exporter)
                log.warning("%d %s wait in the spool for exporter %s, which isn't configured", *what)

    async def tick(self, now: float) -> None:
        """Once a second."""
        if not self.spool.opened.done() or self.spool.opened.exception():
            return
        self.count(now)
        if time.monotonic() - self._expired >= EXPIRE:
            self._expired = time.monotonic()
            for outlet, items in (await self.spool.expire(now - self._max_age)).items():
                self._traffic.dropped[outlet, "too_old"] += items
                self._traffic.waiting[outlet] -= items

    def count(self, now: float) -> None:
        """Carry what the file knows into the counts."""
        traffic, spool = self._traffic, self.spool
        for outlet, items in self._news("found", spool.found):
            traffic.found[outlet] += items
            traffic.waiting[outlet] += items
        for outlet, items in self._news("foreign", spool.foreign):
            traffic.revived[outlet] += items
            traffic.waiting[outlet] += items
        for outlet, items in self._news("lost", spool.lost_items):
            traffic.dropped[outlet, "spool_damaged"] += items
            traffic.waiting[outlet] -= items
        ages = [now - held.oldest for held in list(spool.held.values()) if held.oldest is not None]
        traffic.spool = SpoolState(
            spool.size, self._capacity, max((0.0, *ages)), spool.set_aside, spool.lost, _dead(spool)
        )

    def hand_over(self) -> None:
        """The spool is about to be closed and opened again by another: what waits in it is found anew there."""
        for outlet, held in list(self.spool.held.items()):
            self._traffic.found[outlet] -= held.items
            self._traffic.waiting[outlet] -= held.items

    def _news(self, name: str, counts: Mapping[Outlet, int]) -> list[tuple[Outlet, int]]:
        """What has come since the last time."""
        now = Counter(counts)
        fresh = Counter(now)
        fresh.subtract(self._known[name])
        self._known[name] = now
        return [(outlet, items) for outlet, items in fresh.items() if items]


def _dead(spool: Spool) -> int:
    return sum(held.requests for held in list(spool.dead.values()))
