"""Which step's output depends on which: results that a completion read, completions that asked for a call."""

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final

from otelagent.diagnosis.recording import Recorded, Recording
from otelagent.model import Kind

REACH: Final = 2_000
"""Steps that one walk visits."""


class Dataflow:
    """Edges backwards in time, from ids where there are any, else from the order within an agent's run."""

    def __init__(self, recording: Recording) -> None:
        self._inputs: dict[int, list[Recorded]] = {}
        asked: dict[str, Recorded] = {}
        last_turn: dict[tuple[bytes, str | None], Recorded] = {}
        waiting: dict[tuple[bytes, str | None], list[Recorded]] = {}
        self._children = _by_parent(recording.steps)
        for recorded in recording.steps:
            key = (recorded.step.trace_id, recorded.agent)
            inputs = self._inputs[recorded.index] = []
            if recorded.source or recorded.step.kind is Kind.HANDOFF:
                by_id = asked.get(recorded.step.call_id or "")
                turn = by_id or last_turn.get(key)
                inputs += [turn] if turn is not None else []
                inputs += self._children.get(recorded.span_id, [])[-1:]
                waiting.setdefault(key, []).append(recorded)
            elif recorded.step.kind is Kind.LLM:
                asked.update({call.id: recorded for call in recorded.asked if call.id})
                inputs += [s for s in waiting.pop(key, []) if s.step.end <= recorded.step.start]
                inputs += [last_turn[key]] if key in last_turn else []
                last_turn[key] = recorded
            elif key in last_turn:
                inputs.append(last_turn[key])

    def inputs(self, recorded: Recorded) -> Sequence[Recorded]:
        """The steps whose output it read."""
        return self._inputs[recorded.index]

    def behind(self, output: Recorded) -> dict[int, Recorded | None]:
        """All that an output rests on, nearest first: index to the step that it was reached from."""
        reached: dict[int, Recorded | None] = {output.index: None}
        queue = deque([output])
        while queue and len(reached) < REACH:
            at = queue.popleft()
            for earlier in self.inputs(at):
                if earlier.index not in reached:
                    reached[earlier.index] = at
                    queue.append(earlier)
        return reached


def path(reached: dict[int, Recorded | None], origin: Recorded) -> list[Recorded]:
    """From a step that was reached forward to the output."""
    chain, at = [origin], reached.get(origin.index)
    while at is not None:
        chain.append(at)
        at = reached.get(at.index)
    return chain


def _by_parent(steps: Iterable[Recorded]) -> dict[bytes, list[Recorded]]:
    """Agents by the call that encloses them."""
    found: dict[bytes, list[Recorded]] = {}
    for recorded in steps:
        if recorded.step.kind in (Kind.AGENT, Kind.WORKFLOW) and recorded.step.parent_id:
            found.setdefault(recorded.step.parent_id, []).append(recorded)
    return found


def before(steps: Sequence[Recorded], time: int) -> Sequence[Recorded]:
    """Steps that ended by `time`; `steps` are in order of end."""
    return steps[: bisect_right(steps, time, key=lambda recorded: recorded.step.end)]
