"""Baselines on disk, so that a restart doesn't begin to learn anew: one SQLite file, a row for each tool and task."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import orjson

from otelagent.baselines.learned import Baselines, Limits
from otelagent.baselines.profile_file import add_task, add_tool
from otelagent.database import Database
from otelagent.errors import OtelagentError

FILE: Final = "baselines.db"
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS known (
  kind TEXT NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL, saved_at REAL NOT NULL, PRIMARY KEY (kind, key)
);
"""

Row = tuple[str, str, bytes]
"""Kind (`tool` or `task`), key, and what `profile_file` makes of it as JSON."""


class BaselinesUnusable(OtelagentError):
    """The store can't be opened, read or written; says which and why."""


class BaselineStore:
    """One directory. One process at a time owns it and writes; any number may read meanwhile."""

    def __init__(self, directory: Path, *, owner: bool = False) -> None:
        """`owner`: for writing, and the directory is made. Raises BaselinesUnusable, also where another one owns it."""
        self.path = directory / FILE
        self._lock = _own(directory) if owner else None
        try:
            self._db = Database(self.path, _SCHEMA, BaselinesUnusable, create=owner, missing="no baselines")
        except BaselinesUnusable:
            self._release()
            raise

    def close(self) -> None:
        self._db.close()
        self._release()

    def _release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def load(self, limits: Limits) -> tuple[Baselines, int]:
        """All that was saved, and how many rows were damaged and are left out."""
        made, damaged = Baselines(limits), 0
        for kind, body in self._db.read("SELECT kind, body FROM known ORDER BY saved_at"):
            try:
                (add_tool if kind == "tool" else add_task)(made, orjson.loads(body))
            except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
                damaged += 1
        return made, damaged

    def save(self, rows: Iterable[Row], gone: Iterable[tuple[str, str]], now: float) -> None:
        """Write these rows and drop those that have left memory, all or nothing."""
        with self._db.writing() as db:
            written = ((kind, key, body, now) for kind, key, body in rows)
            db.executemany("INSERT OR REPLACE INTO known VALUES (?,?,?,?)", written)
            db.executemany("DELETE FROM known WHERE kind=? AND key=?", gone)

    def keys(self) -> set[tuple[str, str]]:
        """Kind and key of all rows."""
        return {(kind, key) for kind, key in self._db.read("SELECT kind, key FROM known")}


def key_of(written: dict[str, Any]) -> str:
    """The key of a row: all names in it."""
    return "\x1f".join(str(value) for name, value in written.items() if name not in ("profile", "baseline"))


def _own(directory: Path) -> int | None:
    """A lock that lasts as long as the process; None where the system has none of this kind."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(directory / "owner.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise BaselinesUnusable(f"{directory}: {error.strerror}") from error
    try:
        import fcntl  # not on Windows
    except ImportError:
        os.close(handle)
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise BaselinesUnusable(f"{directory}: another otelagent owns these baselines") from error
    return handle
