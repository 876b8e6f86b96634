"""A text that is read when it is asked for; what an equal text told isn't read again."""

from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

from xxhash import xxh3_64_intdigest

from otelagent.model import Items
from otelagent.reading.known import Known

T = TypeVar("T")

MAX_TEXTS: Final = 8192
"""Texts of which is kept what was read from them, for other spans that hold the same text."""

MAX_SHARED: Final = 16
"""Hashes, claims or rules out of one text that are kept with the others."""

MAX_LARGE: Final = 128
"""Contents that tell of more than that, and are kept all the same."""

LARGEST: Final = 4096
"""Hashes of one content beyond which they aren't kept."""

_TEXTS: Final = Known[int, dict[str, Any]](MAX_TEXTS)
"""By a text's fingerprint, what was read from it. A few kinds of facts, so that each entry is bounded."""

_LARGE: Final = Known[tuple[str, int], Any](MAX_LARGE)
"""Such facts that are large."""

_UNREAD: Final = object()


class TextRead:
    """A text, read when it is asked for; what an equal text told isn't read again."""

    __slots__ = ("_mark", "_own", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._mark: int | None = None
        self._own: dict[str, Any] | None = None
        """Facts that are too large to be kept with others."""

    @property
    def mark(self) -> int:
        """Fingerprint of the text."""
        if self._mark is None:
            self._mark = xxh3_64_intdigest(self._text.encode(errors="replace"))
        return self._mark

    @property
    def size(self) -> int:
        """Characters that are kept."""
        return len(self._text)

    def _once(self, what: str, read: Callable[[str], T]) -> T:
        mark = self._mark
        shared = _TEXTS.get(self.mark if mark is None else mark)
        facts: T | object = _UNREAD if shared is None else shared.get(what, _UNREAD)
        if facts is _UNREAD and self._own is not None:
            facts = self._own.get(what, _UNREAD)
        if facts is _UNREAD:
            facts = self._read(what, read)
        return cast(T, facts)

    def _read(self, what: str, read: Callable[[str], T]) -> T:
        key = (what, self.mark)
        known = _LARGE.get(key, _UNREAD)
        facts: T = read(self._text) if known is _UNREAD else cast(T, known)
        size = _size(facts)
        if size <= MAX_SHARED:
            shared = _TEXTS.get(self.mark)
            (_TEXTS.keep(self.mark, {}) if shared is None else shared)[what] = facts
            return facts
        if known is _UNREAD and size <= LARGEST:
            _LARGE.keep(key, facts)
        self._own = {**(self._own or {}), what: facts}
        return facts


_SEVERAL: Final = (tuple, frozenset)


def _size(facts: object) -> int:
    if isinstance(facts, Items):
        return sum(len(family.keys) for family in facts.families)
    return len(facts) if isinstance(facts, _SEVERAL) else 1
