"""`otelagent spool` beside a running service."""

import json
import time
from pathlib import Path

import grpc
import pytest
from click.testing import CliRunner, Result
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otelagent.cli import main
from otelagent.sink import Sink
from otelagent.spool_file import SpoolFile
from otelagent.traffic import Outlet, Signal
from tests.requests import names, traces
from tests.running import running
from tests.test_durability import call, settled, spooled

TRACES = Outlet("otlp", Signal.TRACES)


def spool(directory: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["spool", "--directory", str(directory), *arguments])


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    file = SpoolFile(tmp_path)
    file.open()
    with file.transaction():
        file.put(TRACES, traces("waits"), 1)
        file.bury(TRACES, traces("dead", "too"), 2, "INVALID_ARGUMENT", 1_700_000_000.0)
    file.close()
    return tmp_path


def test_list_tells_what_waits_and_what_is_dead(filled: Path) -> None:
    text = spool(filled, "list").stdout
    assert "waiting for otlp: 1 requests, 1 spans" in text
    assert "dead 1: 2 spans for otlp" in text
    assert "INVALID_ARGUMENT" in text
    listed = json.loads(spool(filled, "list", "--format", "json").stdout)
    assert [letter["id"] for letter in listed["dead"]] == [1]
    assert listed["waiting"][0]["requests"] == 1


def test_show_names_the_spans(filled: Path) -> None:
    shown = spool(filled, "show", "1")
    assert shown.stdout.count("span ") == 2
    assert spool(filled, "show", "7").exit_code == 2


def test_export_writes_an_otlp_request_and_never_over_a_file(filled: Path, tmp_path: Path) -> None:
    out = tmp_path / "letter.binpb"
    assert spool(filled, "export", "1", str(out)).exit_code == 0
    assert ExportTraceServiceRequest.FromString(out.read_bytes()).resource_spans
    assert spool(filled, "export", "1", str(out)).exit_code == 2


def test_drop_forgets(filled: Path) -> None:
    assert spool(filled, "drop").exit_code == 2
    assert "1 dropped" in spool(filled, "drop", "1").stdout
    assert "dead" not in spool(filled, "list").stdout


def test_a_directory_without_a_spool_is_told(tmp_path: Path) -> None:
    result = spool(tmp_path / "nothing", "list")
    assert (result.exit_code, "there is no spool" in result.stderr) == (2, True)


def test_retry_beside_a_running_service_sends_it(tmp_path: Path) -> None:
    with Sink() as sink, running(sink, spooled(tmp_path)) as service:
        sink.answer = lambda _, body: grpc.StatusCode.INVALID_ARGUMENT if b"poison" in body else None
        call(service, traces("poison"))
        deadline = time.monotonic() + 5
        while not service.service.traffic.buried[TRACES] and time.monotonic() < deadline:
            time.sleep(0.02)
        sink.answer = None
        assert "1 wait again" in spool(tmp_path, "retry", "--all").stdout
        assert sink.wait_for(lambda s: names(s.requests[Signal.TRACES]) == ["poison"], 15)
        time.sleep(1.2)
        settled(service)
        assert service.service.traffic.revived[TRACES] == 1
