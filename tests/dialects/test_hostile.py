"""Whatever a span or log record holds, reading it decides on something and never raises."""

import json
from collections.abc import Iterable
from typing import Any

import pytest
from google.protobuf.internal import encoder
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from otelagent import dialects, otlp
from otelagent.dialects.messages import completion, listing
from otelagent.dialects.shapes import message
from otelagent.model import Content, Kind, Plain, Step
from tests import builders
from tests.dialects.readout import TRACE, readout

KEYS = sorted(
    {key for d in dialects.DIALECTS for keys in d.fields.values() for key in keys if isinstance(key, str)}
    | {m.removesuffix("*") for d in dialects.DIALECTS for m in d.markers}
    | {key for d in dialects.DIALECTS for key in (*d.arguments, *d.result, *d.output) if isinstance(key, str)}
    | {key for d in dialects.DIALECTS for key, _ in d.kinds if isinstance(key, str)}
    | {"gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions", "metadata", "input.value"}
    | {"llm.input_messages.0.message.role", "llm.input_messages.x.message", "gen_ai.prompt.0", "gen_ai.prompt.-1.role"}
    | {"items_assigned", "items_processed", "args", "status", "events", "http.status_code", "error.type", ""}
)
KINDS = ["chat", "execute_tool", "invoke_agent", "TOOL", "LLM", "AGENT", "CHAIN", "tool", "llm", "agent", "retrieval"]
SCOPES = ["", "gcp.vertex.agent", "ai", "pydantic-ai", "openinference.instrumentation.openai_agents", "langfuse-sdk"]
SCOPES += ["openinference.instrumentation.langchain", "opentelemetry.instrumentation.langchain", "strands.telemetry"]

SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text() | st.binary()
VALUES = st.recursive(SCALARS, lambda v: st.lists(v, max_size=4) | st.dictionaries(st.text(), v, max_size=4))
NAMES = ("role", "content", "parts", "type", "tool_calls", "function", "data", "kwargs", "message", "messages", "id")
SHAPED = st.recursive(
    SCALARS | st.sampled_from(["user", "tool", "tool_call", "text", "constructor", "ai"]),
    lambda v: st.lists(v, max_size=4) | st.dictionaries(st.sampled_from(NAMES), v, max_size=5),
)
JSON = SHAPED.map(lambda v: json.dumps(v, default=str))
CUT = st.tuples(JSON, st.integers(0, 200)).map(lambda pair: pair[0][: pair[1]])
ANY = VALUES | SHAPED | JSON | CUT | SHAPED.map(repr) | st.sampled_from(KINDS)
ATTRIBUTES = st.dictionaries(st.sampled_from(KEYS), ANY, max_size=12)
RELAXED = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def read(body: bytes) -> Iterable[Step | Plain]:
    for span in otlp.TraceRequest(body).spans:
        item = dialects.read(span)
        assert isinstance(item, Step | Plain)
        if isinstance(item, Step):
            assert isinstance(item.kind, Kind)
            assert item.content is not None
            drained(item.content)
        for call in dialects.calls(span):
            assert call.content is not None
            drained(call.content)
        yield item


def drained(content: Content) -> None:
    content.arguments()
    content.result()
    content.error()
    content.tools()
    content.completion()
    for item in content.history():
        assert isinstance(item.fingerprint, int)
        item.read()


@RELAXED
@given(
    ATTRIBUTES, st.sampled_from(SCOPES), st.sampled_from(["chat", "execute_tool x", "running tool", "tool_invocation"])
)
def test_any_value_under_any_known_key(attributes: dict[str, Any], scope: str, name: str) -> None:
    span = {"name": name, "attributes": attributes, "events": [{"name": "exception", "attributes": attributes}]}
    readout({"scope": scope, "spans": [span], "logs": [{"event": "gen_ai.choice", "attributes": attributes}]})


@RELAXED
@given(ANY, st.sampled_from(["", "tool_invocation", "gen_ai.tool.message", "gen_ai.choice", "exception"]), ATTRIBUTES)
def test_any_body_of_a_log_record(body: Any, event: str, attributes: dict[str, Any]) -> None:
    readout({"logs": [{"event": event, "body": body, "attributes": attributes}]})


@RELAXED
@given(SHAPED | VALUES | JSON | CUT)
def test_any_shape_is_some_message(value: Any) -> None:
    message(value, "user")
    for item in (*listing(value, "user").items, *completion(value).items):
        item.read()


@RELAXED
@given(st.binary(max_size=300))
def test_any_bytes_as_a_serialised_value(raw: bytes) -> None:
    otlp.decode(raw)


def test_text_that_is_no_utf8() -> None:
    body = request_with(b"gen_ai.tool.call.result", b"\x0a\x03\xff\xfe{")
    (step,) = read(body)
    assert isinstance(step, Step)


def test_key_that_is_no_utf8() -> None:
    (step,) = read(request_with(b"\xff\xfe", b"\x0a\x01x"))
    assert isinstance(step, Step)
    assert step.tool == "search"


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 50_000, "[{'a': " * 20_000, '"' + "\\" * 99_999, "{'a'" * 9])
def test_deep_and_broken_text(text: str) -> None:
    attributes = {"gen_ai.operation.name": "chat", "gen_ai.input.messages": text, "gen_ai.output.messages": text}
    (step,) = read(builders.request([builders.span("chat", attributes, trace_id=TRACE, span_id=b"1" * 8)]))
    assert isinstance(step, Step)


def test_ten_megabytes() -> None:
    big = json.dumps([{"role": "user", "parts": [{"type": "text", "content": "x" * 10_000_000}]}])
    attributes = {"gen_ai.operation.name": "chat", "gen_ai.agent.name": "n" * 10_000_000, "gen_ai.input.messages": big}
    (step,) = read(builders.request([builders.span("chat", attributes, trace_id=TRACE, span_id=b"1" * 8)]))
    assert isinstance(step, Step)
    assert step.agent is not None
    assert len(step.agent) < 10_000


def test_deeply_nested_native_values() -> None:
    value: Any = "x"
    for _ in range(45):
        value = [value]
    attributes = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": value, "gen_ai.tool.call.result": value}
    (step,) = read(builders.request([builders.span("t", attributes, trace_id=TRACE, span_id=b"1" * 8)]))
    assert isinstance(step, Step)


def test_log_record_without_a_span_says_nothing() -> None:
    request = ExportLogsServiceRequest()
    record = request.resource_logs.add().scope_logs.add().log_records.add(event_name="tool_invocation")
    record.attributes.append(KeyValue(key="tool_name", value=builders.value("x")))
    (log,) = otlp.logs(request.SerializeToString())
    assert dialects.read_log(log) is None


def request_with(key: bytes, value: bytes) -> bytes:
    """A tool span with one more attribute, whose key and value are these bytes."""
    span = builders.span(
        "execute_tool search",
        {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search"},
        trace_id=TRACE,
        span_id=b"1" * 8,
    ).SerializeToString()
    pair = _field(1, key) + _field(2, value)
    body = span + _field(9, pair)
    return _field(1, _field(2, _field(2, body)))


def _field(number: int, payload: bytes) -> bytes:
    parts: list[bytes] = []
    encoder._EncodeVarint(parts.append, len(payload))
    return bytes([number << 3 | 2]) + b"".join(parts) + payload
