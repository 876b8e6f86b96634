"""Google ADK: schema 2 is GenAI conventions; schema 1 keeps content in keys of its own, on `call_llm` spans."""

from typing import Any, Final

from otelagent.dialects.lookups import inside
from otelagent.dialects.places import Answer, Listed
from otelagent.dialects.plan import count
from otelagent.dialects.table import NO_STEP, Dialect, Verdict
from otelagent.model import Kind, LogPart
from otelagent.otlp import Log, Span

_REQUEST: Final = "gcp.vertex.agent.llm_request"
_RESPONSE: Final = "gcp.vertex.agent.llm_response"
_EVENT: Final = "gcp.vertex.agent.event_id"
_MERGED: Final = "(merged tools)"
_RUN: Final = "agent_run ["
_TOOL: Final = "gen_ai.tool.name"


def _kind(span: Span) -> Verdict | None:
    """Parallel calls end in one more tool span that stands for none of them."""
    if _TOOL in span.attributes and span.attributes.get(_TOOL) == _MERGED:
        return NO_STEP
    return None


def _refine(span: Span, kind: Kind, values: dict[str, Any]) -> None:
    """Both spans of one model call share the event; that shows them to be one."""
    if kind is Kind.LLM:
        values.setdefault("response_id", span.attributes.text(_EVENT))
    if kind is Kind.AGENT and span.name.startswith(_RUN):
        values.setdefault("agent", span.name.removeprefix(_RUN).rstrip("]"))


def _http_end(log: Log) -> LogPart | None:
    """Status of an MCP tool's HTTP call, which has no span here."""
    status = count(log.attributes.get("http.response.status_code"))
    if status is None:
        return None
    return LogPart(trace_id=log.trace_id, span_id=log.span_id, time=log.time, http_status=status)


DIALECT: Final = Dialect(
    name="google_adk",
    scopes=("gcp.vertex.agent",),
    markers=("gcp.vertex.agent.*",),
    names={"invocation": Kind.WORKFLOW, "call_llm": Kind.LLM, "agent_run": Kind.AGENT},
    base=("otel_genai",),
    kind=_kind,
    refine=_refine,
    fields={
        "conversation": ("gcp.vertex.agent.session_id",),
        "model": (inside(_REQUEST, "model"),),
    },
    arguments=("gcp.vertex.agent.tool_call_args",),
    result=("gcp.vertex.agent.tool_response",),
    input=(Listed(_REQUEST),),
    completion=(Answer(_RESPONSE),),
    absent=frozenset({"N/A", "<not specified>", "{}", '{"result": "<not specified>"}'}),
    logs={"adk.experimental.mcp.http.client.response.end": _http_end},
    hint="OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_ONLY",
)
