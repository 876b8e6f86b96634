"""The database that the spool keeps: its tables, how it is opened, and what shows that it is damaged.

Every body has a checksum, so that a flipped bit is found when the request is read, whatever else it spares.
"""

import os
import sqlite3
from pathlib import Path
from typing import Final, Literal

import xxhash

from otelagent.errors import OtelagentError

VERSION: Final = 1
"""Schema version, kept in `user_version`. A file of a later version is set aside, not touched."""

COLUMNS: Final = "exporter, signal, items, size, stored_at, checksum, body"
"""Of a request that waits; a dead letter has `DIED` beside them."""

DIED: Final = "died_at, reason"

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


class Damaged(OtelagentError):
    """The file can't be used any more."""


def connect(path: Path, synchronous: Literal["normal", "full"]) -> sqlite3.Connection:
    """Open the file, or make it for this user alone; raises Damaged where its schema is another's."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    os.close(descriptor)
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
    try:
        db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute(f"PRAGMA synchronous = {synchronous.upper()}")
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


def check(db: sqlite3.Connection) -> None:
    """Raises Damaged, or an error of SQLite that `is_damage` knows, where the file isn't whole."""
    if (found := db.execute("PRAGMA quick_check(1)").fetchone()) != ("ok",):
        raise Damaged(str(found))
    db.execute(f"SELECT id, {COLUMNS} FROM waiting LIMIT 0")  # noqa: S608 - names of ours
    db.execute(f"SELECT id, {COLUMNS}, {DIED} FROM dead LIMIT 0")  # noqa: S608 - names of ours


def checksum(packed: bytes) -> bytes:
    """Of a body as it is stored."""
    return xxhash.xxh3_64_digest(packed)


_DAMAGED: Final = ("malformed", "disk I/O error", "corrupt", "no such", "Could not decode")
"""Words of SQLite for a file at fault. Its binding raises ValueError where such words are no UTF-8 themselves."""


def is_damage(error: Exception) -> bool:
    """Whether the file itself is at fault, rather than its surroundings (a full disk, missing rights)."""
    if isinstance(error, sqlite3.OperationalError):
        return any(word in str(error) for word in _DAMAGED)
    return isinstance(error, sqlite3.DatabaseError | ValueError | Damaged)
