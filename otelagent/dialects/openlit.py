"""OpenLIT: GenAI conventions; hand-offs, guardrails, turns and nodes of a graph are labelled as agents too."""

from typing import Any, Final

from otelagent.dialects.places import Answer, Listed, Whole
from otelagent.dialects.table import NO_STEP, Dialect, Verdict
from otelagent.model import Kind
from otelagent.otlp import Span

_SOURCE: Final = "gen_ai.agent.source"
_OPERATION: Final = "gen_ai.operation.name"
_AGENT: Final = "gen_ai.agent.name"
_LANGGRAPH: Final = "openlit.instrumentation.langgraph"
_NODES: Final = frozenset({"model", "model_request", "agent", "tools", "call_model", "__start__"})
"""Of the agents that LangChain and LangGraph build; middleware has nodes with a dot."""

_NAMING: Final = ("openlit.instrumentation.openai_agents", "openlit.instrumentation.crewai")
"""These name every agent."""

_SUCCESS: Final = ("gen_ai.action.success", "gen_ai.tool.execution.success", "gen_ai.crawl.result.success")


def _kind(span: Span) -> Verdict | None:
    attributes = span.attributes
    if attributes.text(_OPERATION) != "invoke_agent":
        return None
    if _SOURCE in attributes:
        return Kind.HANDOFF
    if "gen_ai.guardrail.name" in attributes or "gen_ai.guardrail.triggered" in attributes:
        return NO_STEP
    return NO_STEP if _is_part_of_an_agent(span) else None


def _is_part_of_an_agent(span: Span) -> bool:
    """Turns of openai-agents and methods of CrewAI's flows name no agent; nodes of LangGraph are named as agents."""
    name = span.attributes.text(_AGENT)
    if name is None:
        return span.origin.scope.startswith(_NAMING)
    return span.origin.scope == _LANGGRAPH and (name in _NODES or "." in name)


def _refine(span: Span, kind: Kind, values: dict[str, Any]) -> None:
    attributes = span.attributes
    if kind is Kind.HANDOFF and _SOURCE in attributes:
        values["target"] = attributes.text("gen_ai.agent.target") or attributes.text(_AGENT)
        values["agent"] = attributes.text(_SOURCE)
    if kind is Kind.TOOL and any(attributes.get(key) is False for key in _SUCCESS):
        values.setdefault("reported_status", "error")


DIALECT: Final = Dialect(
    name="openlit",
    scopes=("openlit*",),
    markers=("gen_ai.sdk.version", "gen_ai.application_name", "openlit.agent.version_hash"),
    base=("otel_genai", "otel_mcp"),
    kind=_kind,
    refine=_refine,
    fields={
        "agent": ("gen_ai.agent.role",),
        "workflow": ("gen_ai.team.name",),
        "conversation": ("gen_ai.agent.session_id",),
        "total_tokens": ("gen_ai.usage.total_tokens",),
        "cost": ("gen_ai.usage.cost",),
        "cached_tokens": ("gen_ai.usage.prompt_tokens_details.cached_tokens",),
        "context_limit": ("gen_ai.request.context_window",),
        "http_status": ("gen_ai.crawl.result.status_code",),
        "error_type": ("gen_ai.framework.error.class", "gen_ai.framework.error.type"),
        "environment": ("gen_ai.environment",),
    },
    arguments=("gen_ai.tool.args", "gen_ai.tool.input", "gen_ai.agent.action.tool_input", "gen_ai.retrieval.query"),
    result=("gen_ai.tool.output", "gen_ai.agent.tool_results"),
    output=("gen_ai.agent.actual_output", "gen_ai.agent.finish.output", "gen_ai.workflow.output"),
    instructions=(Whole("gen_ai.agent.instructions"),),
    input=(Listed("gen_ai.agent.human_input"), Listed("gen_ai.workflow.input")),
    completion=(
        Answer("gen_ai.agent.actual_output"),
        Answer("gen_ai.agent.finish.output"),
        Answer("gen_ai.workflow.output"),
    ),
    hint="openlit.init(capture_message_content=True)",
)
