"""Loops end in the orchestration, not in the model: the repetition is interrupted before it is made."""

from collections.abc import Sequence
from typing import Any, Final

from otelagent.guards.guard import Guard, Interrupted, Message
from otelagent.model import BAD, Captured, Role, Status
from otelagent.reading.arguments import canonical, fingerprint, near, similar, terms
from otelagent.reading.outcome import outcome
from otelagent.reading.roles import role

_KEPT: Final = 64
_CYCLE: Final = 3
"""Calls of the longest cycle."""


class _Made:
    """A call as far as repetition goes."""

    def __init__(self, tool: str, arguments: Any) -> None:
        self.tool = tool
        self.exact = canonical(arguments)
        self.similar = similar(arguments)
        self.terms = terms(arguments)
        self.result: int | None = None

    def same(self, other: "_Made") -> bool:
        """Equal or nearly equal calls; results differ only where both are known."""
        if self.tool != other.tool or (self.result != other.result and None not in (self.result, other.result)):
            return False
        return self.exact == other.exact or self.similar == other.similar or near(self.terms, other.terms)


class LoopBreaker(Guard):
    """Interrupts the `repeats`th call with the same arguments and result, and cycles of calls that come as often."""

    def __init__(self, repeats: int = 3) -> None:
        self._repeats = repeats
        self._made: list[_Made] = []
        self._turn_began = 0

    def before_model(self, messages: list[Message]) -> list[Message]:
        self._turn_began = len(self._made)
        return messages

    def before_tool(self, tool: str, arguments: Any) -> None:
        super().before_tool(tool, arguments)
        if role(tool, None, {}) in (Role.NOTE, Role.POLL):
            return
        made = _Made(tool, arguments)
        if any(made.same(sibling) for sibling in self._made[self._turn_began :]) and self._turn_began:
            return  # parallel calls of one turn are no repetition
        self._made = [*self._made[-_KEPT:], made]
        for length in range(1, _CYCLE + 1):
            if _repeated(self._made, length, self._repeats):
                what = "the same call" if length == 1 else f"a cycle of {length} calls"
                raise Interrupted(f"{what} of {tool} would come {self._repeats} times with the same result: stopped")

    def after_tool(self, tool: str, arguments: Any, result: Any) -> Any:
        latest = next((made for made in reversed(self._made) if made.tool == tool), None)
        if latest is not None and latest.result is None:
            latest.result = fingerprint(result)
        return result


def _repeated(made: Sequence[_Made], length: int, times: int) -> bool:
    tail = made[-length * times :]
    return len(tail) == length * times and all(tail[i].same(tail[i - length]) for i in range(length, len(tail)))


class RetryLimit(Guard):
    """Interrupts the `attempts`th try of a tool that has failed in the same way each time, whatever the arguments."""

    def __init__(self, attempts: int = 3) -> None:
        self._attempts = attempts
        self._failures: dict[str, tuple[Status, int]] = {}

    def before_tool(self, tool: str, arguments: Any) -> None:
        super().before_tool(tool, arguments)
        status, times = self._failures.get(tool, (Status.OK, 0))
        if times >= self._attempts - 1:
            raise Interrupted(f"{tool} failed {times} times in the same way ({status}): change the strategy")

    def after_tool(self, tool: str, arguments: Any, result: Any) -> Any:
        status = outcome(Captured(result, "result"), role=role(tool, None, {})).status
        last, times = self._failures.get(tool, (Status.OK, 0))
        if status in BAD:
            self._failures[tool] = (status, times + 1 if status is last else 1)
        else:
            self._failures.pop(tool, None)
        return result
