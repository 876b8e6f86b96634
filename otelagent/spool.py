"""The spool: requests that are ours and could not be sent yet, on disk. One thread writes; commits are shared."""

import asyncio
import contextlib
import fcntl
import logging
import os
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, Final, NamedTuple, TypeVar

from otelagent.errors import BadConfig, OtelagentError, Retryable
from otelagent.spool_file import Held, SpoolFile, Waiting
from otelagent.spool_schema import is_damage
from otelagent.traffic import Outlet

GROUP: Final = 256
"""Operations that share a commit at most."""

log = logging.getLogger(__name__)
T = TypeVar("T")


class _Job(NamedTuple):
    work: Callable[[], Any]
    answer: "Future[Any]"


class Buried(NamedTuple):
    """A part of a request that its destination will never take."""

    body: bytes
    items: int
    reason: str


class Spool:
    """The queue on disk. Methods may be called from the event loop; a result means that it is on disk."""

    def __init__(self, file: SpoolFile, *, create: bool = True) -> None:
        """`create`: make the directory where there is none."""
        self._file = file
        self._create = create
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="spool", daemon=True)
        self._lock: int | None = None
        self.opened: Future[None] = Future()
        """Set when the file has been checked, which for a large one takes a while; what is asked meanwhile waits."""

    def start(self) -> None:
        """Raises BadConfig where the directory can't be used or another process uses it."""
        directory = self._file.path.parent
        try:
            if self._create:
                directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BadConfig(f"extensions.file_storage.directory: {directory} is in use by another otelagent") from error
        except OSError as error:
            raise BadConfig(f"extensions.file_storage.directory: {directory}: {error.strerror}") from error
        self._thread.start()

    async def stop(self) -> None:
        """Write what was asked for, then close."""
        if self._thread.is_alive():
            self._jobs.put(None)
            await asyncio.to_thread(self._thread.join)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    # --- counts, as of the last commit ------------------------------------------------------------------------------

    @property
    def held(self) -> Mapping[Outlet, Held]:
        return self._file.held

    @property
    def dead(self) -> Mapping[Outlet, Held]:
        return self._file.dead

    @property
    def size(self) -> int:
        """Stored bytes, dead letters included."""
        return self._file.bytes

    @property
    def found(self) -> Mapping[Outlet, int]:
        return self._file.found

    @property
    def foreign(self) -> Mapping[Outlet, int]:
        return self._file.foreign

    @property
    def lost_items(self) -> Mapping[Outlet, int]:
        return self._file.lost_items

    @property
    def set_aside(self) -> int:
        return self._file.set_aside

    @property
    def lost(self) -> int:
        return self._file.lost

    def waits(self, outlet: Outlet) -> bool:
        """Whether anything waits for this outlet."""
        held = self._file.held.get(outlet)
        return held is not None and held.requests > 0

    # --- operations -------------------------------------------------------------------------------------------------

    async def put(self, outlet: Outlet, body: bytes, items: int) -> int:
        """Store a request; gives its id. Raises Retryable where it can't be stored."""
        return await self._do(lambda: self._file.put(outlet, body, items))

    async def oldest(self, outlet: Outlet, limit: int) -> list[Waiting]:
        """What has waited longest, up to about `limit` bytes."""
        return await self._do(lambda: self._file.oldest(outlet, limit))

    async def delete(self, outlet: Outlet, keys: Sequence[int]) -> int:
        """Forget requests; gives how many items they had."""
        return await self._do(lambda: self._file.delete(outlet, keys))

    async def bury(self, outlet: Outlet, waiting: Waiting, parts: Sequence[Buried]) -> int:
        """Replace a request by the dead letters that it left; gives how many items it had."""

        def work() -> int:
            for part in parts:
                self._file.bury(outlet, part.body, part.items, part.reason, waiting.stored_at)
            return self._file.delete(outlet, [waiting.id])

        return await self._do(work)

    async def expire(self, before: float) -> dict[Outlet, int]:
        """Forget what was stored before a time; gives items by outlet. Gives disk space back."""

        def work() -> dict[Outlet, int]:
            expired = self._file.expire(before)
            self._file.give_back()
            return expired

        return await self._do(work)

    async def _do(self, work: Callable[[], T]) -> T:
        answer: Future[T] = Future()
        self._jobs.put(_Job(work, answer))
        return await asyncio.wrap_future(answer)

    # --- the thread ---------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        try:
            self._file.open()
            self.opened.set_result(None)
        except Exception as error:  # noqa: BLE001 - told to everybody who asks
            log.error("the spool can't be opened: %s", type(error).__name__)
            self.opened.set_exception(error)
        while (job := self._jobs.get()) is not None:
            group = [job]
            ended = False
            with contextlib.suppress(queue.Empty):
                while len(group) < GROUP:
                    if (following := self._jobs.get_nowait()) is None:
                        ended = True
                        break
                    group.append(following)
            self._commit([j for j in group if j.answer.set_running_or_notify_cancel()])
            if ended:
                break
        self._file.close()

    def _commit(self, group: Sequence[_Job]) -> None:
        results: list[tuple[Future[Any], Any]] = []
        try:
            with self._file.transaction():
                results = [(job.answer, self._outcome(job.work)) for job in group]
        except Exception as error:  # noqa: BLE001 - a full disk, a damaged file: nothing of the group is on disk
            self._failed(group, error)
            return
        for answer, (value, refusal) in results:
            if refusal is not None:
                answer.set_exception(refusal)
            else:
                answer.set_result(value)

    def _outcome(self, work: Callable[[], T]) -> tuple[T | None, OtelagentError | None]:
        """A refusal of one operation (a full spool) undoes that one and none of its neighbours."""
        try:
            with self._file.savepoint():
                return work(), None
        except Retryable as refusal:
            return None, refusal

    def _failed(self, group: Sequence[_Job], error: Exception) -> None:
        if is_damage(error):
            with contextlib.suppress(Exception):
                self._file.replace_damaged()
        log.error("the spool can't be written: %s", type(error).__name__)
        for job in group:
            job.answer.set_exception(Retryable("spool can't be written", 3.0))
