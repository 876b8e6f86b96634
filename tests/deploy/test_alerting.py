"""From a recording to a page: a real Prometheus, a real Alertmanager, the rules as they are (with shorter windows)."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from click.testing import CliRunner
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub

from otelagent.cli import main
from otelagent.sink import Sink
from tests import builders
from tests.deploy.expressions import panels
from tests.deploy.monitoring import Monitoring, monitoring, wait
from tests.running import Running, running

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

HEALTHY = "openai-agents__openinference__ok.binpb.gz"
LOOP = "langgraph__openinference__loop.binpb.gz"
WITHOUT_CONTENT = "google-adk__native-nocontent__empty_result.binpb.gz"

MUTED = "pydantic-ai__native-default__injection.binpb.gz"
"""Its mode is muted by the settings."""

STAGED = 60
"""Healthy runs in staging."""


def settings(folder: Path) -> dict[str, Any]:
    """A gateway that mutes one mode and knows staging from healthy runs."""
    for n in range(STAGED):
        (folder / f"{n}.binpb").write_bytes(again(HEALTHY).SerializeToString())
    staging = folder / "staging.json"
    exported = CliRunner().invoke(main, ["baseline", "export", str(folder), "-o", str(staging)])
    assert exported.exit_code == 0, exported.output
    return {
        "processors": {
            "agent_failures": {
                "labels": {"gateway": True},
                "traces": {"settle": "2s"},
                "overrides": [{"match": {"service": "*"}, "detectors": {"prompt_injection": "off"}}],
                "baselines": {"staging": str(staging)},
            }
        }
    }


NOTHING_YET = {"One agent / Delegations by outcome", "One agent / Items processed of those assigned"}
"""Panels that stay empty as long as these recordings delegate nothing."""


def again(name: str) -> ExportTraceServiceRequest:
    """The recording as a run of now, under a trace id of its own."""
    request = ExportTraceServiceRequest.FromString(builders.capture(name))
    every = [span for rs in request.resource_spans for scope in rs.scope_spans for span in scope.spans]
    shift = time.time_ns() - max(span.end_time_unix_nano for span in every)
    ids = {span.trace_id: os.urandom(16) for span in every}
    for span in every:
        span.trace_id = ids[span.trace_id]
        span.start_time_unix_nano += shift
        span.end_time_unix_nano += shift
        for event in span.events:
            event.time_unix_nano += shift
    return request


@pytest.fixture
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Sink() as sink, running(sink, settings(tmp_path_factory.mktemp("staging"))) as started:
        yield started


def replay(service: Running, *names: str) -> None:
    with grpc.insecure_channel(service.endpoint()) as channel:
        for name in names:
            TraceServiceStub(channel).Export(again(name), timeout=10)
    time.sleep(0.5)


def keep_replaying(
    service: Running, asked: Monitoring, names: tuple[str, ...], seconds: float, until: str = ""
) -> float:
    """Replay all the time; after how many seconds the alert fired."""
    begin = time.monotonic()
    while time.monotonic() - begin < seconds:
        replay(service, *names)
        if until and until in asked.firing():
            return time.monotonic() - begin
    if until:
        pytest.fail(f"{until} didn't fire within {seconds} s; firing: {sorted(asked.firing())}")
    return seconds


def test_one_alert_fires_for_the_loop_and_no_other(service: Running, tmp_path: Path) -> None:
    with monitoring(service.endpoint("metrics"), tmp_path) as asked:
        keep_replaying(service, asked, (HEALTHY,), 5)
        mixed = (LOOP, HEALTHY, HEALTHY, HEALTHY, HEALTHY, HEALTHY)
        keep_replaying(service, asked, mixed, 100, until="OtelagentReasoningLoop")
        assert set(asked.firing()) == {"OtelagentReasoningLoop"}


def test_right_alert_fires_and_resolves_and_a_healthy_replay_fires_none(service: Running, tmp_path: Path) -> None:
    with monitoring(service.endpoint("metrics"), tmp_path) as asked:
        keep_replaying(service, asked, (HEALTHY,), 20)
        assert asked.firing() == {}

        mixed = (LOOP, HEALTHY, HEALTHY, HEALTHY, HEALTHY, HEALTHY)
        assert keep_replaying(service, asked, mixed, 100, until="OtelagentReasoningLoop") < 100
        alert = asked.firing()["OtelagentReasoningLoop"]
        assert set(asked.firing()) == {"OtelagentReasoningLoop"}
        assert alert["labels"]["agent"]
        assert alert["annotations"]["runbook_url"].endswith("/OtelagentReasoningLoop.md")
        assert "error" not in alert["annotations"]["description"]

        keep_replaying(service, asked, (*mixed, WITHOUT_CONTENT, MUTED), 10)
        empty = {name for name, expression in panels() if not asked.query(expression.replace("[1m]", "[20s]"))}
        assert empty <= NOTHING_YET
        assert asked.exemplars("otelagent_failures_total")

        wait(lambda: not asked.firing(), 120, "the alert resolves")
