"""Writes the history that `report` reads: an ear that collects what closed traces tell, saved once in a while."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from otelagent import canary
from otelagent.ear import Ear
from otelagent.history import HOUR, History, HistoryUnusable, Settled, Told
from otelagent.model import Finding
from otelagent.run import AgentRun
from otelagent.success import Counts
from otelagent.trace import Closed, Trace

EVERY: Final = 10.0
"""Seconds between two writes."""
MAX_WAITING: Final = 10_000
"""Findings that wait to be written; beyond that the oldest are let go, and that is logged once."""

log = logging.getLogger(__name__)


class Chronicle(Ear):
    """Owned by the pipeline's task, but for the writing: a thread that runs while the task waits for it."""

    def __init__(self, open_history: Callable[[], History], *, max_age: float, clock: Callable[[], float]) -> None:
        self._open = open_history
        self._max_age = max_age
        self._clock = clock
        self._told: list[Told] = []
        self._settled: dict[tuple[int, str, str], Settled] = {}
        self._written = 0.0
        self._troubled = False

    async def tick(self, now: float) -> None:
        """Once a second."""
        if now - self._written >= EVERY and (self._told or self._settled):
            await self.write(now)

    async def write(self, now: float) -> None:
        """Write what waits; what can't be written is let go, and that is logged once."""
        told, self._told = self._told, []
        settled, self._settled = self._settled, {}
        self._written = now
        if not told and not settled:
            return
        try:
            await asyncio.to_thread(self._write, told, list(settled.values()), now)
        except HistoryUnusable as error:
            self._trouble(f"no history is kept: {error}")

    def _write(self, told: list[Told], settled: list[Settled], now: float) -> None:
        history = self._open()
        try:
            history.add(told, settled, oldest=now - self._max_age)
        finally:
            history.close()

    # --- what the fold tells ----------------------------------------------------------------------------------------

    def closed(self, trace: Trace, reason: Closed) -> None:
        if not trace.runs or trace.service == canary.AGENT:
            return
        now = self._clock()
        for run in trace.runs.values():
            self._told += [_told(f, run, trace, now) for f in run.findings.values() if not f.raised]
        if len(self._told) > MAX_WAITING:
            del self._told[: len(self._told) - MAX_WAITING]
            self._trouble("findings come faster than the history can be written; some are not in reports")

    def settled(self, trace: Trace, made: Counts) -> None:
        key = int(self._clock() // HOUR), trace.service, trace.workflow or ""
        known = self._settled.setdefault(key, Settled(*key, Counts()))
        known.counts.add(made)
        for run in trace.runs.values():
            known.tokens += run.tokens
            known.cost += sum(step.cost or 0.0 for step in run.steps)

    def _trouble(self, why: str) -> None:
        if not self._troubled:
            self._troubled = True
            log.warning("%s", why)


def _told(finding: Finding, run: AgentRun, trace: Trace, now: float) -> Told:
    return Told(
        finding.trace_id,
        finding.root,
        now,
        finding.mode,
        finding.cause,
        str(finding.layer),
        str(finding.severity),
        run.agent or finding.agent,
        finding.tool,
        trace.workflow,
        trace.service,
        finding.reason,
        finding.wasted_tokens,
    )
