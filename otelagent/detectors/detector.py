"""What a detector is: a frozen dataclass whose docstring is its page and whose fields are its thresholds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from otelagent.detectors.calibration import calibrated
from otelagent.model import Evidence, Finding, Layer, Need, Severity, Status, Step
from otelagent.run import AgentRun, Wake


def threshold(default: Any, help: str) -> Any:  # noqa: A002 - the word that a reader of a threshold expects
    """A field of a detector that operators can set; the only place of its number."""
    return field(default=default, metadata={"help": help})


@dataclass(frozen=True)
class Detector:
    """Base of all detectors. Subclasses are frozen dataclasses and implement `observe`.

    `observe` sees the next step (by end time) of those that it `wakes` for, and the run so far; the step is the last
    of `run.steps` already. It yields a finding whenever what it sees amounts to one; the same identity yielded again is
    an update. It must not keep state of its own: `run.notes[self.mode]` is its working state, and begins anew when a
    run is folded again. While a trace rests its notes are pickled with its steps, so they hold steps and values and no
    `id` of an object; a trace whose notes can't be pickled never rests.
    """

    mode: ClassVar[str]
    layer: ClassVar[Layer]
    severity: ClassVar[Severity]
    causes: ClassVar[tuple[str, ...]]
    fix: ClassVar[str]
    """One sentence: what to change so that it doesn't happen again."""
    alert: ClassVar[str] = ""
    """Name of the Prometheus alert; empty derives it from the mode."""
    on: ClassVar[bool] = True
    """False: only where the configuration names it."""
    needs: ClassVar[tuple[Need, ...]] = ()
    """What steps must show for it to judge a run."""
    wakes: ClassVar[frozenset[Wake]] = frozenset(Wake)
    """The steps that `observe` is called for; calls are what costs, so ask for no more than it looks at."""
    concludes: ClassVar[bool] = False
    """It implements `conclude`."""
    shares: ClassVar[bool] = False
    """It leaves notes of runs (`LASTING`) for those of other traces of one conversation."""

    min_confidence: float = threshold(default=0.5, help="Findings below this confidence are not told.")

    def observe(self, step: Step, run: AgentRun) -> Iterator[Finding]:
        """Findings that the step completes."""
        raise NotImplementedError

    def conclude(self, run: AgentRun) -> Iterator[Finding]:
        """All findings of this mode that the tree of agents shows about a run that has ended.

        Called after the steps of a request were observed, children first, and again when the run's surroundings
        change: an ancestor or sibling ends, a late span comes, the trace settles. What isn't given again is withdrawn.
        """
        raise NotImplementedError

    def finding(
        self,
        run: AgentRun,
        about: Step,
        root: Step,
        *,
        cause: str,
        strength: float,
        reason: str,
        evidence: Sequence[Evidence],
        severity: Severity | None = None,
        layer: Layer | None = None,
        first_divergence: Step | None = None,
        consequences: Sequence[str] = (),
        extra: dict[str, int | float | str | list[str]] | None = None,
        partial_view: bool = False,
    ) -> Finding:
        """A finding of this mode with what the run knows filled in.

        `strength`, 0 to 1, rates the evidence; the confidence is the share of such findings that were right where it
        was measured. Where no severity is given it is the mode's, and a step less where the evidence is weak.
        """
        diverged = first_divergence or root
        good = run.last_good(diverged)
        return Finding(
            mode=self.mode,
            cause=cause,
            layer=layer or self.layer,
            severity=severity or graded(self.severity, strength),
            confidence=round(calibrated(self.mode, strength), 2),
            trace_id=about.trace_id,
            about=about.span_id,
            root=root.span_id,
            reason=reason,
            fix=self.fix,
            evidence=tuple(evidence),
            first_divergence=diverged.span_id,
            last_good=good.span_id if good else None,
            agent=run.agent or about.agent,
            tool=root.tool,
            workflow=run.workflow,
            consequences=tuple(consequences),
            wasted_tokens=run.tokens_after(root),
            partial_view=partial_view or run.partial_view,
            extra=extra or {},
        )


WEAK: Final = 0.6
"""Strength of evidence below which a finding is a step less severe than its mode."""


def graded(severity: Severity, strength: float) -> Severity:
    """The severity of a mode's finding with evidence of this strength."""
    grades = list(Severity)
    place = grades.index(severity)
    return grades[max(0, place - 1)] if strength < WEAK else severity


def evidence_of(source: Step, why: str) -> Evidence:
    """Evidence on a source: the path that decided its outcome."""
    return Evidence(source.span_id, source.call.outcome.path if source.call else "", why)


def unfounded(count: int) -> str:
    """How many statements of an answer have no grounds, in words."""
    return f"{count} specific {'claim' if count == 1 else 'claims'} found in nothing that the agent was given"


PHRASES: dict[Status, str] = {
    Status.EMPTY: "returned nothing",
    Status.PARTIAL: "returned part of its result",
    Status.RATE_LIMITED: "was rate limited",
    Status.TIMEOUT: "timed out",
    Status.DENIED: "was denied access",
    Status.ERROR: "failed",
    Status.NONCONFORMING: "returned a result of another shape than usual",
}
"""How a bad outcome reads in a sentence that begins with the tool's name."""
