"""A detector that raises: its judgement is missing, which is counted and logged once, and nothing else is held up."""

from collections.abc import Iterator

import pytest

from otelagent.detectors.reasoning_loop import ReasoningLoop
from otelagent.diagnosis.scan import Report
from otelagent.metrics import Metrics
from otelagent.model import Finding, Layer, Step
from otelagent.pipeline import Pipeline
from otelagent.run import AgentRun
from otelagent.tally import Tally
from tests import builders

SECRET = "the patient is Ada"
BOTH = {
    "user": "How many?",
    "steps": [{"tool": "search", "arguments": {"q": "x"}, "result": []}] * 3 + [{"say": "There are 4,120 of them."}],
}


def broken(self: ReasoningLoop, step: Step, run: AgentRun) -> Iterator[Finding]:
    raise ValueError(SECRET)


def test_detector_that_raises_is_counted_logged_once_and_holds_up_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(ReasoningLoop, "observe", broken)
    metrics, report = Metrics({"reasoning_loop": Layer.ORCHESTRATION}), Report()
    pipeline = Pipeline(None, (Tally(metrics), report))
    spans = builders.spans(BOTH)
    for now, span in enumerate(spans, 1):
        assert pipeline.traces(builders.request([span]), float(now)).spans == 1
    pipeline.settle(99.0)
    assert [f.mode for f in report.findings.values()] == ["empty_result_fabrication"]
    assert any("raised an exception" in d.why for d in report.dismissals if d.mode == "reasoning_loop")
    metrics.exposition()
    counted = metrics.exposition()[0].decode()
    assert 'otelagent_detector_errors_total{mode="reasoning_loop"} ' in counted
    assert len([r for r in caplog.records if "reasoning_loop raised ValueError" in r.message]) == 1
    assert SECRET not in caplog.text
