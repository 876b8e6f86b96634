"""Langfuse SDK: observation types, input and output as JSON; agents and tools are named by their spans.

LangChain's runs come as chains: there the agent is the chain named as `lc_agent_name` in its metadata.
"""

from typing import Any, Final

from otelagent.dialects.lookups import inside, span_name, unquoted
from otelagent.dialects.places import Answer, Listed
from otelagent.dialects.table import NO_STEP, Dialect, Verdict
from otelagent.model import Kind
from otelagent.otlp import Span

_TYPE: Final = "langfuse.observation.type"
_INPUT: Final = "langfuse.observation.input"
_OUTPUT: Final = "langfuse.observation.output"
_USAGE: Final = "langfuse.observation.usage_details"
_lc_agent: Final = unquoted("langfuse.observation.metadata.lc_agent_name")
_TYPES: Final[dict[str, Verdict]] = {
    "generation": Kind.LLM,
    "agent": Kind.AGENT,
    "tool": Kind.TOOL,
    "retriever": Kind.RETRIEVAL,
}


def _kind(span: Span) -> Verdict | None:
    kind = span.attributes.text(_TYPE)
    if kind is None:
        return None
    if kind in ("span", "chain"):
        if _lc_agent(span) == span.name:
            return Kind.AGENT
        return NO_STEP if span.parent_id else Kind.WORKFLOW
    return _TYPES.get(kind.lower(), NO_STEP)


def _refine(span: Span, kind: Kind, values: dict[str, Any]) -> None:
    if kind is Kind.AGENT:
        values.setdefault("agent", span.name)
    if kind is Kind.TOOL and not span.failed and span.attributes.text("langfuse.observation.level") == "ERROR":
        values.setdefault("reported_status", "error")


DIALECT: Final = Dialect(
    name="langfuse",
    scopes=("langfuse-sdk", "langfuse*"),
    markers=(_TYPE,),
    base=("otel_genai",),
    kind=_kind,
    refine=_refine,
    fields={
        "tool": (span_name,),
        "conversation": (
            "session.id",
            "langfuse.session.id",
            *(
                unquoted(f"langfuse.{level}.metadata.{name}")
                for level in ("observation", "trace")
                for name in ("thread_id", "session_id", "conversation_id")
            ),
        ),
        "model": ("langfuse.observation.model.name",),
        "input_tokens": (inside(_USAGE, "input"), inside(_USAGE, "input_tokens"), inside(_USAGE, "prompt_tokens")),
        "output_tokens": (
            inside(_USAGE, "output"),
            inside(_USAGE, "output_tokens"),
            inside(_USAGE, "completion_tokens"),
        ),
        "total_tokens": (inside(_USAGE, "total"),),
        "cost": ("langfuse.observation.cost_details",),
        "cached_tokens": (inside(_USAGE, "cache_read_input_tokens"), inside(_USAGE, "input_cached_tokens")),
        "cache_write": (inside(_USAGE, "cache_creation_input_tokens"),),
        "environment": ("langfuse.environment",),
    },
    arguments=(_INPUT,),
    result=(_OUTPUT,),
    output=(_OUTPUT,),
    input=(Listed(_INPUT),),
    completion=(Answer(_OUTPUT),),
    hint="Langfuse(mask=None): content is on by default",
)
