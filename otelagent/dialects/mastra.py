"""Mastra: GenAI conventions beside a span type of its own; model steps and inferences repeat the generation."""

from typing import Any, Final

from otelagent.dialects.places import Answer, Listed, Source
from otelagent.dialects.table import NO_STEP, Dialect, Verdict
from otelagent.model import Kind
from otelagent.otlp import Span

_TYPE: Final = "mastra.span.type"
_TYPES: Final[dict[str, Verdict]] = {
    "agent_run": Kind.AGENT,
    "workflow_run": Kind.WORKFLOW,
    "workflow_step": NO_STEP,
    "model_generation": Kind.LLM,
    "model_inference": Kind.LLM,
    "llm_generation": Kind.LLM,
    "model_step": NO_STEP,
    "model_chunk": NO_STEP,
    "tool_call": Kind.TOOL,
    "mcp_tool_call": Kind.TOOL,
    "provider_tool_call": Kind.TOOL,
    "rag_embedding": NO_STEP,
    "processor_run": NO_STEP,
    "generic": NO_STEP,
}
_CALLS: Final = ("tool_call", "mcp_tool_call", "provider_tool_call")
_RUNS: Final = ("agent_run", "workflow_run", "model_generation", "model_inference", "llm_generation")


def _kind(span: Span) -> Verdict | None:
    kind = span.attributes.text(_TYPE)
    return None if kind is None else _TYPES.get(kind.lower())


def _refine(span: Span, kind: Kind, values: dict[str, Any]) -> None:
    if kind is Kind.TOOL and span.attributes.get("gen_ai.tool.success") is False:
        values["reported_status"] = "error"


_INPUTS: Final[tuple[Source, ...]] = tuple(Listed(f"mastra.{kind}.input") for kind in _RUNS)

DIALECT: Final = Dialect(
    name="mastra",
    scopes=("@mastra/*", "mastra*"),
    markers=(_TYPE, "mastra.traceId"),
    base=("otel_genai",),
    kind=_kind,
    refine=_refine,
    fields={
        "agent": ("gen_ai.agent.name", "agent.id"),
        "conversation": ("mastra.metadata.threadId", "mastra.metadata.sessionId", "mastra.metadata.conversationId"),
        "cached_tokens": ("gen_ai.usage.cached_input_tokens",),
    },
    arguments=("gen_ai.tool.input", *(f"mastra.{kind}.input" for kind in _CALLS)),
    result=("gen_ai.tool.output", *(f"mastra.{kind}.output" for kind in _CALLS)),
    output=(*(f"mastra.{kind}.output" for kind in _RUNS), "output"),
    input=(*_INPUTS, Listed("input")),
    completion=(*(Answer(f"mastra.{kind}.output") for kind in _RUNS), Answer("output")),
    hint="hideInput: false, hideOutput: false",
)
