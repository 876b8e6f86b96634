"""What a run of a task took, sub-agents included, and which task it was a run of."""

from collections.abc import Iterator
from typing import Final

from otelagent.baselines.learned import ALL_INPUTS, TaskKey
from otelagent.baselines.task import Usage
from otelagent.model import Kind
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
    tokens = cached = llm_calls = tool_calls = 0
    cost: float | None = None
    for each in below(run):
        for step in each.steps:
            if step.kind is Kind.LLM:
                llm_calls += 1
                tokens += (step.input_tokens or 0) + (step.output_tokens or 0)
                cached += step.cached_tokens or 0
                cost = cost if step.cost is None else (cost or 0.0) + step.cost
            elif step.kind in SOURCES:
                tool_calls += 1
    return Usage(tokens, cached, llm_calls, tool_calls, _seconds(run), cost)


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
            return str((step.turn.task.size // SHORT).bit_length())
    return ALL_INPUTS


def is_task(run: AgentRun) -> bool:
    """No other run called it, and its view is whole."""
    trace = run.trace
    return not trace.partial_view and trace.enclosing(run) is None and not trace.wraps(run)
