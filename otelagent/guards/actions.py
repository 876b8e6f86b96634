"""What an answer claims to have done must have been done."""

from typing import Any

from otelagent.guards.guard import Guard, Interrupted, Message
from otelagent.model import Captured, Use
from otelagent.reading.completion import CompletionRead
from otelagent.reading.effects import only_reads
from otelagent.reading.outcome import outcome
from otelagent.reading.requests import requested
from otelagent.reading.roles import called_by, role
from otelagent.reading.support import carried_out, unfounded, unsupported
from otelagent.run import FAILED


class ActionCheck(Guard):
    """Holds back an answer that claims an action for which no call succeeded: in the agent's own name, or as done, of
    what the user asked for. That is what `assigned` and the user's messages of `before_model` tell."""

    def __init__(self) -> None:
        self._used: dict[str, Use] = {}
        """Tools that were called, and what their calls may have done."""
        self._asked: frozenset[str] = frozenset()
        self._read: set[str] = set()

    def assigned(self, task: str) -> None:
        if task not in self._read:
            self._read.add(task)
            self._asked |= requested(task)

    def before_model(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            text = message.get("content")
            if message.get("role") == "user" and isinstance(text, str):
                self.assigned(text)
        return messages

    def after_tool(self, tool: str, arguments: Any, result: Any) -> Any:
        tool = called_by(tool, arguments) or tool
        kind = role(tool, None, {})
        failed = outcome(Captured(result, "result"), role=kind).status in FAILED
        use = Use.FAILED if failed else Use.READ if only_reads(tool, kind, arguments, result) else Use.DONE
        self._used[tool] = max(use, self._used.get(tool, Use.FAILED))
        return result

    def check(self, text: str, *, final: bool = True, finish: str | None = None) -> None:
        if not final:
            return
        said, used = CompletionRead(text), self._used
        claimed = unfounded(said.deeds, used) or unsupported(carried_out(said, [self._asked], used), used)
        if claimed:
            raise Interrupted(f"the answer claims an action ({', '.join(claimed)}) that no call did: it was not given")
