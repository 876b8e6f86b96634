"""Laminar: span types, input and output as JSON, flat messages on model calls."""

from typing import Any, Final

from otelagent.dialects.lookups import span_name
from otelagent.dialects.places import Answer, Flat, Listed
from otelagent.dialects.table import NO_STEP, Dialect, Verdict
from otelagent.model import Kind
from otelagent.otlp import Span

_TYPE: Final = "lmnr.span.type"
_INPUT: Final = "lmnr.span.input"
_OUTPUT: Final = "lmnr.span.output"


def _kind(span: Span) -> Verdict | None:
    """The function that `observe()` wraps outermost is the run."""
    return Kind.WORKFLOW if span.attributes.text(_TYPE) == "DEFAULT" and not span.parent_id else None


def _refine(span: Span, kind: Kind, values: dict[str, Any]) -> None:
    if kind is Kind.AGENT:
        values.setdefault("agent", span.name)


DIALECT: Final = Dialect(
    name="laminar",
    scopes=("lmnr*",),
    markers=(_TYPE, "lmnr.span.path"),
    base=("otel_genai",),
    kinds=(
        (
            _TYPE,
            {
                "llm": Kind.LLM,
                "cached": Kind.LLM,
                "tool": Kind.TOOL,
                "executor": Kind.AGENT,
                "pipeline": Kind.WORKFLOW,
                "default": NO_STEP,
                "evaluation": NO_STEP,
                "evaluator": NO_STEP,
                "human_evaluator": NO_STEP,
            },
        ),
    ),
    kind=_kind,
    refine=_refine,
    fields={
        "tool": (span_name,),
        "conversation": ("lmnr.association.properties.session_id",),
    },
    arguments=(_INPUT,),
    result=(_OUTPUT,),
    output=(_OUTPUT,),
    input=(Flat("gen_ai.prompt"), Listed(_INPUT)),
    completion=(Flat("gen_ai.completion"), Answer(_OUTPUT)),
    hint="Laminar records inputs and outputs by default",
)
