"""Two reports of one call or one model turn: by an SDK and a framework above it, or by a span and later messages."""

from typing import Final

from otelagent.model import Answered, Kind, Status, Step

UNIQUE: Final = 8
"""Characters of a call id from which on it may be one of its kind."""


def same_completion(step: Step, other: Step) -> bool:
    if step.span_id == other.span_id or (step.response_id and step.response_id == other.response_id):
        return True
    if step.start > other.start or other.end > step.end:
        return False
    equal = (step.input_tokens, step.output_tokens) == (other.input_tokens, other.output_tokens)
    if other.parent_id == step.span_id:
        return equal or step.output_tokens is None
    return equal and step.output_tokens is not None and step.dialect != other.dialect


def same_call(step: Step, other: Step) -> bool:
    if step.call_id == other.call_id:
        if step.span_id == other.span_id:
            return True
        if step.call_id:
            return (step.start <= other.end and other.start <= step.end) or _repeated(step, other)
    inside = other.parent_id == step.span_id and step.start <= other.start and other.end <= step.end
    return inside and step.tool == other.tool


def _repeated(step: Step, other: Step) -> bool:
    """Two reports of one call at different times. Models and servers use an id again (`call_0`, the tool's name)."""
    assert step.call_id is not None  # noqa: S101 - the caller looked
    telling = len(step.call_id) >= UNIQUE and any(map(str.isdigit, step.call_id))
    if not telling or (step.tool and other.tool and step.tool != other.tool):
        return False
    now, then = step.call, other.call
    if now is None or then is None:
        return True
    return all(
        a is None or b is None or a == b for a, b in ((now.arguments, then.arguments), (now.result, then.result))
    ) and (now.outcome.status is then.outcome.status or Status.UNKNOWN in (now.outcome.status, then.outcome.status))


def says_more(step: Step, twin: Step) -> bool:
    if step.kind is Kind.LLM:
        return _completes(step) and not _completes(twin)
    return bool(step.call and step.call.outcome.status is not Status.UNKNOWN) and not (
        twin.call and twin.call.outcome.status is not Status.UNKNOWN
    )


def _completes(step: Step) -> bool:
    return step.turn is not None and (step.turn.text or bool(step.turn.asked))


def rebuilt(consumer: Step, answered: Answered, retold: bool) -> Step:
    """A step for a call that has no span of its own; its evidence is the consumer's messages."""
    return Step.of(
        trace_id=consumer.trace_id,
        span_id=consumer.span_id,
        parent_id=consumer.parent_id,
        kind=Kind.TOOL,
        dialect=consumer.dialect,
        name=answered.name or "tool",
        start=consumer.start,
        end=consumer.start,
        agent=consumer.agent,
        conversation=consumer.conversation,
        tool=answered.name,
        call_id=answered.id,
        service=consumer.service,
        environment=consumer.environment,
        call=answered.shown.call,
        rebuilt=True,
        retold=retold or not answered.tail,
        asker=answered.asker,
    )
