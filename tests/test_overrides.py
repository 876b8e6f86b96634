"""What operators mute or tune, for whom and for how long; the muted is counted."""

from typing import Any

import pytest

from otelagent import assembly
from otelagent.detectors import mistakes
from otelagent.detectors.detector import graded
from otelagent.diagnosis.scan import Report, scan
from otelagent.metrics import Metrics
from otelagent.model import Layer, Severity
from otelagent.pipeline import Pipeline, Settings
from otelagent.settings import AgentFailures
from otelagent.tally import Tally
from tests import builders

LOOP: dict[str, Any] = {
    "user": "Find it.",
    "steps": [{"tool": "search", "arguments": {"q": "pump"}, "result": {"hits": [{"t": "x"}]}}] * 4
    + [{"say": "I could not find it."}],
}


def findings(overrides: list[dict[str, Any]], service: str = "shop") -> tuple[list[str], str]:
    settings = AgentFailures.model_validate({"overrides": overrides})
    metrics = Metrics({"reasoning_loop": Layer.ORCHESTRATION})
    pipeline = Pipeline(assembly.pipeline_settings(settings), (Tally(metrics),))
    pipeline.traces(builders.request(builders.spans(LOOP), service=service), 1.0)
    found = [f.mode for trace in pipeline.live for run in trace.runs.values() for f in run.findings.values()]
    metrics.exposition()
    text = metrics.exposition()[0].decode()
    return found, text


@pytest.mark.parametrize(
    "match",
    [
        {"service": "shop"},
        {"service": "sh*"},
        {"tool": "search"},
        {"agent": "atlas"},
        {"service": "shop", "tool": "s*"},
    ],
)
def test_muted_finding_is_not_told_but_counted(match: dict[str, str]) -> None:
    found, metrics = findings([{"match": match, "detectors": {"reasoning_loop": "off"}}])
    assert found == []
    assert 'otelagent_muted_findings_total{mode="reasoning_loop"} 1.0' in metrics


@pytest.mark.parametrize("match", [{"service": "other"}, {"tool": "lookup"}, {"service": "shop", "agent": "other"}])
def test_override_for_something_else_mutes_nothing(match: dict[str, str]) -> None:
    assert findings([{"match": match, "detectors": {"reasoning_loop": "off"}}])[0] == ["reasoning_loop"]


def test_override_ends_with_its_day() -> None:
    muted = {"match": {"service": "shop"}, "detectors": {"reasoning_loop": "off"}}
    assert findings([muted | {"until": "2099-01-01"}])[0] == []
    assert findings([muted | {"until": "2020-01-01"}])[0] == ["reasoning_loop"]


def test_threshold_is_tuned_for_a_service() -> None:
    tuned = [{"match": {"service": "shop"}, "detectors": {"reasoning_loop": {"repeats": 5, "near_repeats": 9}}}]
    assert findings(tuned)[0] == []
    assert findings(tuned, service="other")[0] == ["reasoning_loop"]


def test_floor_of_a_detector_keeps_unsure_findings_quiet_and_says_why() -> None:
    def scanned(floor: float) -> Report:
        detectors = {"reasoning_loop": {"min_confidence": floor}}
        return scan([builders.request(builders.spans(LOOP))], Settings(detectors=detectors))

    assert [f.mode for f in scanned(0.95).findings.values()] == ["reasoning_loop"]
    assert not scanned(0.98).findings
    assert "the confidence is below min_confidence" in {d.why for d in scanned(0.98).dismissals}


def test_floor_is_tuned_for_a_service() -> None:
    tuned = [{"match": {"service": "shop"}, "detectors": {"reasoning_loop": {"min_confidence": 0.99}}}]
    assert findings(tuned)[0] == []
    assert findings(tuned, service="other")[0] == ["reasoning_loop"]


@pytest.mark.parametrize(
    ("strength", "severity"), [(0.5, Severity.MEDIUM), (0.6, Severity.HIGH), (0.95, Severity.HIGH)]
)
def test_finding_on_weak_evidence_is_a_step_less_severe_than_its_mode(strength: float, severity: Severity) -> None:
    assert graded(Severity.HIGH, strength) is severity


def test_least_severe_stays_so() -> None:
    assert graded(Severity.LOW, 0.1) is Severity.LOW


def test_mistake_in_an_override_names_the_nearest_threshold() -> None:
    assert mistakes({"reasoning_loop": {"repeat": 5}}) == [
        "reasoning_loop.repeat: no such threshold; did you mean 'repeats'?"
    ]
