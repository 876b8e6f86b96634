"""What the arguments of a call tell, read when it is asked for."""

from array import array
from collections.abc import Iterable
from typing import Final

import msgspec
from xxhash import xxh3_64_intdigest

from otelagent.model import Earlier, Items, Rule
from otelagent.reading.arguments import canonical, similar, terms
from otelagent.reading.constraints import Constraint, Violation, violated_by_call
from otelagent.reading.constraints.amounts import spent
from otelagent.reading.constraints.tools import plain
from otelagent.reading.enumeration import HEAD, enumerated, mentioned, names, texts, worded
from otelagent.reading.envelopes import unwrap_arguments
from otelagent.reading.injection import names_in
from otelagent.reading.known import Known
from otelagent.reading.parsing import dumps
from otelagent.reading.texts import LARGEST, MAX_LARGE
from otelagent.reading.values import values

MAX_MENTIONED: Final = 64
"""Items out of one call's arguments that are kept for other calls with the same arguments."""


def text_fingerprint(text: str) -> int:
    """Of a delegated text: white space aside, so that an argument and a message can be told to be one."""
    shown = text[:HEAD]
    if shown.isascii():
        return xxh3_64_intdigest(shown.encode().translate(None, _WHITE))  # a fifth of the time that `split` takes
    return xxh3_64_intdigest("".join(shown.split()).encode(errors="replace"))


_WHITE: Final = bytes(sign for sign in range(128) if chr(sign).isspace())


_MENTIONED: Final = Known[int, "array[int]"]()

_MANY_MENTIONED: Final = Known[int, "array[int]"](MAX_LARGE)


_TEXTS: Final = Known[int, tuple[int, ...]]()
"""Fingerprints of the texts in arguments: at most eight, see `enumeration.texts`."""


class ArgumentsRead(msgspec.Struct, gc=False, eq=False):
    """What arguments tell, read when it is asked for; short ones are kept for that, long ones let go."""

    _raw: object
    _mark: int | None = None
    """Fingerprint of the arguments as recorded."""
    _similar: int | None = None
    _terms: frozenset[int] | None = None
    _mentioned: "array[int] | None" = None
    _items: Items | None = None
    _texts: tuple[int, ...] | None = None
    _values: frozenset[int] | None = None

    @property
    def similar(self) -> int | None:
        self._read()
        return self._similar

    @property
    def terms(self) -> frozenset[int]:
        return self._read()

    @property
    def mentioned(self) -> "array[int]":
        """Every item that the arguments may name."""
        if self._mentioned is None:
            self._mentioned = self._mentions()
        return self._mentioned

    @property
    def items(self) -> Items:
        """The items that the arguments enumerate, taken as an assignment."""
        if self._items is None:
            self._items = enumerated(self._raw)
        return self._items

    @property
    def wording(self) -> str:
        """The texts and names in them, a line each; none once long arguments were let go."""
        return worded(self._raw) if self._raw is not None else ""

    def argument(self, name: str) -> int | None:
        """Hash of one argument's value; a lone value without a name is whichever is asked for."""
        inner = unwrap_arguments(self._raw).value
        value = inner.get(name) if isinstance(inner, dict) else inner
        return None if value is None else canonical(value)

    def named(self, keys: frozenset[int]) -> list[str]:
        """Items with these hashes, by name."""
        return names(self._raw, keys)

    @property
    def texts(self) -> tuple[int, ...]:
        """Fingerprints of the longer texts, one of which an agent may be given as its task."""
        if self._texts is None:
            known = _TEXTS.get(self._mark) if self._mark is not None else None
            self._texts = self._delegated() if known is None else known
        return self._texts

    @property
    def values(self) -> frozenset[int]:
        """Hashes of the values in the arguments, as those of claims; none once long arguments were let go."""
        if self._values is None:
            self._values = values(unwrap_arguments(self._raw).value) if self._raw is not None else frozenset()
        return self._values

    @property
    def names(self) -> frozenset[int]:
        """Addresses, hosts, identifiers and amounts in the arguments."""
        return names_in(as_text(self._raw)) if self._raw is not None else frozenset()

    @property
    def plain(self) -> frozenset[str]:
        """The single values in the arguments; none once long arguments were let go."""
        return plain(self._raw)

    @property
    def amount(self) -> float | None:
        """What a call with these arguments spends; None where that isn't told, or long ones were let go."""
        return spent(self._raw)

    def breaks(self, rule: Rule, tool: str | None, earlier: Iterable[Earlier] | None = None) -> Violation | None:
        """How a call with these arguments breaks a rule; `earlier`: the run's calls and answers, the latest first."""
        return violated_by_call(rule, tool, self._raw, earlier) if isinstance(rule, Constraint) else None

    def _read(self) -> frozenset[int]:
        if self._terms is None:
            self._similar, self._terms = similar(self._raw), terms(self._raw)
            if not isinstance(self._raw, str) or len(self._raw) > HEAD:
                self._mentioned, self._items, _ = self._mentions(), enumerated(self._raw), self.texts
                self._raw = None
        return self._terms

    def _delegated(self) -> tuple[int, ...]:
        found = tuple([text_fingerprint(text) for text in texts(self._raw)])
        return found if self._mark is None else _TEXTS.keep(self._mark, found)

    def _mentions(self) -> "array[int]":
        """Calls with the same arguments come again, in retries and from one run to the next."""
        if self._mark is None:
            return mentioned(self._raw)
        known = _MENTIONED.get(self._mark) or _MANY_MENTIONED.get(self._mark)
        if known is not None:
            return known
        found = mentioned(self._raw)
        if len(found) <= LARGEST:
            (_MENTIONED if len(found) <= MAX_MENTIONED else _MANY_MENTIONED).keep(self._mark, found)
        return found


def as_text(value: object) -> str:
    return value if isinstance(value, str) else dumps(value).decode(errors="replace")


def hash_of(arguments: object) -> int | None:
    """As `canonical`; a completion's calls stand in the history of the next turn, too."""
    if type(arguments) is not str:
        return None if arguments is None else canonical(arguments)
    mark = xxh3_64_intdigest(arguments.encode(errors="replace"))
    return _HASHES[mark] if mark in _HASHES else _HASHES.keep(mark, canonical(arguments))


_HASHES: Final = Known[int, int | None]()
