"""`otelagent canary` passes where everything works, and names what is missing where it doesn't."""

import http.server
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from click.testing import CliRunner, Result

from otelagent import canary
from otelagent.cli import main
from otelagent.config_text import merge
from otelagent.sink import Sink
from tests.deploy.test_kubernetes import free_ports
from tests.running import Running, running
from tests.test_durability import spooled
from tests.test_tls import HERE as CERTIFICATES


def run(service: Running | None, *arguments: str, metrics: bool = True) -> Result:
    where = ["--endpoint", service.endpoint()] if service else []
    where += ["--metrics", f"http://{service.endpoint('metrics')}/metrics"] if service and metrics else []
    return CliRunner().invoke(main, ["canary", *where, *arguments])


def checks(result: Result) -> dict[str, Any]:
    return {check["check"]: check["passed"] for check in json.loads(result.stdout)}


def test_all_that_should_come_of_it_is_seen() -> None:
    with Sink() as sink, running(sink) as service:
        for _ in range(2):
            result = run(service, "--format", "json")
            assert result.exit_code == 0, result.output
            names = ["acknowledged", "finding", "spans to otlp", "finding event to otlp", "conservation"]
            assert checks(result) == dict.fromkeys(names, True)
        assert {a.value.string_value for s in sink.spans() for a in s.attributes if a.key == "gen_ai.agent.name"} == {
            canary.AGENT
        }


def test_spans_that_lie_in_the_spool_are_missed_downstream(tmp_path: Path) -> None:
    with Sink() as sink, running(sink, spooled(tmp_path)) as service:
        sink.answer = lambda *_: grpc.StatusCode.UNAVAILABLE
        result = run(service, "--timeout", "1")
        sink.answer = None
    assert result.exit_code == 1
    assert "MISSING  spans to otlp: 0 spans sent, 7 wait in the spool" in result.stdout
    assert "ok       conservation" in result.stdout


def test_a_detector_that_is_off_is_said() -> None:
    settings = {"processors": {"agent_failures": {"detectors": {"reasoning_loop": "off"}}}}
    off = "processors.agent_failures.detectors.reasoning_loop=off"
    with Sink() as sink, running(sink, settings) as service:
        assert "MISSING  finding" in run(service, "--timeout", "1").stdout
        assert "skipped  finding: reasoning_loop is off" in run(service, "--set", off).stdout


def test_as_the_destination_it_sees_the_very_spans() -> None:
    (port,) = free_ports(1)
    exporter = {"exporters": {"otlp": {"endpoint": f"http://127.0.0.1:{port}"}}}
    with running(None, exporter) as service:
        result = run(service, "--receive", str(port), "--format", "json")
    assert result.exit_code == 0, result.output
    assert checks(result)["downstream"] is True


@contextmanager
def backend(answers: Mapping[str, bytes]) -> Iterator[str]:
    """Shows traces by path; other paths are 404."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = next((body for path, body in answers.items() if self.path.startswith(path)), None)
            self.send_response(404 if body is None else 200)
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("path", "code", "seen"),
    [("good", 0, "ok       backend: HTTP 200, with"), ("bare", 1, "HTTP 200, without"), ("none", 1, "HTTP 404")],
)
def test_the_backend_is_asked_for_the_very_trace(path: str, code: int, seen: str) -> None:
    answers = {"/good/": b'{"key": "otelagent.failure.modes"}', "/bare/": b"{}"}
    with backend(answers) as url, Sink() as sink, running(sink) as service:
        result = run(service, "--trace-url", f"{url}/{path}/{{trace_id}}", "--timeout", "1")
    assert (result.exit_code, seen in result.stdout) == (code, True), result.output


def test_it_uses_certificates_and_token_of_the_configuration(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("hunter2")
    tls = {name: str(CERTIFICATES / f"server.{kind}") for name, kind in (("cert_file", "pem"), ("key_file", "key"))}
    settings = {
        "receivers": {"otlp": {"protocols": {"grpc": {"tls": tls, "auth": {"authenticator": "bearertokenauth"}}}}},
        "extensions": {"bearertokenauth": {"filename": str(token)}},
    }
    wrong = tmp_path / "wrong"
    wrong.write_text("other")
    own = merge(settings, {"exporters": {"otlp": {"endpoint": "http://127.0.0.1:1"}}})
    stranger = merge(own, {"extensions": {"bearertokenauth": {"filename": str(wrong)}}})
    trusted = ("--ca-file", str(CERTIFICATES / "authority.pem"), "--server-name", "localhost")
    with Sink() as sink, running(sink, settings) as service:
        config = ["--config", f"yaml:{json.dumps(own)}"]
        assert run(service, *config, *trusted).exit_code == 0
        assert run(service, *config).exit_code == 2, "nobody vouches for it"
        assert run(service, "--config", f"yaml:{json.dumps(stranger)}", *trusted).exit_code == 2, "not its token"


def test_nobody_there_is_told_in_one_line() -> None:
    result = run(None, "--endpoint", "127.0.0.1:1", "--metrics", "http://127.0.0.1:1/metrics")
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
