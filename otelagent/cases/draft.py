"""A run of a case as it is being written."""

from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec

from otelagent.cases.case import Call, Run, Step, Turn, turns
from otelagent.model import ToolCall
from otelagent.reading.envelopes import unwrap_arguments

MISSING: Final = msgspec.UNSET


class Draft:
    """Its steps so far, in order of their start, and the calls that they ask for."""

    def __init__(self, run: Run, new_id: Callable[[str], str], known: dict[tuple[str, str, str], str]) -> None:
        """`known`: the first call of the trace with an emitter's id, a tool and arguments; shared by all runs."""
        self.run = run
        self.new_id = new_id
        self._known = known
        self.starts: dict[str, int] = {}
        """By id of the element, in nanoseconds."""
        self.waiting: list[Call] = []
        """Calls that were asked for and that no span has reported yet."""
        self.answers: dict[str, Call] = {}
        """Calls by the ids that their emitter gave them."""

    @property
    def turns(self) -> list[Turn]:
        return turns(self.run)

    def append(self, step: Step, start: int) -> None:
        self.run.steps = [*self.run.steps, step]
        self.starts[step.id] = start

    def ask(self, turn: Turn, asked: Iterable[ToolCall]) -> None:
        """Note the calls that a turn asks for."""
        for part in asked:
            call = Call(id=self.new_id("c"), tool=part.name or "tool", span=False)
            if part.arguments is not None:
                call.arguments = plain(unwrap_arguments(part.arguments).value)
            turn.calls = [*turn.calls, call]
            self.waiting.append(call)
            if part.id:
                self.answers[part.id] = call
                first = self._known.setdefault((part.id, call.tool, repr(call.arguments)), call.id)
                call.same = first if first != call.id and not turn.span else None


def plain(value: object) -> Any:
    """As JSON can hold it."""
    return msgspec.json.decode(msgspec.json.encode(value, enc_hook=str))
