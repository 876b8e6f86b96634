"""deepset Haystack's own tracing: span names say what a span is."""

from typing import Any, Final

from otelagent.dialects.lookups import inside
from otelagent.dialects.places import Answer, Listed
from otelagent.dialects.table import NO_STEP, Dialect
from otelagent.model import Kind
from otelagent.otlp import Span

_OUTPUT: Final = "haystack.agent.step.llm.output"
_REPLY: Final = ("replies", 0, "meta")


def _refine(span: Span, kind: Kind, values: dict[str, Any]) -> None:
    if kind is Kind.TOOL and span.attributes.get("haystack.tool.error") is True:
        values["reported_status"] = "error"


DIALECT: Final = Dialect(
    name="haystack",
    scopes=("haystack*",),
    markers=("haystack.*",),
    names={
        "haystack.agent.run": Kind.AGENT,
        "haystack.agent.step.tool": Kind.TOOL,
        "haystack.agent.step.llm": Kind.LLM,
        "haystack.agent.step": NO_STEP,
        "haystack.chat_generator.run": Kind.LLM,
        "haystack.pipeline.run": Kind.WORKFLOW,
        "haystack.async_pipeline.run": Kind.WORKFLOW,
        "haystack.component.run": NO_STEP,
    },
    refine=_refine,
    fields={
        "agent": ("haystack.component.name",),
        "tool": ("haystack.tool.name",),
        "tool_description": ("haystack.tool.description",),
        "call_id": ("haystack.tool.call.id",),
        "model": (inside(_OUTPUT, *_REPLY, "model"),),
        "finish": (inside(_OUTPUT, *_REPLY, "finish_reason"),),
        "input_tokens": (inside(_OUTPUT, *_REPLY, "usage", "prompt_tokens"),),
        "output_tokens": (inside(_OUTPUT, *_REPLY, "usage", "completion_tokens"),),
    },
    arguments=("haystack.agent.step.tool.input",),
    result=("haystack.agent.step.tool.output",),
    output=("haystack.agent.output", "haystack.pipeline.output_data"),
    input=(
        Listed("haystack.agent.step.llm.input"),
        Listed("haystack.agent.input"),
        Listed("haystack.component.input"),
        Listed("haystack.pipeline.input_data"),
    ),
    completion=(
        Answer(_OUTPUT),
        Answer("haystack.agent.output"),
        Answer("haystack.component.output"),
        Answer("haystack.pipeline.output_data"),
    ),
    hint="HAYSTACK_CONTENT_TRACING_ENABLED=true",
)
