"""What one bad source made an agent invent is repeated by others."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from otelagent.answers import said
from otelagent.detectors.detector import Detector, threshold
from otelagent.model import Evidence, Finding, Layer, Need, Severity, Step
from otelagent.run import SOURCES, AgentRun, Wake

ABOUT_SOURCES: Final = frozenset(
    {"empty_result_fabrication", "rate_limit_mid_chain", "tool_error_ignored", "schema_drift", "auth_misread"}
)
"""Modes whose root is a source."""

MOST: Final = 64
"""Affected agents that are listed."""


@dataclass(frozen=True)
class Cascade(Detector):
    """One bad source reached several agents: what one invented after it stands in the answers of others.

    ## What it looks for
    A finding about a bad source (empty, cut short, failed) whose agent stated specifics that nothing grounds, and two
    or more other agents of the trace that end later and state the same specifics. The source is named once, as the
    root; the agents that took its consequences over are listed.

    ## Why it matters
    Each agent further down looks like a failure of its own; only the first one is.

    ## Stays quiet when
    - fewer agents than `agents` repeat what was invented
    - the answers mention that data is missing

    ## What to do
    Fix the source that is named as the root; put a check between agents, so that what one hands on says what it rests
    on.
    """

    mode: ClassVar[str] = "cascade"
    wakes: ClassVar[frozenset[Wake]] = frozenset({Wake.DECISION})
    layer: ClassVar[Layer] = Layer.ORCHESTRATION
    severity: ClassVar[Severity] = Severity.HIGH
    causes: ClassVar[tuple[str, ...]] = ("spread",)
    needs: ClassVar[tuple[Need, ...]] = (Need.RESULT, Need.COMPLETION)
    fix: ClassVar[str] = (
        "Fix the source at the root; check between agents what their results rest on before others build on them."
    )
    concludes: ClassVar[bool] = True

    agents: int = threshold(default=2, help="Other agents that must repeat what was invented.")

    def observe(self, step: Step, run: AgentRun) -> Iterator[Finding]:
        """Nothing yet; keep what was invented, since the trace is given it as soon as it is handed on."""
        for decision in run.decisions:
            if decision.ungrounded:
                keys = frozenset(key for claim in decision.ungrounded for key in claim.keys)
                run.notes.setdefault(self.mode, {})[decision.source.span_id] = keys
        yield from ()

    def conclude(self, run: AgentRun) -> Iterator[Finding]:
        if not run.findings:
            return
        for finding in [f for f in run.findings.values() if f.mode in ABOUT_SOURCES and not f.raised]:
            source = next((s for s in run.steps if s.kind in SOURCES and s.span_id == finding.root), None)
            consumer = next((s for s in run.steps if s.span_id == finding.about), None)
            if source is None or consumer is None:
                continue
            invented = run.notes.get(self.mode, {}).get(source.span_id, frozenset())
            affected = [(r, s) for r in run.trace.others(run) if (s := _repeats(r, invented, consumer)) is not None]
            if len({r.agent or r.key for r, _ in affected}) >= self.agents:
                yield self._found(run, source, consumer, affected[:MOST])
            else:
                run.dismiss(self.mode, consumer, f"fewer than {self.agents} other agents repeat what was invented")

    def _found(self, run: AgentRun, source: Step, consumer: Step, affected: Sequence[tuple[AgentRun, Step]]) -> Finding:
        names = list(dict.fromkeys(r.agent or "an agent" for r, _ in affected))
        found = self.finding(
            run,
            about=consumer,
            root=source,
            cause="spread",
            strength=0.7,
            reason=f"what {run.agent or 'an agent'} stated after {source.tool or 'a source'} failed it is repeated by "
            f"{len(names)} other agents: {', '.join(names)}",
            evidence=[
                Evidence(source.span_id, source.call.outcome.path if source.call else "", "the source that failed"),
                Evidence(consumer.span_id, "completion", "specifics that nothing grounds"),
                *(Evidence(s.span_id, "completion", f"{r.agent or 'an agent'} repeats them") for r, s in affected),
            ],
            consequences=[f"{r.agent or 'agent'} {s.span_id.hex()}" for r, s in affected],
        )
        return replace(found, wasted_tokens=0)


def _repeats(run: AgentRun, invented: frozenset[int], consumer: Step) -> Step | None:
    """The answer in which this run states what was invented, without a word about what is missing."""
    answer = said(run)
    if run.ended is None or answer is None or answer.turn is None or answer.end < consumer.end:
        return None
    if not any(key in invented for claim in answer.turn.claims for key in claim.keys) or answer.turn.admission.any:
        return None
    return answer
