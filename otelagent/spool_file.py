"""The spool on disk: requests that wait and requests that nobody takes, in SQLite. Owned by one thread.

Every body has a checksum, so that a flipped bit is found when the request is read, whatever else it spares.
"""

import contextlib
import logging
import os
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import xxhash
import zstandard

from otelagent.errors import OtelagentError, Retryable
from otelagent.traffic import Outlet, Signal

NAME: Final = "spool.db"
VERSION: Final = 1
"""Schema version, kept in `user_version`. A file of a later version is set aside, not touched."""

KEPT_ASIDE: Final = 3
"""Damaged files that are kept for somebody to look at; older ones are removed."""

LONGEST_BODY: Final = 256 * 1024 * 1024

_SCHEMA: Final = """
CREATE TABLE waiting (
    id INTEGER PRIMARY KEY AUTOINCREMENT, exporter TEXT NOT NULL, signal TEXT NOT NULL, items INTEGER NOT NULL,
    size INTEGER NOT NULL, stored_at REAL NOT NULL, checksum BLOB NOT NULL, body BLOB NOT NULL
);
CREATE INDEX waiting_in_order ON waiting (exporter, signal, id, items, size, stored_at);
CREATE TABLE dead (
    id INTEGER PRIMARY KEY AUTOINCREMENT, exporter TEXT NOT NULL, signal TEXT NOT NULL, items INTEGER NOT NULL,
    size INTEGER NOT NULL, stored_at REAL NOT NULL, checksum BLOB NOT NULL, body BLOB NOT NULL,
    died_at REAL NOT NULL, reason TEXT NOT NULL
);
"""

log = logging.getLogger(__name__)


class Full(Retryable):
    """The spool's size limit is reached."""


class Damaged(OtelagentError):
    """The file can't be used any more."""


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
            self._db = self._connect(self.path)
            self._check(self._db)
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
        self._db = self._connect(self.path)
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
        aside = self.path.with_name(f"{NAME}.damaged-{time.time_ns()}")
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                os.rename(f"{self.path}{suffix}", f"{aside}{suffix}")
        self._db = self._connect(self.path)
        self.set_aside += 1
        recovered, lost = self._recover(aside)
        self.lost += lost
        log.error("the spool was damaged: set aside as %s, %d requests recovered", aside.name, recovered)
        self._forget_old()
        before = _items(self.held)
        self.refresh()
        self._changed_by_others()
        self.lost_items += before - _items(self.held)

    def _connect(self, path: Path) -> sqlite3.Connection:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        os.close(descriptor)
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
        try:
            db.execute("PRAGMA auto_vacuum = INCREMENTAL")
            db.execute("PRAGMA journal_mode = WAL")
            db.execute(f"PRAGMA synchronous = {self._synchronous.upper()}")
            db.execute("PRAGMA journal_size_limit = 16777216")
            db.execute("PRAGMA trusted_schema = OFF")
            [[version]] = db.execute("PRAGMA user_version").fetchall()
            if version == 0:
                db.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
            elif version != VERSION:
                raise Damaged(f"schema version {version}")
        except BaseException:
            db.close()
            raise
        return db

    def _check(self, db: sqlite3.Connection) -> None:
        if (found := db.execute("PRAGMA quick_check(1)").fetchone()) != ("ok",):
            raise Damaged(str(found))
        for table, more in (("waiting", ""), ("dead", ", died_at, reason")):
            db.execute(f"SELECT id, {_COLUMNS}{more} FROM {table} LIMIT 0")  # noqa: S608 - names of ours

    def _recover(self, aside: Path) -> tuple[int, int]:
        """Copy whole rows from a damaged file, from both ends toward the damage; how many came over, how many not."""
        copied = 0
        total = 0
        try:
            old = sqlite3.connect(f"file:{aside}?mode=rw", uri=True, isolation_level=None)
        except sqlite3.Error:
            return 0, 0
        with contextlib.closing(old), contextlib.suppress(sqlite3.Error, ValueError):
            [[total]] = old.execute("SELECT count(*) FROM waiting INDEXED BY waiting_in_order").fetchall()
        with contextlib.suppress(sqlite3.Error, ValueError):
            old = sqlite3.connect(f"file:{aside}?mode=rw", uri=True, isolation_level=None)
            with contextlib.closing(old):
                rows = [r for table in ("waiting", "dead") for r in _salvage(old, table)]
            for table, row in rows:
                columns = _COLUMNS if table == "waiting" else f"{_COLUMNS}, died_at, reason"
                marks = ", ".join("?" * len(row))
                self._run(f"INSERT INTO {table} ({columns}) VALUES ({marks})", row)  # noqa: S608 - names of ours
                copied += table == "waiting"
        return copied, max(total - copied, 0)

    def _forget_old(self) -> None:
        aside = sorted(self.path.parent.glob(f"{NAME}.damaged-*[0-9]"))
        for path in aside[:-KEPT_ASIDE]:
            for each in path.parent.glob(f"{path.name}*"):
                each.unlink(missing_ok=True)

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
        [[key]] = self._run(
            f"INSERT INTO waiting ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",  # noqa: S608
            (outlet.exporter, outlet.signal, items, len(packed), at, _checksum(packed), packed),
        )
        number: int = key
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
        for key, items, at, checksum, packed in rows:
            body = self._unpack(packed, checksum)
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
        self._run(
            f"INSERT INTO dead ({_COLUMNS}, died_at, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
            (
                outlet.exporter,
                outlet.signal,
                items,
                len(packed),
                stored_at,
                _checksum(packed),
                packed,
                self._clock(),
                reason,
            ),
        )
        dead = self.dead.setdefault(outlet, Held())
        dead.requests, dead.items, dead.bytes = dead.requests + 1, dead.items + items, dead.bytes + len(packed)
        self.bytes += len(packed)

    def dead_letters(self) -> list[Dead]:
        """All, oldest first."""
        rows = self._run("SELECT id, exporter, signal, items, size, stored_at, died_at, reason FROM dead ORDER BY id")
        return [Dead(k, Outlet(str(e), Signal(s)), i, z, a, d, str(r)) for k, e, s, i, z, a, d, r in rows]

    def dead_body(self, key: int) -> bytes | None:
        """The request; None where there is none or its bytes are damaged."""
        for checksum, packed in self._run("SELECT checksum, body FROM dead WHERE id = ?", (key,)):
            return self._unpack(packed, checksum)
        return None

    def revive(self, keys: Iterable[int]) -> int:
        """Have dead letters wait again, as the newest; gives how many."""
        revived = 0
        for key in keys:
            revived += len(
                self._run(
                    f"INSERT INTO waiting ({_COLUMNS}) SELECT exporter, signal, items, size, ?, checksum, body "  # noqa: S608
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

    def _unpack(self, packed: bytes, checksum: bytes) -> bytes | None:
        if checksum != _checksum(packed):
            return None
        try:
            return self._decompress(packed, max_output_size=LONGEST_BODY)
        except zstandard.ZstdError:
            return None


_COLUMNS: Final = "exporter, signal, items, size, stored_at, checksum, body"


def _items(held: Mapping[Outlet, Held]) -> Counter[Outlet]:
    return Counter({outlet: each.items for outlet, each in held.items()})


def _checksum(packed: bytes) -> bytes:
    return xxhash.xxh3_64_digest(packed)


def _salvage(db: sqlite3.Connection, table: str) -> Iterator[tuple[str, tuple[object, ...]]]:
    """Rows that can be read and are whole: upward until the damage, then downward until it."""
    columns = _COLUMNS if table == "waiting" else f"{_COLUMNS}, died_at, reason"
    seen: set[int] = set()
    for direction in ("ASC", "DESC"):
        with contextlib.suppress(sqlite3.Error, ValueError):
            for key, *row in db.execute(f"SELECT id, {columns} FROM {table} ORDER BY id {direction}"):  # noqa: S608
                if key in seen:
                    break
                seen.add(key)
                if _whole(row):
                    yield table, tuple(row)


def _whole(row: Sequence[object]) -> bool:
    kinds = (str, str, int, int, float, bytes, bytes)
    if not all(isinstance(value, kind) for value, kind in zip(row, kinds, strict=False)):
        return False
    return row[1] in tuple(Signal) and isinstance(row[6], bytes) and row[5] == _checksum(row[6])


_DAMAGED: Final = ("malformed", "disk I/O error", "corrupt", "no such", "Could not decode")
"""Words of SQLite for a file at fault. Its binding raises ValueError where such words are no UTF-8 themselves."""


def is_damage(error: Exception) -> bool:
    """Whether the file itself is at fault, rather than its surroundings (a full disk, missing rights)."""
    if isinstance(error, sqlite3.OperationalError):
        return any(word in str(error) for word in _DAMAGED)
    return isinstance(error, sqlite3.DatabaseError | ValueError | Damaged)
