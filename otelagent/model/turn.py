"""What was read from a completion and its new input messages."""

from typing import Final

import msgspec

from otelagent.model.call import Answered, Asked
from otelagent.model.instructions import Instructions
from otelagent.model.said import NOTHING_ADMITTED, Admission, Claim, Said
from otelagent.model.work import Assignment

EARLY: Final = 4
"""Messages that must stand after an instruction before it counts as given early."""


class Window(msgspec.Struct, frozen=True, gc=False):
    """The history of a step beside what its trace had seen before."""

    items: int
    old: int
    """Messages that were seen before."""
    rewritten: bool
    """New messages stand before old ones: a summary, or instructions that change."""


class Turn(msgspec.Struct, gc=False):
    """What was read from a completion and its new input messages."""

    said: "Said | None" = None
    """The text for the reader, reasoning aside; None where there is none."""
    asked: tuple[Asked, ...] = ()
    answered: tuple[Answered, ...] = ()
    """Tool results after the last user message, in messages that this trace hasn't seen before."""
    consumed: tuple[str, ...] = ()
    """Ids of all tool calls whose results stand in the history."""
    given: tuple[object, ...] = ()
    """New system, user and tool messages as recorded, until the trace's grounding took them over."""
    history: bool = False
    """Input messages were captured."""
    told: tuple[Instructions, ...] = ()
    """New system and user messages, until the trace took them over."""
    standing: tuple[Instructions, ...] = ()
    """System and user messages of the history, in order, as far as they are kept; one object while they stay equal."""
    early: int = 0
    """Of `standing` the first ones, those that EARLY messages or more stand after."""
    window: Window | None = None
    called: frozenset[str] = frozenset()
    """Tools that new messages show as called before the user's last one."""
    task: Assignment | None = None
    """What the user asks for, where this trace hasn't seen it before."""
    goes_on: bool = False
    """It ended to call tools, which the emitter left out."""

    @property
    def text(self) -> bool:
        """There is text for the reader."""
        return self.said is not None

    @property
    def claims(self) -> tuple[Claim, ...]:
        """Specific statements of the text."""
        return () if self.said is None else self.said.claims

    @property
    def admission(self) -> Admission:
        """What the text admits."""
        return NOTHING_ADMITTED if self.said is None else self.said.admission

    @property
    def answer(self) -> bool:
        """Text and no tool call: something is being told to the user or parent."""
        return self.text and not self.asked and not self.goes_on
