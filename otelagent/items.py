"""How many items a request holds: spans, log records, metric points."""

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from otelagent import otlp
from otelagent.errors import Rejected
from otelagent.traffic import Signal


def count(signal: Signal, body: bytes) -> int:
    """Items in a request; raises Rejected for malformed bytes."""
    request = otlp.parse_envelope(body)
    if signal is Signal.METRICS:
        return _points(body)
    return sum(len(scope.items) for resource in request.resource_items for scope in resource.scope_items)


def _points(body: bytes) -> int:
    try:
        request = ExportMetricsServiceRequest.FromString(body)
    except DecodeError as error:
        raise Rejected("not an OTLP metrics request: the bytes can't be parsed") from error
    metrics = (m for r in request.resource_metrics for s in r.scope_metrics for m in s.metrics)
    return sum(len(getattr(m, kind).data_points) for m in metrics if (kind := m.WhichOneof("data")))
