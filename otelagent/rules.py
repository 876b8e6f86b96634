"""The rules that stand in a run: what its system and user messages state, without what a later message lifts."""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from otelagent.model import Instructions, Kind, Rule, Step

MAX_RULES: Final = 64
"""Rules kept per run, the earliest."""

EARLY: Final = 4
"""Messages that must stand after a rule's own before it counts as given early."""


class Given(msgspec.Struct):
    """A rule, the message that states it, and the first step whose history showed it."""

    rule: Rule
    message: Instructions
    step: Step
    early: bool = False
    """Something has stood between the rule and the model's turn."""


class Rules:
    """Owned by one run. Messages are read for rules only when `upto` is called."""

    __slots__ = ("_known", "_read", "_standing")

    def __init__(self) -> None:
        self._known: set[int] = set()
        self._standing: dict[Rule, Given] = {}
        self._read = 0

    def upto(self, steps: Sequence[Step]) -> tuple[Given, ...]:
        """The rules that stand after these steps of the run: those of the last time and further ones."""
        for step in steps[self._read if self._read <= len(steps) else 0 :]:
            if step.kind is Kind.LLM and step.turn is not None:
                self._take(step)
        self._read = len(steps)
        return tuple(self._standing.values())

    def _take(self, step: Step) -> None:
        assert step.turn is not None  # noqa: S101 - the caller looked
        for message, after in step.turn.standing:
            if id(message) not in self._known:
                self._known.add(id(message))
                self._lift(message.lifts([each.rule for each in self._standing.values()]))
                self._add(message, step)
            if after >= EARLY:
                for each in self._standing.values():
                    each.early = each.early or each.message is message

    def _lift(self, rules: Iterable[Rule]) -> None:
        for rule in rules:
            self._standing.pop(rule, None)

    def _add(self, message: Instructions, step: Step) -> None:
        for rule in message.rules:
            if len(self._standing) < MAX_RULES:
                self._standing.setdefault(rule, Given(rule, message, step))
