"""OTLP/HTTP out: what each answer means, and what a hostile destination can do."""

import asyncio
import gzip
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from google.protobuf.message import Message
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from otelagent import __version__
from otelagent.errors import Misconfigured, OtelagentError, Rejected, Retryable, TooLarge, Unsupported
from otelagent.exporters.otlp_http import OtlpHttpExporter
from otelagent.traffic import Signal
from otelagent.vitals import resident

Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def destination(answer: Answer) -> Iterator[tuple[str, list[tuple[str, dict[str, str], bytes]]]]:
    """An HTTP server; gives its address and what came."""
    came: list[tuple[str, dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            came.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            answer(self)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", came
    finally:
        server.shutdown()
        server.server_close()


def status(code: int, body: bytes = b"", **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for key, value in headers.items():
            handler.send_header(key.replace("_", "-"), value)
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def export(address: str, signal: Signal = Signal.TRACES, timeout: float = 5.0, **settings: bool) -> int:
    async def main() -> int:
        urls = {s: f"{address}/v1/{s}" for s in Signal}
        exporter = OtlpHttpExporter("otlp_http", urls, headers={"X-Key": "secret"}, **settings)
        try:
            return await exporter.export(signal, b"body", timeout)
        finally:
            await exporter.close()

    return asyncio.run(main())


@pytest.mark.parametrize("signal", list(Signal))
def test_each_signal_goes_to_its_path_compressed_and_under_our_name(signal: Signal) -> None:
    with destination(status(200)) as (address, came):
        assert export(address, signal) == 0
    [(path, headers, body)] = came
    assert (path, gzip.decompress(body)) == (f"/v1/{signal}", b"body")
    assert headers["content-type"] == "application/x-protobuf"
    assert headers["user-agent"] == f"otelagent/{__version__}"
    assert headers["x-key"] == "secret"


def test_compression_can_be_off() -> None:
    with destination(status(200)) as (address, came):
        export(address, gzip=False)
    assert came[0][2] == b"body"
    assert "content-encoding" not in came[0][1]


@pytest.mark.parametrize(
    ("code", "signal", "kind"),
    [
        *((code, Signal.TRACES, Retryable) for code in (408, 429, 502, 503, 504)),
        *((code, Signal.TRACES, Misconfigured) for code in (301, 401, 403, 404, 405, 500, 501, 505)),
        *((code, Signal.LOGS, Unsupported) for code in (404, 405, 501)),
        (400, Signal.TRACES, Rejected),
        (413, Signal.TRACES, TooLarge),
    ],
)
def test_what_an_answer_means(code: int, signal: Signal, kind: type[OtelagentError]) -> None:
    with destination(status(code, b"the data was: secret")) as (address, _), pytest.raises(OtelagentError) as caught:
        export(address, signal)
    assert type(caught.value) is kind
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(("text", "seconds"), [("7", 7.0), ("99999", 300.0), ("soon", 0.0), ("", 0.0), ("-3", 0.0)])
def test_the_destinations_wish_is_read(text: str, seconds: float) -> None:
    with destination(status(503, retry_after=text)) as (address, _), pytest.raises(Retryable) as caught:
        export(address)
    assert caught.value.asked == seconds


def test_a_date_is_a_wish_too() -> None:
    stamp = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 60))
    with destination(status(503, retry_after=stamp)) as (address, _), pytest.raises(Retryable) as caught:
        export(address)
    assert 50 < caught.value.asked <= 60


def test_partial_success_is_read() -> None:
    answer: Message = ExportTraceServiceResponse(partial_success={"rejected_spans": 3})
    body = answer.SerializeToString()
    with destination(status(200, body, content_type="application/x-protobuf")) as (address, _):
        assert export(address) == 3
    with destination(status(200, b"\xff\xff", content_type="application/x-protobuf")) as (address, _):
        assert export(address) == 0


def test_a_destination_that_talks_without_end_costs_no_memory() -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("content-type", "application/x-protobuf")
        handler.send_header("content-length", str(1 << 30))
        handler.end_headers()
        try:
            for _ in range(1 << 10):
                handler.wfile.write(bytes(1 << 20))
        except OSError:
            return

    before = resident()
    with destination(answer) as (address, _):
        assert export(address, timeout=5) == 0
    assert resident() - before < 60 << 20


def test_a_destination_that_never_answers_is_given_up() -> None:
    with destination(lambda _: time.sleep(2)) as (address, _), pytest.raises(Retryable):
        export(address, timeout=0.2)


def test_nobody_there_is_retryable() -> None:
    with destination(status(200)) as (address, _):
        pass
    with pytest.raises(Retryable):
        export(address)
