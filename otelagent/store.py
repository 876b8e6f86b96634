"""The trace store: requests of failing traces and of a sample of good ones, on disk, compressed, for `diagnose`."""

import json
import sqlite3
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import zstandard

from otelagent.database import Database
from otelagent.errors import OtelagentError

FILE: Final = "traces.db"
MAX_COUNT: Final = 100_000
"""Traces in one store."""
_TOGETHER: Final = b"\0"
"""Begins a body that holds several requests, each behind its length; no request begins so, field 0 isn't allowed."""
_LENGTH: Final = struct.Struct("<Q")
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS trace (
  trace_id BLOB PRIMARY KEY, kept_at REAL NOT NULL, spans INTEGER NOT NULL, bytes INTEGER NOT NULL,
  partial INTEGER NOT NULL, service TEXT NOT NULL, workflow TEXT, modes TEXT NOT NULL, agents TEXT NOT NULL,
  tools TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS by_age ON trace (kept_at);
CREATE TABLE IF NOT EXISTS part (
  trace_id BLOB NOT NULL REFERENCES trace ON DELETE CASCADE, number INTEGER NOT NULL, body BLOB NOT NULL,
  PRIMARY KEY (trace_id, number)
);
"""


class StoreUnusable(OtelagentError):
    """The store can't be opened, read or written; says which and why."""


@dataclass(frozen=True)
class Kept:
    """What the store knows of a trace without reading it. `modes` is empty for one that is kept as a good example."""

    trace_id: bytes
    kept_at: float
    spans: int
    modes: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    service: str = ""
    workflow: str | None = None
    partial: bool = False
    """Some of its requests had left the ring."""
    size: int = 0
    """Bytes on disk."""


@dataclass(frozen=True)
class Limits:
    """Bounds of a store; the oldest traces leave first."""

    max_bytes: int = 512 << 20
    max_age_s: float = 14 * 86400.0
    max_count: int = MAX_COUNT


class TraceStore:
    """One directory. Used by one thread at a time; several processes may read while one writes."""

    def __init__(self, directory: Path, *, create: bool = False) -> None:
        """Raises StoreUnusable; without `create` also where there is no store yet."""
        self.path = directory / FILE
        self._db = Database(self.path, _SCHEMA, StoreUnusable, create=create, missing="no trace store")
        self._packer = zstandard.ZstdCompressor(level=1)  # level 3 takes a third longer and saves one percent

    def close(self) -> None:
        self._db.close()

    def keep(self, kept: Kept, bodies: Sequence[bytes]) -> None:
        """Add a trace's requests; one that is known already gets further parts."""
        self.keep_all([(kept, bodies)])

    def keep_all(self, traces: Iterable[tuple[Kept, Sequence[bytes]]]) -> int:
        """Add several traces' requests, all or none of them; gives how many bytes they take."""
        packed = [(kept, self._packer.compress(_together(bodies))) for kept, bodies in traces]
        with self._db.writing() as db:
            for kept, body in packed:
                self._add(db, kept, body)
        return sum(len(body) for _, body in packed)

    def _add(self, db: sqlite3.Connection, kept: Kept, body: bytes) -> None:
        known, number = self.find(kept.trace_id), 0
        if known is not None:
            kept = _joined(known, kept)
            (number,) = db.execute("SELECT count(*) FROM part WHERE trace_id=?", (kept.trace_id,)).fetchone()
        db.execute(
            "INSERT INTO trace VALUES (?,?,?,?,?,?,?,?,?,?) ON CONFLICT (trace_id) DO UPDATE SET"
            " kept_at=excluded.kept_at, spans=excluded.spans, bytes=excluded.bytes, partial=excluded.partial,"
            " service=excluded.service, workflow=excluded.workflow, modes=excluded.modes, agents=excluded.agents,"
            " tools=excluded.tools",
            (
                kept.trace_id,
                kept.kept_at,
                kept.spans,
                kept.size + len(body),
                kept.partial,
                kept.service,
                kept.workflow,
                *(json.dumps(names) for names in (kept.modes, kept.agents, kept.tools)),
            ),
        )
        db.execute("INSERT INTO part VALUES (?,?,?)", (kept.trace_id, number, body))

    def find(self, trace_id: bytes) -> Kept | None:
        """What is known of one trace."""
        rows = self._db.read("SELECT * FROM trace WHERE trace_id=?", (trace_id,))
        return _kept(rows[0]) if rows else None

    def matching(self, prefix: str) -> list[bytes]:
        """Ids that begin with these hex digits."""
        rows = self._db.read("SELECT trace_id FROM trace WHERE hex(trace_id) LIKE ? LIMIT 20", (f"{prefix.upper()}%",))
        return [row[0] for row in rows]

    def all(
        self, *, mode: str | None = None, agent: str | None = None, tool: str | None = None, since: float = 0.0
    ) -> list[Kept]:
        """Traces kept since a time, newest first, that show a mode, an agent, a tool."""
        rows = self._db.read("SELECT * FROM trace WHERE kept_at >= ? ORDER BY kept_at DESC", (since,))
        wanted = ((mode, "modes"), (agent, "agents"), (tool, "tools"))
        found = map(_kept, rows)
        return [k for k in found if all(name is None or name in getattr(k, among) for name, among in wanted)]

    def load(self, trace_id: bytes) -> list[bytes]:
        """The requests of a trace, in order of arrival; raises StoreUnusable where one is damaged."""
        unpacker = zstandard.ZstdDecompressor()
        rows = self._db.read("SELECT body FROM part WHERE trace_id=? ORDER BY number", (trace_id,))
        try:
            return [request for (body,) in rows for request in _apart(unpacker.decompress(body))]
        except zstandard.ZstdError as error:
            raise StoreUnusable(f"{self.path}: trace {trace_id.hex()} is damaged") from error

    def delete(self, trace_ids: Sequence[bytes]) -> None:
        with self._db.writing() as db:
            db.executemany("DELETE FROM trace WHERE trace_id=?", ((trace_id,) for trace_id in trace_ids))

    def prune(self, limits: Limits, now: float) -> int:
        """Let go what is too old or too much; gives how many traces left."""
        count, size, first = self._db.read("SELECT count(*), ifnull(sum(bytes), 0), min(kept_at) FROM trace")[0]
        if not count or (count <= limits.max_count and size <= limits.max_bytes and now - first <= limits.max_age_s):
            return 0
        rows = self._db.read("SELECT trace_id, kept_at, bytes FROM trace ORDER BY kept_at DESC")
        total, gone = 0, []
        for place, (trace_id, kept_at, size) in enumerate(rows):
            total += size
            if place >= limits.max_count or total > limits.max_bytes or now - kept_at > limits.max_age_s:
                gone.append(trace_id)
        if gone:
            self.delete(gone)
            self._db.vacuum()
        return len(gone)


def _kept(row: tuple[Any, ...]) -> Kept:
    trace_id, kept_at, spans, size, partial, service, workflow, modes, agents, tools = row
    names = [tuple(json.loads(written)) for written in (modes, agents, tools)]
    return Kept(trace_id, kept_at, spans, names[0], names[1], names[2], service, workflow, bool(partial), size)


def _together(bodies: Sequence[bytes]) -> bytes:
    """What requests of one trace have in common, such as histories, is compressed once."""
    return _TOGETHER + b"".join([part for body in bodies for part in (_LENGTH.pack(len(body)), body)])


def _apart(body: bytes) -> Iterator[bytes]:
    """The requests of a part; one alone is how they were written before."""
    if not body.startswith(_TOGETHER):
        yield body
        return
    at = len(_TOGETHER)
    while at < len(body):
        begin = at + _LENGTH.size
        (size,) = _LENGTH.unpack_from(body, at)
        at = begin + size
        yield body[begin:at]


def _joined(known: Kept, more: Kept) -> Kept:
    return Kept(
        known.trace_id,
        more.kept_at,
        known.spans + more.spans,
        tuple(dict.fromkeys((*known.modes, *more.modes))),
        tuple(dict.fromkeys((*known.agents, *more.agents))),
        tuple(dict.fromkeys((*known.tools, *more.tools))),
        more.service or known.service,
        more.workflow or known.workflow,
        known.partial or more.partial,
        known.size,
    )
