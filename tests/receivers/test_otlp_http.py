"""OTLP/HTTP in: both encodings, the table of codes, and hostile bodies."""

import gzip
import json
import socket
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from google.protobuf import json_format
from google.rpc.status_pb2 import Status
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from otelagent.sink import Sink
from otelagent.traffic import Inlet, Signal
from otelagent.vitals import resident
from tests.requests import MALFORMED, logs, metrics, names, traces
from tests.running import Running, running

PROTOBUF = {"content-type": "application/x-protobuf"}
JSON = {"content-type": "application/json"}
GZIP = {**PROTOBUF, "content-encoding": "gzip"}


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    with Sink() as started:
        yield started


@pytest.fixture(scope="module")
def service(sink: Sink) -> Iterator[Running]:
    limit = {"receivers": {"otlp": {"protocols": {"http": {"max_request_body_size": 1_000_000}}}}}
    with running(sink, limit) as started:
        yield started


@pytest.fixture(autouse=True)
def _clean(sink: Sink) -> None:
    sink.answer = None
    for bodies in sink.requests.values():
        bodies.clear()


def post(service: Running, body: bytes, headers: dict[str, str], path: str = "/v1/traces") -> httpx.Response:
    return httpx.post(f"http://{service.endpoint('http')}{path}", content=body, headers=headers, timeout=20)


def as_json(body: bytes) -> bytes:
    """OTLP/JSON by hand: hex ids, integer enums."""
    plain = json_format.MessageToDict(ExportTraceServiceRequest.FromString(body), use_integers_for_enums=True)
    request = ExportTraceServiceRequest.FromString(body)
    for rs, prs in zip(request.resource_spans, plain["resourceSpans"], strict=True):
        for ss, pss in zip(rs.scope_spans, prs["scopeSpans"], strict=True):
            for span, pspan in zip(ss.spans, pss["spans"], strict=True):
                pspan["traceId"], pspan["spanId"] = span.trace_id.hex().upper(), span.span_id.hex()
    return json.dumps(plain).encode()


def test_spans_of_the_sdk_arrive(sink: Sink, service: Running) -> None:
    provider = TracerProvider()
    exporter = OTLPSpanExporter(f"http://{service.endpoint('http')}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    with provider.get_tracer("test").start_as_current_span("agent"):
        pass
    assert provider.force_flush()
    provider.shutdown()
    assert [s.name for s in sink.spans()] == ["agent"]


@pytest.mark.parametrize(
    ("signal", "body"),
    [("traces", traces("a")), ("logs", logs("a")), ("metrics", metrics(2))],
    ids=[str(s) for s in Signal],
)
def test_all_signals_pass_unchanged(sink: Sink, service: Running, signal: str, body: bytes) -> None:
    answer = post(service, body, PROTOBUF, f"/v1/{signal}")
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, b"", "application/x-protobuf")
    assert sink.requests[Signal(signal)] == [body]
    assert service.service.traffic.accepted[Inlet("otlp", "http", Signal(signal))] >= 1


def test_json_becomes_the_same_spans(sink: Sink, service: Running) -> None:
    body = traces("a", "b", attributes=3)
    answer = post(service, as_json(body), {**JSON, "content-type": "application/json; charset=utf-8"})
    assert (answer.status_code, answer.json(), answer.headers["content-type"]) == (200, {}, "application/json")
    assert sink.traces() == [ExportTraceServiceRequest.FromString(body)]


def test_gzip_is_inflated_in_one_or_several_members(sink: Sink, service: Running) -> None:
    body = traces("a")
    assert post(service, gzip.compress(body), GZIP).status_code == 200
    assert post(service, gzip.compress(body[:9]) + gzip.compress(body[9:]), GZIP).status_code == 200
    assert sink.requests[Signal.TRACES] == [body, body]


@pytest.mark.parametrize("headers", [PROTOBUF, JSON, GZIP])
def test_an_empty_request_succeeds(service: Running, headers: dict[str, str]) -> None:
    assert post(service, b"", headers).status_code == 200


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (MALFORMED, PROTOBUF, 400),
        (b"{", JSON, 400),
        (b"[]", JSON, 400),
        (b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "xyz"}]}]}]}', JSON, 400),
        (b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"kind": "SPAN_KIND_SERVER"}]}]}]}', JSON, 400),
        (b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"droppedAttributesCount": -1}]}]}]}', JSON, 400),
        (b"[" * 100_000, JSON, 400),
        (b"no gzip", GZIP, 400),
        (gzip.compress(b"x" * 1000)[:-9], GZIP, 400),
        (traces("a"), {"content-type": "text/plain"}, 415),
        (traces("a"), {}, 415),
        (traces("a"), {**PROTOBUF, "content-encoding": "zstd"}, 415),
        (traces("x" * 1_100_000), PROTOBUF, 413),
        (gzip.compress(traces("x" * 1_100_000)), GZIP, 413),
    ],
    ids=[str(i) for i in range(14)],
)
def test_what_is_wrong_with_a_request_is_told_in_its_encoding(
    service: Running, body: bytes, headers: dict[str, str], status: int
) -> None:
    answer = post(service, body, headers)
    assert answer.status_code == status
    if headers.get("content-type") == PROTOBUF["content-type"]:
        assert answer.headers["content-type"] == PROTOBUF["content-type"]
        assert Status.FromString(answer.content).message
    else:
        assert answer.json()["message"]


def test_other_paths_and_methods(service: Running) -> None:
    assert post(service, b"", PROTOBUF, "/v1development/profiles").status_code == 404
    assert httpx.get(f"http://{service.endpoint('http')}/v1/traces").status_code == 405


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("UNAVAILABLE", 503),
        ("DEADLINE_EXCEEDED", 503),
        ("INTERNAL", 503),
        ("UNAUTHENTICATED", 503),
        ("RESOURCE_EXHAUSTED", 400),
        ("INVALID_ARGUMENT", 400),
    ],
)
def test_refusals_of_the_destination_by_the_table(
    sink: Sink, service: Running, code: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("otelagent.delivery.LONGEST", 0.2)
    sink.answer = lambda *_: grpc.StatusCode[code]
    answer = post(service, traces("a"), PROTOBUF)
    assert answer.status_code == status
    assert ("retry-after" in answer.headers) == (status == 503)
    if status == 503:
        assert 1 <= int(answer.headers["retry-after"]) <= 3


def test_logs_that_the_destination_does_not_take_are_404(sink: Sink, service: Running) -> None:
    sink.answer = lambda *_: grpc.StatusCode.UNIMPLEMENTED
    assert post(service, logs("a"), PROTOBUF, "/v1/logs").status_code == 404


def test_an_error_of_ours_is_never_a_500(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise KeyError("content")

    monkeypatch.setattr(service.service.intake, "accept", broken)
    answer = post(service, traces("a"), PROTOBUF)
    assert answer.status_code == 503
    assert b"content" not in answer.content


# --- hostile bodies ---------------------------------------------------------------------------------------------------


def bomb(size: int) -> bytes:
    """Gzip of zeros, made without holding them."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    parts = [squeeze.compress(bytes(1 << 20)) for _ in range(size >> 20)]
    return b"".join((*parts, squeeze.flush()))


def test_a_gzip_bomb_is_inflated_no_further_than_the_limit(service: Running) -> None:
    small = bomb(1 << 30)
    before = resident()
    for _ in range(5):
        assert post(service, small, GZIP).status_code == 413
    assert resident() - before < 50 << 20


def test_a_client_that_trickles_holds_up_nobody(sink: Sink, service: Running) -> None:
    host, _, port = service.endpoint("http").partition(":")
    slow = [socket.create_connection((host, int(port))) for _ in range(50)]
    for each in slow:
        each.sendall(b"POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-protobuf\r\n")
        each.sendall(b"Content-Length: 100\r\n\r\nx")
    assert post(service, traces("a"), PROTOBUF).status_code == 200
    for each in slow:
        each.close()


def test_a_trickling_body_is_given_up(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("otelagent.receivers.otlp_http.BODY_WITHIN", 0.2)
    host, _, port = service.endpoint("http").partition(":")
    with socket.create_connection((host, int(port))) as slow:
        slow.sendall(b"POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-protobuf\r\n")
        slow.sendall(b"Content-Length: 100\r\n\r\nx")
        slow.settimeout(5)
        assert b" 503 " in slow.recv(1000), "408 would have the sender drop its batch"


@given(body=st.binary(max_size=300))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_answered_200_or_400(service: Running, body: bytes) -> None:
    for headers in (PROTOBUF, JSON, GZIP):
        assert post(service, body, headers).status_code in (200, 400)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["resourceSpans", "scopeSpans", "spans", "traceId", "attributes", "key", "value", "intValue"]
            ),
            below,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(plain=VALUES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_json_is_answered_200_or_400(service: Running, plain: Any) -> None:
    assert post(service, json.dumps(plain).encode(), JSON).status_code in (200, 400)


# --- who may send -----------------------------------------------------------------------------------------------------


def test_cors_is_off_unless_configured(sink: Sink, service: Running) -> None:
    ask = {"origin": "https://app.example", "access-control-request-method": "POST"}
    url = f"http://{service.endpoint('http')}/v1/traces"
    assert "access-control-allow-origin" not in httpx.options(url, headers=ask).headers
    http = {"cors": {"allowed_origins": ["https://*.example"]}}
    with running(sink, {"receivers": {"otlp": {"protocols": {"http": http}}}}) as open_:
        url = f"http://{open_.endpoint('http')}/v1/traces"
        assert httpx.options(url, headers=ask).headers["access-control-allow-origin"] == "https://app.example"
        ask["origin"] = "https://evil.test"
        assert "access-control-allow-origin" not in httpx.options(url, headers=ask).headers


def test_a_token_is_asked_for_on_both_transports(sink: Sink, tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("hunter2\n")
    auth = {"auth": {"authenticator": "bearertokenauth"}}
    protected = {
        "receivers": {"otlp": {"protocols": {"grpc": auth, "http": auth}}},
        "extensions": {"bearertokenauth": {"filename": str(secret)}},
    }
    with running(sink, protected) as service:
        assert post(service, traces("a"), PROTOBUF).status_code == 401
        assert post(service, traces("a"), {**PROTOBUF, "authorization": "Bearer wrong"}).status_code == 401
        assert post(service, traces("a"), {**PROTOBUF, "authorization": "Bearer hunter2"}).status_code == 200
        with grpc.insecure_channel(service.endpoint()) as channel:
            export = channel.unary_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Export")
            with pytest.raises(grpc.RpcError) as caught:
                export(traces("a"), timeout=5)
            assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED  # type: ignore[attr-defined]
            export(traces("b"), timeout=5, metadata=(("authorization", "Bearer hunter2"),))
        secret.write_text("changed")
        deadline = time.monotonic() + 6
        while post(service, traces("a"), {**PROTOBUF, "authorization": "Bearer changed"}).status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert post(service, traces("a"), {**PROTOBUF, "authorization": "Bearer hunter2"}).status_code == 401
    assert names(sink.requests[Signal.TRACES]) == ["a", "b", "a"]
