"""The configurations beside a Collector, each with a real one, which `make collector-check` builds."""

import os
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
import yaml
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub

from otelagent.sink import Sink
from otelagent.traffic import Signal
from tests.deploy.manifests import DEPLOY, ROOT
from tests.deploy.monitoring import wait
from tests.deploy.test_alerting import HEALTHY, LOOP, again
from tests.deploy.test_kubernetes import free_ports
from tests.running import running

CONFIGS = sorted((DEPLOY / "collector").glob("*.yaml"))
NOT_IN_THE_BUILD = {"load-balancing"}
"""Needs a module that the Go proxy at hand doesn't have."""


def binary() -> str:
    built = ROOT / "build/otelcol"
    found = os.environ.get("OTELCOL") or shutil.which("otelcol") or (str(built) if built.exists() else None)
    if found is None:
        pytest.fail("there is no Collector: make collector-check builds one")
    return found


def ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310 - our own http address
            return bool(response.status == 200)
    except OSError:
        return False


@contextmanager
def collector(name: str, environ: Mapping[str, str], *sets: str) -> Iterator[str]:
    """A Collector with one of the configurations; gives the address that it listens on."""
    listen, health, checked = (f"127.0.0.1:{port}" for port in free_ports(3))
    defaults = {"LISTEN": listen, "HEALTH": health, "CHECKED": checked}
    command = [binary(), "--config", str(DEPLOY / f"collector/{name}.yaml")]
    command += ["--set=service.telemetry.metrics.level=none", *sets]
    process = subprocess.Popen(command, env={**os.environ, **defaults, **environ}, stderr=subprocess.DEVNULL)
    try:
        wait(lambda: ready(f"http://{health}/"), 30, f"the Collector with {name} is up")
        yield listen
    finally:
        process.terminate()
        process.wait(20)


def send(endpoint: str, *requests: ExportTraceServiceRequest) -> None:
    with grpc.insecure_channel(endpoint) as channel:
        for request in requests:
            TraceServiceStub(channel).Export(request, timeout=10)


def to(endpoint: str) -> dict[str, object]:
    return {"exporters": {"otlp": {"endpoint": f"http://{endpoint}"}}}


def traces(sink: Sink) -> set[bytes]:
    requests = map(ExportTraceServiceRequest.FromString, list(sink.requests[Signal.TRACES]))
    return {s.trace_id for r in requests for rs in r.resource_spans for scope in rs.scope_spans for s in scope.spans}


def trace(request: ExportTraceServiceRequest) -> bytes:
    return bytes(request.resource_spans[0].scope_spans[0].spans[0].trace_id)


@pytest.mark.slow
@pytest.mark.parametrize("path", [p for p in CONFIGS if p.stem not in NOT_IN_THE_BUILD], ids=lambda path: path.stem)
def test_collector_takes_the_configuration_as_it_is(path: Path) -> None:
    done = subprocess.run([binary(), "validate", "--config", str(path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
def test_spans_and_findings_go_through_to_the_backend_and_to_a_file(tmp_path: Path) -> None:
    file = tmp_path / "findings.jsonl"
    with (
        Sink() as sink,
        collector("findings", {"BACKEND": sink.endpoint, "FINDINGS": str(file)}) as listen,
        running(None, to(listen)) as service,
    ):
        request = again(LOOP)
        send(service.endpoint(), request)
        wait(lambda: traces(sink) == {trace(request)}, 20, "the trace arrives")
        wait(lambda: file.exists() and "reasoning_loop" in file.read_text(), 20, "the finding is in the file")


@pytest.mark.slow
def test_tail_sampling_keeps_what_otelagent_marked_and_drops_the_rest() -> None:
    faster = (
        "--set=processors.tail_sampling.decision_wait=1s",
        "--set=processors.tail_sampling.policies=[{name: keep, type: boolean_attribute, "
        "boolean_attribute: {key: otelagent.keep, value: true}}]",
    )
    with (
        Sink() as sink,
        collector("tail-sampling", {"BACKEND": sink.endpoint}, *faster) as listen,
        running(None, to(listen)) as service,
    ):
        failing, healthy = again(LOOP), again(HEALTHY)
        send(service.endpoint(), healthy, failing)
        wait(lambda: trace(failing) in traces(sink), 20, "the failing trace is kept")
        assert traces(sink) == {trace(failing)}


@pytest.mark.slow
def test_collector_has_otelagent_look_at_its_spans_and_gets_them_back() -> None:
    (checked,) = (f"127.0.0.1:{port}" for port in free_ports(1))
    with Sink() as sink, running(None, to(checked)) as service:
        environ = {"BACKEND": sink.endpoint, "OTELAGENT": service.endpoint(), "CHECKED": checked}
        with collector("around", environ) as listen:
            request = again(LOOP)
            send(listen, request)
            wait(lambda: traces(sink) == {trace(request)}, 20, "the trace comes back")
            assert any(b"otelagent.failure.modes" in body for body in sink.requests[Signal.TRACES])


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_pipelines_name_only_components_that_are_configured(path: Path) -> None:
    made = yaml.safe_load(path.read_text())
    for pipeline in made["service"]["pipelines"].values():
        for section in ("receivers", "processors", "exporters"):
            have = {*made.get(section, {}), *made.get("connectors", {})}
            assert set(pipeline.get(section, [])) <= have
