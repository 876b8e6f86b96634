"""LlamaIndex's own OpenTelemetry bridge: spans are named `Class.method`, and there is no kind."""

from typing import Any, Final

from otelagent.dialects.encoded import printed
from otelagent.dialects.lookups import on_event
from otelagent.dialects.places import Events
from otelagent.dialects.table import NO_STEP, Dialect, Verdict
from otelagent.model import Captured, Kind
from otelagent.otlp import Span

SCOPE: Final = "llamaindex.opentelemetry.tracer"
_SUMMARY: Final = "llamaindex.step.input_summary"
_MODEL: Final = frozenset(
    {"chat", "achat", "stream_chat", "astream_chat", "complete", "acomplete", "chat_with_tools", "achat_with_tools"}
)


def _kind(span: Span) -> Verdict | None:
    if span.origin.scope != SCOPE:
        return None
    owner, _, method = span.name.partition(".")
    method = method.partition("-")[0]
    if owner.endswith("Tool") and method in ("call", "acall"):
        return Kind.TOOL
    if method in ("retrieve", "aretrieve"):
        return Kind.RETRIEVAL
    if owner.endswith(("Workflow", "Agent")) and method == "run":
        return Kind.WORKFLOW if owner == "AgentWorkflow" else Kind.AGENT
    return Kind.LLM if method in _MODEL and _calls_the_model(span, owner) else NO_STEP


def _calls_the_model(span: Span, owner: str) -> bool:
    """Decorators put several spans of a method around each other: the events are on the innermost."""
    return not owner.endswith(("Engine", "Agent")) and any(event.name.startswith("LLM") for event in span.events)


def _tool_call(span: Span) -> dict[str, Any]:
    """What workflows write about the call that a step was given: `ToolCall(tool_name=..., tool_kwargs=...)`."""
    summary = span.attributes.text(_SUMMARY)
    return (printed(summary) if summary and summary.startswith("ToolCall(") else None) or {}


def _arguments(span: Span) -> Captured | None:
    given = _tool_call(span).get("tool_kwargs")
    return None if given is None else Captured(given, _SUMMARY)


def _name(span: Span) -> str:
    return span.name.partition(".")[0]


def _refine(span: Span, kind: Kind, values: dict[str, Any]) -> None:
    if kind in (Kind.AGENT, Kind.WORKFLOW):
        values["agent"] = _name(span)


DIALECT: Final = Dialect(
    name="llama_index_otel",
    scopes=(SCOPE,),
    markers=("llamaindex.*",),
    kind=_kind,
    refine=_refine,
    fields={
        "tool": ("tool_name", lambda span: _tool_call(span).get("tool_name"), _name),
        "call_id": (lambda span: _tool_call(span).get("tool_id"),),
    },
    arguments=(
        _arguments,
        on_event("AgentToolCallEvent", "arguments"),
        on_event("RetrievalStartEvent", "str_or_query_bundle"),
    ),
    result=(on_event("RetrievalEndEvent", "nodes"), on_event("SpanDropEvent", "err_str")),
    input=(Events({"LLMChatStartEvent": "user", "LLMPredictStartEvent": "user"}, (), ("messages", "template")),),
    completion=(Events({"LLMChatEndEvent": "assistant", "LLMCompletionEndEvent": "assistant"}, ("response",)),),
    hint="openinference-instrumentation-llama-index records more than the built-in bridge",
)
