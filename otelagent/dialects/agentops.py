"""AgentOps: a span kind of its own, flat messages; `tool.parameters` are the call's arguments here."""

from typing import Any, Final

from otelagent.dialects.places import Answer, Flat, Listed
from otelagent.dialects.table import NO_STEP, Dialect
from otelagent.model import Kind
from otelagent.otlp import Span

_KIND: Final = "agentops.span.kind"
_KINDS: Final = ("session", "workflow", "agent", "task", "operation", "tool", "llm")


def _refine(span: Span, kind: Kind, values: dict[str, Any]) -> None:
    if kind is Kind.AGENT and (name := span.attributes.text("operation.name")):
        values.setdefault("agent", name)
    if kind is Kind.TOOL:
        status = span.attributes.text("tool.status")
        values["reported_status"] = {"failed": "error", "succeeded": "success"}.get(status or "")


DIALECT: Final = Dialect(
    name="agentops",
    scopes=("agentops*",),
    markers=(_KIND,),
    base=("otel_genai",),
    kinds=(
        (
            _KIND,
            {
                "session": Kind.WORKFLOW,
                "workflow": Kind.WORKFLOW,
                "agent": Kind.AGENT,
                "tool": Kind.TOOL,
                "llm": Kind.LLM,
                "task": NO_STEP,
                "operation": NO_STEP,
                "guardrail": NO_STEP,
            },
        ),
    ),
    refine=_refine,
    fields={
        "agent": ("agent.name",),
        "cost": ("gen_ai.usage.total_cost",),
        "agent_id": ("agent.id",),
        "workflow": ("workflow.name",),
        "tool": ("tool.name", "operation.name"),
        "tool_description": ("tool.description",),
        "total_tokens": ("gen_ai.usage.total_tokens",),
        "target": ("gen_ai.agent.destination",),
        "parent_agent": ("gen_ai.agent.source",),
    },
    arguments=("tool.parameters", "agentops.tool.input", "agentops.entity.input"),
    result=("tool.result", "agentops.tool.output", "agentops.entity.output"),
    output=tuple(f"agentops.{kind}.output" for kind in (*_KINDS, "entity")),
    input=(Flat("gen_ai.prompt"), *(Listed(f"agentops.{kind}.input") for kind in (*_KINDS, "entity"))),
    completion=(Flat("gen_ai.completion"), *(Answer(f"agentops.{kind}.output") for kind in (*_KINDS, "entity"))),
    hint="agentops.init(): content is on by default",
)
