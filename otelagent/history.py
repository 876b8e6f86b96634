"""What `report` tells of: findings, and hourly counts of pipelines, on disk beside the trace store."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from otelagent.database import Database
from otelagent.errors import OtelagentError
from otelagent.success import Counts

FILE: Final = "history.db"
MAX_FINDINGS: Final = 200_000
HOUR: Final = 3600
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS finding (
  trace_id BLOB NOT NULL, root BLOB NOT NULL, at REAL NOT NULL, mode TEXT NOT NULL, cause TEXT NOT NULL,
  layer TEXT NOT NULL, severity TEXT NOT NULL, agent TEXT, tool TEXT, workflow TEXT, service TEXT NOT NULL,
  reason TEXT NOT NULL, wasted INTEGER NOT NULL, PRIMARY KEY (trace_id, mode, root)
);
CREATE INDEX IF NOT EXISTS finding_by_age ON finding (at);
CREATE TABLE IF NOT EXISTS settled (
  hour INTEGER NOT NULL, service TEXT NOT NULL, workflow TEXT NOT NULL, success INTEGER NOT NULL,
  degraded INTEGER NOT NULL, failed INTEGER NOT NULL, unknown INTEGER NOT NULL, leaf_ok INTEGER NOT NULL,
  leaf_failed INTEGER NOT NULL, tokens INTEGER NOT NULL, cost REAL NOT NULL,
  PRIMARY KEY (hour, service, workflow)
);
"""


class HistoryUnusable(OtelagentError):
    """The history can't be opened, read or written; says which and why."""


@dataclass(frozen=True)
class Told:
    """One finding. `wasted`: tokens spent after it."""

    trace_id: bytes
    root: bytes
    at: float
    mode: str
    cause: str
    layer: str
    severity: str
    agent: str | None
    tool: str | None
    workflow: str | None
    service: str
    reason: str
    wasted: int = 0


@dataclass
class Settled:
    """Pipelines of one workflow in one hour since the epoch."""

    hour: int
    service: str
    workflow: str
    counts: Counts
    tokens: int = 0
    cost: float = 0.0


class History:
    """One directory. Written by one thread at a time; others may read meanwhile."""

    def __init__(self, directory: Path, *, create: bool = False) -> None:
        """Raises HistoryUnusable; without `create` also where there is none yet."""
        self.path = directory / FILE
        self._db = Database(self.path, _SCHEMA, HistoryUnusable, create=create, missing="no history")

    def close(self) -> None:
        self._db.close()

    def add(self, told: Iterable[Told], settled: Iterable[Settled], *, oldest: float) -> None:
        """Write these, all or nothing, and let go what is older than `oldest`, or too much."""
        with self._db.writing() as db:
            rows = (tuple(vars(t).values()) for t in told)
            db.executemany("INSERT OR REPLACE INTO finding VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)", rows)
            for each in settled:
                _count(db, each)
            db.execute("DELETE FROM finding WHERE at < ?", (oldest,))
            db.execute("DELETE FROM settled WHERE hour < ?", (int(oldest // HOUR),))
            db.execute(
                "DELETE FROM finding WHERE rowid IN (SELECT rowid FROM finding ORDER BY at DESC LIMIT -1 OFFSET ?)",
                (MAX_FINDINGS,),
            )

    def told(self, since: float) -> list[Told]:
        """Findings since a time, oldest first."""
        return [Told(*row) for row in self._db.read("SELECT * FROM finding WHERE at >= ? ORDER BY at", (since,))]

    def settled(self, since: float) -> list[Settled]:
        """Hours since a time; the one in which it lies counts."""
        rows = self._db.read("SELECT * FROM settled WHERE hour >= ? ORDER BY hour", (since // HOUR,))
        return [Settled(h, s, w, Counts(*numbers[:6]), numbers[6], numbers[7]) for h, s, w, *numbers in rows]


def _count(db: sqlite3.Connection, each: Settled) -> None:
    c = each.counts
    numbers = (c.success, c.degraded, c.failed, c.unknown, c.leaf_ok, c.leaf_failed, each.tokens, each.cost)
    db.execute(
        "INSERT INTO settled VALUES (?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO UPDATE SET"
        " success=success+excluded.success, degraded=degraded+excluded.degraded, failed=failed+excluded.failed,"
        " unknown=unknown+excluded.unknown, leaf_ok=leaf_ok+excluded.leaf_ok,"
        " leaf_failed=leaf_failed+excluded.leaf_failed, tokens=tokens+excluded.tokens, cost=cost+excluded.cost",
        (each.hour, each.service, each.workflow, *numbers),
    )
