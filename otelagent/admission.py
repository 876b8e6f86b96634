"""Who may send: bearer tokens, compared in constant time, read anew when their file changes."""

import hmac
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from otelagent.errors import BadConfig
from otelagent.settings import BearerToken

LOOK: Final = 2.0
"""Seconds between looks at a token's file."""

LONGEST: Final = 64 * 1024


class Admission:
    """Admits everybody unless it has a token."""

    def __init__(self, token: "Token | None" = None) -> None:
        self._token = token

    def admits(self, authorization: str | bytes | None) -> bool:
        """Whether the value of an `authorization` header is the one that is asked for."""
        if self._token is None:
            return True
        given = authorization.encode() if isinstance(authorization, str) else authorization or b""
        return hmac.compare_digest(given, self._token.header().encode())


class Token:
    """One bearer token; `header` is the whole value of the header. The file may change (a projected secret does)."""

    def __init__(self, settings: BearerToken, path: str, clock: Callable[[], float] = time.monotonic) -> None:
        """Raises BadConfig where the file can't be read."""
        self._settings = settings
        self._clock = clock
        self._looked = clock()
        self._stamp: tuple[int, ...] = ()
        self._secret = settings.token.get_secret_value() if settings.token else ""
        if settings.filename and not self._read():
            raise BadConfig(f"{path}.filename: can't be read or is empty")

    def header(self) -> str:
        """`Bearer <token>`, as of now."""
        if self._settings.filename and self._clock() - self._looked >= LOOK:
            self._looked = self._clock()
            self._read()
        return f"{self._settings.scheme} {self._secret}"

    def _read(self) -> bool:
        """A file that vanishes or is empty for a moment leaves the old token in force."""
        path = Path(self._settings.filename or "")
        try:
            found = os.stat(path)
            stamp = (found.st_mtime_ns, found.st_ino, found.st_size)
            if stamp == self._stamp:
                return True
            with path.open("rb") as file:
                secret = file.read(LONGEST).decode().strip()
        except (OSError, UnicodeDecodeError):
            return False
        if not secret:
            return False
        self._secret, self._stamp = secret, stamp
        return True
