"""Exceptions that operators make: a detector muted or tuned for a service, an agent or a tool, for a while."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from otelagent.detectors.detector import Detector
from otelagent.model import Finding, Step
from otelagent.run import UNSURE, AgentRun, Observer

MUTED: Final = "muted by the configuration"
"""Why a finding wasn't told; the tally counts it."""


@dataclass(frozen=True)
class Exemption:
    """One exemption. Patterns with `*`; None matches all. `detector` is None where the mode is muted."""

    detector: Detector | None
    service: str | None = None
    agent: str | None = None
    tool: str | None = None
    until: datetime.date | None = None

    def holds(self, run: AgentRun, tool: str | None, agent: str | None) -> bool:
        """Whether it is for this run (and tool), on the day of its last step."""
        return (
            _fits(self.service, run.trace.service)
            and _fits(self.agent, run.agent or agent)
            and _fits(self.tool, tool)
            and (self.until is None or _day(run) <= self.until)
        )


class Exempted:
    """A detector with its exemptions; to a run it is a detector like any other. The first exemption that holds counts.

    An agent's name may come with its last span only: until then an exemption for that agent doesn't hold.
    """

    def __init__(self, detector: Detector, exemptions: Sequence[Exemption]) -> None:
        self._detector = detector
        self._exemptions = tuple(exemptions)
        self.mode = detector.mode
        self.concludes = detector.concludes
        self.shares = detector.shares
        self.wakes = detector.wakes
        self.min_confidence = 0.0
        """The one of the detector that is chosen counts."""

    def observe(self, step: Step, run: AgentRun) -> Iterator[Finding]:
        """As the detector that is chosen for this run."""
        chosen = self._chosen(run)
        return self._let_through(chosen.observe(step, run), run, chosen.min_confidence)

    def conclude(self, run: AgentRun) -> Iterator[Finding]:
        """As the detector that is chosen for this run."""
        chosen = self._chosen(run)
        return self._let_through(chosen.conclude(run), run, chosen.min_confidence)

    def _chosen(self, run: AgentRun) -> Detector:
        """Tuning is by service and agent; one for a tool only mutes."""
        for exemption in self._exemptions:
            if exemption.detector is not None and exemption.holds(run, None, None):
                return exemption.detector
        return self._detector

    def _let_through(self, findings: Iterator[Finding], run: AgentRun, floor: float) -> Iterator[Finding]:
        for finding in findings:
            if finding.confidence < floor:
                run.dismiss(self.mode, run.steps[-1], UNSURE)
                continue
            mute = any(e.detector is None and e.holds(run, finding.tool, finding.agent) for e in self._exemptions)
            if not mute:
                yield finding
            elif finding.identity not in run.muted:
                run.muted |= {finding.identity}
                run.dismiss(self.mode, run.steps[-1], MUTED)


def exempted(detectors: Sequence[Detector], exemptions: Sequence[tuple[str, Exemption]]) -> tuple[Observer, ...]:
    """Detectors with the exemptions (mode and exemption) that concern them."""
    own = {d.mode: [e for mode, e in exemptions if mode == d.mode] for d in detectors}
    return tuple(Exempted(d, own[d.mode]) if own[d.mode] else d for d in detectors)


def _fits(pattern: str | None, name: str | None) -> bool:
    return pattern is None or (name is not None and fnmatchcase(name, pattern))


def _day(run: AgentRun) -> datetime.date:
    return datetime.datetime.fromtimestamp(run.steps[-1].end / 1e9, datetime.UTC).date()
