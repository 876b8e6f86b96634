"""Pydantic AI, formats 1 to 6: GenAI conventions with whole histories on agent spans."""

from collections.abc import Container
from typing import ClassVar, Final

from otelagent.dialects.encoded import unpacked
from otelagent.dialects.messages import Listing, listing
from otelagent.dialects.places import Answer, Listed
from otelagent.dialects.table import NO_STEP, Dialect
from otelagent.model import Kind
from otelagent.otlp import Span

_ALL: Final = "pydantic_ai.all_messages"
_RESULT: Final = "final_result"


class _Choices:
    """Format 1: the choice is the last of the events that are one JSON list with the input."""

    told_by_keys: ClassVar[bool] = True

    def __init__(self, key: str) -> None:
        self._key = key

    def possible(self, keys: Container[str]) -> bool:
        return self._key in keys

    def present(self, span: Span) -> bool:
        return self._key in span.attributes

    def keys(self, span: Span) -> tuple[str, ...]:
        return (self._key,)

    def read(self, span: Span, role: str) -> Listing:
        events = unpacked(span.attributes.get(self._key))
        chosen = [e for e in events if isinstance(e, dict) and "message" in e] if isinstance(events, list) else []
        return listing(chosen, role)


class _Inputs(Listed):
    """Format 1: the events before the choice."""

    def read(self, span: Span, role: str) -> Listing:
        found = super().read(span, role)
        chosen = '"gen_ai.choice"' in (span.attributes.text(self.key) or "")
        return Listing(found.items[:-1] if chosen else found.items, found.cut)


DIALECT: Final = Dialect(
    name="pydantic_ai",
    scopes=("pydantic-ai",),
    markers=(_ALL, "gen_ai.agent.call.id", "all_messages_events"),
    names={"agent run": Kind.AGENT, "running tools": NO_STEP, "running tool": Kind.TOOL, "running output": NO_STEP},
    base=("otel_genai", "logfire"),
    fields={
        "agent": ("agent_name",),
        "agent_id": ("gen_ai.agent.call.id",),
        "model": ("model_name",),
        "cost": ("operation.cost",),
        "cached_tokens": ("gen_ai.usage.details.cache_read_tokens",),
        "cache_write": ("gen_ai.usage.details.cache_write_tokens",),
    },
    arguments=("tool_arguments",),
    result=("tool_response",),
    output=(_RESULT,),
    input=(Listed(_ALL), _Inputs("events"), Listed("all_messages_events")),
    completion=(_Choices("events"), Answer(_RESULT)),
    hint="InstrumentationSettings(include_content=True)",
)
