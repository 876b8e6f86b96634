"""What a model call cost, where its instrumentation says so."""

import json
from typing import Any

import pytest

from otelagent import dialects, otlp
from otelagent.model import Step
from tests import builders

CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": 9}
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "openinference": (
        "openinference.instrumentation.openai",
        {"openinference.span.kind": "LLM", "llm.model_name": "gpt-4o", "llm.cost.total": 0.25},
    ),
    "openlit": ("openlit.otel.tracing", {**CHAT, "telemetry.sdk.name": "openlit", "gen_ai.usage.cost": 0.25}),
    "langfuse": (
        "langfuse-sdk",
        {"langfuse.observation.type": "generation", "langfuse.observation.cost_details": json.dumps({"total": 0.25})},
    ),
    "logfire": ("pydantic-ai", {**CHAT, "operation.cost": 0.25}),
}


def read(scope: str, attributes: dict[str, Any]) -> Step:
    span = builders.span("chat gpt-4o", attributes, trace_id=b"t" * 16, span_id=b"s" * 8)
    (own,) = otlp.TraceRequest(builders.request([span], scope=scope)).spans
    step = dialects.read(own)
    assert isinstance(step, Step)
    return step


@pytest.mark.parametrize(("scope", "attributes"), CASES.values(), ids=CASES)
def test_cost_is_read(scope: str, attributes: dict[str, Any]) -> None:
    assert read(scope, attributes).cost == 0.25


@pytest.mark.parametrize("value", [-1.0, True, "much", float("inf")])
def test_what_is_no_amount_is_none(value: Any) -> None:
    assert read("pydantic-ai", {**CHAT, "operation.cost": value}).cost is None
