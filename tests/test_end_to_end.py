"""The real SDK and its OTLP exporter, through the real service, into a real gRPC destination."""

import time
from collections.abc import Iterator

import grpc
import httpx
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from grpc_health.v1 import health_pb2, health_pb2_grpc
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from otelagent import __version__
from otelagent.errors import Rejected
from otelagent.exporters.otlp_grpc import METHODS
from otelagent.sink import Sink
from otelagent.traffic import Inlet, Outlet, Signal
from tests.requests import MALFORMED, logs, metrics, names, traces
from tests.running import Running, running

TRACES = Inlet("otlp", "grpc", Signal.TRACES)


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as started:
        yield started


def call(service: Running, body: bytes, signal: Signal = Signal.TRACES, timeout: float | None = 10.0) -> bytes:
    with grpc.insecure_channel(service.endpoint()) as channel:
        answer: bytes = channel.unary_unary(METHODS[signal])(body, timeout=timeout)
        return answer


def refusal(service: Running, body: bytes, signal: Signal = Signal.TRACES, timeout: float | None = 10.0) -> grpc.Call:
    with pytest.raises(grpc.RpcError) as caught:
        call(service, body, signal, timeout)
    error = caught.value
    assert isinstance(error, grpc.Call)
    return error


@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
def test_spans_of_the_sdk_arrive(sink: Sink, compression: grpc.Compression) -> None:
    with running(sink) as service:
        provider = TracerProvider(resource=Resource({"service.name": "app"}))
        exporter = OTLPSpanExporter(f"http://{service.endpoint()}", insecure=True, compression=compression)
        provider.add_span_processor(BatchSpanProcessor(exporter))
        for index in range(100):
            with provider.get_tracer("test").start_as_current_span(f"span {index}"):
                pass
        assert provider.force_flush()
        provider.shutdown()
        assert sorted(s.name for s in sink.spans()) == sorted(f"span {i}" for i in range(100))
        assert service.service.traffic.accepted[TRACES] == 100
        assert service.service.traffic.sent[Outlet("otlp", Signal.TRACES)] == 100


def test_a_destination_that_refuses_once_gets_the_span_from_the_senders_next_try(sink: Sink) -> None:
    sink.refuse(grpc.StatusCode.UNAUTHENTICATED)
    with running(sink) as service:
        provider = TracerProvider()
        exporter = OTLPSpanExporter(f"http://{service.endpoint()}", insecure=True)
        provider.add_span_processor(BatchSpanProcessor(exporter))
        with provider.get_tracer("test").start_as_current_span("agent"):
            pass
        assert provider.force_flush()
        provider.shutdown()
        assert [s.name for s in sink.spans()] == ["agent"]
        assert service.service.traffic.refused[TRACES] == 1
        assert service.service.traffic.accepted[TRACES] == 1


def test_logs_and_metrics_pass_unchanged(sink: Sink) -> None:
    with running(sink) as service:
        call(service, logs("a", "b"), Signal.LOGS)
        call(service, metrics(3), Signal.METRICS)
        assert sink.requests[Signal.LOGS] == [logs("a", "b")]
        assert sink.requests[Signal.METRICS] == [metrics(3)]
        assert service.service.traffic.accepted[Inlet("otlp", "grpc", Signal.METRICS)] == 3
        assert service.service.traffic.accepted[Inlet("otlp", "grpc", Signal.LOGS)] == 2


@pytest.mark.parametrize("signal", list(Signal))
def test_an_empty_request_succeeds_without_a_partial_success(sink: Sink, signal: Signal) -> None:
    with running(sink) as service:
        assert call(service, b"", signal) == b""
    assert sink.calls == 0


@pytest.mark.parametrize("signal", list(Signal))
def test_malformed_bytes_are_the_senders_fault(sink: Sink, signal: Signal) -> None:
    with running(sink) as service:
        assert refusal(service, MALFORMED, signal).code() is grpc.StatusCode.INVALID_ARGUMENT
        assert service.service.traffic.failed[Inlet("otlp", "grpc", signal)] == 1
    assert sink.calls == 0


def test_a_malformed_request_between_two_others_takes_none_of_them_with_it(sink: Sink) -> None:
    sink.delay = 0.2
    with running(sink) as service, grpc.insecure_channel(service.endpoint()) as channel:
        export = channel.unary_unary(METHODS[Signal.TRACES])
        export(traces("warm"), timeout=10)
        sink.requests[Signal.TRACES].clear()
        calls = [export.future(body, timeout=10) for body in (traces("first"), traces("a"), MALFORMED, traces("b"))]
        codes = [c.code() for c in calls]
    assert codes == [*[grpc.StatusCode.OK] * 2, grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.OK]
    assert sorted(names(sink.requests[Signal.TRACES])) == ["a", "b", "first"]
    assert len(sink.requests[Signal.TRACES]) < 3, "requests that waited were joined"


def test_a_refusal_of_the_destination_is_retryable_and_says_when_in_both_places(sink: Sink) -> None:
    sink.refuse(grpc.StatusCode.UNAVAILABLE)
    sink.retry_delay = 100
    with running(sink) as service:
        error = refusal(service, traces("a"))
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    trailers = dict(error.trailing_metadata())
    plain = RetryInfo.FromString(trailers["google.rpc.retryinfo-bin"])
    assert plain.retry_delay.ToTimedelta().total_seconds() == 3
    [detail] = Status.FromString(trailers["grpc-status-details-bin"]).details
    unpacked = RetryInfo()
    assert detail.Unpack(unpacked)
    assert unpacked == plain


@pytest.mark.parametrize("code", ["INTERNAL", "UNKNOWN", "UNAUTHENTICATED", "PERMISSION_DENIED", "UNIMPLEMENTED"])
def test_what_is_wrong_between_us_and_the_destination_costs_the_sender_nothing(sink: Sink, code: str) -> None:
    sink.refuse(grpc.StatusCode[code])
    with running(sink) as service:
        assert refusal(service, traces("a")).code() is grpc.StatusCode.UNAVAILABLE


def test_the_destinations_words_go_no_further(sink: Sink) -> None:
    sink.refuse(grpc.StatusCode.INVALID_ARGUMENT)
    with running(sink) as service:
        assert "sink" not in str(refusal(service, traces("a")).details())


def test_a_request_that_the_destination_calls_invalid_is_told_to_the_sender(sink: Sink) -> None:
    sink.answer = lambda _, body: grpc.StatusCode.INVALID_ARGUMENT if b"poison" in body else None
    with running(sink) as service:
        assert refusal(service, traces("poison")).code() is grpc.StatusCode.INVALID_ARGUMENT
        call(service, traces("fine"))
    assert names(sink.requests[Signal.TRACES]) == ["fine"]


def test_a_slow_destination_is_answered_before_the_senders_deadline(sink: Sink) -> None:
    sink.delay = 3
    with running(sink) as service:
        began = time.monotonic()
        assert refusal(service, traces("a"), timeout=1.5).code() is grpc.StatusCode.UNAVAILABLE
        assert time.monotonic() - began < 1.5, "not the sender's own deadline"
        call(service, traces("b"), timeout=None)


def test_a_destination_that_is_down_and_comes_back(sink: Sink) -> None:
    with running(sink) as service:
        call(service, traces("a"))
        sink.stop()
        assert refusal(service, traces("b"), timeout=2).code() is grpc.StatusCode.UNAVAILABLE
        sink.start()
        call(service, traces("c"))
    assert names(sink.requests[Signal.TRACES]) == ["a", "c"]


def test_requests_go_out_compressed_and_under_our_name(sink: Sink) -> None:
    with running(sink, {"exporters": {"otlp": {"headers": {"X-Tenant": "a"}}}}) as service:
        call(service, traces("a"))
    [metadata] = sink.metadata
    assert str(metadata["user-agent"]).startswith(f"otelagent/{__version__}")
    assert metadata["x-tenant"] == "a"


def test_metadata_of_the_sender_is_not_passed_on(sink: Sink) -> None:
    with running(sink) as service, grpc.insecure_channel(service.endpoint()) as channel:
        secret = (("authorization", "Bearer secret"), ("x-scope-orgid", "tenant"))
        channel.unary_unary(METHODS[Signal.TRACES])(traces("a"), timeout=10, metadata=secret)
    assert not {"authorization", "x-scope-orgid"} & sink.metadata[0].keys()


def test_a_request_over_the_limit_is_refused_and_the_next_one_is_not(sink: Sink) -> None:
    limit = {"receivers": {"otlp": {"protocols": {"grpc": {"max_recv_msg_size_mib": 1}}}}}
    with running(sink, limit) as service:
        assert refusal(service, traces("x" * 1_100_000)).code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        call(service, traces("x" * 900_000))


def test_60_mib_pass_by_default(sink: Sink) -> None:
    with running(
        sink, {"exporters": {"otlp": {"compression": "none", "max_request_bytes": 64 * 1024 * 1024}}}
    ) as service:
        call(service, traces("x" * 60 * 1024 * 1024), timeout=30)
    assert len(sink.requests[Signal.TRACES][0]) > 60 * 1024 * 1024


def test_an_error_of_ours_sends_the_request_on_unchanged(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    body = traces("a")
    with running(sink) as service:

        def broken(_: bytes, __: float) -> None:
            raise KeyError("content")

        monkeypatch.setattr(service.service.pipeline, "traces", broken)
        call(service, body)
        assert service.service.traffic.forwarded_unread == 1
        assert refusal(service, MALFORMED).code() is grpc.StatusCode.INVALID_ARGUMENT
    assert sink.requests[Signal.TRACES] == [body]


def test_an_error_in_delivery_asks_the_sender_to_come_again(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(sink) as service:

        async def broken(*_: object, **__: object) -> None:
            raise KeyError("content")

        monkeypatch.setattr(service.service.delivery, "deliver", broken)
        assert refusal(service, traces("a")).code() is grpc.StatusCode.UNAVAILABLE
        traffic = service.service.traffic
        assert (traffic.broken[TRACES], traffic.refused[TRACES], traffic.accepted[TRACES]) == (1, 0, 0)


def test_an_error_in_the_background_is_counted_and_the_process_lives_on(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(sink) as service:

        def broken(_: float) -> None:
            raise KeyError("content")

        monkeypatch.setattr(service.service.pipeline, "sweep", broken)
        deadline = time.monotonic() + 10
        while service.service.traffic.background_errors < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert service.service.traffic.background_errors >= 2
        call(service, traces("a"))


def test_a_signal_without_a_pipeline_is_not_served(sink: Sink) -> None:
    only = {"service": {"pipelines": {"traces": {"receivers": ["otlp"], "exporters": ["otlp"]}}}}
    with running(sink, only) as service:
        call(service, traces("a"))
        assert refusal(service, logs("a"), Signal.LOGS).code() is grpc.StatusCode.UNIMPLEMENTED


def test_logs_that_the_destination_does_not_take_are_answered_as_it_would(sink: Sink) -> None:
    sink.answer = lambda signal, _: grpc.StatusCode.UNIMPLEMENTED if signal is Signal.LOGS else None
    with running(sink) as service:
        assert refusal(service, logs("a"), Signal.LOGS).code() is grpc.StatusCode.UNIMPLEMENTED


def test_without_an_exporter_spans_are_acknowledged() -> None:
    with running() as service:
        call(service, traces("a"))
        assert service.service.traffic.accepted[TRACES] == 1


def test_grpc_health(sink: Sink) -> None:
    with running(sink) as service, grpc.insecure_channel(service.endpoint()) as channel:
        check = health_pb2_grpc.HealthStub(channel).Check
        assert check(health_pb2.HealthCheckRequest(), timeout=5).status == health_pb2.HealthCheckResponse.SERVING
        name = "opentelemetry.proto.collector.trace.v1.TraceService"
        assert check(health_pb2.HealthCheckRequest(service=name), timeout=5).status == 1


@pytest.mark.parametrize("path", ["/", "/live", "/ready", "/status"])
def test_probes_do_not_depend_on_the_destination(sink: Sink, path: str) -> None:
    with running(sink) as service:
        sink.stop()
        assert httpx.get(f"http://{service.endpoint('health')}{path}").status_code == 200


def test_the_verbose_status_names_what_is_in_trouble_and_stays_200(sink: Sink) -> None:
    with running(sink) as service:
        sink.answer = lambda *_: grpc.StatusCode.UNAVAILABLE
        with pytest.raises(grpc.RpcError):
            call(service, traces("a"))
        answer = httpx.get(f"http://{service.endpoint('health')}/status?verbose")
    assert answer.status_code == 200
    assert answer.json()["components"] == {
        "exporter:otlp": "StatusRecoverableError",
        "processor:memory_limiter": "StatusOK",
    }


def test_metrics_are_scraped_with_the_names_of_the_collector(sink: Sink) -> None:
    with running(sink) as service:
        url = f"http://{service.endpoint('metrics')}/metrics"
        assert 'otelcol_receiver_accepted_spans_total{receiver="otlp",transport="grpc"} 0.0' in httpx.get(url).text
        call(service, traces("a", "b"))
        shown = httpx.get(url).text
        assert 'otelcol_receiver_accepted_spans_total{receiver="otlp",transport="grpc"} 2.0' in shown
        assert 'otelcol_receiver_failed_spans_total{receiver="otlp",transport="grpc"} 0.0' in shown
        for way in ("incoming", "outgoing"):
            series = f"otelcol_processor_{way}_items_total"
            assert f'{series}{{otel_signal="traces",processor="agent_failures"}} 2.0' in shown
        openmetrics = httpx.get(url, headers={"accept": "application/openmetrics-text; version=1.0.0"})
        assert openmetrics.headers["content-type"].startswith("application/openmetrics-text")
        assert openmetrics.text.endswith("# EOF\n")


def test_what_is_under_way_at_the_end_is_answered(sink: Sink) -> None:
    sink.delay = 1
    with running(sink) as service, grpc.insecure_channel(service.endpoint()) as channel:
        under_way = channel.unary_unary(METHODS[Signal.TRACES]).future(traces("a"), timeout=10)
        assert sink.wait_for(lambda s: s.calls == 1)
        service.stop()
        assert under_way.code() is grpc.StatusCode.OK
    assert names(sink.requests[Signal.TRACES]) == ["a"]


def test_rejected_names_no_content() -> None:
    with running() as service, pytest.raises(Rejected) as caught:
        service.call(service.service.intake.accept(TRACES, b"secret content"))
    assert "secret" not in str(caught.value)
