"""Lines for somebody who may not read them."""

import os
from collections.abc import Iterator

import pytest

from otelagent.writer import CAPACITY, Writer


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reader, end = os.pipe()
    yield reader, end
    for each in (reader, end):
        try:
            os.close(each)
        except OSError:
            continue


def read(descriptor: int, size: int) -> bytes:
    found = b""
    while len(found) < size:
        found += os.read(descriptor, size - len(found))
    return found


def test_lines_come_whole_and_in_order(pipe: tuple[int, int]) -> None:
    reader, end = pipe
    writer = Writer(end)
    wanted = [f"line {n} \udcff" for n in range(1000)]
    for line in wanted:
        writer.put(line)
    expected = "".join(f"{line}\n" for line in wanted).encode(errors="backslashreplace")
    assert read(reader, len(expected)) == expected
    assert writer.dropped == 0


@pytest.mark.parametrize("blocking", [True, False])
def test_nobody_waits_for_a_reader_that_does_not_read(pipe: tuple[int, int], blocking: bool) -> None:
    reader, end = pipe
    os.set_blocking(end, blocking)
    writer, lines = Writer(end), 3 * CAPACITY // 1000
    for _ in range(lines):
        writer.put("x" * 999)
    writer.flush(0.05)
    assert lines - CAPACITY // 1000 - 100 < writer.dropped < lines
    kept = lines - writer.dropped
    assert set(read(reader, kept * 1000).split(b"\n")) == {b"x" * 999, b""}
    writer.put("again")
    assert read(reader, 6) == b"again\n"
    writer.flush(10)


def test_a_reader_that_has_gone_costs_the_lines_and_is_counted(pipe: tuple[int, int]) -> None:
    reader, end = pipe
    os.close(reader)
    writer = Writer(end)
    for _ in range(3):
        writer.put("x")
    writer.flush(10)
    assert writer.dropped == 3
