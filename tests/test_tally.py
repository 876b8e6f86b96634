"""What the fold learns about its input arrives in the metrics."""

from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from otelagent.metrics import Metrics
from otelagent.model import Layer
from otelagent.pipeline import Pipeline
from otelagent.series import CAP
from otelagent.tally import Tally
from tests import builders


def counted(*requests: bytes) -> dict[tuple[str, ...], float]:
    """All counts above 0: the series' name without prefix and suffix, then its label values by name of the label."""
    metrics = Metrics({"reasoning_loop": Layer.ORCHESTRATION})
    pipeline = Pipeline(ears=(Tally(metrics),))
    for now, body in enumerate(requests):
        pipeline.traces(body, float(now))
    pipeline.settle(1e3)
    metrics.flush()
    for _ in range(2):
        text = metrics.exposition(scraper="prometheus")[0].decode()
    return {
        (s.name.removeprefix("otelagent_").removesuffix("_total"), *(s.labels[n] for n in sorted(s.labels))): s.value
        for family in text_string_to_metric_families(text)
        for s in family.samples
        if s.value and s.name.endswith("_total")
    }


def of(name: str, counts: dict[tuple[str, ...], float]) -> dict[tuple[str, ...], float]:
    return {labels: n for (series, *labels_), n in counts.items() if series == name for labels in [tuple(labels_)]}


def span(attributes: dict[str, Any], number: int = 1) -> Any:
    return builders.span("work", attributes, trace_id=b"t" * 16, span_id=number.to_bytes(8))


@pytest.mark.parametrize(
    ("scope", "attributes"),
    [
        ("acme.agents.runtime", {}),
        ("acme-llm-client", {}),
        ("acme", {"agent.plan": "x"}),
        ("acme", {"llm.latency": 3}),
        ("acme", {"gen_ai.provider.name": "acme"}),
    ],
)
def test_span_that_looks_like_an_agents_and_says_nothing_known_is_counted_by_scope(
    scope: str, attributes: dict[str, Any]
) -> None:
    counts = counted(builders.request([span(attributes)], scope=scope))
    assert of("unrecognised_spans", counts) == {(scope,): 1}


@pytest.mark.parametrize(
    ("scope", "attributes"),
    [
        ("opentelemetry.instrumentation.requests", {"http.request.method": "GET", "user_agent.original": "curl"}),
        ("opentelemetry.instrumentation.psycopg", {"db.system.name": "postgresql", "db.query.text": "SELECT 1"}),
        ("opentelemetry.instrumentation.celery", {"messaging.system": "celery"}),
        ("", {"code.function.name": "main"}),
    ],
)
def test_span_of_a_client_or_a_queue_is_nothing_unrecognised(scope: str, attributes: dict[str, Any]) -> None:
    assert of("unrecognised_spans", counted(builders.request([span(attributes)], scope=scope))) == {}


def test_scopes_that_never_end_share_a_label() -> None:
    requests = [builders.request([span({}, n + 1)], scope=f"agent {n}") for n in range(CAP + 50)]
    counts = of("unrecognised_spans", counted(*requests))
    assert len(counts) <= CAP
    assert sum(counts.values()) == CAP + 50


CONTENT_IN_LOGS = "google-adk__native-schema1"
"""Its messages come as log records, which aren't played here."""
RECORDED = sorted({e["emitter"]: e["file"] for e in builders.manifest() if e["scenario"] == "ok"}.items())


@pytest.mark.parametrize("file", [file for _, file in RECORDED], ids=[emitter for emitter, _ in RECORDED])
def test_nothing_of_a_recording_is_unrecognised_and_only_its_name_says_that_content_is_off(file: str) -> None:
    counts = counted(builders.capture(file))
    assert of("unrecognised_spans", counts) == {}
    off = [labels for labels in of("steps_without_content", counts) if {"capture_off", "redacted"}.intersection(labels)]
    assert bool(off) is ("nocontent" in file or file.startswith(CONTENT_IN_LOGS))


def test_odd_spans_are_counted_by_reason() -> None:
    one = builders.span("a", {}, trace_id=b"t" * 16, span_id=b"1" * 8, start=9, end=3)
    assert of("odd_spans", counted(builders.request([one]))) == {("ends_before_start",): 1}


HANDED_OVER = [e["file"] for e in builders.manifest() if e["scenario"] == "delegation_handoff"]


@pytest.mark.parametrize("file", HANDED_OVER)
def test_run_whose_hand_over_has_no_span_is_counted_by_what_it_came_to(file: str) -> None:
    """Its steps wait for the call that its messages refer to; its own span has passed by then."""
    assert of("agent_runs", counted(builders.capture(file))) == {
        ("coordinator", "success"): 1,
        ("analyst_a", "success"): 1,
        ("analyst_b", "degraded"): 1,
        ("report_writer", "success"): 1,
    }


def test_wasted_tokens_are_those_of_the_model_after_the_failure_began_once_for_its_root() -> None:
    loop = {"tool": "lookup", "arguments": {"q": "kettle"}, "result": {"sku": "K1"}}
    script = {
        "user": "Find the kettle.",
        "steps": [loop, loop, loop, {"say": "It's K1."}],
        "tokens": [100, 200, 300, 400],
    }
    counts = of("wasted_tokens", counted(builders.request(builders.spans(script))))
    assert list(counts.values()) == [200 + 300 + 400 + 3 * 20]
    assert {"reasoning_loop"} <= {label for labels in counts for label in labels}
