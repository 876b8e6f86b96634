"""What any instrumentation sends becomes the same steps.

`DIALECTS` in order of precedence: where several speak on one span, the first that says something counts.
"""

from typing import Any, Final

from otelagent import w3c
from otelagent.attributes import ENVIRONMENT, ENVIRONMENT_NAME, SERVICE_NAME
from otelagent.dialects import (
    agent_framework,
    agentops,
    anthropic_sdk,
    autogen,
    azure_ai,
    claude_code,
    gemini_cli,
    google_adk,
    handoffs,
    haystack,
    laminar,
    langfuse,
    langsmith,
    litellm,
    livekit,
    llama_index_otel,
    log_fields,
    logfire,
    mastra,
    mlflow,
    openinference,
    openlit,
    otel_a2a,
    otel_core,
    otel_genai,
    otel_genai_legacy_attrs,
    otel_genai_legacy_events,
    otel_mcp,
    pydantic_ai,
    semantic_kernel,
    spanless,
    spring_ai,
    strands,
    traceloop,
    vercel_ai,
    voltagent,
)
from otelagent.dialects.content import SpanContent, withheld
from otelagent.dialects.otel_core import answered, answered_in, http_status
from otelagent.dialects.plan import Plan, Reading
from otelagent.dialects.recognition import Layout, Recognition
from otelagent.dialects.silence import Silence
from otelagent.dialects.spanless import calls
from otelagent.dialects.table import NO_STEP, Dialect
from otelagent.model import Kind, LogPart, Plain, Receipt, Step, Withheld
from otelagent.otlp import Log, Span

DIALECTS: Final[tuple[Dialect, ...]] = (
    otel_genai.DIALECT,
    otel_mcp.DIALECT,
    otel_a2a.DIALECT,
    openinference.DIALECT,
    pydantic_ai.DIALECT,
    strands.DIALECT,
    google_adk.DIALECT,
    agent_framework.DIALECT,
    semantic_kernel.DIALECT,
    autogen.DIALECT,
    vercel_ai.DIALECT,
    mastra.DIALECT,
    litellm.DIALECT,
    azure_ai.DIALECT,
    traceloop.DIALECT,
    openlit.DIALECT,
    agentops.DIALECT,
    langsmith.DIALECT,
    langfuse.DIALECT,
    mlflow.DIALECT,
    logfire.DIALECT,
    haystack.DIALECT,
    claude_code.DIALECT,
    anthropic_sdk.DIALECT,
    gemini_cli.DIALECT,
    laminar.DIALECT,
    livekit.DIALECT,
    spring_ai.DIALECT,
    voltagent.DIALECT,
    llama_index_otel.DIALECT,
    otel_genai_legacy_events.DIALECT,
    otel_genai_legacy_attrs.DIALECT,
    log_fields.DIALECT,
)

_RECOGNITION: Final = Recognition(DIALECTS, always=(otel_core.DIALECT, log_fields.BESIDE))
silent: Final = Silence(_RECOGNITION)
unmarked: Final = silent.unmarked
_RESOURCE_TEXT: Final = Reading(lambda value: value if isinstance(value, str) else "")
_ENDS: Final = frozenset({Kind.AGENT, Kind.WORKFLOW, Kind.LLM})
_CALLED: Final = frozenset({Kind.TOOL, Kind.RETRIEVAL})


_SDK_HINTS: Final = {
    Withheld.EVICTED: "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT=10000",
    Withheld.TRUNCATED: "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT unset, also OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
}
"""What the SDK dropped is a setting of the SDK, whatever the instrumentation."""


def read(span: Span) -> Step | Plain:
    """The step that a span is, or its place in the tree where it is none. Never raises."""
    layout = _RECOGNITION.layout(span)
    plan = _RECOGNITION.plan(span, layout)
    kind = None if plan is None else plan.kind(span)
    if plan is None or kind is None or kind == NO_STEP:
        item = _plain(span, layout, plan if kind else None)
        item.missed = kind is None and not layout.others and _agentic(plan, layout)
        return item
    return _step(span, layout, plan, kind)


def _agentic(plan: Plan | None, layout: Layout) -> bool:
    """Whether a span of which nobody says what it is looks like an agent's."""
    return layout.hinted or (plan is not None and not plan.general)


def read_log(log: Log) -> LogPart | None:
    """What a log record says of a span; None of a record that says nothing, or belongs to no span."""
    if not log.trace_id or not log.span_id:
        return None
    name = log.event_name
    for dialect in DIALECTS:
        if (reader := dialect.logs.get(name)) is not None and (part := reader(log)) is not None:
            return part
    return otel_core.read_log(log) or spanless.read_log(log)


def _step(span: Span, layout: Layout, plan: Plan, kind: Kind) -> Step:
    values = plan.values(span, kind)
    if (context := values.get("context")) is not None:
        values["context"] = w3c.context(context)
    if layout.written and kind in _CALLED:
        _explicit(values, log_fields.said(span.attributes))
    if kind is Kind.TOOL:
        kind = handoffs.kind(values.get("tool"))
    elif layout.fills and kind in _ENDS and (fill := log_fields.fill(span.attributes)) is not None:
        values["context_used"] = fill
    _origin(span, values)
    failed = _failure(span, values)
    content = SpanContent(span, plan, kind, failed)
    if (missing := withheld(span, plan, kind)) is not None:
        values["withheld"] = missing
        values["capture_hint"] = _SDK_HINTS.get(missing) or plan.hint(span.origin.scope) or None
    if kind is not Kind.LLM and (receipt := _receipt(span, layout)) is not None:
        values["receipt"] = receipt
    if links := _links(span):
        values["links"] = links
    _target(kind, values, content)
    values["dialect"], values["name"] = plan.name, span.name
    return Step.read(
        span.trace_id, span.span_id, span.parent_id, kind, span.start, span.end, failed, span.size, content, values
    )


def placed(span: Span) -> Plain:
    """The place in the tree of a span that is `silent`."""
    return Plain(
        trace_id=span.trace_id,
        span_id=span.span_id,
        parent_id=span.parent_id,
        start=span.start,
        end=span.end,
        http_status=http_status(span),
        links=_links(span),
    )


_CREATES: Final = "create_agent"


def _plain(span: Span, layout: Layout, plan: Plan | None) -> Plain:
    return Plain(
        trace_id=span.trace_id,
        span_id=span.span_id,
        parent_id=span.parent_id,
        start=span.start,
        end=span.end,
        dialect=plan.name if plan else None,
        http_status=http_status(span),
        agent=plan.agent(span) if plan else None,
        receipt=_receipt(span, layout),
        links=_links(span),
        creates=span.attributes.get("gen_ai.operation.name") == _CREATES or span.name.startswith(_CREATES),
    )


def _links(span: Span) -> tuple[tuple[bytes, bytes], ...]:
    links = span.links
    return tuple([(link.trace_id, link.span_id) for link in links]) if links else ()


def _explicit(values: dict[str, Any], said: dict[str, Any]) -> None:
    """What is written out by hand goes before what is inferred; a name or id only where there is none."""
    known = {name: values[name] for name in ("tool", "call_id") if values.get(name) is not None}
    values.update(said)
    values.update(known)


def _origin(span: Span, values: dict[str, Any]) -> None:
    raw_of = span.origin.resource.raw
    if (service := raw_of(SERVICE_NAME)) is not None:
        values["service"] = _RESOURCE_TEXT[service]
    if (environment := raw_of(ENVIRONMENT_NAME) or raw_of(ENVIRONMENT)) is not None:
        values["environment"] = _RESOURCE_TEXT[environment]


def _failure(span: Span, values: dict[str, Any]) -> bool:
    """Whether the span's status is ERROR; a framework's way to hand over is no failure."""
    failed = span.failed
    if (failed or values.get("error_type") is not None) and otel_core.steers(span):
        values.pop("error_type", None)
        return False
    return failed


def _receipt(span: Span, layout: Layout) -> Receipt | None:
    if layout.counts and (found := log_fields.receipt(span.attributes)) is not None:
        return found
    events = span.events
    if not events:
        return None
    return next((r for event in events if (r := log_fields.receipt(event.attributes)) is not None), None)


def _target(kind: Kind, values: dict[str, Any], content: SpanContent) -> None:
    tool = values.get("tool")
    if tool is None or values.get("target") is not None:
        return
    named = handoffs.names_coworker(tool)
    if named or kind is Kind.HANDOFF:
        arguments = content.arguments() if named else None
        values["target"] = handoffs.target(tool, arguments.value if arguments else None)


__all__: Final = ["DIALECTS", "answered", "answered_in", "calls", "placed", "read", "read_log", "silent", "unmarked"]
