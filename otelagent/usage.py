"""What a run of a task took, sub-agents included, and which task it was a run of."""

from collections.abc import Iterator
from typing import Final

from otelagent.baselines.learned import ALL_INPUTS, TaskKey
from otelagent.baselines.task import Usage
from otelagent.model import Kind, Step
from otelagent.run import SOURCES, AgentRun

MAX_RUNS: Final = 1_000
"""Runs below one that are added up."""

SHORT: Final = 256
"""Characters of a task's text from which on classes of inputs double."""


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
    steps = [step for each in below(run) for step in each.steps]
    tokens = cached = llm_calls = tool_calls = 0
    cost: float | None = None
    for step in steps:
        if step.kind is Kind.LLM:
            llm_calls += 1
            tokens += (step.input_tokens or 0) + (step.output_tokens or 0)
            cached += step.cached_tokens or 0
            cost = cost if step.cost is None else (cost or 0.0) + step.cost
        elif step.kind in SOURCES:
            tool_calls += 1
    return Usage(tokens, cached, llm_calls, tool_calls, _seconds(run, steps), cost)


def _seconds(run: AgentRun, steps: list[Step]) -> float:
    if run.ended is not None:
        return max(run.ended.end - run.ended.start, 0) / 1e9
    return max(s.end for s in steps) / 1e9 - min(s.start for s in steps) / 1e9 if steps else 0.0


def task_key(run: AgentRun) -> TaskKey | None:
    """Workflow or agent, with a coarse class of its input; None where nothing names it yet."""
    first = run.steps[0] if run.steps else run.ended
    agent = run.agent or next((s.agent for s in run.steps if s.agent), None)
    name = run.workflow or agent
    if first is None or name is None:
        return None
    task = next((s.turn.task for s in run.steps if s.turn is not None and s.turn.task is not None), None)
    inputs = ALL_INPUTS if task is None else str((task.size // SHORT).bit_length())
    return TaskKey(first.environment, first.service, name, inputs)


def is_task(run: AgentRun) -> bool:
    """No other run called it, and its view is whole."""
    return run.trace.enclosing(run) is None and not run.trace.wraps(run) and not run.trace.partial_view
