"""Which signals a destination fails to take, and the log lines about it."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from otelagent.errors import OtelagentError
from otelagent.traffic import Signal

CALM: Final = 10.0
"""Seconds without a failure after which it is told to be over: a destination that fails now and then is told once."""

REMIND: Final = 600.0
"""Seconds after which a trouble that goes on is told again, with its reason as it is now."""


@dataclass(slots=True)
class _Trouble:
    told: float
    last: float


class Troubles:
    """Of one exporter; owned by the event loop. `meanwhile` says where requests go while it fails."""

    def __init__(self, exporter: str, meanwhile: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.failing: set[Signal] = set()
        """Signals whose last attempt failed."""
        self._log = logging.getLogger("otelagent.destination")
        self._exporter = exporter
        self._meanwhile = meanwhile
        self._clock = clock
        self._open: dict[Signal, _Trouble] = {}

    def note(self, signal: Signal, failing: bool, error: OtelagentError | None = None) -> None:
        """Note how an attempt went."""
        if not failing:
            self.failing.discard(signal)
            return
        self.failing.add(signal)
        now = self._clock()
        trouble = self._open.get(signal)
        if trouble is None or now - trouble.told >= REMIND:
            self._open[signal] = trouble = _Trouble(now, now)
            what = (self._exporter, error or "while draining", signal, self._meanwhile)
            self._log.warning("exporter %s: the destination fails (%s); %s %s", *what)
        trouble.last = now

    def look(self) -> None:
        """Tell what is over; called once a second."""
        now = self._clock()
        for signal, trouble in list(self._open.items()):
            if signal not in self.failing and now - trouble.last >= CALM:
                del self._open[signal]
                self._log.info("exporter %s: the destination takes %s again", self._exporter, signal)
