"""What a guard is: five places at which an orchestration asks it, all of which do nothing by default."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from otelagent.errors import OtelagentError
from otelagent.model import ToolCall
from otelagent.reading.closing import closing_text

Result = TypeVar("Result")
Message = dict[str, Any]
"""A chat message: `role` and `content`."""


class Interrupted(OtelagentError):
    """The run must not go on like this. The text says why and holds no captured content but names of tools.

    Tell it to the user, or hand it to a supervisor or a person; don't feed it to the model as a result.
    """


class Guard:
    """Owned by one run of one agent."""

    def assigned(self, task: str) -> None:
        """The run was given this task."""

    def before_model(self, messages: list[Message]) -> list[Message]:
        """What the model is to be sent; gives the messages, with what the guard adds at their end."""
        return messages

    def before_tool(self, tool: str, arguments: Any) -> None:
        """A call is about to be made; raises Interrupted where it must not be. Final words given through a tool are
        checked as what they are."""
        if words := closing_text([ToolCall(None, tool, arguments)]):
            self.check(words)

    def after_tool(self, tool: str, arguments: Any, result: Any) -> Any:
        """A call came back; gives what the model may see."""
        return result

    def check(self, text: str, *, final: bool = True, finish: str | None = None) -> None:
        """Text of the model, before it goes on; `final`: it asks for no more tools; `finish`: why it ended, as the API
        says it. Raises Interrupted."""

    def tool(self, function: Callable[..., Result], name: str | None = None) -> Callable[..., Result]:
        """The function with this guard around it. What it raises is noted and raised again."""
        called = name or getattr(function, "name", None) or function.__name__

        @wraps(function, updated=())
        def guarded(*positional: Any, **arguments: Any) -> Any:
            given = arguments or (positional[0] if len(positional) == 1 else list(positional))
            self.before_tool(called, given)
            try:
                result = function(*positional, **arguments)
            except Exception as error:
                self.after_tool(called, given, raised(error))
                raise
            return self.after_tool(called, given, result)

        return guarded


def raised(error: Exception) -> dict[str, Any]:
    """An exception as the structured result that a model can be shown."""
    told: dict[str, Any] = {"type": type(error).__name__, "message": str(error)}
    status = getattr(error, "status", None)
    if isinstance(status, int):
        told["status"] = status
    return {"error": told}
