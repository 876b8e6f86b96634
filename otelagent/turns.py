"""Model calls that are traces of their own: emitters without spans of agents and tools send nothing else.

The calls that a turn's messages show, and the answer in which an agent's last turn ends, are then all that shows a
delegation: what was given, and what came back.
"""

from collections.abc import Iterator, Sequence

from otelagent.model import Kind, Step
from otelagent.run import SOURCES, AgentRun
from otelagent.stitching import Key, may_delegate


def turn(run: AgentRun) -> Step | None:
    """The model call that is all of its trace."""
    last = run.steps[-1] if run.steps else None
    alone = last is not None and last.kind is Kind.LLM and last.span_id == run.key and not last.parent_id
    return last if alone else None


def answer(run: AgentRun) -> Step | None:
    """The same, where it ends with words and asks for nothing more."""
    last = turn(run)
    spoke = last is not None and last.turn is not None and last.turn.said is not None and not last.turn.asked
    return last if spoke else None


def goes_on(run: AgentRun) -> bool:
    """Its agent is still to answer."""
    last = turn(run)
    return last is not None and last.turn is not None and bool(last.turn.asked)


def child_keys(last: Step, task: int | None) -> list[Key]:
    """By what the call is found that an answer is the result of."""
    result = last.turn.said.result if last.turn is not None and last.turn.said is not None else None
    back: list[Key] = [("result", result)] if result is not None else []
    if task is None:
        return back
    both: list[Key] = [("exchange", hash((task, result)))] if result is not None else []
    return [*both, *back, ("text", task)]


def call_keys(step: Step) -> list[Key]:
    """By what the answer is found that a call's result is."""
    call = step.call
    if call is None:
        return []
    texts = call.like.texts if call.like is not None else ()
    both: list[Key] = [("exchange", hash((text, call.result))) for text in texts] if call.result is not None else []
    if not may_delegate(step):
        return both
    back: list[Key] = [("result", call.result)] if call.result is not None else []
    return [*both, *back, *(("text", text) for text in texts)]


def shown(run: AgentRun) -> Iterator[Step]:
    """The calls that a turn's messages show."""
    if turn(run) is not None:
        yield from (step for step in run.steps if step.rebuilt and step.kind in SOURCES)


def matching(calls: Sequence[Step], run: AgentRun) -> Step | None:
    """Of the calls that one turn shows, that which a run answered."""
    last = answer(run)
    said = last.turn.said if last is not None and last.turn is not None else None
    task = run.asked_for
    given = [s for s in calls if s.call is not None and s.call.like is not None and task in s.call.like.texts]
    back = [s for s in calls if s.call is not None and said is not None and s.call.result == said.result]
    return next((s for s in given if s in back), None) or next(iter(given or back), None)
