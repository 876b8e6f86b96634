"""Vercel AI SDK: keys of its own up to version 6, GenAI conventions from 7 on."""

from collections.abc import Container, Sequence
from typing import Any, ClassVar, Final

from otelagent.dialects.encoded import unpacked
from otelagent.dialects.messages import Listing, listing
from otelagent.dialects.offers import offered
from otelagent.dialects.places import Answer, Listed
from otelagent.dialects.table import NO_STEP, Dialect
from otelagent.model import Kind
from otelagent.otlp import Span

_OPERATION: Final = "ai.operationId"
_TEXT: Final = "ai.response.text"
_CALLS: Final = "ai.response.toolCalls"
_REASONING: Final = "ai.response.reasoning"
_OBJECT: Final = "ai.response.object"
_LOOPS: Final = ("ai.generatetext", "ai.streamtext", "ai.generateobject", "ai.streamobject")
_CALL_ENDS: Final = (".dogenerate", ".dostream")


class _Response:
    """One answer, its text and its calls in separate keys."""

    told_by_keys: ClassVar[bool] = True

    def possible(self, keys: Container[str]) -> bool:
        return any(key in keys for key in (_TEXT, _CALLS, _OBJECT))

    def present(self, span: Span) -> bool:
        return self.possible(span.attributes)

    def keys(self, span: Span) -> tuple[str, ...]:
        return tuple(key for key in (_CALLS, _OBJECT) if key in span.attributes)

    def read(self, span: Span, role: str) -> Listing:
        attributes = span.attributes
        parts: list[object] = (
            [{"type": "reasoning", "text": attributes.get(_REASONING)}] if _REASONING in attributes else []
        )
        parts += [{"type": "text", "text": attributes.get(key)} for key in (_TEXT, _OBJECT) if key in attributes]
        calls = unpacked(attributes.get(_CALLS))
        found: Sequence[object] = calls if isinstance(calls, list) else ()
        parts += [{"type": "tool_call", **call} for call in found if isinstance(call, dict)]
        return listing([{"role": role, "content": parts}], role)


def _refine(span: Span, kind: Kind, values: dict[str, Any]) -> None:
    """Without a function id the span is named after the model, which is no agent's name."""
    if kind is Kind.AGENT and values.get("agent") == values.get("model"):
        values.pop("agent", None)


DIALECT: Final = Dialect(
    name="vercel_ai",
    scopes=("ai", "gen_ai"),
    markers=(_OPERATION,),
    base=("otel_genai",),
    kinds=(
        (
            _OPERATION,
            dict.fromkeys(_LOOPS, Kind.AGENT)
            | {loop + end: Kind.LLM for loop in _LOOPS for end in _CALL_ENDS}
            | {"ai.toolcall": Kind.TOOL, "ai.rerank": Kind.RETRIEVAL}
            | dict.fromkeys(
                ("ai.embed", "ai.embed.doembed", "ai.embedmany", "ai.embedmany.doembed", "ai.rerank.dorerank"), NO_STEP
            ),
        ),
    ),
    refine=_refine,
    fields={
        "agent": ("ai.telemetry.functionId", "resource.name"),
        "conversation": (
            *(
                f"ai.{place}.{name}Id"
                for place in ("telemetry.metadata", "settings.context")
                for name in ("session", "thread", "conversation", "chat")
            ),
        ),
        "tool": ("ai.toolCall.name",),
        "call_id": ("ai.toolCall.id",),
        "model": ("ai.response.model", "ai.model.id"),
        "response_id": ("ai.response.id",),
        "finish": ("ai.response.finishReason",),
        "input_tokens": ("ai.usage.inputTokens", "ai.usage.promptTokens"),
        "output_tokens": ("ai.usage.outputTokens", "ai.usage.completionTokens"),
        "total_tokens": ("ai.usage.totalTokens",),
        "cached_tokens": ("ai.usage.cachedInputTokens", "ai.usage.inputTokenDetails.cacheReadTokens"),
    },
    arguments=("ai.toolCall.args",),
    result=("ai.toolCall.result", "ai.ranking"),
    output=(_TEXT, _OBJECT),
    input=(Listed("ai.prompt.messages"), Listed("ai.prompt")),
    completion=(_Response(), Answer("ai.result.text")),
    tools=(offered("ai.prompt.tools"),),
    hint="recordInputs: true, recordOutputs: true",
)
