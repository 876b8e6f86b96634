"""Lines for a stream of this process, written by a thread: whoever doesn't read them holds up nobody."""

import contextlib
import os
import select
import threading
from collections import deque
from typing import Final

CAPACITY: Final = 1024 * 1024
"""Bytes that may wait for the reader of a stream; a line that doesn't fit is dropped and counted."""


class Writer:
    """Owns a file descriptor's lines. `put` may be called in any thread and never waits for the reader."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lines: deque[bytes] = deque()
        self._size = 0
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self.dropped = 0
        """Lines that found no room, or no reader."""

    def put(self, line: str) -> None:
        """Have a line written, without its end."""
        data = f"{line}\n".encode(errors="backslashreplace")
        with self._changed:
            if self._size + len(data) > CAPACITY:
                self.dropped += 1
                return
            self._lines.append(data)
            self._size += len(data)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=f"lines-{self._descriptor}", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def flush(self, seconds: float) -> None:
        """Wait until all is written, but no longer: the process is about to end."""
        with self._changed:
            self._changed.wait_for(lambda: not self._size, seconds)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._lines)
                data = self._lines.popleft()
            written = self._written(data)
            with self._changed:
                self._size -= len(data)
                self.dropped += not written
                self._changed.notify_all()

    def _written(self, data: bytes) -> bool:
        """Past Python's own buffers, whose locks a thread that waits here would hold when the process ends."""
        while data:
            try:
                data = data[os.write(self._descriptor, data) :]
            except BlockingIOError:
                with contextlib.suppress(OSError, ValueError):
                    select.select((), (self._descriptor,), ())
            except OSError:
                return False
        return True


STDOUT: Final = Writer(1)
STDERR: Final = Writer(2)
