"""Gates behind the tool call: a bad result is told to the model, and an answer that ignores it is held back."""

from typing import Any, ClassVar, Final

from otelagent.guards.guard import Guard, Interrupted, Message
from otelagent.model import BAD, Captured, Status
from otelagent.reading.acknowledgement import admits
from otelagent.reading.arguments import canonical, near, terms
from otelagent.reading.claims import claims
from otelagent.reading.instructions import TaskRead
from otelagent.reading.looking import of_the_looking
from otelagent.reading.outcome import outcome
from otelagent.reading.roles import role

HAPPENED: Final = {
    Status.EMPTY: "returned no results",
    Status.PARTIAL: "returned only part of its result",
    Status.RATE_LIMITED: "was rate limited",
    Status.TIMEOUT: "timed out",
    Status.DENIED: "was denied access: the tool lacks the permission, not the user",
    Status.ERROR: "failed",
    Status.NONCONFORMING: "returned a result of an unknown shape",
}


class _Bad:
    """A call with a bad result that nothing has made good."""

    def __init__(self, tool: str, arguments: Any, status: Status) -> None:
        self.tool = tool
        self.status = status
        self._arguments = canonical(arguments)
        self._terms = terms(arguments)

    def met_by(self, tool: str, arguments: Any) -> bool:
        """The same call again, or the same tool with nearly the same arguments."""
        if self._arguments is not None and canonical(arguments) == self._arguments:
            return True
        return tool == self.tool and near(terms(arguments), self._terms)


class SourceGate(Guard):
    """Any bad result. `tools`: only these; without them all whose name doesn't say that they only act or take notes."""

    statuses: ClassVar[frozenset[Status]] = BAD

    def __init__(self, *tools: str) -> None:
        self._tools = frozenset(tools)
        self._open: list[_Bad] = []
        self._asked = ""

    def before_model(self, messages: list[Message]) -> list[Message]:
        asked = [text for m in messages if m.get("role") == "user" and isinstance(text := m.get("content"), str)]
        self._asked = asked[-1] if asked else self._asked
        warnings = [f"Warning: {_happened(bad)}." for bad in self._open]
        advice = "Do not proceed with synthesis. Say what is missing, ask, or retry with different parameters."
        added = {"role": "system", "content": " ".join([*dict.fromkeys(warnings), advice])}
        return [*messages, added] if warnings else messages

    def after_tool(self, tool: str, arguments: Any, result: Any) -> Any:
        if self._tools and tool not in self._tools:
            return result
        status = outcome(Captured(result, "result"), role=role(tool, None, {})).status
        if status in self.statuses:
            self.note(tool, arguments, status)
        elif status is Status.OK:
            self._open = [bad for bad in self._open if not bad.met_by(tool, arguments)]
        return result

    def note(self, tool: str, arguments: Any, status: Status) -> None:
        """A call came back badly, as its caller knows: until it is made good or acknowledged, no answer passes."""
        self._open = [*self._open[-63:], _Bad(tool, arguments, status)]

    def check(self, text: str, *, final: bool = True, finish: str | None = None) -> None:
        told = self._open and text.strip() and (final or claims(text))
        if told and not admits(self._of_the_looking(text)).any:
            raise Interrupted(f"{_happened(self._open[0])}, and the answer doesn't say so: it was not given")

    def _of_the_looking(self, text: str) -> str:
        """Trouble that the user asks about is the answer's subject, and admits nothing."""
        return of_the_looking(text, (), TaskRead(self._asked).troubles) if self._asked else text


class EmptyResultGate(SourceGate):
    """A source that returned nothing must not be filled in by the model."""

    statuses: ClassVar[frozenset[Status]] = frozenset({Status.EMPTY})

    def check(self, text: str, *, final: bool = True, finish: str | None = None) -> None:
        admitted = admits(self._of_the_looking(text))
        if self._open and admitted.absence and not admitted.failed and not admitted.partial:
            raise Interrupted(f"{_happened(self._open[0])}, which doesn't show that there is nothing: ask or retry")
        super().check(text, final=final, finish=finish)


class ErrorGate(SourceGate):
    """A call that failed must be acknowledged or made good."""

    statuses: ClassVar[frozenset[Status]] = frozenset({Status.ERROR})


class CredentialGate(SourceGate):
    """A tool without credentials says nothing about the user or the resource: its 401 is held back as well."""

    statuses: ClassVar[frozenset[Status]] = frozenset({Status.DENIED})

    def check(self, text: str, *, final: bool = True, finish: str | None = None) -> None:
        if self._open and text.strip() and final:
            raise Interrupted(f"{_happened(self._open[0])}; give the tool credentials and run again")


class StructuredErrors(SourceGate):
    """What was cut short becomes a structured error: a partial body never passes as a result."""

    statuses: ClassVar[frozenset[Status]] = frozenset({Status.RATE_LIMITED, Status.PARTIAL, Status.TIMEOUT})

    def after_tool(self, tool: str, arguments: Any, result: Any) -> Any:
        before = len(self._open)
        super().after_tool(tool, arguments, result)
        if len(self._open) <= before:
            return result
        return {"error": {"type": str(self._open[-1].status), "tool": tool, "retryable": True}}


def _happened(bad: _Bad) -> str:
    return f"{bad.tool} {HAPPENED[bad.status]}"
