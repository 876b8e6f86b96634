"""The spool on disk: requests that wait and requests that nobody takes, in SQLite. Owned by one thread."""

import contextlib
import logging
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import zstandard

from otelagent.errors import Retryable
from otelagent.salvage import Salvaged, forget_old, salvage, set_aside
from otelagent.spool_schema import COLUMNS, DIED, Damaged, check, checksum, connect, is_damage
from otelagent.traffic import Outlet, Signal

NAME: Final = "spool.db"
LONGEST_BODY: Final = 256 * 1024 * 1024

log = logging.getLogger(__name__)


class Full(Retryable):
    """The spool's size limit is reached."""


class Waiting(NamedTuple):
    """A request in the spool. `body` is None where its bytes are damaged."""

    id: int
    items: int
    stored_at: float
    body: bytes | None


class Dead(NamedTuple):
    """A request that its destination will never take."""

    id: int
    outlet: Outlet
    items: int
    size: int
    stored_at: float
    died_at: float
    reason: str


@dataclass(slots=True)
class Held:
    """What waits for one outlet."""

    requests: int = 0
    items: int = 0
    bytes: int = 0
    """On disk, compressed."""
    oldest: float | None = None


class SpoolFile:
    """One directory. Open before use. `max_bytes` bounds the stored bodies, dead letters included."""

    def __init__(
        self,
        directory: Path,
        *,
        max_bytes: int = 1024**3,
        synchronous: Literal["normal", "full"] = "full",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.path = directory / NAME
        self.bytes = 0
        """Stored bytes of bodies."""
        self.set_aside = 0
        """Damaged files since the start."""
        self.lost = 0
        """Requests that could not be recovered from them, as far as that can be told."""
        self.found: dict[Outlet, int] = {}
        """Items that waited when it was opened."""
        self.foreign: Counter[Outlet] = Counter()
        """Items that another process (`otelagent spool`) added, less those that it removed."""
        self.lost_items: Counter[Outlet] = Counter()
        """Items that were lost to damage while running."""
        self.held: dict[Outlet, Held] = {}
        self.dead: dict[Outlet, Held] = {}
        self._max_bytes = max_bytes
        self._synchronous = synchronous
        self._clock = clock
        self._version = 0
        self._db: sqlite3.Connection | None = None
        self._compress = zstandard.ZstdCompressor(level=1).compress
        self._decompress = zstandard.ZstdDecompressor().decompress

    # --- opening ----------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Open or create; a damaged file is set aside and what is whole in it is taken over. Raises OSError or
        sqlite3.Error where the directory can't be used at all."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self._db = connect(self.path, self._synchronous)
            check(self._db)
            self.refresh()
        except (sqlite3.DatabaseError, ValueError, Damaged) as error:
            if not is_damage(error):
                raise
            self.replace_damaged()
        self._changed_by_others()
        self.lost_items.clear()
        self.found = {outlet: held.items for outlet, held in self.held.items()}

    def join(self) -> None:
        """Open beside the process that owns the file: nothing is checked, set aside or changed."""
        self._db = connect(self.path, self._synchronous)
        self.refresh()
        self._changed_by_others()

    def close(self) -> None:
        if self._db is not None:
            with contextlib.suppress(sqlite3.Error, ValueError):
                self._db.execute("PRAGMA wal_checkpoint(PASSIVE)")
            self._db.close()
            self._db = None

    def replace_damaged(self) -> None:
        """Set the file aside, begin a new one, take over what can still be read."""
        if self._db is not None:
            with contextlib.suppress(sqlite3.Error, ValueError):
                self._db.close()
        aside = set_aside(self.path)
        self._db = connect(self.path, self._synchronous)
        self.set_aside += 1
        recovered, lost = self._take_over(salvage(aside))
        self.lost += lost
        log.error("the spool was damaged: set aside as %s, %d requests recovered", aside.name, recovered)
        forget_old(self.path)
        before = _items(self.held)
        self.refresh()
        self._changed_by_others()
        self.lost_items += before - _items(self.held)

    def _take_over(self, found: Salvaged) -> tuple[int, int]:
        """How many requests that waited came over, and how many not."""
        copied = 0
        with contextlib.suppress(sqlite3.Error, ValueError):
            for row in found.waiting:
                self._insert("waiting", COLUMNS, row)
                copied += 1
            for row in found.dead:
                self._insert("dead", f"{COLUMNS}, {DIED}", row)
        return copied, max(found.total - copied, 0)

    def _insert(self, table: str, columns: str, row: Sequence[object]) -> int:
        marks = ", ".join("?" * len(row))
        [[key]] = self._run(f"INSERT INTO {table} ({columns}) VALUES ({marks}) RETURNING id", row)  # noqa: S608
        return int(key)

    # --- transactions -----------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, also across a crash. On an error the counts are read anew."""
        self._run("BEGIN IMMEDIATE")
        try:
            if self._changed_by_others():
                before = _items(self.held)
                self.refresh()
                self.foreign.update(_items(self.held))
                self.foreign.subtract(before)
            yield
            self._run("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error, ValueError):
                self._run("ROLLBACK")
            with contextlib.suppress(sqlite3.Error, ValueError):
                self.refresh()
            raise

    @contextlib.contextmanager
    def savepoint(self) -> Iterator[None]:
        """All or nothing of one operation inside a transaction."""
        self._run("SAVEPOINT operation")
        try:
            yield
        except Retryable:
            self._run("ROLLBACK TO operation")
            self.refresh()
            raise
        finally:
            with contextlib.suppress(sqlite3.Error, ValueError):
                self._run("RELEASE operation")

    def _changed_by_others(self) -> bool:
        """Whether another process (`otelagent spool`) has written."""
        [[version]] = self._run("PRAGMA data_version")
        changed, self._version = bool(version != self._version), version
        return changed

    def refresh(self) -> None:
        """Count what is there."""
        self.held = self._count("waiting")
        self.dead = self._count("dead")
        self.bytes = sum(h.bytes for h in (*self.held.values(), *self.dead.values()))

    def _count(self, table: str) -> dict[Outlet, Held]:
        rows = self._run(
            f"SELECT exporter, signal, count(*), sum(items), sum(size), min(stored_at) FROM {table} "  # noqa: S608
            "GROUP BY exporter, signal"
        )
        return {Outlet(e, Signal(s)): Held(n, items, size, oldest) for e, s, n, items, size, oldest in rows}

    def _run(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        if self._db is None:
            raise Damaged("not open")
        return self._db.execute(statement, values).fetchall()

    # --- requests that wait -----------------------------------------------------------------------------------------

    def put(self, outlet: Outlet, body: bytes, items: int, *, stored_at: float | None = None) -> int:
        """Store a request and give its id; raises Full. It is durable when the transaction ends."""
        packed = self._compress(body)
        self._make_room(len(packed))
        at = self._clock() if stored_at is None else stored_at
        row = (outlet.exporter, outlet.signal, items, len(packed), at, checksum(packed), packed)
        number = self._insert("waiting", COLUMNS, row)
        held = self.held.setdefault(outlet, Held())
        held.requests, held.items, held.bytes = held.requests + 1, held.items + items, held.bytes + len(packed)
        held.oldest = at if held.oldest is None else min(held.oldest, at)
        self.bytes += len(packed)
        return number

    def oldest(self, outlet: Outlet, limit: int, after: int = 0) -> list[Waiting]:
        """The requests that have waited longest, in order: at least one if there is any, together up to about `limit`
        bytes uncompressed."""
        if self._db is None:
            raise Damaged("not open")
        found: list[Waiting] = []
        size = 0
        rows = self._db.execute(
            "SELECT id, items, stored_at, checksum, body FROM waiting "
            "WHERE exporter = ? AND signal = ? AND id > ? ORDER BY id",
            (outlet.exporter, outlet.signal, after),
        )
        for key, items, at, expected, packed in rows:
            body = self._unpack(packed, expected)
            if found and size + len(body or b"") > limit:
                break
            found.append(Waiting(key, items, at, body))
            size += len(body or b"")
        rows.close()
        return found

    def delete(self, outlet: Outlet, keys: Iterable[int]) -> int:
        """Forget requests; gives how many items that were."""
        removed = 0
        for key in keys:
            for items, size in self._run("DELETE FROM waiting WHERE id = ? RETURNING items, size", (key,)):
                held = self.held.setdefault(outlet, Held())
                held.requests, held.items, held.bytes = held.requests - 1, held.items - items, held.bytes - size
                self.bytes -= size
                removed += items
        self._age(outlet)
        return removed

    def expire(self, before: float) -> dict[Outlet, int]:
        """Forget what was stored before; gives items by outlet."""
        rows = self._run("DELETE FROM waiting WHERE stored_at < ? RETURNING exporter, signal, items", (before,))
        expired: dict[Outlet, int] = {}
        for exporter, signal, items in rows:
            outlet = Outlet(str(exporter), Signal(signal))
            expired[outlet] = expired.get(outlet, 0) + items
        if expired:
            self.refresh()
        return expired

    def give_back(self) -> None:
        """Return free pages to the file system."""
        self._run("PRAGMA incremental_vacuum(2000)")

    # --- requests that nobody takes -----------------------------------------------------------------------------------

    def bury(self, outlet: Outlet, body: bytes, items: int, reason: str, stored_at: float) -> None:
        """Store a request as a dead letter; the oldest dead letters of the file make room for it."""
        packed = self._compress(body)
        while self.bytes + len(packed) > self._max_bytes and self._forget_dead():
            pass
        self._make_room(len(packed))
        row = (outlet.exporter, outlet.signal, items, len(packed), stored_at, checksum(packed), packed)
        self._insert("dead", f"{COLUMNS}, {DIED}", (*row, self._clock(), reason))
        dead = self.dead.setdefault(outlet, Held())
        dead.requests, dead.items, dead.bytes = dead.requests + 1, dead.items + items, dead.bytes + len(packed)
        self.bytes += len(packed)

    def dead_letters(self) -> list[Dead]:
        """All, oldest first."""
        rows = self._run("SELECT id, exporter, signal, items, size, stored_at, died_at, reason FROM dead ORDER BY id")
        return [Dead(k, Outlet(str(e), Signal(s)), i, z, a, d, str(r)) for k, e, s, i, z, a, d, r in rows]

    def dead_body(self, key: int) -> bytes | None:
        """The request; None where there is none or its bytes are damaged."""
        for expected, packed in self._run("SELECT checksum, body FROM dead WHERE id = ?", (key,)):
            return self._unpack(packed, expected)
        return None

    def revive(self, keys: Iterable[int]) -> int:
        """Have dead letters wait again, as the newest; gives how many."""
        revived = 0
        for key in keys:
            revived += len(
                self._run(
                    f"INSERT INTO waiting ({COLUMNS}) SELECT exporter, signal, items, size, ?, checksum, body "  # noqa: S608
                    "FROM dead WHERE id = ? RETURNING id",
                    (self._clock(), key),
                )
            )
            self._run("DELETE FROM dead WHERE id = ?", (key,))
        self.refresh()
        return revived

    def drop_dead(self, keys: Iterable[int]) -> int:
        """Forget dead letters; gives how many."""
        dropped = sum(len(self._run("DELETE FROM dead WHERE id = ? RETURNING id", (key,))) for key in keys)
        self.refresh()
        return dropped

    # --- helpers ------------------------------------------------------------------------------------------------------

    def _forget_dead(self) -> bool:
        rows = self._run(
            "DELETE FROM dead WHERE id = (SELECT min(id) FROM dead) RETURNING exporter, signal, items, size"
        )
        for exporter, signal, items, size in rows:
            dead = self.dead[Outlet(str(exporter), Signal(signal))]
            dead.requests, dead.items, dead.bytes = dead.requests - 1, dead.items - items, dead.bytes - size
            self.bytes -= size
        return bool(rows)

    def _make_room(self, size: int) -> None:
        if self.bytes + size > self._max_bytes:
            raise Full("spool full", 3.0)

    def _age(self, outlet: Outlet) -> None:
        held = self.held.get(outlet)
        if held is None:
            return
        if held.requests == 0:
            held.oldest = None
            return
        rows = self._run(
            "SELECT stored_at FROM waiting WHERE exporter = ? AND signal = ? ORDER BY id LIMIT 1",
            (outlet.exporter, outlet.signal),
        )
        held.oldest = rows[0][0] if rows else None

    def _unpack(self, packed: bytes, expected: bytes) -> bytes | None:
        if expected != checksum(packed):
            return None
        try:
            return self._decompress(packed, max_output_size=LONGEST_BODY)
        except zstandard.ZstdError:
            return None


def _items(held: Mapping[Outlet, Held]) -> Counter[Outlet]:
    return Counter({outlet: each.items for outlet, each in held.items()})
