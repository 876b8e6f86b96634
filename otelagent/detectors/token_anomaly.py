"""A run took far more tokens than runs of its task do."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar, Final, NamedTuple

from otelagent.baselines.learned import TaskKey
from otelagent.baselines.task import Expected, Margins, TaskBaseline, Usage
from otelagent.detectors.detector import Detector, threshold
from otelagent.model import Evidence, Finding, Kind, Layer, Severity, Step
from otelagent.run import AgentRun, Wake
from otelagent.usage import is_task, task_key, usage

FOR_ITS_CALLS: Final = 1.5
"""Times the median that the tokens of a run must be to be judged by its number of model calls."""


class _Verdict(NamedTuple):
    cause: str
    expected: Expected
    what: str


@dataclass(frozen=True)
class TokenAnomaly(Detector):
    """A run of a task took far more tokens, or money, than runs of that task have taken.

    ## What it looks for
    Input and output tokens of a whole run, sub-agents included, against the earlier runs of the same task: the same
    workflow or agent, service and environment, with an input of about the same length. Far is all of: `ratio` times
    the median, `beyond` times the 99th percentile, and `spread` robust standard deviations on a logarithmic scale.
    Tokens are judged as they are, against what a run with as many model calls takes and, where messages are
    recorded, against what a run with as much content takes; the cost as it is, where the instrumentation reports
    it. A run that hasn't ended and has passed the limit already is told at that step.

    ## Why it matters
    Token totals are the first number to move when an agent loops, rereads its context or is fed too much, and
    evaluations on short episodes never see it.

    ## Stays quiet when
    - fewer than 30 runs of the task were seen (it is learning)
    - the task's runs differ that much anyway
    - only the share of the input that was read from a cache changed, or the cost with it
    - the run took few tokens in any case

    ## What to do
    Look at the step named as first divergence: a loop, a result that is far too large, a history that is never cut. Set
    a budget of tokens or turns per task.
    """

    mode: ClassVar[str] = "token_anomaly"
    wakes: ClassVar[frozenset[Wake]] = frozenset({Wake.TURN})
    layer: ClassVar[Layer] = Layer.ORCHESTRATION
    severity: ClassVar[Severity] = Severity.MEDIUM
    causes: ClassVar[tuple[str, ...]] = ("tokens", "cost")
    fix: ClassVar[str] = "Set a budget of tokens or turns for the task, and stop or ask when it is spent."
    concludes: ClassVar[bool] = True

    ratio: float = threshold(default=2.5, help="Times the median of the task's runs.")
    beyond: float = threshold(default=1.25, help="Times their 99th percentile.")
    spread: float = threshold(default=3.0, help="Robust standard deviations above the median, of logarithms.")
    floor: int = threshold(default=1000, help="Tokens below which a run is never far from usual.")

    @cached_property
    def _margins(self) -> Margins:
        return Margins(self.ratio, self.beyond, self.spread)

    def observe(self, step: Step, run: AgentRun) -> Iterator[Finding]:
        """The early warning: the run's own tokens have passed what whole runs take."""
        spent = run.spent.tokens
        if spent < self.floor or step.kind is not Kind.LLM or run.ended is not None or not run.trace.normal.tasks:
            return
        known = run.notes.get(self.mode)
        if known is None:
            known = run.notes[self.mode] = self._baseline(run)
        if known is not None and (expected := known.exceeded(spent, self._margins)) is not None:
            verdict = _Verdict("tokens", expected, "has taken, and goes on")
            yield self._found(run, step, Usage(tokens=spent), verdict, known)

    def conclude(self, run: AgentRun) -> Iterator[Finding]:
        normal = run.trace.normal
        if run.ended is None or not normal.tasks or (key := task_key(run)) is None:
            return
        own = normal.task(key)
        known = own or normal.all_inputs(key)
        if own is None:
            self._learning(run, run.ended, key)
        if known is None or (used := usage(run)).tokens < self.floor:
            return
        verdict = self.judged(used, known) if own is not None else self.by_content(used, known)
        if verdict is not None and is_task(run):
            yield self._found(run, run.ended, used, verdict, known)

    def by_content(self, used: Usage, known: TaskBaseline) -> _Verdict | None:
        """The same by the content that it shows alone: of a run with longer inputs than the known ones have."""
        far = known.exceeded_for_content(used.shown, used.tokens, self._margins) if self._many(used, known) else None
        return None if far is None else _Verdict("tokens", far, "took, with as much recorded content as it has,")

    def _many(self, used: Usage, known: TaskBaseline) -> bool:
        return used.tokens > FOR_ITS_CALLS * known.expected(self._margins).usual

    def _baseline(self, run: AgentRun) -> TaskBaseline | None:
        key = task_key(run)
        return None if key is None else run.trace.normal.task(key)

    def _learning(self, run: AgentRun, step: Step, key: TaskKey) -> None:
        known = run.trace.normal.tasks.get(key)
        if known is not None and is_task(run):
            run.dismiss(self.mode, step, f"learning: {known.runs} of {run.trace.normal.limits.least_runs} runs")

    def judged(self, used: Usage, known: TaskBaseline) -> _Verdict | None:
        """Why a run that took this much is far from what is known of its task; None where it isn't."""
        common = known.expected(self._margins)
        if used.cost is None and used.tokens <= min(common.limit, FOR_ITS_CALLS * common.usual):
            return None
        if (far := known.exceeded(used.tokens, self._margins)) is not None:
            return _Verdict("tokens", far, "took")
        many = self._many(used, known)
        if many and (far := known.exceeded_for(used.llm_calls, used.tokens, self._margins)) is not None:
            return _Verdict("tokens", far, f"took, with {used.llm_calls} model calls,")
        if (verdict := self.by_content(used, known)) is not None:
            return verdict
        far = known.exceeded_cost(used.cost, self._margins) if used.cost is not None else None
        cold = far is not None and used.cached < 0.5 * known.cached.quantile(0.5)
        return _Verdict("cost", far, "cost") if far is not None and not cold else None

    def _found(self, run: AgentRun, about: Step, used: Usage, verdict: _Verdict, known: TaskBaseline) -> Finding:
        observed = used.cost or 0.0 if verdict.cause == "cost" else float(used.tokens)
        unit = "dollars" if verdict.cause == "cost" else "tokens"
        first = next((s for s in run.steps if s.kind is Kind.LLM), about)
        usually = (
            f"{_number(verdict.expected.usual)} are usual, 99 of 100 runs stay under {_number(verdict.expected.p99)}"
        )
        times = observed / max(verdict.expected.usual, 1e-9)
        found = self.finding(
            run,
            about=about,
            root=first,
            cause=verdict.cause,
            strength=min(0.6 + 0.05 * times, 0.95),
            reason=f"the run {verdict.what} {_number(observed)} {unit} where {usually}",
            evidence=[Evidence(about.span_id, "tokens", f"{times:.1f} times the usual, of {known.runs} runs")],
            first_divergence=_crossing(run, known, self._margins) or first,
            extra={
                f"otelagent.task.{unit}.observed": observed,
                f"otelagent.task.{unit}.expected": round(verdict.expected.usual, 4),
                "otelagent.task.quantile": round(known.quantile_of(used.tokens), 4),
            },
        )
        return replace(found, wasted_tokens=max(used.tokens - round(known.expected(self._margins).usual), 0))


def _crossing(run: AgentRun, known: TaskBaseline, margins: Margins) -> Step | None:
    """The model call with which the run passed what 99 of 100 runs take."""
    spent, p99 = 0, known.expected(margins).p99
    for step in run.steps:
        spent += _tokens(step) if step.kind is Kind.LLM else 0
        if spent > p99:
            return step
    return None


def _tokens(step: Step) -> int:
    return (step.input_tokens or 0) + (step.output_tokens or 0)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
