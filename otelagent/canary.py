"""A known failing trace: an agent that repeats one call. What comes of it shows whether a running instance works."""

import os
from collections.abc import Mapping
from typing import Final

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from otelagent import __version__

AGENT: Final = "otelagent-canary"
"""Service and agent name; alerts and dashboards can leave it out by this."""

MODE: Final = "reasoning_loop"
SECOND: Final = 1_000_000_000


def trace(repeats: int, now: int) -> tuple[bytes, bytes, int]:
    """A run that ends now (nanoseconds) and repeats its call so often: trace id, request, number of spans."""
    request, trace_id, root = ExportTraceServiceRequest(), os.urandom(16), os.urandom(8)
    resource = request.resource_spans.add()
    _set(resource.resource, {"service.name": AGENT, "service.version": __version__})
    spans = resource.scope_spans.add().spans
    begin = now - (repeats + 1) * SECOND
    for number in range(repeats):
        span = spans.add(trace_id=trace_id, span_id=os.urandom(8), parent_span_id=root, name="execute_tool probe")
        span.start_time_unix_nano = begin + number * SECOND
        span.end_time_unix_nano = span.start_time_unix_nano + SECOND // 2
        _set(
            span,
            {
                "gen_ai.operation.name": "execute_tool",
                "gen_ai.tool.name": "probe",
                "gen_ai.tool.call.id": f"call_{number}",
                "gen_ai.tool.call.arguments": '{"question": "are you there"}',
                "gen_ai.tool.call.result": '{"answer": "yes, I am here and I always say so"}',
            },
        )
    agent = spans.add(trace_id=trace_id, span_id=root, name=f"invoke_agent {AGENT}", kind=Span.SPAN_KIND_INTERNAL)
    agent.start_time_unix_nano, agent.end_time_unix_nano = begin, now
    _set(agent, {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": AGENT})
    return trace_id, request.SerializeToString(), len(spans)


def _set(owner: object, values: Mapping[str, str]) -> None:
    for key, value in values.items():
        owner.attributes.add(key=key).value.string_value = value  # type: ignore[attr-defined]  # any OTLP message
