"""What is whole in a damaged spool, and the damaged files that are kept."""

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from otelagent.spool_schema import COLUMNS, DIED, checksum
from otelagent.traffic import Signal

KEPT_ASIDE: Final = 3
"""Damaged files that are kept for somebody to look at; older ones are removed."""


class Salvaged(NamedTuple):
    """Whole rows of a damaged file, each with its columns, and how many requests waited in it."""

    waiting: list[tuple[object, ...]]
    dead: list[tuple[object, ...]]
    total: int
    """As its index tells; 0 where that can't be read."""


def set_aside(path: Path) -> Path:
    """Rename a database, which nobody has open; gives its new path."""
    aside = path.with_name(f"{path.name}.damaged-{time.time_ns()}")
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            os.rename(f"{path}{suffix}", f"{aside}{suffix}")
    return aside


def forget_old(path: Path) -> None:
    """Remove all but the last few files that were set aside."""
    aside = sorted(path.parent.glob(f"{path.name}.damaged-*[0-9]"))
    for old in aside[:-KEPT_ASIDE]:
        for each in old.parent.glob(f"{old.name}*"):
            each.unlink(missing_ok=True)


def salvage(aside: Path) -> Salvaged:
    """Read whole rows, from both ends toward the damage."""
    found = Salvaged([], [], 0)
    with contextlib.suppress(sqlite3.Error, ValueError), contextlib.closing(_open(aside)) as old:
        [[total]] = old.execute("SELECT count(*) FROM waiting INDEXED BY waiting_in_order").fetchall()
        found = found._replace(total=total)
    with contextlib.suppress(sqlite3.Error, ValueError), contextlib.closing(_open(aside)) as old:
        waiting, dead = list(_rows(old, "waiting", COLUMNS)), list(_rows(old, "dead", f"{COLUMNS}, {DIED}"))
        found = found._replace(waiting=waiting, dead=dead)
    return found


def _open(aside: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{aside}?mode=rw", uri=True, isolation_level=None)


def _rows(db: sqlite3.Connection, table: str, columns: str) -> Iterator[tuple[object, ...]]:
    """Rows that can be read and are whole: upward until the damage, then downward until it."""
    seen: set[int] = set()
    for direction in ("ASC", "DESC"):
        with contextlib.suppress(sqlite3.Error, ValueError):
            for key, *row in db.execute(f"SELECT id, {columns} FROM {table} ORDER BY id {direction}"):  # noqa: S608
                if key in seen:
                    break
                seen.add(key)
                if _whole(row):
                    yield tuple(row)


def _whole(row: Sequence[object]) -> bool:
    kinds = (str, str, int, int, float, bytes, bytes)
    if not all(isinstance(value, kind) for value, kind in zip(row, kinds, strict=False)):
        return False
    return row[1] in tuple(Signal) and isinstance(row[6], bytes) and row[5] == checksum(row[6])
