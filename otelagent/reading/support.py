"""Whether the calls that were made bear out what an answer says was done."""

from collections.abc import Iterable, Mapping
from typing import Final

from otelagent.model import Said, Turn, Use
from otelagent.reading.deed_patterns import DEEDS
from otelagent.reading.deeds import FRESH, TEXT
from otelagent.reading.doers import done_by
from otelagent.reading.requests import TASK, WANTED, met_by

_DOING: Final = frozenset(DEEDS) - {"search"}


def unsupported(deeds: Iterable[str], used: Mapping[str, Use]) -> list[str]:
    """Those that no tool may have done. `used`: tools that were called, and what their calls may have done."""
    left = set(deeds)
    for tool, use in used.items() if left else ():
        left -= done_by(tool, use)
    return sorted(left)


def unfounded(claims: Iterable[frozenset[str]], used: Mapping[str, Use]) -> list[str]:
    """The kinds of claimed deeds, each as those that it may be of, of which no tool may have done any. Where nothing
    was called, what may be a text of the conversation was made there."""
    real = (kinds - {FRESH, TEXT} for kinds in claims if used or TEXT not in kinds)
    return sorted(frozenset[str]().union(*(kinds for kinds in real if len(unsupported(kinds, used)) == len(kinds))))


def missing(turn: Turn, used: Mapping[str, Use]) -> list[str]:
    """The kinds of deeds that an answer claims and no call can have been."""
    said = turn.said
    if said is None:
        return []
    return unfounded(said.deeds, used) or sorted(carried_out(said, (each.requested for each in turn.standing), used))


def carried_out(said: Said, requests: Iterable[frozenset[str]], used: Mapping[str, Use]) -> frozenset[str]:
    """What an answer states as done, of what the user may have asked for; all of it where the answer only says that it
    is done, and no tool could do any of it. `requests`, by message, are read only where they matter, and before the
    answer: messages are read once in a conversation, and each answer is a new one. That an agent was stopped states
    nothing; where nothing was called, neither does that all is done, or that something was made that may be a text."""
    if said.halted or not unsupported(DEEDS, used):
        return frozenset()
    asked = frozenset[str]().union(*requests)
    if not asked or not (said.finished or said.stated):
        return frozenset()
    wanted, named = met_by(asked), asked - {WANTED, TASK}
    if not used:
        return frozenset[str]().union(*(_left(kinds, wanted, used) for kinds in said.stated if TEXT not in kinds))
    stated = frozenset[str]().union(*(_left(kinds, wanted, used) for kinds in said.stated))
    if not stated and asked and not said.admission.asks and _idle(used):
        stated = stated.union(*(_left(kinds, _DOING, used) for kinds in said.stated if FRESH in kinds))
    none = bool(named) and len(unsupported(named, used)) == len(named)
    return stated or (named if none and said.finished else frozenset())


def _left(kinds: frozenset[str], wanted: frozenset[str], used: Mapping[str, Use]) -> frozenset[str]:
    """Of a deed's kinds those that were wanted, where no tool may have done it."""
    real = kinds - {FRESH, TEXT}
    return real & wanted if len(unsupported(real, used)) == len(real) else frozenset()


def _idle(used: Mapping[str, Use]) -> bool:
    """Every call succeeded, and none may have done anything: what was asked for was done under no name."""
    return Use.FAILED not in used.values() and all(_DOING.isdisjoint(done_by(tool, use)) for tool, use in used.items())
