"""Content in OTLP logs is joined to its spans, whichever comes first."""

from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otelagent.diagnosis.emitters import coverage
from otelagent.diagnosis.inspect import Inspection
from otelagent.diagnosis.play import Logs
from otelagent.diagnosis.scan import Report
from otelagent.log_parts import MAX_PARTS, LogParts
from otelagent.model import LogPart
from otelagent.pipeline import Pipeline
from tests import builders

ANSWER = "67% of respondents were productive within 4.2 months (Hartmann et al., 2021)."


def chat(number: int, parent: bytes) -> Any:
    return builders.span(
        "chat gpt-4o",
        {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "gen_ai.system": "openai"},
        trace_id=b"t" * 16,
        span_id=bytes([number]) * 8,
        parent_id=parent,
        start=builders.BEGIN + number * 1000,
        end=builders.BEGIN + number * 1000 + 500,
        kind=3,
    )


def record(span_id: bytes, name: str, body: dict[str, Any], at: int) -> LogRecord:
    return LogRecord(
        trace_id=b"t" * 16,
        span_id=span_id,
        event_name=name,
        time_unix_nano=builders.BEGIN + at,
        attributes=[KeyValue(key="gen_ai.system", value=builders.value("openai"))],
        body=builders.value(body),
    )


def logs(*records: LogRecord) -> bytes:
    request = ExportLogsServiceRequest()
    scope_logs = request.resource_logs.add().scope_logs.add()
    scope_logs.scope.name = "opentelemetry.instrumentation.openai_v2"
    scope_logs.log_records.extend(records)
    return request.SerializeToString()


ASKED = {
    "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "search", "arguments": '{"query": "x"}'}}]
}
FIRST, SECOND, AGENT = b"\x01" * 8, b"\x02" * 8, b"\x09" * 8
EVENTS = [
    record(FIRST, "gen_ai.user.message", {"content": "What does research say?"}, 1),
    record(FIRST, "gen_ai.choice", {"index": 0, "finish_reason": "tool_calls", "message": ASKED}, 2),
    record(SECOND, "gen_ai.user.message", {"content": "What does research say?"}, 2001),
    record(SECOND, "gen_ai.assistant.message", ASKED, 2002),
    record(SECOND, "gen_ai.tool.message", {"id": "c1", "content": '{"results": []}'}, 2003),
    record(SECOND, "gen_ai.choice", {"index": 0, "finish_reason": "stop", "message": {"content": ANSWER}}, 2004),
]
SPANS = [
    chat(1, AGENT),
    chat(2, AGENT),
    builders.span(
        "invoke_agent atlas",
        {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "atlas"},
        trace_id=b"t" * 16,
        span_id=AGENT,
        end=builders.BEGIN + 10_000,
    ),
]


@pytest.mark.parametrize("order", ["logs first", "spans first", "agent last", "one by one, logs first", "one by one"])
def test_message_events_give_the_finding_in_any_order_of_arrival(order: str) -> None:
    report = Report()
    pipeline = Pipeline(ears=(report,))
    steps = {
        "logs first": [logs(*EVENTS), builders.request(SPANS)],
        "spans first": [builders.request(SPANS), logs(*EVENTS)],
        "agent last": [builders.request(SPANS[:2]), logs(*EVENTS), builders.request(SPANS[2:])],
        "one by one, logs first": [*(logs(e) for e in EVENTS), *(builders.request([s]) for s in SPANS)],
        "one by one": [*(builders.request([s]) for s in SPANS), *(logs(e) for e in EVENTS)],
    }[order]
    for now, body in enumerate(steps):
        is_logs = body[:200].find(b"openai_v2") >= 0
        pipeline.logs(body, float(now)) if is_logs else pipeline.traces(body, float(now))
    pipeline.settle(100.0)
    assert {(f.mode, f.about) for f in report.findings.values()} == {("empty_result_fabrication", SECOND)}


def test_repeated_record_is_kept_once() -> None:
    parts = LogParts()
    part = LogPart(trace_id=b"t" * 16, span_id=FIRST, time=1, error="x")
    assert parts.add(part)
    assert not parts.add(part)
    assert list(parts.of(FIRST)) == [part]


def test_parts_of_a_trace_are_bounded() -> None:
    parts = LogParts()
    for number in range(MAX_PARTS + 10):
        parts.add(LogPart(trace_id=b"t" * 16, span_id=number.to_bytes(8, "big"), time=number))
    assert not parts.of((0).to_bytes(8, "big"))
    assert parts.of((MAX_PARTS + 9).to_bytes(8, "big"))


def test_tool_invocation_log_of_a_hand_instrumented_agent_is_a_step() -> None:
    report = Report()
    pipeline = Pipeline(ears=(report,))
    fields = {
        "tool_name": "search",
        "args": '{"query": "x"}',
        "result_length_chars": 0,
        "status": "success_empty",
        "latency_ms": 40,
    }
    call = record(AGENT, "tool_invocation", fields, 1600)
    pipeline.traces(builders.request(SPANS[:1]), 1.0)
    pipeline.logs(logs(call), 2.0)
    pipeline.logs(logs(EVENTS[2], EVENTS[5]), 3.0)
    pipeline.traces(builders.request(SPANS[1:]), 4.0)
    pipeline.settle(100.0)
    assert [f.mode for f in report.findings.values()] == ["empty_result_fabrication"]


def test_log_that_repeats_only_a_calls_numbers_takes_nothing_away() -> None:
    body = builders.capture("pydantic-ai__native-default__empty_result.binpb.gz")
    spans = [
        s for r in ExportTraceServiceRequest.FromString(body).resource_spans for c in r.scope_spans for s in c.spans
    ]
    numbers = [KeyValue(key="gen_ai.usage.input_tokens", value=builders.value(7))]
    details = "gen_ai.client.inference.operation.details"
    records = [LogRecord(trace_id=s.trace_id, span_id=s.span_id, event_name=details, attributes=numbers) for s in spans]
    report = Report()
    pipeline = Pipeline(None, ears=(report,))
    pipeline.traces(body, 1.0)
    pipeline.logs(logs(*records), 2.0)
    pipeline.settle(3.0)
    assert [f.mode for f in report.findings.values()] == ["empty_result_fabrication"]


TOOL_SPAN = builders.span(
    "execute_tool fetch",
    {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "fetch", "gen_ai.tool.call.result": "a page of text"},
    trace_id=b"t" * 16,
    span_id=FIRST,
    parent_id=AGENT,
)
EXCHANGE = LogRecord(
    trace_id=b"t" * 16,
    span_id=FIRST,
    event_name="adk.experimental.mcp.http.client.response.end",
    time_unix_nano=builders.BEGIN + 10,
    attributes=[KeyValue(key="http.response.status_code", value=builders.value(429))],
)


@pytest.mark.parametrize("order", ["log first", "span first"])
def test_status_that_only_a_log_tells_decides_the_outcome_and_keeps_the_result(order: str) -> None:
    report = Inspection()
    pipeline = Pipeline(ears=(report,))
    if order == "log first":
        pipeline.logs(logs(EXCHANGE), 0.5)
    pipeline.traces(builders.request([TOOL_SPAN, *SPANS[2:]]), 1.0)
    if order == "span first":
        pipeline.logs(logs(EXCHANGE), 2.0)
    pipeline.settle(100.0)
    (step,) = report.pipes[0].agents[0].steps
    assert (step.outcome, step.bytes) == ("rate_limited", len("a page of text"))


def test_content_that_came_in_logs_is_not_called_missing() -> None:
    spans_first, logs_first = (
        coverage([builders.request(SPANS), Logs(logs(*EVENTS))]),
        coverage([Logs(logs(*EVENTS)), builders.request(SPANS)]),
    )
    for found in (spans_first, logs_first):
        assert [dict(e.lacks) for e in found.emitters.values()] == [{}]
