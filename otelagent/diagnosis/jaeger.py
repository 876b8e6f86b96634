"""Jaeger's JSON of its query API and its page's download, as OTLP/JSON."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

_KINDS: Final = {"internal": 1, "server": 2, "client": 3, "producer": 4, "consumer": 5}
_SCOPES: Final = (("name", ("otel.scope.name", "otel.library.name")), ("version", ("otel.scope.version",)))
_VALUES: Final = {"bool": "boolValue", "int64": "intValue", "float64": "doubleValue"}


def is_jaeger(document: object) -> bool:
    """Whether a decoded JSON document is Jaeger's."""
    data = document.get("data") if isinstance(document, Mapping) else None
    return isinstance(data, list) and all(isinstance(trace, Mapping) and "spans" in trace for trace in data)


def to_otlp(document: Mapping[str, Any]) -> bytes:
    """An ExportTraceServiceRequest in OTLP/JSON, a resource for each process and a scope for each span."""
    return json.dumps({"resourceSpans": [r for trace in document["data"] for r in _resources(trace)]}).encode()


def _resources(trace: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    processes = trace.get("processes") or {}
    for span in trace["spans"]:
        process = span.get("process") or processes.get(span.get("processID")) or {}
        name = {"key": "service.name", "type": "string", "value": process.get("serviceName", "")}
        tags = {str(tag.get("key")): tag.get("value") for tag in span.get("tags") or ()}
        scope = {field: next((tags[key] for key in keys if key in tags), "") for field, keys in _SCOPES}
        yield {
            "resource": {"attributes": _attributes([name, *(process.get("tags") or ())])},
            "scopeSpans": [{"scope": scope, "spans": [_span(span, tags)]}],
        }


def _span(span: Mapping[str, Any], tags: Mapping[str, Any]) -> dict[str, Any]:
    begin = int(span.get("startTime", 0)) * 1000
    parent: Mapping[str, Any] = next((r for r in span.get("references") or () if r.get("refType") == "CHILD_OF"), {})
    failed = str(tags.get("otel.status_code", "")).upper() == "ERROR" or str(tags.get("error", "")).lower() == "true"
    return {
        "traceId": str(span["traceID"]).zfill(32),
        "spanId": str(span["spanID"]).zfill(16),
        "parentSpanId": str(parent.get("spanID") or span.get("parentSpanID") or ""),
        "name": span.get("operationName", ""),
        "kind": _KINDS.get(str(tags.get("span.kind", "internal")), 1),
        "startTimeUnixNano": str(begin),
        "endTimeUnixNano": str(begin + int(span.get("duration", 0)) * 1000),
        "attributes": _attributes(span.get("tags") or ()),
        "events": [_event(log) for log in span.get("logs") or ()],
        "status": {"code": 2 if failed else 0, "message": str(tags.get("otel.status_description", ""))},
    }


def _event(log: Mapping[str, Any]) -> dict[str, Any]:
    fields = log.get("fields") or ()
    name = next((str(f.get("value")) for f in fields if f.get("key") in ("event", "message")), "")
    return {"timeUnixNano": str(int(log.get("timestamp", 0)) * 1000), "name": name, "attributes": _attributes(fields)}


def _attributes(tags: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{"key": str(tag.get("key")), "value": _value(tag)} for tag in tags]


def _value(tag: Mapping[str, Any]) -> dict[str, Any]:
    value, kind = tag.get("value"), _VALUES.get(str(tag.get("type")))
    if kind is None or isinstance(value, str):
        return {"stringValue": value if isinstance(value, str) else json.dumps(value)}
    return {kind: str(value) if kind == "intValue" else value}
