"""Whether the calls that were made bear out what an answer says was done."""

from collections.abc import Iterable, Mapping

from otelagent.model import Said
from otelagent.reading.deeds import DEEDS, WANTED, done_by, met_by


def unsupported(deeds: Iterable[str], used: Mapping[str, bool]) -> list[str]:
    """Those that no tool may have done. `used`: tools that were called, and whether a call succeeded."""
    left = set(deeds)
    for tool, ok in used.items() if left else ():
        if ok:
            left -= done_by(tool)
    return sorted(left)


def carried_out(said: Said, requests: Iterable[frozenset[str]], used: Mapping[str, bool]) -> frozenset[str]:
    """What an answer states as done, of what the user may have asked for; all of it where the answer only says that it
    is done, and no tool could do any of it. `requests`, by message, are read only where they matter, and the answer
    only where something was asked for that no call did. That an agent was stopped states nothing."""
    if not used or not unsupported(DEEDS, used):
        return frozenset()
    asked = frozenset[str]().union(*requests)
    wanted, named = met_by(asked), asked - {WANTED}
    if not unsupported(wanted, used) or not (said.stated or said.finished) or said.halted:
        return frozenset()
    done = [kinds & wanted for kinds in said.stated if len(unsupported(kinds, used)) == len(kinds)]
    none = len(unsupported(named, used)) == len(named)
    return frozenset[str]().union(*done) or (named if none and said.finished else frozenset())
