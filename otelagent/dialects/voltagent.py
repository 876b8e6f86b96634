"""VoltAgent: `span.type`, and `entity.type` for the root alone, since children inherit it."""

from typing import Any, Final

from otelagent.dialects.lookups import span_name
from otelagent.dialects.places import Answer, Listed
from otelagent.dialects.table import NO_STEP, Dialect, Verdict
from otelagent.model import Kind
from otelagent.otlp import Span

_TYPE: Final = "span.type"
_ENTITY: Final = "entity.type"
_TYPES: Final[dict[str, Verdict]] = {
    "agent": Kind.AGENT,
    "llm": Kind.LLM,
    "tool": Kind.TOOL,
    "retriever": Kind.RETRIEVAL,
    "workflow": Kind.WORKFLOW,
    "handoff": Kind.HANDOFF,
}


def _kind(span: Span) -> Verdict | None:
    """The type; a span without one is the entity that its trace is about."""
    kind = span.attributes.text(_TYPE)
    if kind is not None:
        return _TYPES.get(kind.lower(), NO_STEP)
    entity = span.attributes.text(_ENTITY)
    return {"agent": Kind.AGENT, "workflow": Kind.WORKFLOW}.get(entity) if entity else None


def _refine(span: Span, kind: Kind, values: dict[str, Any]) -> None:
    if kind is Kind.AGENT:
        values.setdefault("agent", span.name)


DIALECT: Final = Dialect(
    name="voltagent",
    scopes=("voltagent*", "@voltagent/*"),
    markers=("voltagent.operation_id", "voltagent.conversation_id", _ENTITY),
    base=("otel_genai",),
    kind=_kind,
    refine=_refine,
    fields={
        "agent": ("entity.name", "entity.id"),
        "tool": ("tool.name", span_name),
        "call_id": ("tool.call.id",),
        "conversation": ("voltagent.conversation_id", "conversation.id", "conversationId"),
        "model": ("llm.model", "ai.model.name"),
        "input_tokens": ("llm.usage.prompt_tokens", "usage.prompt_tokens"),
        "output_tokens": ("llm.usage.completion_tokens", "usage.completion_tokens"),
        "cached_tokens": ("usage.cached_tokens",),
    },
    arguments=("input",),
    result=("output",),
    output=("output",),
    input=(Listed("llm.messages"), Listed("agent.messages"), Listed("input")),
    completion=(Answer("output"),),
    hint="VoltAgent records content by default",
)
