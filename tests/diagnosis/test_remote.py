"""Traces of a running Tempo or Jaeger, by their documented HTTP APIs; answers have the documented shapes."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from click.testing import CliRunner
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otelagent.cli import main
from otelagent.diagnosis.load import Unreadable, requests
from otelagent.diagnosis.remote import Place, place
from tests import builders
from tests.diagnosis.test_jaeger import as_jaeger

RECORDING = builders.capture("pydantic-ai__native-default__empty_result.binpb.gz")
TRACE = "0af7651916cd43dd8448eb211c80319c"

Answers = dict[str, tuple[int, str, bytes]]


def hex_ids(plain: Any) -> Any:
    """Protobuf's own JSON with the ids of OTLP/JSON."""
    if isinstance(plain, dict):
        ids = {"traceId", "spanId", "parentSpanId"}
        return {k: base64.b64decode(v).hex() if k in ids else hex_ids(v) for k, v in plain.items()}
    return [hex_ids(each) for each in plain] if isinstance(plain, list) else plain


def otlp_json() -> dict[str, Any]:
    message = ExportTraceServiceRequest.FromString(RECORDING)
    plain: dict[str, Any] = hex_ids(MessageToDict(message, use_integers_for_enums=True))
    return plain


@contextmanager
def backend(answers: Answers, asked: list[tuple[str, Any]] | None = None) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if asked is not None:
                asked.append((self.path, self.headers))
            status, kind, body = answers.get(self.path, (404, "text/plain", b"trace not found"))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


TEMPO: Answers = {f"/api/traces/{TRACE}": (200, "application/protobuf", RECORDING)}
JAEGER: Answers = {
    f"/api/v3/traces/{TRACE}": (200, "application/json", json.dumps({"result": otlp_json()}).encode()),
    f"/api/traces/{TRACE}": (500, "text/plain", b"deprecated"),
}
JAEGER_IN_LINES: Answers = {
    f"/api/v3/traces/{TRACE}": (
        200,
        "application/json",
        b"\n".join(json.dumps({"result": {"resourceSpans": [r]}}).encode() for r in otlp_json()["resourceSpans"] * 2),
    ),
}
OLD_JAEGER: Answers = {
    f"/api/traces/{TRACE}": (200, "application/json", json.dumps(as_jaeger(RECORDING)).encode()),
}


@pytest.mark.parametrize("answers", [TEMPO, JAEGER, JAEGER_IN_LINES, OLD_JAEGER], ids=["tempo", "v3", "lines", "old"])
def test_trace_of_a_backend_is_diagnosed_like_its_recording(answers: Answers) -> None:
    with backend(answers) as address:
        done = CliRunner().invoke(main, ["scan", "--format", "json", f"{address}/{TRACE}"])
    assert done.exit_code == 1
    assert [f["mode"] for f in json.loads(done.stdout)["findings"]] == ["empty_result_fabrication"]


def test_diagnose_takes_the_address_that_the_page_shows() -> None:
    with backend(JAEGER) as address:
        done = CliRunner().invoke(main, ["diagnose", "--format", "json", f"{address}/trace/{TRACE}?uiFind=search"])
    assert done.exit_code == 1
    assert json.loads(done.stdout)["findings"][0]["mode"] == "empty_result_fabrication"


def test_headers_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTELAGENT_BACKEND_HEADERS", "X-Scope-OrgID=team-a, Authorization=Bearer secret")
    asked: list[tuple[str, Any]] = []
    with backend(TEMPO, asked) as address:
        list(requests(f"{address}/{TRACE}"))
    assert [path for path, _ in asked] == [f"/api/v3/traces/{TRACE}", f"/api/traces/{TRACE}"]
    assert {(h["X-Scope-OrgID"], h["Authorization"]) for _, h in asked} == {("team-a", "Bearer secret")}


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ({}, "no trace with this id"),
        ({f"/api/v3/traces/{TRACE}": (401, "text/plain", b"")}, "HTTP 401; headers such as Authorization"),
        ({f"/api/v3/traces/{TRACE}": (200, "text/html", b"<html>")}, "the answer is no JSON"),
        ({f"/api/traces/{TRACE}": (200, "application/json", b'{"batches": []}')}, "neither OTLP nor a trace"),
        ({f"/api/traces/{TRACE}": (200, "application/protobuf", b"\xff\xff")}, "not an OTLP request"),
    ],
)
def test_other_answers_are_said_and_not_taken_for_a_trace(answers: Answers, why: str) -> None:
    with backend(answers) as address, pytest.raises(Unreadable, match=why):
        list(requests(f"{address}/{TRACE}"))


def test_dead_backend_is_named_without_its_credentials() -> None:
    done = CliRunner().invoke(main, ["diagnose", f"http://name:secret@127.0.0.1:1/{TRACE}"])
    assert done.exit_code == 2
    assert "http://127.0.0.1:1: ConnectError" in done.stderr
    assert "secret" not in done.stderr


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (f"http://tempo:3200/{TRACE}", Place("http://tempo:3200", TRACE)),
        (f"https://host/tempo/api/v2/traces/{TRACE}", Place("https://host/tempo", TRACE)),
        ("http://jaeger:16686/trace/8448eb211c80319c", Place("http://jaeger:16686", "0" * 16 + "8448eb211c80319c")),
        ("http://jaeger:16686/search", None),
        ("traces.json", None),
    ],
)
def test_addresses(source: str, expected: Place | None) -> None:
    assert place(source) == expected
