"""Our own work can be traced, to an endpoint of its own, and such traces carry nothing of the data."""

from typing import Any

import grpc
import httpx
import pytest

from otelagent import identity
from otelagent.config_text import merge
from otelagent.sink import Sink
from otelagent.traffic import Signal
from tests.running import running
from tests.test_config import mistakes
from tests.test_privacy import Canaries, failing, send


def traced(own: Sink, ratio: float = 1.0) -> dict[str, Any]:
    otlp = {"endpoint": f"http://{own.endpoint}", "headers": {"tenant": "us"}}
    return {
        "service": {
            "telemetry": {
                "traces": {
                    "processors": [{"batch": {"exporter": {"otlp": otlp}}}],
                    "sampler": {"trace_id_ratio_based": {"ratio": ratio}},
                },
                "resource": {"service.name": "my-sidecar", "service.version": None},
            }
        }
    }


def test_each_request_is_a_trace_with_its_parts_and_their_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=application")
    canary = Canaries()
    with Sink() as sink, Sink() as own:
        with running(sink, traced(own)) as service:
            send(service, Signal.TRACES, failing(canary).SerializeToString())
            sink.answer = lambda *_: grpc.StatusCode.UNAVAILABLE
            send(service, Signal.TRACES, failing(canary).SerializeToString())
        spans = {span.name: span for span in reversed(own.spans())}
        assert set(spans) == {
            "receiver/otlp/TraceDataReceived",
            "processor/agent_failures",
            "exporter/otlp/traces",
            "exporter/otlp/logs",
        }
        received = spans["receiver/otlp/TraceDataReceived"]
        counts = {a.key: a.value.int_value or a.value.string_value for a in received.attributes}
        assert counts == {"transport": "grpc", "spans": 8}
        assert spans["processor/agent_failures"].parent_span_id == received.span_id
        failed = [span for span in own.spans() if span.status.message]
        assert {span.status.message for span in failed} == {"Retryable"}
        assert not any(span.events for span in own.spans())
        assert canary.found(b"".join(own.requests[Signal.TRACES])) == []
        [resource] = {str(r.resource) for request in own.traces() for r in request.resource_spans}
        assert "my-sidecar" in resource
        assert "service.version" not in resource
        assert own.metadata[0]["tenant"] == "us"
        assert "authorization" not in own.metadata[0], "the application's"


def test_a_share_of_requests_can_be_traced() -> None:
    with Sink() as sink, Sink() as own:
        with running(sink, traced(own, ratio=0)) as service:
            send(service, Signal.TRACES, failing(Canaries()).SerializeToString())
        assert own.spans() == []


def test_a_dead_endpoint_holds_up_neither_requests_nor_the_end() -> None:
    own = Sink().start()
    own.stop()
    with Sink() as sink, running(sink, traced(own)) as service:
        assert send(service, Signal.TRACES, failing(Canaries()).SerializeToString()) == ""
        service.stop(grace=0.5)


def test_they_never_go_to_our_own_receiver() -> None:
    text = "service: {telemetry: {traces: {processors: [{batch: {exporter: {otlp: {endpoint: 'http://localhost:4317'}}}}]}}}"
    assert mistakes(text) == ["service.telemetry.traces: go to otelagent's own receiver, and would never end"]


@pytest.mark.parametrize(
    ("environ", "configured", "expected"),
    [
        ({}, {}, {"service.name": "otelagent"}),
        ({"OTEL_RESOURCE_ATTRIBUTES": "k8s.pod.name=a%20b,service.name=x"}, {}, {"k8s.pod.name": "a b"}),
        ({"OTEL_RESOURCE_ATTRIBUTES": "service.name=x", "OTEL_SERVICE_NAME": "y"}, {}, {"service.name": "y"}),
        ({"OTEL_SERVICE_NAME": "y"}, {"service.name": "z"}, {"service.name": "z"}),
    ],
)
def test_our_resource(environ: dict[str, str], configured: dict[str, str | None], expected: dict[str, str]) -> None:
    found = identity.resource(configured, environ)
    assert expected.items() <= found.items()
    assert {"service.version", "service.instance.id"} <= set(found)


def test_our_resource_is_a_metric() -> None:
    settings = merge({}, {"service": {"telemetry": {"resource": {"deployment.environment.name": "prod"}}}})
    with running(settings=settings) as service:
        metrics = httpx.get(f"http://{service.endpoint('metrics')}/metrics").text
    [line] = [line for line in metrics.splitlines() if line.startswith("target_info{")]
    assert 'deployment_environment_name="prod"' in line
    assert line.endswith("} 1.0")
