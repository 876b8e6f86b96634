"""MLflow Tracing over OTLP. Every value is JSON, also a name: `"AGENT"` with its quotes.

LangChain's runs come as chains: there the agent is the chain named as `lc_agent_name` in its metadata.
"""

from typing import Any, Final

from otelagent.dialects.lookups import inside, span_name, unquoted
from otelagent.dialects.offers import offered
from otelagent.dialects.places import Answer, Listed
from otelagent.dialects.table import NO_STEP, Dialect, Verdict
from otelagent.model import Kind
from otelagent.otlp import Span

_TYPE: Final = "mlflow.spanType"
_INPUTS: Final = "mlflow.spanInputs"
_OUTPUTS: Final = "mlflow.spanOutputs"
_USAGE: Final = "mlflow.chat.tokenUsage"
_lc_agent: Final = inside("metadata", "lc_agent_name")
_TYPES: Final[dict[str, Verdict]] = {
    "AGENT": Kind.AGENT,
    "LLM": Kind.LLM,
    "CHAT_MODEL": Kind.LLM,
    "TOOL": Kind.TOOL,
    "RETRIEVER": Kind.RETRIEVAL,
    "RERANKER": Kind.RETRIEVAL,
    "WORKFLOW": Kind.WORKFLOW,
}


def _kind(span: Span) -> Verdict | None:
    value = span.attributes.text(_TYPE)
    if value is None:
        return None
    kind = value.strip('"')
    if kind == "CHAIN" and _lc_agent(span) == span.name:
        return Kind.AGENT
    if kind in ("CHAIN", "UNKNOWN") and not span.parent_id:
        return Kind.WORKFLOW
    return _TYPES.get(kind.upper(), NO_STEP)


def _refine(span: Span, kind: Kind, values: dict[str, Any]) -> None:
    if kind is Kind.AGENT:
        values.setdefault("agent", span.name)


DIALECT: Final = Dialect(
    name="mlflow",
    scopes=("mlflow*",),
    markers=(_TYPE, _INPUTS, "mlflow.traceRequestId"),
    base=("otel_genai",),
    kind=_kind,
    refine=_refine,
    fields={
        "tool": (span_name,),
        "call_id": (unquoted("tool_call_id"),),
        "conversation": (
            "session.id",
            unquoted("mlflow.trace.session"),
            inside("metadata", "thread_id"),
            inside("metadata", "session_id"),
        ),
        "model": (unquoted("mlflow.llm.model"), inside(_INPUTS, "model")),
        "input_tokens": (inside(_USAGE, "input_tokens"),),
        "output_tokens": (inside(_USAGE, "output_tokens"),),
        "total_tokens": (inside(_USAGE, "total_tokens"),),
        "cost": ("mlflow.llm.cost",),
        "cached_tokens": (inside(_USAGE, "cache_read_input_tokens"),),
        "cache_write": (inside(_USAGE, "cache_creation_input_tokens"),),
    },
    arguments=(_INPUTS,),
    result=(_OUTPUTS,),
    output=(_OUTPUTS,),
    input=(Listed(_INPUTS),),
    completion=(Answer(_OUTPUTS),),
    tools=(offered("mlflow.chat.tools"),),
    hint="MLflow records inputs and outputs by default",
)
