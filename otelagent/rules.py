"""The rules that stand in a run: what its system and user messages state, without what a later message lifts."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import msgspec

from otelagent.model import Instructions, Kind, Rule, Step

MAX_RULES: Final = 64
"""Rules kept per run, the earliest."""


class Given(msgspec.Struct, gc=False):
    """A rule, the message that states it, and the first step whose history showed it."""

    rule: Rule
    message: Instructions
    step: Step
    early: bool = False
    """Something has stood between the rule and the model's turn."""
    carried: bool = False
    """An earlier turn told it, in a trace of its own, and this one doesn't show it: it may be in the context or not."""


class Rules:
    """Owned by one run. Messages are read for rules only when `upto` is called."""

    __slots__ = ("_before", "_known", "_read", "_standing")

    def __init__(self) -> None:
        self._known: dict[int, Instructions] = {}
        """Messages that were read, by `id`."""
        self._standing: dict[Rule, Given] = {}
        self._read = 0
        self._before: set[int] | None = None
        """Marks of messages of earlier turns; None before they were asked for."""

    def __setstate__(self, state: tuple[None, dict[str, Any]]) -> None:
        for name, value in state[1].items():
            setattr(self, name, value)
        self._known = {id(message): message for message in self._known.values()}

    def upto(self, steps: Sequence[Step], before: Callable[[], Sequence[Instructions]] = tuple) -> tuple[Given, ...]:
        """The rules that stand after these steps of the run: those of the last time and further ones.

        `before` gives what earlier turns told, where they are traces of their own; asked once.
        """
        if self._before is None and steps:
            self._carry(before(), steps[0])
        for step in steps[self._read if self._read <= len(steps) else 0 :]:
            if step.kind is Kind.LLM and step.turn is not None:
                self._take(step)
        self._read = len(steps)
        return tuple(self._standing.values())

    def _carry(self, messages: Sequence[Instructions], step: Step) -> None:
        self._before = set()
        for message in messages:
            if message.mark not in self._before:
                self._before.add(message.mark)
                self._lift(message.lifts([each.rule for each in self._standing.values()]))
                self._add(message, step, carried=True)

    def _take(self, step: Step) -> None:
        assert step.turn is not None  # noqa: S101 - the caller looked
        for place, message in enumerate(step.turn.standing):
            if id(message) not in self._known:
                self._known[id(message)] = message
                if self._before and message.mark in self._before:
                    self._show(message, step)
                    continue
                self._lift(message.lifts([each.rule for each in self._standing.values()]))
                self._add(message, step)
            if place < step.turn.early:
                for each in self._standing.values():
                    each.early = each.early or each.message is message

    def _show(self, message: Instructions, step: Step) -> None:
        """A message of an earlier turn stands in this one's history: what was lifted since stays so."""
        for each in self._standing.values():
            if each.carried and each.message.mark == message.mark:
                each.message, each.step, each.carried = message, step, False

    def _lift(self, rules: Iterable[Rule]) -> None:
        for rule in rules:
            self._standing.pop(rule, None)

    def _add(self, message: Instructions, step: Step, carried: bool = False) -> None:
        for rule in message.rules:
            if len(self._standing) < MAX_RULES:
                self._standing.setdefault(rule, Given(rule, message, step, carried, carried))
