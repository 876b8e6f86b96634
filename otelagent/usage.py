"""What a run of a task took, sub-agents included, and which task it was a run of."""

from collections.abc import Iterator
from typing import Final

from otelagent.baselines.learned import ALL_INPUTS, CLASSES, TaskKey
from otelagent.baselines.task import Usage
from otelagent.model import Kind
from otelagent.run import AgentRun
from otelagent.spent import Spent

MAX_RUNS: Final = 1_000
"""Runs below one that are added up."""

SHORT: Final = 256
"""Characters of a task's text from which on classes of inputs double."""

_CLASSES: Final = tuple(map(str, range(CLASSES)))


def below(run: AgentRun) -> Iterator[AgentRun]:
    """The run and those that it encloses."""
    stack = [run]
    for _ in range(MAX_RUNS):
        if not stack:
            return
        yield (at := stack.pop())
        stack += at.trace.children(at)


def usage(run: AgentRun) -> Usage:
    """Of a run and all below it. Times are those of its own span, else of its steps."""
    took = Spent.together(each.spent for each in below(run)) if run.trace.children(run) else run.spent
    shown = 0 if took.hidden else took.shown
    return Usage(took.tokens, took.cached, took.llm_calls, took.tool_calls, _seconds(run), took.cost, shown)


def _seconds(run: AgentRun) -> float:
    if run.ended is not None:
        return max(run.ended.end - run.ended.start, 0) / 1e9
    steps = [step for each in below(run) for step in each.steps]
    return max(s.end for s in steps) / 1e9 - min(s.start for s in steps) / 1e9 if steps else 0.0


def task_key(run: AgentRun) -> TaskKey | None:
    """Workflow or agent, with a coarse class of its input; None where nothing names it yet."""
    first = run.steps[0] if run.steps else run.ended
    name = run.workflow or run.agent or next((s.agent for s in run.steps if s.agent), None)
    return None if first is None or name is None else TaskKey(first.environment, first.service, name, _inputs(run))


def _inputs(run: AgentRun) -> str:
    for step in run.steps:
        if step.turn is not None and step.turn.task is not None:
            return _CLASSES[min((step.turn.task.size // SHORT).bit_length(), CLASSES - 1)]
    return ALL_INPUTS


def is_task(run: AgentRun) -> bool:
    """No other run called it, and its view is whole: more than a turn that is a trace of its own."""
    trace = run.trace
    if run.ended is not None and run.ended.kind is Kind.LLM:
        return False
    return not trace.partial_view and trace.enclosing(run) is None and not trace.wraps(run)
