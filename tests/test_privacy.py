"""Captured content goes on in the forwarded data, and nowhere else."""

import gzip
import json
import random
import time
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from click.testing import CliRunner
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from otelagent import dialects, otlp, quotes
from otelagent.attributes import DELEGATION_MISSING
from otelagent.attributes import FAILURE_EVIDENCE_CONTENT as QUOTES
from otelagent.cli import main
from otelagent.exporters.otlp_grpc import METHODS
from otelagent.model import Step
from otelagent.reading import facts
from otelagent.reading.roles import role
from otelagent.reading.seen import Seen
from otelagent.sink import Sink
from otelagent.traffic import Signal
from tests.builders import CAPTURES
from tests.requests import MALFORMED
from tests.running import Running, running
from tests.test_durability import spooled


class Canaries:
    """Words that stand in no source of ours, and where each was planted."""

    def __init__(self) -> None:
        self._chance = random.Random(11)
        self.planted: list[str] = []

    def word(self) -> str:
        word = f"canary{self._chance.getrandbits(64):016x}"
        self.planted.append(word)
        return word

    def found(self, text: str | bytes) -> list[str]:
        text = text if isinstance(text, bytes) else text.encode()
        return [word for word in self.planted if word.encode() in text]


def failing(canary: Canaries) -> ExportTraceServiceRequest:
    """An agent that repeats one search with an empty result and then answers: canaries wherever content can stand."""
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    attribute(resource.resource, "service.name", "app")
    attribute(resource.resource, "host.secret", canary.word())
    scope = resource.scope_spans.add()
    trace, root, base = random.Random(1).randbytes(16), b"rootspan", 1_790_000_000_000_000_000
    query = json.dumps({"query": canary.word()})
    for index in range(6):
        span = scope.spans.add(
            trace_id=trace, span_id=b"tool%04d" % index, parent_span_id=root, name="execute_tool search"
        )
        span.start_time_unix_nano, span.end_time_unix_nano = base + index * 10**9, base + index * 10**9 + 10**8
        attribute(span, "gen_ai.operation.name", "execute_tool")
        attribute(span, "gen_ai.tool.name", "search")
        attribute(span, "gen_ai.tool.call.id", f"call_{index}")
        attribute(span, "gen_ai.tool.call.arguments", query)
        attribute(span, "gen_ai.tool.call.result", json.dumps({"results": [], "hint": canary.word()}))
        event = span.events.add(name="exception")
        attribute(event, "exception.message", canary.word())
        span.status.message = canary.word()
    answer = scope.spans.add(trace_id=trace, span_id=b"llm00000", parent_span_id=root, name="chat model")
    answer.start_time_unix_nano, answer.end_time_unix_nano = base + 7 * 10**9, base + 8 * 10**9
    attribute(answer, "gen_ai.operation.name", "chat")
    said = [
        {"role": "assistant", "parts": [{"type": "text", "content": f"Revenue grew 37.2 % to $4,812. {canary.word()}"}]}
    ]
    asked = [{"role": "user", "parts": [{"type": "text", "content": f"What was the revenue? {canary.word()}"}]}]
    attribute(answer, "gen_ai.output.messages", json.dumps(said))
    attribute(answer, "gen_ai.input.messages", json.dumps(asked))
    agent = scope.spans.add(trace_id=trace, span_id=root, name="invoke_agent analyst", kind=Span.SPAN_KIND_INTERNAL)
    agent.start_time_unix_nano, agent.end_time_unix_nano = base, base + 9 * 10**9
    attribute(agent, "gen_ai.operation.name", "invoke_agent")
    attribute(agent, "gen_ai.agent.name", "analyst")
    attribute(agent, "user.note", canary.word())
    return request


def attribute(owner: Any, key: str, value: str) -> None:
    owner.attributes.add(key=key).value.string_value = value


def log_records(canary: Canaries) -> bytes:
    request = ExportLogsServiceRequest()
    record = request.resource_logs.add().scope_logs.add().log_records.add()
    record.body.string_value = canary.word()
    attribute(record, "gen_ai.prompt", canary.word())
    return request.SerializeToString()


def added(sink: Sink) -> list[str]:
    """Everything of ours in what arrived."""
    ours = [str(a) for span in sink.spans() for a in span.attributes if a.key.startswith("otelagent.")]
    return ours + [str(r) for r in sink.records() if r.event_name.startswith("otelagent.")]


def send(service: Running, signal: Signal, body: bytes) -> str:
    """What the sender is told."""
    with grpc.insecure_channel(service.endpoint()) as channel:
        try:
            channel.unary_unary(METHODS[signal])(body, timeout=10)
        except grpc.RpcError as error:
            return str(error)
    return ""


def test_content_is_in_nothing_that_we_emit_print_or_store(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG")
    canary = Canaries()
    told: list[str] = []
    with Sink() as sink, running(sink, spooled(tmp_path)) as service:
        body = failing(canary).SerializeToString()
        told.append(send(service, Signal.TRACES, body))
        told.append(send(service, Signal.LOGS, log_records(canary)))
        told.append(send(service, Signal.TRACES, MALFORMED + canary.word().encode()))
        told.append(
            httpx.post(
                f"http://{service.endpoint('http')}/v1/traces",
                content=json.dumps({"resourceSpans": [{"scopeSpans": canary.word()}]}),
                headers={"content-type": "application/json"},
            ).text
        )
        sink.answer = lambda *_: grpc.StatusCode.INVALID_ARGUMENT
        told.append(send(service, Signal.TRACES, failing(canary).SerializeToString()))
        time.sleep(1.2)
        for name, path in (("metrics", "/metrics"), ("health", "/status")):
            told.append(httpx.get(f"http://{service.endpoint(name)}{path}").text)
        modes = {m for s in sink.spans() for a in s.attributes if a.key == "otelagent.failure.modes" for m in [str(a)]}
        assert modes, "the test needs a finding"
        told += added(sink)
    captured = capfd.readouterr()
    told += [captured.out, captured.err, caplog.text]
    assert [canary.found(text) for text in told if canary.found(text)] == []
    assert canary.found(b"".join(sink.requests[Signal.TRACES])), "the forwarded data carry it"


@pytest.mark.parametrize("allowed", [False, True])
def test_findings_quote_content_only_where_the_configuration_says_so(allowed: bool) -> None:
    canary = Canaries()
    settings = {"processors": {"agent_failures": {"evidence": {"include_content": allowed}}}}
    with Sink() as sink, running(sink, settings) as service:
        send(service, Signal.TRACES, failing(canary).SerializeToString())
        ours = [attribute for span in sink.spans() for attribute in span.attributes if attribute.key == QUOTES]
        ours += [a for record in sink.records() for a in record.attributes if a.key == QUOTES]
    assert len(canary.found(str(ours))) >= 2 if allowed else not ours
    for each in ours:
        assert max(len(value.string_value) for value in each.value.array_value.values) <= quotes.LENGTH


TRACES = {"receivers": ["otlp"], "processors": ["agent_failures", "redaction"], "exporters": ["otlp"]}
REDACTING = {
    "processors": {"redaction": {"allow_all_keys": True, "blocked_values": ["doc-\\d+"]}},
    "service": {"pipelines": {"traces": TRACES}},
}


@pytest.mark.parametrize(("settings", "named"), [({}, True), (REDACTING, False)])
def test_identifiers_of_missing_items_are_told_unless_content_is_redacted(settings: Any, named: bool) -> None:
    body = gzip.decompress((CAPTURES / "langgraph__openinference__delegation_partial.binpb.gz").read_bytes())
    with Sink() as sink, running(sink, settings) as service:
        send(service, Signal.TRACES, body)
        told = [a for span in sink.spans() for a in span.attributes if a.key == DELEGATION_MISSING]
        assert sink.spans()
    assert bool(told) is named


def fingerprints(body: bytes) -> list[str]:
    """Hashes of the content as they are taken inside the process, in the forms in which they could be written."""
    numbers = []
    for span in otlp.TraceRequest(body).spans:
        step = dialects.read(span)
        if not isinstance(step, Step) or step.content is None:
            continue
        numbers += [item.fingerprint for item in step.content.history()]
        facts.read(step, Seen(), lambda tool, said, command: role(tool, said, {}, command))
        numbers += [n for n in (step.call.arguments, step.call.result) if n is not None] if step.call else []
    assert len(numbers) > 6, "the test needs content"
    return [form for n in set(numbers) for form in (str(n), f"{n:x}", f"{n:016x}", str(n - (1 << 64)))]


def test_fingerprints_of_content_stay_in_the_process(tmp_path: Path) -> None:
    canary = Canaries()
    stores = {"baseline_store": {"directory": str(tmp_path / "baselines"), "interval": "1s"}}
    with Sink() as sink, running(sink, {"extensions": stores}) as service:
        body = failing(canary).SerializeToString()
        send(service, Signal.TRACES, body)
        metrics = httpx.get(f"http://{service.endpoint('metrics')}/metrics").text
        service.stop()
        told = " ".join([metrics, *added(sink), *(str(record) for record in sink.records())])
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert canary.found(kept) == [], "what is learned holds no content"
    assert [form for form in fingerprints(body) if form in told or form.encode() in kept] == []


def test_what_waits_on_disk_is_private_and_tells_nothing_about_itself(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """While a request lies in the spool, or has become a dead letter, its content stands in the stored body alone."""
    caplog.set_level("DEBUG")
    canary = Canaries()
    with Sink() as sink, running(sink, spooled(tmp_path)) as service:
        sink.answer = lambda *_: grpc.StatusCode.INVALID_ARGUMENT
        send(service, Signal.TRACES, failing(canary).SerializeToString())
        assert sink.wait_for(lambda _: service.service.traffic.buried.total() > 0)
        told = [httpx.get(f"http://{service.endpoint('metrics')}/metrics").text]
        told.append(CliRunner().invoke(main, ["spool", "--directory", str(tmp_path), "list"]).output)
        told.append(
            CliRunner().invoke(main, ["spool", "--directory", str(tmp_path), "list", "--format", "json"]).output
        )
        told.append(httpx.get(f"http://{service.endpoint('health')}/status?verbose").text)
    captured = capfd.readouterr()
    assert [canary.found(text) for text in (*told, captured.out, captured.err, caplog.text) if canary.found(text)] == []
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.rglob("spool.db*"))


def test_secrets_of_the_configuration_are_nowhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    settings = spooled(tmp_path, {"headers": {"authorization": "Bearer hunter2"}})
    with Sink() as sink, running(sink, settings) as service:
        sink.answer = lambda *_: grpc.StatusCode.UNAUTHENTICATED
        told = send(service, Signal.TRACES, failing(Canaries()).SerializeToString())
        metrics = httpx.get(f"http://{service.endpoint('metrics')}/metrics").text
        stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
        assert "hunter2" not in told + metrics + caplog.text + repr(service.service.config)
        assert b"hunter2" not in stored
