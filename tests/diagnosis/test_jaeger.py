"""Jaeger's JSON gives the same diagnosis as the OTLP that Jaeger took in."""

import json
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from otelagent.diagnosis.diagnose import diagnose
from otelagent.diagnosis.load import Unreadable, requests
from otelagent.diagnosis.render_json import as_json
from tests import builders

TYPES = {"string_value": "string", "int_value": "int64", "bool_value": "bool", "double_value": "float64"}


def tag(pair: KeyValue) -> dict[str, Any]:
    field = pair.value.WhichOneof("value") or "string_value"
    if field == "array_value":
        listed = json.dumps([each.string_value for each in pair.value.array_value.values])
        return {"key": pair.key, "type": "string", "value": listed}
    return {"key": pair.key, "type": TYPES[field], "value": getattr(pair.value, field)}


def as_jaeger(body: bytes) -> dict[str, Any]:
    """What Jaeger's query API answers for spans that came as OTLP."""
    traces: dict[str, dict[str, Any]] = {}
    for resource_spans in ExportTraceServiceRequest.FromString(body).resource_spans:
        process = [tag(pair) for pair in resource_spans.resource.attributes]
        service = next(t["value"] for t in process if t["key"] == "service.name")
        for scope_spans in resource_spans.scope_spans:
            for span in scope_spans.spans:
                identity = span.trace_id.hex()
                trace = traces.setdefault(identity, {"traceID": identity, "spans": [], "processes": {}})
                trace["processes"]["p1"] = {"serviceName": service, "tags": process}
                status = (
                    [{"key": "otel.status_code", "type": "string", "value": "ERROR"}] if span.status.code == 2 else []
                )
                scope = {"key": "otel.scope.name", "type": "string", "value": scope_spans.scope.name}
                references = [{"refType": "CHILD_OF", "traceID": identity, "spanID": span.parent_span_id.hex()}]
                trace["spans"].append(
                    {
                        "traceID": identity,
                        "spanID": span.span_id.hex(),
                        "operationName": span.name,
                        "references": references if span.parent_span_id else [],
                        "startTime": span.start_time_unix_nano // 1000,
                        "duration": (span.end_time_unix_nano - span.start_time_unix_nano) // 1000,
                        "tags": [*map(tag, span.attributes), scope, *status],
                        "logs": [],
                        "processID": "p1",
                    }
                )
    return {"data": list(traces.values()), "total": 0, "limit": 0, "offset": 0, "errors": None}


@pytest.mark.parametrize(
    "name", ["pydantic-ai__native-default__empty_result", "langgraph__openinference__delegation_partial"]
)
def test_diagnosis_is_that_of_the_otlp(name: str, tmp_path: Path) -> None:
    body = builders.capture(f"{name}.binpb.gz")
    path = tmp_path / "trace.json"
    path.write_text(json.dumps(as_jaeger(body)))
    found, expected = (as_json(diagnose(bodies)) for bodies in (requests(path), [body]))
    assert found["findings"] == expected["findings"]
    assert found["output"] == expected["output"]


def test_damaged_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    path.write_text('{"data": [{"traceID": "aa", "spans": [{"traceID": "xyz", "startTime": "soon"}]}]}')
    with pytest.raises(Unreadable):
        list(requests(path))
