"""GenAI conventions up to 1.27: prompt and completion as text, on the span or on two span events."""

from typing import Final

from otelagent.dialects.places import Answer, Events, Listed
from otelagent.dialects.table import Dialect

_PROMPT: Final = "gen_ai.prompt"
_COMPLETION: Final = "gen_ai.completion"

DIALECT: Final = Dialect(
    name="otel_genai_legacy_attrs",
    markers=(_PROMPT, _COMPLETION, "gen_ai.usage.prompt_tokens"),
    fields={
        "input_tokens": ("gen_ai.usage.prompt_tokens",),
        "output_tokens": ("gen_ai.usage.completion_tokens",),
        "total_tokens": ("gen_ai.usage.total_tokens",),
    },
    input=(Listed(_PROMPT), Events({"gen_ai.content.prompt": "user"}, (), (_PROMPT,))),
    completion=(Answer(_COMPLETION), Events({"gen_ai.content.completion": "assistant"}, (), (_COMPLETION,))),
)
