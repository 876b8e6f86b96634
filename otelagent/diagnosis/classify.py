"""Step six: model, tool or orchestration, by which rule, and what to change."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from otelagent.diagnosis.recording import Recorded
from otelagent.model import BAD, Finding, Layer, Status

FIX_PATHS: Final = {
    Layer.TOOL: "validate at the tool client and handle the failure there; never pass a partial body on as success",
    Layer.MODEL: "change the prompt, or put a guardrail behind the completion",
    Layer.ORCHESTRATION: "change the structure of delegation and verification: receipts, step limits, reminders",
}


@dataclass(frozen=True)
class Alternative:
    """A layer that was considered, and why it was set aside."""

    layer: Layer
    why: str


@dataclass(frozen=True)
class Classification:
    """Whose fault it is. `layer` is None where nothing speaks for any."""

    layer: Layer | None
    rule: str
    confidence: float
    alternatives: tuple[Alternative, ...]
    fix_path: str | None
    guard: str | None


def classify(findings: Sequence[Finding], divergence: Recorded | None, loose: int, full: bool) -> Classification:
    """By the first finding; without one by the step of divergence, `loose` claims in the output and a full context."""
    if findings:
        first = findings[0]
        rule = f"{first.mode} ({first.cause}): {first.reason}"
        return _made(first.layer, rule, first.confidence, first.fix, divergence, full)
    status = divergence.step.call.outcome.status if divergence and divergence.step.call else Status.UNKNOWN
    if status in BAD:
        guard = "gate after the tool call: tell the model what is missing before its next turn"
        return _made(Layer.TOOL, f"the output rests on a call whose outcome is {status}", 0.3, guard, divergence, full)
    if loose and full:
        rule = f"{loose} claims without ground, with a context that is nearly full"
        return _made(Layer.ORCHESTRATION, rule, 0.2, "repeat the constraints every few steps", divergence, full)
    if loose:
        guard = "check specifics of the completion against the tools' results before it is used"
        return _made(
            Layer.MODEL, f"{loose} claims without ground, and all tools answered", 0.3, guard, divergence, full
        )
    return Classification(None, "nothing speaks for a failure", 0.0, (), None, None)


def _made(
    layer: Layer, rule: str, confidence: float, guard: str, divergence: Recorded | None, full: bool
) -> Classification:
    others = (Alternative(other, _against(other, divergence, full)) for other in Layer if other is not layer)
    return Classification(layer, rule, confidence, tuple(others), FIX_PATHS[layer], guard)


def _against(layer: Layer, divergence: Recorded | None, full: bool) -> str:
    status = divergence.step.call.outcome.status if divergence and divergence.step.call else None
    if layer is Layer.MODEL:
        return f"the model was given a result that is {status}" if status in BAD else "the model had what it needed"
    if layer is Layer.TOOL:
        answered = status in (None, Status.OK, Status.UNKNOWN)
        return (
            "the tools answered"
            if answered
            else f"the failure showed ({status}); what went on in spite of it is at fault"
        )
    return "the context was nearly full, but this came first" if full else "no full context and no lost hand-over shows"
