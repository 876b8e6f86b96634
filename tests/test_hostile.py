"""What a hostile or broken peer sends costs bounded memory and time, and holds up nobody else."""

import contextlib
import gzip
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import grpc
import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otelagent import config_text, web
from otelagent.errors import BadConfig
from otelagent.exporters.otlp_grpc import METHODS
from otelagent.sink import Sink
from otelagent.traffic import Signal
from tests.deploy.test_kubernetes import free_ports
from tests.requests import names, traces
from tests.running import running
from tests.test_process import process

MIB: Final = 1024 * 1024
PROTOBUF: Final = {"content-type": "application/x-protobuf"}


def peak(pid: int) -> int:
    """Most memory that the process ever had, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) * 1024


def attributes(count: int) -> bytes:
    request = ExportTraceServiceRequest()
    span = request.resource_spans.add().scope_spans.add().spans.add(name="n", trace_id=b"t" * 16, span_id=b"s" * 8)
    for number in range(count):
        span.attributes.add(key=f"key {number}").value.string_value = "x"
    return request.SerializeToString()


def nested(depth: int) -> bytes:
    request = ExportTraceServiceRequest()
    span = request.resource_spans.add().scope_spans.add().spans.add(name="n", trace_id=b"t" * 16, span_id=b"s" * 8)
    value = span.attributes.add(key="gen_ai.tool.call.result").value
    for _ in range(depth):
        value = value.array_value.values.add()
    value.string_value = "deep"
    return request.SerializeToString()


def many_agents() -> bytes:
    """Each span is an agent of its own, whose name would break out of a label."""
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add().spans
    for number in range(5000):
        ids = number.to_bytes(8, "big")
        span = spans.add(name="invoke_agent", trace_id=ids + b"t" * 8, span_id=ids[:7] + b"s", start_time_unix_nano=1)
        span.attributes.add(key="gen_ai.operation.name").value.string_value = "invoke_agent"
        span.attributes.add(key="gen_ai.agent.name").value.string_value = f'a{number}"}} 1\nevil_total{{x="' + "y" * 500
    return request.SerializeToString()


@pytest.mark.parametrize(
    ("body", "limit"),
    [
        (lambda: attributes(100_000), 200),
        (lambda: nested(45), 50),
        (lambda: traces("x" * (60 * MIB)), 400),
        (many_agents, 200),
        (lambda: b"\x0a\x80\x80\x80\x80\x08" + b"x" * 1000, 50),
        (lambda: os.urandom(MIB), 50),
    ],
    ids=["attributes", "nested", "60-MiB", "agents", "length", "noise"],
)
def test_a_hostile_request_costs_bounded_memory_and_the_next_one_passes(
    body: Callable[[], bytes], limit: int, tmp_path: Path
) -> None:
    with Sink() as sink, process("--set", f"exporters.otlp.endpoint=http://{sink.endpoint}") as running:
        running.call(traces("first"))
        before = peak(running.process.pid)
        with contextlib.suppress(grpc.RpcError):
            running.call(body())
        running.call(traces("next"))
        assert sink.wait_for(lambda s: "next" in names(s.requests[Signal.TRACES]))
        assert peak(running.process.pid) - before < limit * MIB


def test_a_hundred_thousand_attributes_pass() -> None:
    body = attributes(100_000)
    with Sink() as sink, running(sink) as service, grpc.insecure_channel(service.endpoint()) as channel:
        channel.unary_unary(METHODS[Signal.TRACES])(body, timeout=10)
        assert sink.requests[Signal.TRACES] == [body]


def test_names_of_agents_neither_break_out_of_labels_nor_multiply_without_end() -> None:
    with Sink() as sink, running(sink) as service:
        with grpc.insecure_channel(service.endpoint()) as channel:
            channel.unary_unary(METHODS[Signal.TRACES])(many_agents(), timeout=30)
        text = httpx.get(f"http://{service.endpoint('metrics')}/metrics").text
    assert not any(line.startswith("evil_total") for line in text.splitlines())
    runs = [line for line in text.splitlines() if line.startswith("otelagent_agent_runs_total{")]
    assert 100 < len(runs) <= 2000
    assert any("__other__" in line for line in runs)


@pytest.mark.parametrize("transport", ["grpc", "http"])
def test_a_bomb_of_a_gibibyte_is_refused_before_it_is_inflated(transport: str) -> None:
    (port,) = free_ports(1)
    http = ("--config", f"yaml:receivers::otlp::protocols::http::endpoint: 127.0.0.1:{port}")
    bomb = gzip.compress(bytes(64 * MIB)) * 16
    with process(*http) as running:
        running.call(traces("first"))
        before = peak(running.process.pid)
        if transport == "http":
            headers = {**PROTOBUF, "content-encoding": "gzip"}
            answer = httpx.post(f"http://127.0.0.1:{port}/v1/traces", content=bomb, headers=headers, timeout=60)
            assert answer.status_code == 413
        else:
            with grpc.insecure_channel(f"127.0.0.1:{running.port}", compression=grpc.Compression.Gzip) as channel:
                with pytest.raises(grpc.RpcError) as caught:
                    channel.unary_unary(METHODS[Signal.TRACES])(bytes(1024 * MIB // 8), timeout=60)
                assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED  # type: ignore[attr-defined]
        assert peak(running.process.pid) - before < 96 * MIB


def test_a_flood_of_connections_is_answered_or_asked_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "HEADERS_WITHIN", 1.0)
    with Sink() as sink, running(sink) as service, contextlib.ExitStack() as held:
        host, port = service.endpoint("http").split(":")
        for _ in range(1100):
            flood = held.enter_context(socket.create_connection((host, int(port)), timeout=5))
            flood.sendall(b"POST /v1/traces HTTP/1.1\r\n")
        url = f"http://{host}:{port}/v1/traces"
        assert httpx.get(f"http://{service.endpoint('health')}/live").status_code == 200
        codes = []
        end = time.monotonic() + 20
        while 200 not in codes and time.monotonic() < end:
            with contextlib.suppress(httpx.TransportError):
                codes.append(httpx.post(url, content=traces("a"), headers=PROTOBUF, timeout=10).status_code)
            time.sleep(0.1)
        assert codes[-1] == 200
        assert set(codes) <= {200, 503}
        assert names(sink.requests[Signal.TRACES]) == ["a"]


def test_a_flood_of_grpc_connections_is_closed_and_whoever_was_there_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("otelagent.receivers.otlp_grpc.CONNECTIONS", 20)
    with Sink() as sink, running(sink) as service, grpc.insecure_channel(service.endpoint()) as channel:
        export = channel.unary_unary(METHODS[Signal.TRACES])
        export(traces("before"), timeout=10)
        flood = [socket.create_connection(("127.0.0.1", service.service.ports["grpc"]), timeout=10) for _ in range(40)]
        answers = [_first(each) for each in flood]
        export(traces("during"), timeout=10)
        for each in flood:
            each.close()
        with grpc.insecure_channel(service.endpoint()) as another:
            another.unary_unary(METHODS[Signal.TRACES])(traces("after"), timeout=10, wait_for_ready=True)
        assert answers.count(b"") >= 20, "closed at once"
        assert names(sink.requests[Signal.TRACES]) == ["before", "during", "after"]


def _first(connection: socket.socket) -> bytes:
    """What it is greeted with; nothing if it is closed."""
    try:
        return connection.recv(100)
    except ConnectionResetError:
        return b""


@pytest.mark.parametrize(
    "source", ["file:../../../../etc/passwd", "file:/dev/zero", "file:/proc/self/mem", "file:/etc\x00/passwd", "file:/"]
)
def test_a_configuration_file_shows_nothing_of_another_file(source: str) -> None:
    with pytest.raises(BadConfig) as caught:
        config_text.read([source], environ={})
    assert "root:" not in str(caught.value)


def doubling(first: str, each: str) -> str:
    """Thirty lines, each of which stands for twice as much as the one before."""
    return first + "".join(each.format(n, n - 1) for n in range(1, 31))


@pytest.mark.parametrize(
    "text",
    [
        doubling("a0: &a0 [x, x]\n", "a{0}: &a{0} [*a{1}, *a{1}]\n"),
        doubling("a0: &a0 {x: 1}\n", "a{0}: &a{0} {{b: *a{1}, c: *a{1}}}\n"),
        doubling("a0: &a0 {k: 1}\n", "a{0}: &a{0} {{<<: [*a{1}, *a{1}], k{0}: 1}}\n"),
        "a: {<<: [" + ", ".join(["{b: 1}"] * 1000) + "]}",
        "{" * 5000,
        "- " * 5000,
        "a: " + "x" * 2_000_000,
    ],
    ids=["lists", "mappings", "merges", "wide-merge", "deep", "deep-list", "large"],
)
def test_a_bomb_of_yaml_is_refused(text: str) -> None:
    with pytest.raises(BadConfig):
        config_text.read([f"yaml:{text}"], environ={})
