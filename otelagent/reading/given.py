"""What the agents of a trace were given, kept as text until a claim must be grounded in it.

Most traces have no open question, so most text is never read for values.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

import msgspec
from xxhash import xxh3_64_intdigest

from otelagent.model import Claim
from otelagent.nothing import NOTHING
from otelagent.reading.arguments import words_of
from otelagent.reading.envelopes import unwrap, unwrap_arguments
from otelagent.reading.grounding import Ledger
from otelagent.reading.known import Known
from otelagent.reading.lexicon import folded
from otelagent.reading.parsing import dumps
from otelagent.reading.values import Specifics, specifics

MAX_UNREAD: Final = 32 << 20
"""Characters that all traces together keep unread."""

PER_TRACE: Final = 1 << 20
"""Characters that one trace keeps unread; beyond that it reads them at once, and keeps hashes only."""


MAX_KNOWN: Final = 4096
"""Texts of a conversation that are known again."""

MAX_SHORT: Final = 512
"""Characters of a text whose values are remembered for other traces."""

MAX_READ: Final = 2048
"""Arguments and short texts whose values are remembered, 1 KB each."""

_SHORT: Final = Known[tuple[bool, int], Specifics](MAX_READ)

_BRIEF: Final = 80
"""Characters up to which an argument names something; a longer one is a text that the agent wrote itself."""


Elsewhere: TypeAlias = Callable[[tuple[Claim, ...]], tuple[Claim, ...]]


class Acted(msgspec.Struct, frozen=True, gc=False):
    """The arguments of a call that went well: what it was done to, which an answer may name."""

    arguments: object
    mark: int | None = None
    """Fingerprint of the arguments as recorded."""


class Budget:
    """What many keep together, in characters. One owner."""

    __slots__ = ("_make_room", "left")

    def __init__(self, characters: int = MAX_UNREAD, make_room: Callable[[int], None] | None = None) -> None:
        """`make_room`: has others let go until so many are left, if it can."""
        self.left = characters
        self._make_room = make_room

    def take(self, size: int) -> bool:
        """Whether there is room for so many characters, which are taken then."""
        if size > self.left and self._make_room is not None:
            self._make_room(size)
        if size > self.left:
            return False
        self.left -= size
        return True


class Given:
    """Owned by one trace; `release` gives its share of the budget back.

    A text that the budget has no room for is let go, and `full` says so: reading all text at once would cost a busy
    gateway more than everything else together, and packing it a tenth of that.
    """

    __slots__ = ("_budget", "_known", "_ledger", "_lost", "_unread", "_unread_size", "elsewhere")

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._ledger: Ledger | None = None
        """Made when something is read."""
        self._unread: list[object] = []
        self._unread_size = 0
        self._known: dict[int, None] = NOTHING
        """Hashes of texts, and fingerprints of what is inside; a table is smaller than a set."""
        self._lost = False
        self.elsewhere: Elsewhere | None = None
        """Asked about claims that nothing here grounds; gives those that nothing elsewhere grounds either."""

    def __getstate__(self) -> dict[str, Any]:
        """Of a trace at rest: without what belongs to all traces."""
        return {name: getattr(self, name) for name in self.__slots__ if name not in ("_budget", "elsewhere")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)

    def belong(self, budget: Budget, elsewhere: "Elsewhere | None") -> None:
        """Its trace has awoken."""
        self._budget, self.elsewhere = budget, elsewhere

    @property
    def full(self) -> bool:
        """Something given isn't here: what seems ungrounded may be grounded."""
        return self._lost or (self._ledger is not None and self._ledger.full)

    def take(self, text: object, inside: int | None = None) -> None:
        """Take a message's or result's content, as recorded; the same text again costs nothing.

        `inside`: fingerprint of the result that is in it (`Call.result`): the same result, decoded in a message, is
        known by that.
        """
        if text is None:
            return
        if (key := _key(text)) is not None:
            if key in self._known:
                return
            self._known = self._known or {}
            self._known[key] = None
        if self._held(text) and inside is not None:
            self._known = self._known or {}
            self._known[inside] = None

    def _held(self, text: object) -> bool:
        """Keep a content, or read it where there is no room; False for text that was let go unread."""
        size = len(text) if isinstance(text, str) else 256
        if self._unread_size + size > PER_TRACE:
            self._read(text)
        elif self._budget.take(size):
            self._unread.append(text)
            self._unread_size += size
        elif isinstance(text, str):
            self._lost = True
            return False
        else:
            self._read(text)
        return True

    def ungrounded(self, claims: Sequence[Claim]) -> tuple[Claim, ...]:
        """The claims whose values don't occur in what was given, and aren't derived from it in a simple way."""
        left = self.own_ungrounded(claims)
        return self.elsewhere(left) if left and self.elsewhere is not None else left

    def own_ungrounded(self, claims: Sequence[Claim]) -> tuple[Claim, ...]:
        """The same, without what was given elsewhere."""
        if not claims:
            return ()
        for text in self._unread:
            self._read(text)
        self.release()
        return (self._ledger or Ledger()).ungrounded(claims)

    def mentions(self, words: frozenset[int]) -> bool:
        """One of these words (`arguments.words_of`, folded) occurs in what was given, or may: of what was read only
        hashes of its values are kept."""
        if self.full or self._ledger or self.elsewhere is not None:
            return True
        return any(not words.isdisjoint(_words(text)) for text in self._unread)

    def absorb(self, other: "Given") -> None:
        """Take over what another was given. What has no room is lost: nothing is read here."""
        if len(self._known) > MAX_KNOWN:
            self._known = NOTHING
        for text in other._unread:
            if self._unread_size + (len(text) if isinstance(text, str) else 256) > PER_TRACE:
                self._lost = True
                break
            self.take(text)
        if other._ledger is not None:
            self._ledger = self._ledger if self._ledger is not None else Ledger()
            self._ledger.merge(other._ledger)
        self._lost = self._lost or other._lost

    def forget(self) -> None:
        """Let all go, in favour of others."""
        self._lost = True
        self._known, self._ledger = NOTHING, None
        self.release()

    def release(self) -> None:
        """Let the unread text go."""
        self._budget.left += self._unread_size
        self._unread, self._unread_size = [], 0

    def _read(self, text: object) -> None:
        found = _specifics(text)
        self._ledger = self._ledger if self._ledger is not None else Ledger()
        self._ledger.add(found.hashes, found.numbers)


def _key(text: object) -> int | None:
    """By which the same content is known again."""
    if isinstance(text, str):
        return hash(text) >> 4  # 32 bytes instead of 48
    written = dumps(text) if isinstance(text, dict) else b""
    return xxh3_64_intdigest(written) if written else None


def _specifics(text: object) -> Specifics:
    """Of arguments and short texts once: prompts, questions and calls come again in other traces."""
    mark = _mark(text)
    known = None if mark is None else _SHORT.get(mark)
    if known is None:
        known = specifics(_brief(text.arguments) if isinstance(text, Acted) else _told(text))
        if mark is not None:
            _SHORT.keep(mark, known)
    return known


def _words(text: object) -> frozenset[int]:
    inside = text.arguments if isinstance(text, Acted) else unwrap(text).value
    return words_of(folded(inside if isinstance(inside, str) else dumps(inside).decode(errors="replace")))


def _told(text: object) -> object:
    """What is inside, and the HTTP status around it, which the model saw too."""
    read = unwrap(text)
    return read.value if read.http_status is None else [read.http_status, read.value]


def _mark(text: object) -> tuple[bool, int] | None:
    """By which it is known again; None for what is read each time."""
    if isinstance(text, Acted):
        return None if text.mark is None else (True, text.mark)
    if isinstance(text, str) and len(text) <= MAX_SHORT:
        return False, xxh3_64_intdigest(text.encode(errors="replace"))
    return None


def _brief(arguments: object) -> object:
    value = unwrap_arguments(arguments).value
    if isinstance(value, dict):
        return {key: member for key, member in value.items() if _names(member)}
    return value if _names(value) else None


def _names(member: object) -> bool:
    return len(member) <= _BRIEF if isinstance(member, str) else not isinstance(member, dict | list)
