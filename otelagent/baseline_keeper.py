"""Keeps what was learned over restarts: loads it at start, saves what has changed once in a while and at the end."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

import orjson

from otelagent.baselines.learned import Baselines, TaskKey, ToolKey
from otelagent.baselines.profile_file import task_as_json, tool_as_json
from otelagent.baselines.store import BaselineStore, BaselinesUnusable, Row, key_of

PER_TICK: Final = 8
"""Rows made in one tick: each takes a millisecond of the event loop."""

log = logging.getLogger(__name__)


class BaselineKeeper:
    """The only writer of its store. Rows are made by the event loop, which owns the baselines, and written by a thread
    that runs while the loop waits for it."""

    def __init__(self, open_store: Callable[[], BaselineStore], normal: Baselines, *, interval: float) -> None:
        self._open = open_store
        self._interval = interval
        self._store: BaselineStore | None = None
        self._troubled = False
        self._tried = 0.0
        self._saved: dict[ToolKey | TaskKey, float] = {}
        self.normal = normal

    async def start(self) -> None:
        """Take in what was saved. Where the store can't be used that is logged once, and tried again at each interval:
        on a reload the service before this one may still own it."""
        if self._store is not None:
            return
        try:
            store = await asyncio.to_thread(self._open)
            known, damaged = await asyncio.to_thread(store.load, self.normal.limits)
        except BaselinesUnusable as error:
            if not self._troubled:
                log.warning("baselines are not kept over a restart: %s", error)
            self._troubled = True
            return
        self._store, self._troubled = store, False
        if damaged:
            log.warning("%d damaged baselines were left out", damaged)
        changed = set(self.normal.changed)
        self.normal.merge(known)
        self.normal.changed = changed
        self._saved = dict.fromkeys((*self.normal.tools, *self.normal.tasks), 0.0)

    async def tick(self, now: float) -> None:
        """Once a second: save a few that have changed and weren't saved for the interval."""
        if self._store is None and self._troubled and now - self._tried >= self._interval:
            self._tried = now
            await self.start()
        due = [k for k in self.normal.changed if now - self._saved.get(k, now - self._interval) >= self._interval]
        if due:
            await self._save(due[:PER_TICK], now)

    async def stop(self, now: float) -> None:
        """Save all that has changed."""
        if self._store is not None:
            await self._save(list(self.normal.changed), now)
            self._store.close()
            self._store = None

    async def _save(self, due: list[ToolKey | TaskKey], now: float) -> None:
        if self._store is None:
            return
        rows = [row for key in due if (row := self._row(key)) is not None]
        for key in due:
            self._saved[key] = now
        gone = [("tool" if len(k) == 2 else "task", "\x1f".join(k)) for k in self._saved if not self._known(k)]
        try:
            await asyncio.to_thread(self._store.save, rows, gone, now)
        except BaselinesUnusable as error:
            log.warning("baselines were not saved: %s", error)
            return
        self.normal.changed.difference_update(due)
        for key in [k for k in self._saved if not self._known(k)]:
            del self._saved[key]

    def _known(self, key: ToolKey | TaskKey) -> bool:
        return key in self.normal.tools or key in self.normal.tasks

    def _row(self, key: ToolKey | TaskKey) -> Row | None:
        if isinstance(key, ToolKey) and key in self.normal.tools:
            written = tool_as_json(key, self.normal.tools[key])
            return "tool", key_of(written), orjson.dumps(written)
        if isinstance(key, TaskKey) and key in self.normal.tasks:
            written = task_as_json(key, self.normal.tasks[key])
            return "task", key_of(written), orjson.dumps(written)
        return None
