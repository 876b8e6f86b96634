"""What a trace has read of its messages and asked for, so that each is read once. Bounded."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import islice
from typing import Any, Final

from otelagent.model import EARLY, Asked, Declared, History, Instructions, Item
from otelagent.nothing import NOTHING
from otelagent.reading.known import Known

MAX_STANDING: Final = 128
"""System and user messages kept per trace; later ones are not."""

MAX_SEEN: Final = 4096
"""Message fingerprints kept per trace; of more the older half is let go, and such messages are read again."""

MAX_DECLARED: Final = 256
"""Tools of a trace whose declarations are kept."""

MAX_ASKED: Final = 256
"""Calls kept per trace that completions asked for; some emitters leave them out of the histories that follow."""

FEW: Final = 8
"""New messages of a history up to which the others aren't looked at one by one: long conversations go on so."""

UNIQUE: Final = 16
"""Characters of a call id from which on it is one of its kind among all traces."""


class Seen:
    """Messages of a trace that were read already. Owned by the trace, bounded."""

    __slots__ = ("_asked", "_elsewhere", "_instructions", "_known", "_standing", "declared")

    def __init__(self, elsewhere: Known[str, Asked] | None = None) -> None:
        """`elsewhere`: calls that any trace asked for, by id. Changed by all that share it."""
        self._elsewhere = elsewhere
        self.declared: dict[str, Declared | None] = NOTHING
        """What tools that were asked for say their results are; None where they say nothing."""
        self._asked: dict[str, Asked] = NOTHING
        self._known: dict[int, None] = {}
        self._instructions: dict[int, Instructions] = NOTHING
        self._standing: tuple[Instructions, ...] = ()
        """Of the last history."""

    def __getstate__(self) -> dict[str, Any]:
        """Of a trace at rest: without what belongs to all traces."""
        return {name: getattr(self, name) for name in self.__slots__ if name != "_elsewhere"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)

    def belong(self, elsewhere: Known[str, Asked]) -> None:
        """Its trace has awoken."""
        self._elsewhere = elsewhere

    def ask(self, calls: Sequence[Asked]) -> None:
        """A completion asked for these calls."""
        if not calls:
            return
        for call in calls:
            if call.id is not None:
                self._asked = self._asked or {}
                self._asked[call.id] = call
                if self._elsewhere is not None and is_unique(call.id):
                    self._elsewhere.keep(call.id, call)
        while len(self._asked) > MAX_ASKED:
            del self._asked[next(iter(self._asked))]

    def asked(self, call_id: str | None) -> Asked | None:
        """The call with this id; where each model call is a trace of its own, another trace asked for it."""
        if call_id is None:
            return None
        known = self._asked.get(call_id)
        return known if known is not None or self._elsewhere is None else self._elsewhere.get(call_id)

    def same(self, call_id: str | None) -> str | None:
        """The same id, as the object that it was asked for with."""
        known = self._asked.get(call_id) if call_id is not None else None
        return known.id if known is not None else call_id

    def same_arguments(self, call_id: str | None, arguments: int | None) -> int | None:
        """The same hash, as the object that the call was asked for with."""
        known = self._asked.get(call_id) if call_id is not None else None
        return known.arguments if known is not None and known.arguments == arguments else arguments

    def instruct(self, fingerprint: int, message: Instructions) -> None:
        """A system or user message was read."""
        if len(self._instructions) < MAX_STANDING:
            self._instructions = self._instructions or {}
            self._instructions[fingerprint] = message

    def standing(self, history: Sequence[Item]) -> tuple[tuple[Instructions, ...], int]:
        """The system and user messages of a history, in order, and how many of them were given early."""
        known, last = self._instructions, len(history) - EARLY
        if not known:
            return (), 0
        prints = History.prints_of(history)
        places = [position for position, each in enumerate(prints) if each in known]
        found = tuple([known[prints[position]] for position in places])
        if found != self._standing:
            self._standing = found
        return self._standing, bisect_left(places, last)

    def fresh(self, history: Sequence[Item]) -> list[tuple[int, Item]]:
        """Messages not seen before, with their positions. Equal messages of one history are told apart by count."""
        prints = History.prints_of(history)
        distinct = set(prints)
        if len(distinct) == len(prints) and len(new := distinct.difference(self._known)) <= FEW:
            places = sorted(map(prints.index, new))
            self._known.update((prints[place], None) for place in places)
            found = [(place, history[place]) for place in places]
        else:
            found = [(place, history[place]) for place in self._unseen(prints)]
        if len(self._known) > MAX_SEEN:
            self._known = dict.fromkeys(islice(self._known, MAX_SEEN // 2, None))
        return found

    def _unseen(self, prints: Sequence[int]) -> list[int]:
        counts: dict[int, int] = {}
        found = []
        for position, each in enumerate(prints):
            nth = counts[each] = counts.get(each, 0) + 1
            key = each if nth == 1 else hash((each, nth))
            if key not in self._known:
                self._known[key] = None
                found.append(position)
        return found


def is_unique(call_id: str) -> bool:
    """Whether an id tells one call from those of all traces; many are used again (`call_0`, the tool's name)."""
    return len(call_id) >= UNIQUE and any(map(str.isdigit, call_id))
