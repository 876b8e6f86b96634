"""Anthropic's SDKs and Claude API (beta): GenAI conventions, span names by API method."""

from typing import Final

from otelagent.dialects.lookups import after
from otelagent.dialects.table import NO_STEP, Dialect
from otelagent.model import Kind

DIALECT: Final = Dialect(
    name="anthropic_sdk",
    scopes=("com.anthropic.sdk.*", "com.anthropic.claude-platform"),
    markers=("anthropic.request.id",),
    names={
        "anthropic.tool_use ": Kind.TOOL,
        "anthropic.messages": Kind.LLM,
        "anthropic.completions": Kind.LLM,
        "anthropic.": NO_STEP,
    },
    base=("otel_genai",),
    fields={"tool": (after("anthropic.tool_use "),), "response_id": ("anthropic.request.id",)},
    hint="OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true",
)
