"""The spool: what was stored is there after a crash, in order, whole; damage costs no more than what it hit."""

import asyncio
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from otelagent.errors import BadConfig, Retryable
from otelagent.spool import Buried, Spool
from otelagent.spool_file import NAME, Full, SpoolFile, Waiting
from otelagent.traffic import Outlet, Signal

A, B = Outlet("a", Signal.TRACES), Outlet("b", Signal.LOGS)


def opened(directory: Path, **settings: int) -> SpoolFile:
    file = SpoolFile(directory, **settings)  # type: ignore[arg-type]
    file.open()
    return file


def bodies(file: SpoolFile, outlet: Outlet = A, limit: int = 10**9) -> list[bytes | None]:
    return [w.body for w in file.oldest(outlet, limit)]


def spooling(directory: Path, test: Callable[[Spool], Awaitable[None]], **settings: int) -> None:
    async def main() -> None:
        spool = Spool(SpoolFile(directory, **settings))  # type: ignore[arg-type]
        spool.start()
        try:
            await test(spool)
        finally:
            await spool.stop()

    asyncio.run(main())


def test_what_is_stored_comes_out_oldest_first_and_by_outlet(tmp_path: Path) -> None:
    file = opened(tmp_path)
    for index in range(5):
        with file.transaction():
            file.put(A, b"%d" % index, 1)
            file.put(B, b"other", 1)
    file.close()
    again = opened(tmp_path)
    assert bodies(again) == [b"0", b"1", b"2", b"3", b"4"]
    assert bodies(again, limit=3) == [b"0", b"1", b"2"]
    assert again.held[A].items == 5
    again.close()


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    directory = tmp_path / "spool"
    opened(directory).close()
    assert directory.stat().st_mode & 0o077 == 0
    assert (directory / NAME).stat().st_mode & 0o077 == 0


def test_its_size_is_limited_and_room_comes_back(tmp_path: Path) -> None:
    file = opened(tmp_path, max_bytes=3000)
    with file.transaction():
        keys = [file.put(A, os.urandom(900), 1) for _ in range(3)]
    with pytest.raises(Full), file.transaction():
        file.put(A, os.urandom(900), 1)
    with file.transaction():
        assert file.delete(A, keys[:1]) == 1
        file.put(A, os.urandom(900), 1)
    assert file.held[A].requests == 3
    file.close()


def test_what_is_too_old_is_given_up_and_counted(tmp_path: Path) -> None:
    file = opened(tmp_path)
    with file.transaction():
        file.put(A, b"old", 3, stored_at=100)
        file.put(A, b"new", 1, stored_at=200)
    with file.transaction():
        assert file.expire(150) == {A: 3}
    assert bodies(file) == [b"new"]
    assert file.held[A].oldest == 200
    file.close()


def test_dead_letters_can_be_listed_revived_and_dropped(tmp_path: Path) -> None:
    file = opened(tmp_path)
    with file.transaction():
        for name in (b"one", b"two"):
            file.bury(A, name, 2, "INVALID_ARGUMENT", 100)
    first, second = file.dead_letters()
    assert (first.outlet, first.items, first.reason, file.dead_body(first.id)) == (A, 2, "INVALID_ARGUMENT", b"one")
    with file.transaction():
        assert file.revive([first.id]) == 1
        assert file.drop_dead([second.id]) == 1
    assert (bodies(file), file.dead_letters()) == ([b"one"], [])
    file.close()


def test_dead_letters_make_room_for_dead_letters_and_never_for_nothing(tmp_path: Path) -> None:
    file = opened(tmp_path, max_bytes=2500)
    with file.transaction():
        file.put(A, os.urandom(900), 1)
        for _ in range(3):
            file.bury(A, os.urandom(900), 1, "INVALID_ARGUMENT", 0)
    assert (file.held[A].requests, file.dead[A].requests) == (1, 1)
    file.close()


def test_a_change_by_another_process_is_noticed(tmp_path: Path) -> None:
    file = opened(tmp_path)
    with file.transaction():
        file.bury(A, b"dead", 1, "INVALID_ARGUMENT", 0)
    with sqlite3.connect(tmp_path / NAME) as other:
        other.execute("DELETE FROM dead")
    other.close()
    with file.transaction():
        pass
    assert not file.dead
    file.close()


# --- damage -----------------------------------------------------------------------------------------------------------


def filled(directory: Path, count: int = 200) -> None:
    file = opened(directory)
    with file.transaction():
        for index in range(count):
            file.put(A, b"%d " % index + random.Random(index).randbytes(2000), 1)
    file.close()


def test_a_flipped_bit_costs_one_request(tmp_path: Path) -> None:
    filled(tmp_path)
    raw = bytearray((tmp_path / NAME).read_bytes())
    place = raw.index(random.Random(100).randbytes(2000)[500:600])
    raw[place] ^= 1
    (tmp_path / NAME).write_bytes(raw)
    file = opened(tmp_path)
    read = bodies(file)
    assert [i for i, body in enumerate(read) if body is None] == [100]
    file.close()


@pytest.mark.parametrize("seed", range(12))
def test_a_damaged_file_never_stops_the_start(tmp_path: Path, seed: int) -> None:
    filled(tmp_path)
    path, chance = tmp_path / NAME, random.Random(seed)
    raw = bytearray(path.read_bytes())
    if seed % 3 == 0:
        raw = raw[: chance.randrange(len(raw))]
    elif seed % 3 == 1:
        begin = chance.randrange(len(raw) - 20_000)
        raw[begin : begin + 20_000] = chance.randbytes(20_000)
    else:
        for _ in range(200):
            raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
    path.write_bytes(raw)
    file = opened(tmp_path)
    good = [body for body in bodies(file) if body is not None]
    assert all(body == b"%d " % (n := int(body.split()[0])) + random.Random(n).randbytes(2000) for body in good)
    if seed % 3 == 1:
        assert len(good) > 100, "most of the file was whole"
    with file.transaction():
        file.put(A, b"new", 1)
    file.close()
    again = opened(tmp_path)
    assert bodies(again)[-1] == b"new"
    again.close()


@pytest.mark.parametrize("content", [b"", b"no database at all" * 1000, b"\0" * 8192])
def test_what_is_no_spool_is_set_aside(tmp_path: Path, content: bytes) -> None:
    (tmp_path / NAME).write_bytes(content)
    file = opened(tmp_path)
    assert file.set_aside == (1 if content else 0)
    file.close()


def test_a_file_of_a_later_version_is_set_aside_whole(tmp_path: Path) -> None:
    filled(tmp_path, 3)
    with sqlite3.connect(tmp_path / NAME) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    file = opened(tmp_path)
    assert file.set_aside == 1
    assert len(bodies(file)) == 3
    file.close()


def test_damage_that_shows_while_running_is_survived(tmp_path: Path) -> None:
    async def test(spool: Spool) -> None:
        await spool.put(A, b"one", 1)
        with open(tmp_path / NAME, "r+b") as raw:
            raw.write(os.urandom(40_000))
        for _ in range(20):
            try:
                await spool.put(A, b"two", 1)
                break
            except Retryable:
                continue
        assert [w.body for w in await spool.oldest(A, 10**6)][-1] == b"two"

    spooling(tmp_path, test)


def test_only_a_few_damaged_files_are_kept(tmp_path: Path) -> None:
    for _ in range(6):
        (tmp_path / NAME).write_bytes(b"no database" * 1000)
        opened(tmp_path).close()
    assert len(list(tmp_path.glob("*.damaged-*[0-9]"))) == 3


# --- the thread -------------------------------------------------------------------------------------------------------


def test_operations_at_the_same_time_share_a_commit_and_all_hold(tmp_path: Path) -> None:
    async def test(spool: Spool) -> None:
        await asyncio.gather(*(spool.put(A, b"%d" % i, 1) for i in range(500)))
        assert spool.held[A].requests == 500

    spooling(tmp_path, test)
    file = opened(tmp_path)
    assert len(bodies(file)) == 500
    file.close()


def test_a_refused_operation_leaves_its_neighbours_alone(tmp_path: Path) -> None:
    async def test(spool: Spool) -> None:
        small, large = os.urandom(500), os.urandom(5000)
        jobs = (spool.put(A, body, 1) for body in (small, large, small))
        got = await asyncio.gather(*jobs, return_exceptions=True)
        assert [isinstance(each, Full) for each in got] == [False, True, False]
        assert spool.held[A].requests == 2

    spooling(tmp_path, test, max_bytes=2000)


def test_half_a_burial_is_none(tmp_path: Path) -> None:
    async def test(spool: Spool) -> None:
        await spool.put(A, os.urandom(1500), 1)
        [waiting] = await spool.oldest(A, 10**6)
        with pytest.raises(Full):
            await spool.bury(A, waiting, [Buried(b"x", 1, "r"), Buried(os.urandom(1500), 1, "r")])
        assert spool.waits(A)
        assert not spool.dead

    spooling(tmp_path, test, max_bytes=2000)


def test_a_full_disk_is_told_and_survived(tmp_path: Path) -> None:
    async def test(spool: Spool) -> None:
        await spool.put(A, b"one", 1)
        await asyncio.wrap_future(spool.opened)
        db = spool._file._db
        assert db
        [[pages]] = await spool._do(lambda: db.execute("PRAGMA page_count").fetchall())
        await spool._do(lambda: db.execute(f"PRAGMA max_page_count = {pages}").fetchall())
        with pytest.raises(Retryable):
            await spool.put(A, os.urandom(100_000), 1)
        await spool._do(lambda: db.execute("PRAGMA max_page_count = 1000000").fetchall())
        await spool.put(A, b"two", 1)
        assert [w.body for w in await spool.oldest(A, 10**6)] == [b"one", b"two"]

    spooling(tmp_path, test)


def test_two_processes_do_not_share_a_directory(tmp_path: Path) -> None:
    async def test(_: Spool) -> None:
        with pytest.raises(BadConfig, match="in use by another"):
            Spool(SpoolFile(tmp_path)).start()

    spooling(tmp_path, test)


def test_a_directory_that_cannot_be_made_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadConfig):
        Spool(SpoolFile(tmp_path / "file" / "spool")).start()
    with pytest.raises(BadConfig, match="No such file"):
        Spool(SpoolFile(tmp_path / "new"), create=False).start()
    assert not (tmp_path / "new").exists()


# --- crashes ----------------------------------------------------------------------------------------------------------

WRITER = """
import asyncio, sys
from pathlib import Path
from otelagent.spool import Spool
from otelagent.spool_file import SpoolFile
from otelagent.traffic import Outlet, Signal
A = Outlet("a", Signal.TRACES)
async def main():
    spool = Spool(SpoolFile(Path(sys.argv[1])))
    spool.start()
    async def write(n):
        await spool.put(A, b"%d" % n, 1)
        print(n, flush=True)
    n = int(sys.argv[2])
    while True:
        await asyncio.gather(*(write(n + i) for i in range(20)))
        n += 20
asyncio.run(main())
"""


def killed(directory: Path, begin: int, after: float) -> list[int]:
    """Numbers that a writer had confirmed when it was killed."""
    command = [sys.executable, "-c", WRITER, str(directory), str(begin)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout
        confirmed = [int(writer.stdout.readline())]
        try:
            writer.wait(after)
        except subprocess.TimeoutExpired:
            writer.kill()
        confirmed += [int(line) for line in writer.stdout if line.endswith("\n")]
    return confirmed


@pytest.mark.parametrize("rounds", [3, pytest.param(30, marks=pytest.mark.slow)])
def test_what_was_confirmed_survives_kill_9(tmp_path: Path, rounds: int) -> None:
    confirmed: list[int] = []
    for each in range(rounds):
        confirmed += killed(tmp_path, each * 1_000_000, random.uniform(0.02, 0.3))
    file = opened(tmp_path)
    stored = [int(body or b"-1") for body in bodies(file)]
    assert set(confirmed) <= set(stored)
    assert len(stored) == len(set(stored))
    file.close()


class Model(RuleBasedStateMachine):
    """The spool against a list, with crashes: what a crash finds uncommitted is gone, the rest is as it was."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp())
        self.limit = 4000
        self.waiting: list[tuple[int, bytes]] = []
        self.dead: list[tuple[int, bytes]] = []

    @initialize()
    def begin(self) -> None:
        self.file = opened(self.directory, max_bytes=self.limit)

    @rule(body=st.binary(max_size=600))
    def put(self, body: bytes) -> None:
        try:
            with self.file.transaction():
                self.waiting.append((self.file.put(A, body, 1), body))
        except Full:
            assert self.file.bytes + len(body) + 50 > self.limit

    @rule(count=st.integers(1, 5))
    def deliver_oldest(self, count: int) -> None:
        gone = self.waiting[:count]
        with self.file.transaction():
            assert self.file.delete(A, [key for key, _ in gone]) == len(gone)
        self.waiting = self.waiting[count:]

    @precondition(lambda self: self.waiting)
    @rule()
    def bury_oldest(self) -> None:
        key, body = self.waiting[0]
        with self.file.transaction():
            self.file.delete(A, [key])
            self.file.bury(A, body, 1, "INVALID_ARGUMENT", 0.0)
        self.waiting = self.waiting[1:]
        self.dead = [(d.id, self.file.dead_body(d.id) or b"") for d in self.file.dead_letters()]
        assert self.dead[-1][1] == body

    @precondition(lambda self: self.dead)
    @rule()
    def revive(self) -> None:
        key, body = self.dead.pop(0)
        with self.file.transaction():
            self.file.revive([key])
        self.waiting.append((self.file.oldest(A, 10**9)[-1].id, body))

    @rule(body=st.binary(max_size=300))
    def crash_before_the_commit(self, body: bytes) -> None:
        self.file._run("BEGIN IMMEDIATE")
        try:
            self.file.put(A, body, 1)
            self.file.delete(A, [key for key, _ in self.waiting])
        except Full:
            pass
        self.crash()

    @rule()
    def crash(self) -> None:
        """The files as they are, without a close: what a kill -9 leaves."""
        copy = Path(tempfile.mkdtemp())
        for path in self.directory.glob(f"{NAME}*"):
            if not path.name.endswith("-shm"):
                shutil.copy(path, copy)
        if self.file._db:
            self.file._db.close()
        shutil.rmtree(self.directory)
        self.directory = copy
        self.file = opened(self.directory, max_bytes=self.limit)
        assert self.file.set_aside == 0

    @rule()
    def reopen(self) -> None:
        self.file.close()
        self.file = opened(self.directory, max_bytes=self.limit)

    @invariant()
    def holds_what_it_should(self) -> None:
        if not hasattr(self, "file"):
            return
        assert [(w.id, w.body) for w in self.file.oldest(A, 10**9)] == self.waiting
        held = self.file.held.get(A)
        assert (held.requests if held else 0) == len(self.waiting)
        assert self.file.bytes <= self.limit

    def teardown(self) -> None:
        self.file.close()
        shutil.rmtree(self.directory, ignore_errors=True)


Model.TestCase.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
TestModel = Model.TestCase


def test_a_waiting_request_knows_its_age(tmp_path: Path) -> None:
    file = opened(tmp_path)
    with file.transaction():
        file.put(A, b"x", 1, stored_at=5.0)
    assert file.oldest(A, 10) == [Waiting(1, 1, 5.0, b"x")]
    file.close()


@pytest.mark.parametrize(
    ("sound", "broken"),
    [
        (b"items INTEGER NOT NULL", b"itens INTEGER NOT NULL"),
        (b"traces", b"traces\xff"[-6:]),
        (b"signal", b"sign\x95l"),
    ],
)
def test_damage_to_names_and_words_never_stops_the_start(tmp_path: Path, sound: bytes, broken: bytes) -> None:
    """Found by `make fuzz`: SQLite then complains in words that are no damage to its binding."""
    outlet, file = Outlet("otlp", Signal.TRACES), SpoolFile(tmp_path)
    file.open()
    with file.transaction():
        file.put(outlet, b"a", 1)
    file.close()
    path = tmp_path / NAME
    whole = path.read_bytes()
    assert sound in whole
    path.write_bytes(whole.replace(sound, broken))
    again = SpoolFile(tmp_path)
    again.open()
    with again.transaction():
        again.put(outlet, b"b", 1)
        assert b"b" in [each.body for each in again.oldest(outlet, 100)]
    again.close()
