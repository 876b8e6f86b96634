"""LiteLLM SDK and proxy: one model call per request; the raw provider call below it repeats it."""

from typing import Final

from otelagent.dialects.places import Flat
from otelagent.dialects.table import NO_STEP, Dialect
from otelagent.model import Kind

DIALECT: Final = Dialect(
    name="litellm",
    scopes=("litellm", "litellm.*"),
    markers=("litellm.call_id", "litellm.*"),
    names={
        "litellm_request": Kind.LLM,
        "raw_gen_ai_request": NO_STEP,
        "Received Proxy Server Request": NO_STEP,
        "litellm_proxy": NO_STEP,
    },
    base=("otel_genai",),
    kinds=(
        (
            "litellm.call_type",
            {
                "completion": Kind.LLM,
                "acompletion": Kind.LLM,
                "responses": Kind.LLM,
                "aresponses": Kind.LLM,
                "text_completion": Kind.LLM,
                "atext_completion": Kind.LLM,
                "anthropic_messages": Kind.LLM,
                "call_mcp_tool": Kind.TOOL,
                "rerank": Kind.RETRIEVAL,
                "arerank": Kind.RETRIEVAL,
            },
        ),
    ),
    fields={
        "cost": ("litellm.cost.total",),
        "model": ("litellm.provider.model",),
        "total_tokens": ("gen_ai.usage.total_tokens",),
        "error_type": ("litellm.provider.error.code",),
    },
    input=(Flat("gen_ai.prompt"),),
    completion=(Flat("gen_ai.completion"),),
    hint="turn_off_message_logging: false, and OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_ONLY",
)
