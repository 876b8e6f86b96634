"""An SQLite file that one process writes and others may read meanwhile."""

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from otelagent.errors import OtelagentError


class Database:
    """Used by one thread at a time. What goes wrong with the file is raised as `unusable`, with its path."""

    def __init__(
        self, path: Path, schema: str, unusable: type[OtelagentError], *, create: bool, missing: str = "nothing"
    ) -> None:
        """Without `create`, where there is no file it is an error that says that `missing` is there."""
        self.path = path
        self._unusable = unusable
        with self._told():
            if create:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                path.touch(mode=0o600)
            elif not path.is_file():
                raise unusable(f"{path.parent}: {missing} there")
            self._db = sqlite3.connect(path, timeout=5.0, isolation_level=None, check_same_thread=False)
            try:
                self._db.execute("PRAGMA journal_mode=WAL")
                self._db.execute("PRAGMA synchronous=NORMAL")
                self._db.execute("PRAGMA foreign_keys=ON")
                self._db.execute("PRAGMA secure_delete=ON")  # content that was let go is not left in free pages
                self._db.executescript(schema)
            except BaseException:
                self._db.close()
                raise

    def close(self) -> None:
        self._db.close()

    def read(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows."""
        with self._told():
            return self._db.execute(query, values).fetchall()

    def vacuum(self) -> None:
        """Give free pages back to the file system once they are half of the file, which is written anew for it."""
        with self._told():
            (free,), (pages,) = (
                self._db.execute(f"PRAGMA {name}").fetchone() for name in ("freelist_count", "page_count")
            )
            if 2 * free >= pages:
                self._db.execute("VACUUM")

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """All or nothing."""
        with self._told():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(f"{self.path}: {error}") from error
