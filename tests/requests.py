"""Small OTLP requests for tests of the transport."""

import hashlib
from typing import Final

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

MALFORMED: Final = b"\x0a\xff\xff\xff\xff\x0fno OTLP"
"""A length that reaches beyond the end: joined to another request it would swallow it."""


def traces(*names: str, attributes: int = 0) -> bytes:
    """A request with one span for each name; equal names give equal ids."""
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    resource.resource.attributes.add(key="service.name").value.string_value = "test"
    scope = resource.scope_spans.add()
    for index, name in enumerate(names):
        ids = hashlib.sha256(f"{index} {name}".encode()).digest()
        span = scope.spans.add(name=name, trace_id=ids[:16], span_id=ids[16:24], kind=Span.SPAN_KIND_INTERNAL)
        span.start_time_unix_nano, span.end_time_unix_nano = 1_700_000_000_000_000_000, 1_700_000_000_500_000_000
        for number in range(attributes):
            span.attributes.add(key=f"key.{number}").value.string_value = "x" * 100
    return request.SerializeToString()


def names(bodies: list[bytes]) -> list[str]:
    """Names of all spans in the requests, in order."""
    requests = [ExportTraceServiceRequest.FromString(body) for body in bodies]
    return [span.name for r in requests for rs in r.resource_spans for ss in rs.scope_spans for span in ss.spans]


def logs(*bodies: str) -> bytes:
    """A request with one log record for each body."""
    request = ExportLogsServiceRequest()
    scope = request.resource_logs.add().scope_logs.add()
    for body in bodies:
        scope.log_records.add().body.string_value = body
    return request.SerializeToString()


def metrics(points: int = 1) -> bytes:
    """A request with one gauge of so many points."""
    request = ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name="gauge")
    for value in range(points):
        metric.gauge.data_points.add().as_int = value
    return request.SerializeToString()
