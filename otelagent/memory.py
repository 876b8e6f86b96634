"""Back-pressure: how much memory there is, how much is used, and when to refuse.

Above the soft mark (limit less spike) compiled patterns are let go, and where that isn't enough live traces and
conversations; if that doesn't help by the next look, requests are refused, retryably, until use is below the mark
again. Above the limit they are refused at once.
"""

import contextlib
import ctypes
import gc
import logging
import mmap
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from otelagent.errors import Retryable
from otelagent.settings import MemoryLimiter

MIB: Final = 1024 * 1024
CGROUP: Final = Path("/sys/fs/cgroup")
DELAY: Final = 2.0

SELDOM: Final = 15
"""Looks from one time that patterns are let go to the next: all that are in use are compiled again, which takes a
second of CPU."""

RARELY: Final = (100_000, 50, 100)
"""Thresholds of Python's garbage collector. What a trace holds lives for seconds to minutes and is freed by counting
references (`Trace.dissolve`): looking at it in between took 8 of 100 microseconds of CPU a span."""

log = logging.getLogger(__name__)


def available(root: Path = CGROUP) -> int | None:
    """Bytes that this process may use: its cgroup's limit (v2, or v1), else the machine's memory; None if unknown."""
    limits = [_number(path) for path in (*_own(root), root / "memory.max", root / "memory/memory.limit_in_bytes")]
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min((n for n in (*limits, machine) if n), default=None)


def give_back() -> None:
    """Have the C library return what it holds and nobody uses; does nothing where it can't."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def forget_start(own: Path = Path("/proc/self/smaps")) -> None:
    """Have the kernel take back the pages of libraries and data files that only the start has read: a third of what is
    resident then. What is needed again is mapped again from the page cache, without a copy; what was written to in
    memory stays. Does nothing where it can't."""
    with contextlib.suppress(OSError, AttributeError, ValueError):
        with own.open(encoding="ascii", errors="replace") as lines:
            clean = [*_clean(lines)]
        advise = ctypes.CDLL(None).madvise
        advise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
        for start, end in clean:
            advise(start, end - start, mmap.MADV_DONTNEED)


def _clean(lines: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Addresses of mappings that are as in their file, and stay so: private, not writable, no page of their own."""
    addresses = ""
    for line in lines:
        first, _, rest = line.partition(" ")
        if not first.endswith(":"):
            access, _, _, inode = rest.split(maxsplit=4)[:4]
            addresses = first if access[1] == "-" and access[3] == "p" and inode != "0" else ""
        elif first == "Anonymous:" and addresses and rest.split()[0] == "0":
            start, _, end = addresses.partition("-")
            yield int(start, 16), int(end, 16)


def _own(root: Path) -> list[Path]:
    """The limit of the own cgroup and of those above it, where the hierarchy is visible."""
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="ascii").splitlines()
    except OSError:
        return []
    name = next((line.removeprefix("0::/") for line in lines if line.startswith("0::/")), "")
    parts = [part for part in name.split("/") if part not in ("", "..")]
    return [root.joinpath(*parts[: depth + 1], "memory.max") for depth in range(len(parts))]


def _number(path: Path) -> int | None:
    try:
        text = path.read_text(encoding="ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdigit() and int(text) < 1 << 60 else None


def used() -> int:
    """Resident bytes of this process."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


class MemoryGuard:
    """Owned by the service's tick. `shrink` gives live traces up and tells how many, `forget` lets go what can be made
    again."""

    def __init__(
        self,
        settings: MemoryLimiter,
        shrink: Callable[[], int],
        forget: Callable[[], None],
        *,
        total: int | None = None,
        measure: Callable[[], int] = used,
    ) -> None:
        total = total or available() or 0
        self.limit = settings.limit_mib * MIB if settings.limit_mib else total * settings.limit_percentage // 100
        percentage = self.limit // 5 if settings.limit_mib else total * settings.spike_limit_percentage // 100
        spike = settings.spike_limit_mib * MIB if settings.spike_limit_mib else percentage
        self.soft = max(self.limit - spike, self.limit // 2)
        self.refusing = False
        self._shrink = shrink
        self._forget = forget
        self._seldom = 0
        """Looks until `forget` may be asked again."""
        self._measure = measure
        self._shrunk = False

    def check(self) -> None:
        """Raises Retryable while memory is short."""
        if self.refusing:
            raise Retryable("memory is short", DELAY)

    def look(self) -> None:
        """Measure and decide; call once every `check_interval`."""
        if not self.limit:
            return
        before = self._measure()
        self._seldom -= 1
        if before > self.soft and self._seldom < 0:
            self._seldom = SELDOM
            self._forget()
            give_back()
            before = self._measure()
        if before > self.soft:
            given_up = self._shrink()
            gc.collect()
            give_back()
            after = self._measure()
            if given_up and not self._shrunk:
                log.warning("memory is short: %d live traces were closed", given_up)
            refusing = after > self.limit or (self._shrunk and after > self.soft)
            self._shrunk = True
        else:
            refusing = self._shrunk = False
        if refusing != self.refusing:
            log.warning("memory: %s", "requests are refused" if refusing else "requests are taken again")
        self.refusing = refusing
