"""`otelagent scan` as its user meets it: files in, result on stdout, talk on stderr, exit codes."""

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otelagent.cli import main
from tests import builders

FAILING = "pydantic-ai__native-default__empty_result.binpb.gz"
HEALTHY = "pydantic-ai__native-default__ok.binpb.gz"
HANDLED = "pydantic-ai__native-default__empty_handled.binpb.gz"


def scan(*args: str | Path) -> Result:
    return CliRunner().invoke(main, ["scan", *map(str, args)])


def as_json(body: bytes) -> bytes:
    """OTLP/JSON as the Collector's file exporter writes it: hex ids, integer enums."""
    plain = MessageToDict(ExportTraceServiceRequest.FromString(body), use_integers_for_enums=True)
    for resource_spans in plain["resourceSpans"]:
        for scope_spans in resource_spans["scopeSpans"]:
            for span in scope_spans["spans"]:
                for key in ("traceId", "spanId", "parentSpanId"):
                    if key in span:
                        span[key] = base64.b64decode(span[key]).hex()
    return json.dumps(plain).encode()


def test_findings_give_exit_code_1_and_none_gives_0() -> None:
    failing, healthy = scan(builders.CAPTURES / FAILING), scan(builders.CAPTURES / HEALTHY)
    assert (failing.exit_code, healthy.exit_code) == (1, 0)
    assert "empty_result_fabrication" in failing.stdout
    assert healthy.stdout == ""
    assert healthy.stderr.startswith("0 findings in 1 trace, ")


@pytest.mark.parametrize("form", ["protobuf", "protobuf.gz", "json", "json.gz", "lines", "lines.gz"])
def test_every_form_of_file_gives_the_same_findings(form: str, tmp_path: Path) -> None:
    body = builders.capture(FAILING)
    raw = {
        "protobuf": body,
        "json": as_json(body),
        "lines": b"\n".join(map(as_json, builders.one_by_one(body))) + b"\n",
    }[form.removesuffix(".gz")]
    path = tmp_path / "traces"
    path.write_bytes(gzip.compress(raw) if form.endswith(".gz") else raw)
    assert findings(scan("--format", "json", path)) == findings(scan("--format", "json", builders.CAPTURES / FAILING))


RECORDED = Path(__file__).parents[1] / "recorded"
MESSAGES_IN_LOGS = RECORDED / "openai-v2__empty.binpb.gz", RECORDED / "openai-v2__empty.logs.binpb.gz"


@pytest.mark.parametrize("form", ["protobuf", "lines"])
def test_messages_in_files_of_logs_are_read_as_well(form: str, tmp_path: Path) -> None:
    spans, records = (gzip.decompress(path.read_bytes()) for path in MESSAGES_IN_LOGS)
    paths = tmp_path / "traces", tmp_path / "logs"
    paths[0].write_bytes(spans if form == "protobuf" else as_json(spans))
    plain = MessageToDict(ExportLogsServiceRequest.FromString(records), use_integers_for_enums=True)
    for scope_logs in plain["resourceLogs"][0]["scopeLogs"]:
        for record in scope_logs["logRecords"]:
            record |= {key: base64.b64decode(record[key]).hex() for key in ("traceId", "spanId")}
    paths[1].write_bytes(records if form == "protobuf" else json.dumps(plain).encode())
    assert scan(paths[0]).exit_code == 0
    assert [f["mode"] for f in findings(scan("--format", "json", *paths))] == ["empty_result_fabrication"]


def test_odd_spans_and_those_that_are_not_understood_are_told(tmp_path: Path) -> None:
    own = {"trace_id": b"t" * 16, "span_id": b"s" * 8}
    odd = builders.span("think", {}, **own, parent_id=b"s" * 8, start=builders.BEGIN, end=builders.BEGIN - 1)
    path = tmp_path / "odd"
    path.write_bytes(builders.request([odd], scope="acme.agent"))
    told = scan(path).stderr
    assert "not understood: 1 span of acme.agent" in told
    assert "odd, and read all the same: own parent (1 span)" in told
    shown = json.loads(scan("--format", "json", path).stdout)
    assert {o["reason"]: o["count"] for o in shown["odd"]} == {"own_parent": 1, "ends_before_start": 1}
    assert shown["unrecognised"] == [{"scope": "acme.agent", "spans": 1}]


def findings(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 1, result.output
    found: list[dict[str, Any]] = json.loads(result.stdout)["findings"]
    return found


def test_json_names_the_spans_by_hex_ids() -> None:
    (found,) = findings(scan("--format", "json", builders.CAPTURES / FAILING))
    entry = next(e for e in builders.manifest() if e["file"] == FAILING)
    evidence = {e["span_id"] for e in entry["evidence"]}
    assert found["trace_id"] == entry["trace_ids"][0]
    assert {found["span_id"], found["first_divergence"]["span_id"]} <= evidence
    assert (found["mode"], found["layer"], found["agent"]) == ("empty_result_fabrication", "tool", "atlas")
    assert all(e["why"] for e in found["evidence"])


def test_why_lists_what_was_considered() -> None:
    quiet = scan("--why", builders.CAPTURES / HANDLED)
    assert quiet.exit_code == 0
    assert "acknowledges" in quiet.stdout


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"not telemetry", "expected OTLP"),
        (b'{"resourceSpans": 3}', "must be an array"),
        (b"\x1f\x8bbroken", "damaged gzip"),
    ],
)
def test_file_that_cannot_be_read_gives_exit_code_2_and_says_why(content: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / "traces"
    path.write_bytes(content)
    result = scan(path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in result.stderr


def test_file_that_is_not_there_gives_exit_code_2(tmp_path: Path) -> None:
    assert scan(tmp_path / "nowhere").exit_code == 2


def test_names_from_spans_do_not_drive_the_terminal(tmp_path: Path) -> None:
    script = {
        "agent": "\x1b[31mred\x1b]0;title\x07",
        "user": "?",
        "steps": [{"tool": "search", "arguments": {"q": 1}, "result": {"hits": [{"t": "x"}]}}] * 4 + [{"say": "No."}],
    }
    path = tmp_path / "traces"
    path.write_bytes(builders.request(builders.spans(script)))
    result = scan(path)
    assert result.exit_code == 1
    assert "\x1b" not in result.stdout
    assert "\x07" not in result.stdout
