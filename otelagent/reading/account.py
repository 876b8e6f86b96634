"""How much of an assignment an answer says was done: numbers, and the names of what is left."""

from collections.abc import Sequence
from typing import Final

import msgspec

from otelagent.reading.brief import Brief
from otelagent.reading.lexicon import folded
from otelagent.reading.states import State

MAX_MEMBERS: Final = 200
LONGEST: Final = 60
"""Characters of a value that tells a state."""
LEFT: Final = (State.LEFT, State.UNDONE)


class Account(msgspec.Struct, frozen=True):
    """How much of what was given is done, and what is left by name."""

    assigned: int
    processed: int
    left: tuple[str, ...] = ()
    path: str = ""


def within(names: Sequence[str], brief: Brief) -> tuple[str, ...] | None:
    """The list of the assignment that all of these names are of."""
    for own in brief.lists:
        plain = [folded(name) for name in own]
        if all(any(_same(folded(name), each) for each in plain) for name in names):
            return own
    return None


def _same(name: str, other: str) -> bool:
    name, other = name.strip(" .,:"), other.strip(" .,:")
    return bool(name) and (name == other or (len(name) > 1 and (name in other or other in name)))
