"""LiveKit Agents: span names say what a span is; `llm_node` is around the request that counts."""

from collections.abc import Container
from typing import Any, ClassVar, Final

from otelagent.dialects.encoded import unpacked
from otelagent.dialects.messages import Listing, listing
from otelagent.dialects.places import Listed, Whole
from otelagent.dialects.table import NO_STEP, Dialect
from otelagent.model import Kind
from otelagent.otlp import Span

_TEXT: Final = "lk.response.text"
_CALLS: Final = "lk.response.function_calls"


class _Response:
    """One answer, its text and its calls in separate keys."""

    told_by_keys: ClassVar[bool] = True

    def possible(self, keys: Container[str]) -> bool:
        return _TEXT in keys or _CALLS in keys

    def present(self, span: Span) -> bool:
        return self.possible(span.attributes)

    def keys(self, span: Span) -> tuple[str, ...]:
        return (_CALLS,) if _CALLS in span.attributes else ()

    def read(self, span: Span, role: str) -> Listing:
        calls = unpacked(span.attributes.get(_CALLS))
        found = [unpacked(call) for call in calls] if isinstance(calls, list) else []
        return listing([{"role": role, "content": span.attributes.get(_TEXT) or "", "tool_calls": found}], role)


def _refine(span: Span, kind: Kind, values: dict[str, Any]) -> None:
    if kind is Kind.TOOL and span.attributes.get("lk.function_tool.is_error") is True:
        values["reported_status"] = "error"


DIALECT: Final = Dialect(
    name="livekit",
    scopes=("livekit-agents", "livekit*"),
    markers=("lk.agent_name", "lk.room_name", "lk.job_id", "lk.chat_ctx", "lk.function_tool.*"),
    names={
        "agent_session": Kind.WORKFLOW,
        "agent_turn": Kind.AGENT,
        "llm_request": Kind.LLM,
        "llm_node": Kind.LLM,
        "function_tool": Kind.TOOL,
        "user_turn": NO_STEP,
    },
    base=("otel_genai",),
    refine=_refine,
    fields={
        "agent": ("lk.agent_name", "lk.agent_label"),
        "tool": ("lk.function_tool.name",),
        "call_id": ("lk.function_tool.id",),
        "conversation": ("lk.room_name",),
    },
    arguments=("lk.function_tool.arguments",),
    result=("lk.function_tool.output",),
    output=(_TEXT,),
    instructions=(Whole("lk.instructions"),),
    input=(Listed("lk.chat_ctx"), Listed("lk.user_input"), Listed("lk.user_transcript")),
    completion=(_Response(),),
    hint="LiveKit records content by default",
)
