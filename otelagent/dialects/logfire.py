"""Pydantic Logfire SDK: message templates say what a span is; pending spans are placeholders sent at the start."""

from typing import Any, Final

from otelagent.dialects.lookups import inside
from otelagent.dialects.places import Answer, Listed
from otelagent.dialects.table import NO_STEP, Dialect, Verdict
from otelagent.model import Kind
from otelagent.otlp import Span

_TEMPLATE: Final = "logfire.msg_template"
_TEMPLATES: Final[tuple[tuple[str, Verdict], ...]] = (
    ("Agent run:", Kind.AGENT),
    ("Agent trace:", Kind.WORKFLOW),
    ("OpenAI Agents trace", Kind.WORKFLOW),
    ("Function:", Kind.TOOL),
    ("Handoff:", Kind.HANDOFF),
    ("Guardrail", NO_STEP),
    ("MCP request:", NO_STEP),
    ("Task:", NO_STEP),
    ("Turn {turn}", NO_STEP),
    ("Responses API with", Kind.LLM),
    ("Chat Completion with", Kind.LLM),
    ("Chat completion with", Kind.LLM),
    ("Message with", Kind.LLM),
)
_RESPONSE: Final = "response_data"


def _kind(span: Span) -> Verdict | None:
    """A pending span is no step whatever else it says."""
    attributes = span.attributes
    if "logfire.span_type" in attributes and attributes.get("logfire.span_type") == "pending_span":
        return NO_STEP
    return None


def _guess(span: Span) -> Verdict | None:
    template = span.attributes.text(_TEMPLATE)
    if template is None:
        return None
    return next((verdict for head, verdict in _TEMPLATES if template.startswith(head)), None)


def _refine(span: Span, kind: Kind, values: dict[str, Any]) -> None:
    if _TEMPLATE not in span.attributes:
        return
    name = span.attributes.text("name")
    if name and kind is Kind.AGENT:
        values.setdefault("agent", name)
    elif name and kind is Kind.TOOL:
        values.setdefault("tool", name)
    elif kind is Kind.HANDOFF:
        values.setdefault("agent", span.attributes.text("from_agent"))


DIALECT: Final = Dialect(
    name="logfire",
    scopes=("logfire*",),
    markers=(_TEMPLATE, "logfire.msg", "logfire.span_type"),
    base=("otel_genai",),
    kind=_kind,
    guess=_guess,
    refine=_refine,
    fields={
        "cost": ("operation.cost",),
        "target": ("to_agent",),
        "model": (inside("request_data", "model"),),
        "input_tokens": (
            inside(_RESPONSE, "usage", "input_tokens"),
            inside(_RESPONSE, "usage", "prompt_tokens"),
        ),
        "output_tokens": (
            inside(_RESPONSE, "usage", "output_tokens"),
            inside(_RESPONSE, "usage", "completion_tokens"),
        ),
    },
    arguments=("input",),
    result=("output",),
    output=("output",),
    input=(Listed("request_data"), Listed("raw_input"), Listed("events")),
    completion=(Answer(_RESPONSE), Answer("response")),
    general=True,
    hint="logfire.configure(scrubbing=...): check what is scrubbed",
)
