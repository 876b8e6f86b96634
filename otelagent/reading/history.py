"""What the new messages of a history give: values, instructions, and tool results that are consumed first."""

from collections.abc import Callable, Iterable
from sys import intern
from typing import Final

from otelagent.model import Answered, Asked, Call, Captured, Instructions, Message, Role, Text, ToolCall, ToolResult
from otelagent.reading.envelopes import unwrap
from otelagent.reading.instructions import MAX_INSTRUCTIONS, InstructionsRead
from otelagent.reading.known import Known
from otelagent.reading.likeness import ArgumentsRead, hash_of
from otelagent.reading.outcome import outcome
from otelagent.reading.results import facts_of, failure_of, of_coworker
from otelagent.reading.seen import Seen

RoleOf = Callable[[str | None, str | None, str], Role]
"""Role of a tool by name, description and, where it runs commands, the command."""

MAX_PROMPTS: Final = 128
"""System prompts that are known again."""

_PROMPTS: Final = Known[str, InstructionsRead](MAX_PROMPTS)


class HistoryReader:
    """Collects what new input messages give: values, and tool results in the tail that this step consumes first."""

    def __init__(self, role_of: RoleOf, seen: Seen) -> None:
        self._role_of = role_of
        self._seen = seen
        self.answered: list[Answered] = []
        self.consumed: list[str] = []
        self.given: list[object] = []
        self.asked_for: list[str] = []
        self.told: list[Instructions] = []
        self.calls = False
        """New messages hold calls or results."""

    def take(self, fresh: list[tuple[int, Message]]) -> list[tuple[int, Instructions]]:
        """Gives the system and user messages, with their positions."""
        self.calls = any(type(part) is not Text for _, message in fresh for part in message.parts)
        if not self.calls:
            return self._texts(fresh)
        calls = _Calls()
        turn, tail, asker = last_user(fresh), _tail(fresh), -1
        for position, message in fresh:
            if message.role == "assistant":
                calls.ask(message)
                asker = position
                continue
            for part in message.parts:
                if isinstance(part, ToolResult):
                    asked = calls.answered_by(part, self._seen.asked(part.id))
                    self._result(part, asked, asker, position > turn, position > tail)
        return self._texts(fresh)

    def _texts(self, fresh: list[tuple[int, Message]]) -> list[tuple[int, Instructions]]:
        told: list[tuple[int, Instructions]] = []
        for position, message in fresh:
            if message.role != "assistant" and (texts := [p.text for p in message.parts if isinstance(p, Text)]):
                told.append((position, self._text(texts, message.role)))
        self.told = [message for _, message in told]
        return told

    def _text(self, texts: list[str], role: str) -> Instructions:
        whole = "\n".join(texts)
        if role == "system":
            prompt = _prompt(whole[:MAX_INSTRUCTIONS])
            self.given += [prompt.wording] if texts == [prompt.wording] else texts
            return prompt
        self.given += texts
        if role == "user":
            self.asked_for += texts
        return InstructionsRead(whole, False)

    def _result(
        self, part: ToolResult, asked: ToolCall | Asked | None, asker: int, this_turn: bool, tail: bool
    ) -> None:
        self.given.append(part.result)
        call_id = self._seen.same((asked.id if asked else None) or part.id)
        if call_id:
            self.consumed.append(call_id)
        if this_turn:
            name = part.name or (asked.name if asked else None)
            shown = ResultRead(part, asked, name, self._role_of(name, None, ""))
            self.answered.append(Answered(call_id, name, len(self.answered), shown, tail, asker))


def _prompt(text: str) -> InstructionsRead:
    """A system prompt, one object for all traces in which agents are told the same."""
    return _PROMPTS.get(text) or _PROMPTS.keep(text, InstructionsRead(text, True))


class _Calls:
    """The calls that a history's messages ask for. A result names its call by id, else by name and order: some emitters
    make ids up for results that have none."""

    def __init__(self) -> None:
        self._by_id: dict[str, ToolCall] = {}
        self._open: list[ToolCall] = []
        self._answering = False

    def ask(self, message: Message) -> None:
        calls = list(tool_calls([message]))
        self._by_id.update((call.id, call) for call in calls if call.id)
        if self._answering:
            self._open, self._answering = [], False
        self._open += calls

    def answered_by(self, part: ToolResult, earlier: Asked | None) -> ToolCall | Asked | None:
        """`earlier`: the call with the result's id that an earlier completion asked for."""
        self._answering = True
        call = self._by_id.get(part.id or "") or (None if earlier else self._next(part.name))
        if call in self._open:
            self._open.remove(call)
        return call or earlier

    def _next(self, name: str | None) -> ToolCall | None:
        return next((call for call in self._open if name in (None, call.name)), None)


class ResultRead:
    """A call as the messages show it, read when it is asked for."""

    __slots__ = ("_asked", "_call", "_part", "_role", "_tool")

    def __init__(self, part: ToolResult, asked: ToolCall | Asked | None, tool: str | None, role: Role) -> None:
        self._part = part
        self._tool = tool
        self._asked = asked
        self._role = role
        self._call: Call | None = None

    @property
    def arguments(self) -> int | None:
        asked = self._asked
        return hash_of(asked.arguments) if isinstance(asked, ToolCall) else asked.arguments if asked else None

    @property
    def call(self) -> Call:
        if self._call is None:
            part, asked = self._part, self._asked
            result = Captured(unwrap(part.result), f"messages/{part.id or part.name or ''}")
            given = asked.arguments if isinstance(asked, ToolCall) else None
            recorded = Captured(part.result, result.path)
            judged = facts_of(result, outcome(result, role=self._role), self._role, recorded)
            like = None if given is None else ArgumentsRead(given)
            self._call = Call(
                outcome=judged.outcome,
                role=self._role,
                arguments=self.arguments,
                like=like,
                result=judged.result,
                failure=failure_of(judged.outcome, recorded, None, like),
                size=judged.size,
                suspect=judged.suspect,
                receipt=judged.receipt or of_coworker(self._tool, None, recorded, like),
                shape=judged.shape,
                more=judged.more,
                hint=judged.hint,
            )
        return self._call


def last_user(fresh: list[tuple[int, Message]]) -> int:
    """Position of the last message of the user: what stands before it belongs to an earlier turn."""
    return max((p for p, m in fresh if m.role in ("user", "system") and not _carries_results(m)), default=-1)


def _tail(fresh: list[tuple[int, Message]]) -> int:
    """Position of the last assistant message: results after it are consumed for the first time."""
    return max((p for p, m in fresh if m.role == "assistant"), default=-1)


def _carries_results(message: Message) -> bool:
    return any(isinstance(part, ToolResult) for part in message.parts)


def tool_calls(messages: Iterable[Message]) -> Iterable[ToolCall]:
    return (part for m in messages for part in m.parts if isinstance(part, ToolCall))


def asked_of(call: ToolCall) -> Asked:
    name = intern(call.name) if type(call.name) is str else call.name
    return Asked(call.id, name, hash_of(call.arguments))
