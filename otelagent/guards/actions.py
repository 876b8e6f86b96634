"""What an answer claims to have done must have been done."""

from typing import Any

from otelagent.guards.guard import Guard, Interrupted
from otelagent.model import BAD, Captured, Role
from otelagent.reading.deeds import deeds, may_do
from otelagent.reading.outcome import outcome
from otelagent.reading.roles import role


class ActionCheck(Guard):
    """Holds back an answer that claims an action for which no call succeeded."""

    def __init__(self) -> None:
        self._succeeded: set[str] = set()

    def after_tool(self, tool: str, arguments: Any, result: Any) -> Any:
        status = outcome(Captured(result, "result"), role=role(tool, None, {}) or Role.SOURCE).status
        if status not in BAD:
            self._succeeded.add(tool)
        return result

    def check(self, text: str, *, final: bool = True, finish: str | None = None) -> None:
        done = deeds(text) if final else ()
        claimed = sorted(deed for deed in done if not any(may_do(tool, deed) for tool in self._succeeded))
        if claimed:
            raise Interrupted(f"the answer claims an action ({', '.join(claimed)}) that no call did: it was not given")
