"""Claude Code and the Claude Agent SDK. Input tokens leave cached ones out here."""

from typing import Any, Final

from otelagent.dialects.lookups import on_event
from otelagent.dialects.places import Answer, Listed
from otelagent.dialects.table import NO_STEP, Dialect, Verdict
from otelagent.model import Captured, Kind
from otelagent.otlp import Span

_TYPE: Final = "span.type"
_HEAD: Final = "claude_code."
_LOOSE: Final = ("full_command", "file_path", "skill_name")
_TYPES: Final[dict[str, Verdict]] = {
    "interaction": Kind.AGENT,
    "llm_request": Kind.LLM,
    "tool": Kind.TOOL,
    "tool.execution": NO_STEP,
    "tool.blocked_on_user": NO_STEP,
    "hook": NO_STEP,
}


def _kind(span: Span) -> Verdict | None:
    kind = span.attributes.text(_TYPE)
    if kind is None and not span.name.startswith(_HEAD):
        return None
    return _TYPES.get((kind or span.name).removeprefix(_HEAD))


def _arguments(span: Span) -> Captured | None:
    """Arguments of built-in tools stand in keys of their own."""
    found = {key: span.attributes.get(key) for key in _LOOSE if key in span.attributes}
    return Captured(found, next(iter(found))) if found else None


def _refine(span: Span, kind: Kind, values: dict[str, Any]) -> None:
    if kind is Kind.AGENT:
        source = span.attributes.text("query_source")
        values.setdefault("agent", None if source == "repl_main_thread" else source)
    if kind is Kind.TOOL and span.attributes.get("success") is False:
        values.setdefault("reported_status", "error")


DIALECT: Final = Dialect(
    name="claude_code",
    scopes=("com.anthropic.claude_code*", "claude_code*"),
    names={
        "claude_code.interaction": Kind.AGENT,
        "claude_code.llm_request": Kind.LLM,
        "claude_code.tool.": NO_STEP,
        "claude_code.tool": Kind.TOOL,
        "claude_code.hook": NO_STEP,
    },
    base=("otel_genai",),
    kind=_kind,
    refine=_refine,
    fields={
        "conversation": ("session.id",),
        "tool": ("tool_name",),
        "call_id": ("tool_use_id",),
        "model": ("model",),
        "response_id": ("request_id",),
        "input_tokens": ("input_tokens",),
        "output_tokens": ("output_tokens",),
        "cached_tokens": ("cache_read_tokens",),
        "cache_write": ("cache_creation_tokens",),
        "target": ("subagent_type",),
    },
    arguments=("tool_input", _arguments),
    result=(on_event("tool.output", "output", "content", "diff"), "new_context"),
    output=("response.model_output",),
    input=(Listed("new_context"), Listed("user_prompt")),
    completion=(Answer("response.model_output"),),
    cache_aside=True,
    hint="OTEL_LOG_TOOL_CONTENT=1 OTEL_LOG_USER_PROMPTS=1 OTEL_LOG_ASSISTANT_RESPONSES=1",
)
