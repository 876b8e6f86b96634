"""OpenLIT: GenAI conventions; hand-offs and guardrails of openai-agents are labelled as agents too."""

from typing import Any, Final

from otelagent.dialects.places import Answer, Listed, Whole
from otelagent.dialects.table import NO_STEP, Dialect, Verdict
from otelagent.model import Kind
from otelagent.otlp import Span

_SOURCE: Final = "gen_ai.agent.source"
_OPERATION: Final = "gen_ai.operation.name"
_AGENT: Final = "gen_ai.agent.name"
_SUCCESS: Final = ("gen_ai.action.success", "gen_ai.tool.execution.success", "gen_ai.crawl.result.success")


def _kind(span: Span) -> Verdict | None:
    attributes = span.attributes
    if attributes.text(_OPERATION) != "invoke_agent":
        return None
    if _SOURCE in attributes:
        return Kind.HANDOFF
    return NO_STEP if "gen_ai.guardrail.name" in attributes or "gen_ai.guardrail.triggered" in attributes else None


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
