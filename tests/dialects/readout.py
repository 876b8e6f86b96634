"""Spans and log records written as JSON, and what the dialects make of them.

`python -m tests.dialects.readout FILE.raw.json` prints what belongs into FILE.json. Read it before you keep it.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from otelagent import dialects, otlp
from otelagent.model import Content, Kind, Message, Plain, Step, Text, ToolCall
from tests import builders

TRACE = b"t" * 16
SHOWN = [
    "agent",
    "agent_id",
    "workflow",
    "conversation",
    "tool",
    "call_id",
    "model",
    "response_id",
    "continues",
    "finish",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "context_limit",
    "context_used",
    "http_status",
    "error_type",
    "reported_status",
    "reported_length",
    "target",
    "parent_agent",
    "environment",
    "withheld",
    "capture_hint",
]


def readout(raw: dict[str, Any]) -> list[dict[str, Any]]:
    """What is read of each span, of the calls in its events, and of each log record."""
    spans = otlp.TraceRequest(_request(raw)).spans
    shown = []
    for span in spans:
        shown.append(_shown(dialects.read(span)))
        shown += [_shown(step) for step in dialects.calls(span)]
    return shown + [_shown_log(record) for record in otlp.logs(_logs(raw))]


def _request(raw: dict[str, Any]) -> bytes:
    spans = [_span(index, span) for index, span in enumerate(raw.get("spans", ()), start=1)]
    return builders.request(spans, scope=raw.get("scope", ""))


def _span(index: int, span: dict[str, Any]) -> Span:
    start = builders.BEGIN + span.get("start", 0)
    message = builders.span(
        span["name"],
        span.get("attributes", {}),
        trace_id=TRACE,
        span_id=bytes([index]) * 8,
        parent_id=bytes([span["parent"]]) * 8 if "parent" in span else b"",
        start=start,
        end=builders.BEGIN + span.get("end", 1000),
        kind=span.get("kind", 1),
        status=span.get("status", 0),
        events=[_event(event) for event in span.get("events", ())],
    )
    message.status.message = span.get("message", "")
    message.dropped_attributes_count = span.get("dropped", 0)
    return message


def _event(event: dict[str, Any]) -> Span.Event:
    attributes = [KeyValue(key=k, value=builders.value(v)) for k, v in event.get("attributes", {}).items()]
    return Span.Event(name=event["name"], time_unix_nano=builders.BEGIN + event.get("time", 0), attributes=attributes)


def _logs(raw: dict[str, Any]) -> bytes:
    request = ExportLogsServiceRequest()
    scope = request.resource_logs.add().scope_logs.add()
    scope.scope.name = raw.get("scope", "")
    for record in raw.get("logs", ()):
        log = scope.log_records.add(trace_id=TRACE, span_id=b"\x01" * 8, event_name=record.get("event", ""))
        log.time_unix_nano = builders.BEGIN
        log.attributes.extend(KeyValue(key=k, value=builders.value(v)) for k, v in record.get("attributes", {}).items())
        if "body" in record:
            log.body.CopyFrom(builders.value(record["body"]))
    return request.SerializeToString()


def _shown(item: Step | Plain) -> dict[str, Any]:
    if isinstance(item, Plain):
        fields = {"step": None, "dialect": item.dialect, "http_status": item.http_status, "agent": item.agent}
        return _kept(fields | {"receipt": _receipt(item)}) | {"step": None}
    fields = {"step": item.kind.value, "dialect": item.dialect, "failed": item.failed or None}
    fields |= {name: getattr(item, name) for name in SHOWN} | {"tool_type": item.traits.tool_type}
    fields |= {"receipt": _receipt(item), "duration": item.end - item.start if item.rebuilt else None}
    return _kept(fields | _content(item.kind, item.content))


def _shown_log(log: otlp.Log) -> dict[str, Any]:
    part = dialects.read_log(log)
    if part is None:
        return {"log": None}
    fields: dict[str, Any] = {"log": log.event_name, "error": part.error, "error_type": part.error_type}
    fields |= {"http_status": part.http_status, "receipt": _receipt(part), "step": part.step and _shown(part.step)}
    fields |= {"input": [_message(i.read()) for i in part.input], "output": [_message(m) for m in part.output]}
    return _kept(fields)


def _content(kind: Kind, content: Content | None) -> dict[str, Any]:
    assert content is not None
    arguments, result = content.arguments(), content.result()
    shown: dict[str, Any] = {"error": content.error(), "tools": [offer.name for offer in content.tools()]}
    if kind in (Kind.TOOL, Kind.RETRIEVAL, Kind.HANDOFF):
        shown |= {"arguments": arguments and [arguments.path, arguments.value]}
        shown |= {"result": result and [result.path, result.value]}
    else:
        shown |= {"input": [_message(item.read()) for item in content.history()]}
        shown |= {"output": [_message(message) for message in content.completion()]}
    return shown


def _message(message: Message) -> list[Any]:
    return [message.role, *_parts(message)]


def _parts(message: Message) -> Iterator[Any]:
    for part in message.parts:
        if isinstance(part, Text):
            yield {"reasoning": part.text} if part.reasoning else part.text
        elif isinstance(part, ToolCall):
            yield {"call": part.name, "id": part.id, "arguments": part.arguments}
        else:
            yield {"result_of": part.name or part.id, "id": part.id, "result": part.result}


def _receipt(item: Any) -> list[Any] | None:
    return item.receipt and [item.receipt.assigned, item.receipt.processed, item.receipt.path]


def _kept(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in (None, "", [], ())}


if __name__ == "__main__":
    for file in sys.argv[1:]:
        rows = readout(json.loads(Path(file).read_text()))
        sys.stdout.write("[\n" + ",\n".join(f" {json.dumps(row, ensure_ascii=False)}" for row in rows) + "\n]\n")
