"""Under load for long: nothing is lost and memory stays flat."""

import json
import os
import random
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client.parser import text_string_to_metric_families

from otelagent import canary, detectors
from otelagent.exporters.otlp_grpc import METHODS
from otelagent.metrics import Metrics
from otelagent.pipeline import Pipeline, Settings
from otelagent.sink import Sink
from otelagent.tally import Tally
from otelagent.traffic import Signal
from tests import builders
from tests.deploy.manifests import ROOT
from tests.deploy.monitoring import wait
from tests.deploy.test_collector import binary, ready
from tests.deploy.test_kubernetes import free_ports
from tests.test_process import Process

sys.path.insert(0, str(ROOT / "benchmarks"))

from stages import Load

MIB: Final = 1024 * 1024
RATE: Final = 1000
"""Traces per second of the clock that the fold is shown."""
PLAIN: Final = 3


class Memory:
    """Resident memory of a process, as looked at now and then."""

    def __init__(self, pid: int) -> None:
        self._path = Path(f"/proc/{pid}/statm")
        self.seen: list[int] = []

    def look(self) -> None:
        self.seen.append(int(self._path.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE"))

    def growth(self, full: float = 0.2) -> float:
        """Bytes from the time when caches and pools are `full`, as a share of all, to the end; medians of a fifth."""
        part, begin = max(len(self.seen) // 5, 1), int(len(self.seen) * full)
        return statistics.median(self.seen[-part:]) - statistics.median(self.seen[begin : begin + part])


def scraped(port: int) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        families = text_string_to_metric_families(answer.read().decode())
    return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}


def total(samples: Mapping[tuple[str, frozenset[tuple[str, str]]], float], name: str, **labels: str) -> float:
    return sum(v for (other, own), v in samples.items() if other == name and labels.items() <= dict(own).items())


def conserved(samples: Mapping[tuple[str, frozenset[tuple[str, str]]], float]) -> float:
    """Spans that were taken, less those that are accounted for."""
    here = {"exporter": "otlp", "signal": "traces"}
    came = sum(
        total(samples, f"otelagent_exporter_{what}_items_total", **here) for what in ("taken", "found", "revived")
    )
    went = total(samples, "otelcol_exporter_sent_spans_total", exporter="otlp")
    went += total(samples, "otelagent_exporter_waiting_items", **here)
    went += sum(total(samples, f"otelagent_exporter_{what}_items_total", **here) for what in ("buried", "dropped"))
    return came - went


@contextmanager
def instance(port: int, metrics: int, endpoint: str, spool: Path) -> Iterator[Process]:
    process = Process(
        *("--config", f"yaml:receivers::otlp::protocols::grpc::endpoint: 127.0.0.1:{port}"),
        *("--config", f"yaml:service::telemetry::metrics: {{level: normal, address: '127.0.0.1:{metrics}'}}"),
        *("--set", f"exporters.otlp.endpoint=http://{endpoint}"),
        *("--set", f"extensions.file_storage.directory={spool}"),
        *("--set", "processors.agent_failures.traces.settle=2s"),
    )
    try:
        yield process
    finally:
        process.end(seconds=30)


# --- varied traffic, and a destination that comes and goes -----------------------------------------------------------


def request(chance: random.Random) -> tuple[bytes, int]:
    """An agent's run of some length, with new ids; some are failures."""
    _, body, spans = canary.trace(chance.choice((1, 2, 2, 3, 6)), time.time_ns())
    made = ExportTraceServiceRequest.FromString(body)
    for span in made.resource_spans[0].scope_spans[0].spans:
        for attribute in span.attributes:
            if attribute.key in ("gen_ai.tool.call.result", "gen_ai.tool.call.arguments"):
                attribute.value.string_value = json.dumps(
                    {"value": chance.random(), "text": "x" * chance.randrange(2000)}
                )
    return made.SerializeToString(), spans


def send(export: Callable[..., object], body: bytes) -> int:
    """Like an SDK: what may be sent again is sent again. Gives how often it was refused."""
    for refused, pause in enumerate((1, 2, 4)):
        try:
            export(body, timeout=10)
        except grpc.RpcError as error:
            if error.code() is not grpc.StatusCode.UNAVAILABLE:  # type: ignore[attr-defined]
                raise
            time.sleep(pause)
        else:
            return refused
    export(body, timeout=10)
    return 3


@pytest.mark.parametrize("seconds", [10, pytest.param(600, marks=[pytest.mark.slow, pytest.mark.timeout(900)])])
def test_memory_stays_flat_and_nothing_is_lost(tmp_path: Path, seconds: int) -> None:
    chance, sent, refused, port, metrics = random.Random(seconds), 0, 0, *free_ports(2)
    arrived: set[bytes] = set()

    def answer(signal: Signal, body: bytes) -> grpc.StatusCode | None:
        if chance.random() < 0.02:
            return grpc.StatusCode.UNAVAILABLE
        if signal is Signal.TRACES:
            for each in ExportTraceServiceRequest.FromString(body).resource_spans:
                arrived.update(span.span_id for scope in each.scope_spans for span in scope.spans)
        return None

    with Sink() as sink, instance(port, metrics, sink.endpoint, tmp_path) as process:
        sink.answer = answer
        memory, end = Memory(process.process.pid), time.monotonic() + seconds
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            export = channel.unary_unary(METHODS[Signal.TRACES])
            while time.monotonic() < end:
                for _ in range(40):
                    body, spans = request(chance)
                    refused += send(export, body)
                    sent += spans
                memory.look()
                for bodies in sink.requests.values():
                    bodies.clear()
                time.sleep(0.2)
        assert sink.wait_for(lambda _: len(arrived) == sent, 60), f"{sent} sent, {len(arrived)} arrived"
        wait(lambda: conserved(scraped(metrics)) == 0, 20, "everything is accounted for")
        assert total(scraped(metrics), "otelcol_receiver_accepted_spans_total", receiver="otlp") == sent
        found = memory.seen[:: max(len(memory.seen) // 30, 1)]
        print(f"{sent} spans, {refused} requests refused; memory {[each // MIB for each in found]} MiB")  # noqa: T201 - shown with -s
        assert memory.growth() < 48 * MIB


# --- a million traces ------------------------------------------------------------------------------------------------


def small(number: int) -> bytes:
    """A trace with an agent of two spans, and PLAIN ones in which nobody works."""
    agent = {"agent": f"agent_{number % 7}", "user": f"Question {number}", "steps": [{"say": f"Answer {number}."}]}
    ids = (bytes([at, *number.to_bytes(7, "big")]) for at in range(1, PLAIN + 1))
    plain = [builders.span("GET /", {"http.route": "/"}, trace_id=each * 2, span_id=each) for each in ids]
    return builders.request([*builders.spans(agent, f"agent {number}"), *plain])


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_memory_stays_flat_over_a_million_traces() -> None:
    """RATE begin every second and stay open for some; OTELAGENT_TRACES sets another number. Five minutes of CPU."""
    traces = int(os.environ.get("OTELAGENT_TRACES", "1000000"))
    requests = [Load(b"".join(map(small, range(first, first + 25)))) for first in range(1, 1001, 25)]
    metrics = Metrics({mode: kind.layer for mode, kind in detectors.available().items()})
    pipeline = Pipeline(Settings(dissolves=True), (Tally(metrics),))
    memory, now, ticked = Memory(os.getpid()), 1.7e9, 0.0
    for epoch in range(1, traces // (1000 * (1 + PLAIN)) + 1):
        for each in requests:
            pipeline.traces(each.fresh(epoch), now)
            now += 25 * (1 + PLAIN) / RATE
            if int(now) > int(ticked):
                ticked = now
                pipeline.tick(now)
        memory.look()
    print(f"{pipeline.left} traces left; memory {[m // MIB for m in memory.seen[::10]]} MiB")  # noqa: T201 - shown with -s
    assert pipeline.left + len(pipeline.live) == traces
    assert memory.growth() < 24 * MIB


# --- at saturation, and between two Collectors -----------------------------------------------------------------------


@contextmanager
def passing(listen: int, to: int) -> Iterator[None]:
    """A Collector that takes OTLP and passes it on by its own exporter, as it is by default."""
    (health,) = free_ports(1)
    config = {
        "receivers": {"otlp": {"protocols": {"grpc": {"endpoint": f"127.0.0.1:{listen}"}}}},
        "exporters": {"otlp": {"endpoint": f"127.0.0.1:{to}", "tls": {"insecure": True}}},
        "extensions": {"health_check": {"endpoint": f"127.0.0.1:{health}"}},
        "service": {
            "extensions": ["health_check"],
            "pipelines": {"traces": {"receivers": ["otlp"], "exporters": ["otlp"]}},
            "telemetry": {"metrics": {"level": "none"}},
        },
    }
    process = subprocess.Popen([binary(), "--config", f"yaml:{json.dumps(config)}"], stderr=subprocess.DEVNULL)
    try:
        wait(lambda: ready(f"http://127.0.0.1:{health}/"), 30, "the Collector is up")
        yield
    finally:
        process.terminate()
        process.wait(30)


def tool(name: str, *arguments: str) -> list[str]:
    path = ROOT / "build/clients" / name
    if not path.exists():
        pytest.fail("make clients builds the load generator")
    return [str(path), *arguments]


def stats(port: int) -> dict[str, Any]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/stats", timeout=10) as answer:
        found: dict[str, Any] = json.loads(answer.read())
    return found


@pytest.mark.slow
@pytest.mark.timeout(1000)
def test_memory_stays_flat_at_saturation(tmp_path: Path) -> None:
    """The generator sends as fast as it is answered, for OTELAGENT_SECONDS or ten minutes. OTELAGENT_POOL requests are
    prepared, of 50 spans each: with 40,000 no text comes twice. Judged by the second half, when caches and the automata
    of patterns are full."""
    seconds, (port, last, http, metrics) = os.environ.get("OTELAGENT_SECONDS", "600"), free_ports(4)
    end = subprocess.Popen(tool("agentsink", "-listen", f"127.0.0.1:{last}", "-http", f"127.0.0.1:{http}"))
    try:
        with instance(port, metrics, f"127.0.0.1:{last}", tmp_path) as process:
            memory = Memory(process.process.pid)
            sending = ["-target", f"127.0.0.1:{port}", "-duration", f"{seconds}s", "-conc", "8"]
            sending += ["-pool", os.environ.get("OTELAGENT_POOL", "0")]
            generator = subprocess.Popen(tool("agentload", *sending), stdout=subprocess.PIPE, text=True)
            while generator.poll() is None:
                memory.look()
                time.sleep(1)
            sent = json.loads(generator.communicate()[0])
            wait(lambda: stats(http)["spans"] >= sent["spans"], 60, "everything arrives")
            wait(lambda: conserved(scraped(metrics)) == 0, 20, "everything is accounted for")
            shown = [each // MIB for each in memory.seen[:: max(len(memory.seen) // 30, 1)]]
            print(f"{sent}; memory {shown} MiB")  # noqa: T201 - shown with -s
            assert memory.growth(full=0.5) < 24 * MIB
    finally:
        end.terminate()
        end.wait(10)


LOADS: Final = {
    "plain": ("-non-agent", "1", "-content", "512", "-spans", "200"),
    "agents": ("-content", "512", "-spans", "200"),
}


GROWTH: Final = {"plain": 32, "agents": 96}
"""MiB after the first seconds. Content of open agent traces fills its budget of 32 MiB, and facts come beside it."""


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("load", LOADS)
def test_between_two_collectors_every_acknowledged_span_arrives(tmp_path: Path, load: str) -> None:
    """OTELAGENT_RATE and OTELAGENT_SECONDS set another load than 10,000 spans/s for a minute. What the machine can't
    take is refused to the front Collector, which refuses it to its sender: only what was acknowledged is owed."""
    rate, seconds = os.environ.get("OTELAGENT_RATE", "10000"), os.environ.get("OTELAGENT_SECONDS", "60")
    outer, port, inner, last, http, metrics = free_ports(6)
    listening = ["-listen", f"127.0.0.1:{last}", "-http", f"127.0.0.1:{http}", "-attr", "otelagent."]
    end = subprocess.Popen(tool("agentsink", *listening))
    try:
        with (
            passing(inner, last),
            instance(port, metrics, f"127.0.0.1:{inner}", tmp_path) as process,
            passing(outer, port),
        ):
            memory = Memory(process.process.pid)
            sending = ["-target", f"127.0.0.1:{outer}", "-rate", rate, "-duration", f"{seconds}s", *LOADS[load]]
            generator = subprocess.Popen(tool("agentload", *sending), stdout=subprocess.PIPE, text=True)
            while generator.poll() is None:
                memory.look()
                time.sleep(0.5)
            sent = json.loads(generator.communicate()[0])
            wait(lambda: stats(http)["spans"] >= sent["spans"], 120, "everything arrives")
            wait(lambda: conserved(scraped(metrics)) == 0, 20, "everything is accounted for")
            found, samples = stats(http), scraped(metrics)
            twice = found["spans"] - sent["spans"]
            cpu = total(samples, "otelcol_process_cpu_seconds_total")
            print(f"{load}: {sent}; twice {twice}; cpu {cpu:.1f} s; memory {[m // MIB for m in memory.seen[::10]]} MiB")  # noqa: T201 - shown with -s
            spooled = total(samples, "otelagent_exporter_spooled_items_total")
            assert twice == 0 or spooled, "only what was put on disk may arrive twice"
            assert memory.growth() < GROWTH[load] * MIB
    finally:
        end.terminate()
        end.wait(10)
