"""LangSmith SDK's OpenTelemetry export: run types; inputs and outputs of every run under the old prompt keys."""

from typing import Any, Final

from otelagent.dialects.lookups import quoted, span_name
from otelagent.dialects.places import Answer, Listed
from otelagent.dialects.table import NO_STEP, Dialect, Verdict
from otelagent.model import Kind
from otelagent.otlp import Span

_KIND: Final = "langsmith.span.kind"
_AGENT: Final = "langsmith.metadata.lc_agent_name"
_INPUTS: Final = "gen_ai.prompt"
_OUTPUTS: Final = "gen_ai.completion"
_KINDS: Final[dict[str, Verdict]] = {
    "llm": Kind.LLM,
    "tool": Kind.TOOL,
    "retriever": Kind.RETRIEVAL,
    "embedding": NO_STEP,
    "prompt": NO_STEP,
    "parser": NO_STEP,
}
_EXECUTORS: Final = ("AgentExecutor",)


def _kind(span: Span) -> Verdict | None:
    """The run type; the operation is wrong for retrievers and prompts."""
    kind = span.attributes.text(_KIND)
    if kind is None:
        return None
    if kind == "chain":
        name = span.name
        if name in _EXECUTORS or name == span.attributes.text(_AGENT):
            return Kind.AGENT
        return NO_STEP if span.parent_id else Kind.WORKFLOW
    return _KINDS.get(kind, NO_STEP)


def _refine(span: Span, kind: Kind, values: dict[str, Any]) -> None:
    if kind is Kind.AGENT:
        values["agent"] = span.attributes.text(_AGENT) or span.name


DIALECT: Final = Dialect(
    name="langsmith",
    scopes=("langsmith*",),
    markers=(_KIND, "langsmith.trace.name"),
    base=("otel_genai",),
    kind=_kind,
    refine=_refine,
    fields={
        "agent": (_AGENT,),
        "tool": (span_name,),
        "call_id": (quoted(_OUTPUTS, "tool_call_id"),),
        "conversation": (
            "langsmith.metadata.thread_id",
            "langsmith.metadata.session_id",
            "langsmith.metadata.conversation_id",
        ),
        "total_tokens": ("gen_ai.usage.total_tokens",),
    },
    arguments=(_INPUTS,),
    result=(_OUTPUTS,),
    output=(_OUTPUTS,),
    input=(Listed(_INPUTS),),
    completion=(Answer(_OUTPUTS),),
    hint="LANGSMITH_HIDE_INPUTS=false LANGSMITH_HIDE_OUTPUTS=false",
)
