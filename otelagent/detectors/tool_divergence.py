"""A tool's results have come away from those of its staging profile."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from otelagent.detectors.detector import Detector
from otelagent.model import Evidence, Finding, Layer, Need, Severity, Step
from otelagent.run import SOURCES, AgentRun, Wake


@dataclass(frozen=True)
class ToolDivergence(Detector):
    """Over many calls a tool returns something else in production than in staging, where the agent was tested.

    ## What it looks for
    A tool whose recent calls differ from the staging profile (`baselines.staging` of the configuration) by more than
    chance, and by enough to matter, in two looks in a row: how often it is empty, denied, limited or fails, how large
    its results are, how long it takes, which members they have and of which types. The finding is told once, at the
    first run that ends afterwards, and again only after the tool had come back. `otelagent_tool_divergence` is the
    distance at all times.

    ## Why it matters
    Staging relaxes rate limits, simplifies schemas and mocks authentication. An agent that passes every evaluation
    there fails silently against the real tool. The tool changed, not the model.

    ## Stays quiet when
    - no staging profile is given, or it has too few calls of the tool
    - fewer than 50 recent calls were seen
    - the difference is within chance, or too small to matter

    ## What to do
    Run `otelagent compare --baseline staging.json --candidate prod.json` for all that changed, with effect sizes; then
    make staging return what production does, and test the agent against it.
    """

    mode: ClassVar[str] = "tool_divergence"
    wakes: ClassVar[frozenset[Wake]] = frozenset()
    layer: ClassVar[Layer] = Layer.TOOL
    severity: ClassVar[Severity] = Severity.MEDIUM
    causes: ClassVar[tuple[str, ...]] = ("diverged",)
    needs: ClassVar[tuple[Need, ...]] = (Need.RESULT,)
    fix: ClassVar[str] = "Make staging return what production does, and test the agent against that."
    concludes: ClassVar[bool] = True

    def observe(self, step: Step, run: AgentRun) -> Iterator[Finding]:
        yield from ()

    def conclude(self, run: AgentRun) -> Iterator[Finding]:
        divergence = run.trace.normal.divergence
        if not divergence.states:
            return
        calls: dict[tuple[str, str], list[Step]] = defaultdict(list)
        for step in run.steps:
            if step.kind in SOURCES and step.tool:
                calls[step.environment, step.tool].append(step)
        for key, steps in calls.items():
            news = divergence.news(key, [(s.trace_id, s.span_id) for s in steps])
            if news is not None:
                state, span_id = news
                at = next(s for s in steps if s.span_id == span_id)
                yield self._found(run, at, state.distance, state.respects)

    def _found(self, run: AgentRun, at: Step, distance: float, respects: tuple[str, ...]) -> Finding:
        what = "; ".join(respects) or "its results differ"
        found = self.finding(
            run,
            about=at,
            root=at,
            cause="diverged",
            strength=0.9,
            reason=f"{at.tool} differs from its staging profile: {what}",
            evidence=[Evidence(at.span_id, "", "the first call after it had diverged")],
            extra={"otelagent.tool.divergence": round(distance, 4)},
        )
        return replace(found, wasted_tokens=0)  # nothing says that this run went wrong
