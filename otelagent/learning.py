"""What a trace that closes tells about what is normal; that of `otelagent canary` tells nothing."""

from collections import defaultdict

from otelagent import canary
from otelagent.baselines.learned import Baselines, ToolKey
from otelagent.model import Step
from otelagent.run import SOURCES
from otelagent.trace import Trace
from otelagent.usage import is_task, task_key, usage


def learn_calls(trace: Trace, normal: Baselines) -> None:
    """Add its calls to the profiles of their tools; before the trace is judged for the last time."""
    if trace.service == canary.AGENT:
        return
    calls: dict[tuple[str, str], list[Step]] = defaultdict(list)
    for run in trace.runs.values():
        for step in run.steps:
            if step.call is not None and step.tool and step.kind in SOURCES:
                calls[step.environment, step.tool].append(step)
    for tool, steps in calls.items():
        normal.called(ToolKey(*tool), steps, trace.touched)


def learn_runs(trace: Trace, normal: Baselines) -> None:
    """Add its runs to the baselines of their tasks, after they were judged; not those of which part wasn't seen."""
    if trace.service == canary.AGENT:
        return
    for run in trace.runs.values():
        key = task_key(run) if run.ended is not None and is_task(run) else None
        if key is not None and run.ended is not None:
            normal.ran(key, usage(run), run.ended.end / 1e9)
