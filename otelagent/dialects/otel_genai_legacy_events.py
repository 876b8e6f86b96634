"""GenAI conventions up to 1.36: one event per message, as log records or (Strands, others) as span events."""

from typing import Final

from otelagent.dialects.messages import Events
from otelagent.dialects.table import Dialect

INPUT: Final = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
}
OUTPUT: Final = {"gen_ai.choice": "assistant"}

_BODIES: Final = ("content", "message", "gen_ai.event.content", "event.body", "tool_calls")

DIALECT: Final = Dialect(
    name="otel_genai_legacy_events",
    input=(Events(INPUT, _BODIES),),
    completion=(Events(OUTPUT, ("message", "content", "gen_ai.event.content", "event.body", "tool_calls")),),
    hint="OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true",
)
