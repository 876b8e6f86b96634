"""Constraints are perishable: they are repeated before they are lost, and what breaks them is held back."""

from collections import deque
from typing import Any, Literal

from otelagent.guards.guard import Guard, Interrupted, Message
from otelagent.model import Earlier
from otelagent.reading.constraints import EARLIER, Constraint, constraints, lifted, violated, violated_by_call
from otelagent.reading.likeness import ArgumentsRead


class ConstraintReminder(Guard):
    """Repeats the rules of system and user messages as a fresh message, every `every` turns and when they are gone."""

    def __init__(self, every: int = 5) -> None:
        self._every = every
        self._turns = 0
        self._rules: dict[int, Constraint] = {}
        self._read: set[str] = set()
        self._earlier: deque[Earlier] = deque(maxlen=EARLIER)

    def before_model(self, messages: list[Message]) -> list[Message]:
        self._turns += 1
        for message in messages:
            self._take(message)
        if not self._rules or not (self._turns % self._every == 0 or self._gone(messages)):
            return messages
        texts = dict.fromkeys(rule.text for rule in self._rules.values())
        return [*messages, {"role": "system", "content": "These rules still hold:\n" + "\n".join(texts)}]

    def before_tool(self, tool: str, arguments: Any) -> None:
        super().before_tool(tool, arguments)
        for rule in self._rules.values():
            if (found := violated_by_call(rule, tool, arguments, self._earlier)) is not None:
                raise Interrupted(f"a rule is broken: the call {found.why}")
        self._earlier.appendleft(Earlier(tool, ArgumentsRead(arguments)))

    def check(self, text: str, *, final: bool = True, finish: str | None = None) -> None:
        for rule in self._rules.values() if final else ():
            if (found := violated(rule, text, self._earlier)) is not None:
                raise Interrupted(f"a rule is broken: the answer {found.why}; it was not given")
        if final:
            self._earlier.appendleft(Earlier(None))

    def _take(self, message: Message) -> None:
        role, text = message.get("role"), message.get("content")
        if role not in ("system", "user") or not isinstance(text, str) or text in self._read:
            return
        self._read.add(text)
        known: Literal["system", "user"] = "system" if role == "system" else "user"
        if known == "user":
            for rule in lifted(tuple(self._rules.values()), text):
                self._rules.pop(rule.hash, None)
        self._rules |= {rule.hash: rule for rule in constraints(text, known)}

    def _gone(self, messages: list[Message]) -> bool:
        texts = [m["content"] for m in messages if isinstance(m.get("content"), str)]
        return not all(any(rule.text in text for text in texts) for rule in self._rules.values())
