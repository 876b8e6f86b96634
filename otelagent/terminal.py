"""Findings as lines on the terminal, for a sidecar that has nowhere to send."""

from collections.abc import Callable
from typing import Final

from otelagent.ear import Ear
from otelagent.model import Finding
from otelagent.run import AgentRun
from otelagent.trace import Trace
from otelagent.writer import STDOUT

LONGEST_NAME: Final = 64


class Terminal(Ear):
    """An ear of the pipeline that tells findings, and each of them once."""

    def __init__(self, put: Callable[[str], None] = STDOUT.put) -> None:
        self._put = put

    def found(self, finding: Finding, run: AgentRun, trace: Trace, first: bool) -> None:
        if not first or finding.raised:
            return
        where = f"trace {finding.trace_id.hex()} span {finding.about.hex()}"
        agent = f" agent {_name(finding.agent)}" if finding.agent else ""
        self._put(f"{finding.mode} ({finding.cause}, {finding.severity}){agent}: {finding.reason} [{where}]")

    def withdrawn(self, finding: Finding, trace: Trace) -> None:
        if not finding.raised:
            where = f"trace {finding.trace_id.hex()} span {finding.about.hex()}"
            self._put(f"{finding.mode} taken back: what came later shows otherwise [{where}]")


def _name(name: str) -> str:
    """Names come from spans: without control characters, and short."""
    return "".join(c if c.isprintable() else "?" for c in name[:LONGEST_NAME])
