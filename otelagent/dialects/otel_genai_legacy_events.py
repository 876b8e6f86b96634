"""GenAI conventions up to 1.36: one event per message, as log records or (Strands, others) as span events."""

from typing import Final

from otelagent.dialects.encoded import unpacked
from otelagent.dialects.messages import item
from otelagent.dialects.places import Events
from otelagent.dialects.table import Dialect
from otelagent.model import Item, LogPart, Message
from otelagent.otlp import Log

INPUT: Final = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
}
OUTPUT: Final = {"gen_ai.choice": "assistant"}

_BODIES: Final = ("content", "message", "gen_ai.event.content", "event.body", "tool_calls")


def _given(log: Log) -> LogPart | None:
    """One input message; its body is an object, its JSON, or (with attributes beside it) the content alone."""
    return _part(log, input=(item(_body(log), INPUT[log.event_name]),))


def _chosen(log: Log) -> LogPart | None:
    return _part(log, output=(item(_body(log), "assistant").read(),))


def _body(log: Log) -> object:
    body = unpacked(log.body)
    if isinstance(body, dict):
        return body
    found = next((unpacked(log.attributes.get(key)) for key in _BODIES if key in log.attributes), None)
    if body in (None, "") and isinstance(found, dict):
        return found
    return {"content": found if body in (None, "") else body, "id": log.attributes.text("id")}


def _part(log: Log, input: tuple[Item, ...] = (), output: tuple[Message, ...] = ()) -> LogPart:  # noqa: A002
    return LogPart(trace_id=log.trace_id, span_id=log.span_id, time=log.time, input=input, output=output)


DIALECT: Final = Dialect(
    name="otel_genai_legacy_events",
    input=(Events(INPUT, _BODIES),),
    completion=(Events(OUTPUT, ("message", "content", "gen_ai.event.content", "event.body", "tool_calls")),),
    logs=dict.fromkeys(INPUT, _given) | dict.fromkeys(OUTPUT, _chosen),
    hint="OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true",
)
