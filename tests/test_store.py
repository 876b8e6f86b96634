"""The trace store: what is kept, found, and let go."""

import random
import sqlite3
import stat
from pathlib import Path

import pytest
import zstandard

from otelagent.store import Kept, Limits, StoreUnusable, TraceStore


def kept(number: int, at: float = 0.0, **more: object) -> Kept:
    return Kept(bytes([number]) * 16, at, 3, **more)  # type: ignore[arg-type]  # each field is checked by its reader


@pytest.fixture
def store(tmp_path: Path) -> TraceStore:
    return TraceStore(tmp_path / "traces", create=True)


def test_trace_comes_back_as_it_was_kept(store: TraceStore) -> None:
    known = kept(1, 5.0, modes=("reasoning_loop",), agents=("atlas",), tools=("search",), service="s", workflow="w")
    store.keep(known, [b"one" * 100, b"two"])
    assert store.load(known.trace_id) == [b"one" * 100, b"two"]
    (found,) = store.all()
    assert (found.modes, found.agents, found.tools) == (("reasoning_loop",), ("atlas",), ("search",))
    assert 0 < found.size < 303


def test_later_part_is_added_to_a_known_trace(store: TraceStore) -> None:
    store.keep(kept(1, 1.0, modes=("reasoning_loop",)), [b"one"])
    store.keep(kept(1, 2.0, modes=("cascade",), partial=True), [b"two"])
    assert store.load(b"\1" * 16) == [b"one", b"two"]
    (found,) = store.all()
    assert (found.modes, found.spans, found.partial) == (("reasoning_loop", "cascade"), 6, True)


def test_several_are_kept_in_one_commit_or_none_of_them(store: TraceStore) -> None:
    store.keep_all([(kept(1), [b"one"]), (kept(1), [b"two"]), (kept(2), [])])
    assert [store.load(bytes([number]) * 16) for number in (1, 2)] == [[b"one", b"two"], []]
    broken = kept(4, service=object())
    with pytest.raises(StoreUnusable):
        store.keep_all([(kept(3), [b"three"]), (broken, [b"four"])])
    assert len(store.all()) == 2


def test_requests_that_were_written_one_by_one_are_still_read(store: TraceStore) -> None:
    """As stores were written before a trace's requests were compressed together."""
    store.keep(kept(1), [b"three"])
    alone = [zstandard.compress(body) for body in (b"\x0aone", b"\x0atwo")]
    with sqlite3.connect(store.path) as db:
        db.execute("UPDATE part SET number=2")
        db.executemany("INSERT INTO part VALUES (?,?,?)", [(b"\1" * 16, at, body) for at, body in enumerate(alone)])
    assert store.load(b"\1" * 16) == [b"\x0aone", b"\x0atwo", b"three"]


def test_filters_hold_together(store: TraceStore) -> None:
    store.keep(kept(1, 1.0, modes=("a",), agents=("x",), tools=("t",)), [b"1"])
    store.keep(kept(2, 2.0, modes=("a",), agents=("y",)), [b"2"])
    store.keep(kept(3, 3.0, modes=("b",), agents=("x",)), [b"3"])
    assert [k.trace_id[0] for k in store.all()] == [3, 2, 1]
    assert [k.trace_id[0] for k in store.all(mode="a", agent="x")] == [1]
    assert [k.trace_id[0] for k in store.all(tool="t")] == [1]
    assert [k.trace_id[0] for k in store.all(since=2.0)] == [3, 2]


def test_trace_is_found_by_the_beginning_of_its_id(store: TraceStore) -> None:
    store.keep(kept(0xAB), [b"1"])
    assert store.matching("abab") == [b"\xab" * 16]
    assert store.matching("ac") == []


@pytest.mark.parametrize(
    "limits", [Limits(max_count=2), Limits(max_age_s=15.0), Limits(max_bytes=70_000)], ids=["count", "age", "size"]
)
def test_oldest_leave_first(limits: Limits, store: TraceStore) -> None:
    noise = random.Random(1)
    for number in range(4):
        store.keep(kept(number, 10.0 * number), [noise.randbytes(30_000)])
    assert store.prune(limits, now=35.0) == 2
    assert [k.trace_id[0] for k in store.all()] == [3, 2]
    assert store.load(b"\0" * 16) == []


def test_only_its_owner_may_read_it(store: TraceStore) -> None:
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.path.parent.stat().st_mode) == 0o700


def test_missing_or_damaged_store_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreUnusable, match="no trace store there"):
        TraceStore(tmp_path / "none")
    (tmp_path / "traces.db").write_bytes(b"no database" * 1000)
    with pytest.raises(StoreUnusable, match="not a database"):
        TraceStore(tmp_path)


def test_what_was_let_go_is_not_left_in_the_file(store: TraceStore) -> None:
    noise = random.Random(1)
    bodies = [noise.randbytes(30_000) for _ in range(8)]
    for number, body in enumerate(bodies):
        store.keep(kept(number, float(number)), [body])
    assert store.prune(Limits(max_count=7), now=9.0) == 1
    assert store.load(b"\1" * 16) == [bodies[1]]
    store.close()
    written = store.path.read_bytes()
    assert bodies[1][-64:] in written
    assert bodies[0][-64:] not in written
