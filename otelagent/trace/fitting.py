"""Calls held against what their tools declare, and against the work that went on below them."""

from itertools import islice
from typing import Final

from otelagent.baselines.drift import undeclared
from otelagent.model import Call, Declared, Status, Step
from otelagent.trace.place import Place

LATE: Final = 20_000_000
"""Nanoseconds by which a span outlasts the call above it before that counts; clocks of one machine differ by less."""

MAX_BELOW: Final = 512
"""Spans among which those below a call are looked for, the last that came."""

MAY_BE_CUT_OFF: Final = frozenset({Status.EMPTY, Status.NONCONFORMING})
"""Outcomes of calls that may have been cut off by a timeout that nothing states."""


def declares_a_shape(step: Step) -> bool:
    """Its good result can be held against what its tool declares."""
    call = step.call
    return call is not None and call.shape is not None and call.outcome.status is Status.OK and bool(step.tool)


def hold(call: Call, said: Declared | None) -> None:
    """Hold a good result against what its tool says of its results."""
    found = undeclared(said, call.shape) if said is not None and call.shape is not None else None
    if found is not None and said is not None:
        call.doubtful = bool(said.names)
        call.differ(found.pointer, found.note)


def may_be_cut_off(step: Step) -> bool:
    """Its result is such that the orchestrator may have given up on it."""
    call = step.call
    return call is not None and not call.raced and call.outcome.status in MAY_BE_CUT_OFF


def cut_off(step: Step, last: int) -> bool:
    """Work below a call went on, until `last`, after its own span had ended without a result of its tool's."""
    late = last - step.end
    if step.call is None or late < max(LATE, (step.end - step.start) // 50):
        return False
    step.call.time_out(f"a span below it ended {late / 1e9:.1f} s later")
    return True


def last_below(step: Step, nodes: dict[bytes, Place]) -> int:
    """When the last span below a call ended; 0 where there is none."""
    recent = islice(reversed(nodes.values()), MAX_BELOW)
    return max((node.end for node in recent if node.parent_id == step.span_id), default=0)
