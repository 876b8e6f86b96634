"""Laminar: span types, input and output as JSON, flat messages on model calls."""

from typing import Any, Final

from otelagent.dialects.lookups import span_name
from otelagent.dialects.places import Answer, Flat, Listed
from otelagent.dialects.table import NO_STEP, Dialect
from otelagent.model import Kind
from otelagent.otlp import Span

_INPUT: Final = "lmnr.span.input"
_OUTPUT: Final = "lmnr.span.output"


def _refine(span: Span, kind: Kind, values: dict[str, Any]) -> None:
    if kind is Kind.AGENT:
        values.setdefault("agent", span.name)


DIALECT: Final = Dialect(
    name="laminar",
    scopes=("lmnr*",),
    markers=("lmnr.span.type", "lmnr.span.path"),
    base=("otel_genai",),
    kinds=(
        (
            "lmnr.span.type",
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
