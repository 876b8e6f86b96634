"""Whether a decoded result holds nothing: through any nesting, echoes, counts and page fields aside."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, Final

from otelagent.reading import members
from otelagent.reading.failures import nothing
from otelagent.reading.members import folded

MAX_DEPTH: Final = 16
_NUMBERS: Final = (int, float)
_MAX_MEMBERS: Final = 200


_ECHO: Final = 200
"""Characters up to which a text may be an echo of the query."""
_ECHOES: Final = 3
"""Further short texts beside an empty payload; a record has more."""


_BLANK_RANGE: Final = frozenset({"range", "majorDimension"})
"""What Google Sheets says of cells that are all blank."""


_OF_TABLES: Final = ("headers", "columns", "columninfo", "schema", "metadata")
"""How names end of what says which columns a table has."""


_PLAIN_COUNTS: Final = members.COUNTS | members.COUNTED


class Holds(Enum):
    """What a value holds. ASIDE: only echoes; ZERO: only a count of none; NULLS: named fields, all null."""

    CONTENT = 1
    NOTHING = 2
    ASIDE = 3
    NULLS = 4
    ZERO = 5


def empty(value: object) -> bool:
    """The result holds nothing that answers. A number, a flag or a record of nulls is an answer."""
    return _holds(value, MAX_DEPTH) is Holds.NOTHING and not _past_end(value) and not _only_counted(value)


def _holds(value: object, depth: int) -> Holds:
    if value is None:
        return Holds.NOTHING
    if isinstance(value, str):
        return Holds.NOTHING if hollow_text(value) else Holds.CONTENT
    if depth == 0 or isinstance(value, _NUMBERS):
        return Holds.CONTENT
    if isinstance(value, Mapping):
        return _mapping(value, depth)
    if isinstance(value, Sequence):
        return Holds.NOTHING if all(_void(item, depth) for item in value[:_MAX_MEMBERS]) else Holds.CONTENT
    return Holds.CONTENT


def _void(item: object, depth: int) -> bool:
    return _holds(item, depth - 1) is Holds.NOTHING


def hollow_text(text: str) -> bool:
    """Blank, or a word for nothing."""
    return text.strip().lower() in members.NOTHING_TEXT if len(text) <= 16 else text.isspace()


def _mapping(value: Mapping[Any, Any], depth: int) -> Holds:
    if not value:
        return Holds.NOTHING
    if len(value) > _MAX_MEMBERS:
        return Holds.CONTENT
    if value.keys() == _BLANK_RANGE:
        return Holds.NOTHING
    none = any(folded(key) in _PLAIN_COUNTS and _none_counted(member) for key, member in value.items())
    seen = _Seen(any(member == [] and (none or folded(key) in members.LISTS) for key, member in value.items()), none)
    for key, member in value.items():
        if not seen.take(folded(key), member, depth):
            return Holds.CONTENT
    return seen.verdict()


class _Seen:
    """What the members of one object hold so far."""

    __slots__ = (
        "aside",
        "bare",
        "counted",
        "echoes",
        "flags",
        "hollow",
        "listed",
        "none",
        "nulls",
        "primary",
        "results_counted",
        "said",
        "titled",
    )

    def __init__(self, listed: bool, none: bool) -> None:
        self.listed = listed
        """An empty list stands where the results would: a name or digest beside it is that of the place searched."""
        self.none = none
        """A count says that there are none: what is listed beside it describes results, or the place searched."""
        self.aside = False
        self.bare = False
        self.counted = False
        self.results_counted = False
        self.echoes = 0
        self.flags = False
        self.hollow = False
        self.primary = False
        self.titled = False
        self.said = False
        self.nulls = 0

    def take(self, name: str, member: object, depth: int) -> bool:
        """False: this member is content."""
        if is_count(name) and _none_counted(member):
            self.counted = True
            self.results_counted = self.results_counted or name not in members.COUNTS - members.RESULT_COUNTS
            return True
        if member is None:
            self._null(name)
            return True
        if isinstance(member, Mapping | list | tuple):
            return self._container(name, member, depth)
        return self._scalar(name, member)

    def _null(self, name: str) -> None:
        if name in members.PAYLOAD:
            self.primary = True
        elif name not in members.ASIDE and name not in members.ERROR_TEXTS:
            self.nulls += 1

    def _container(self, name: str, member: object, depth: int) -> bool:
        if name in members.ASIDE_CONTAINERS or name.endswith(_OF_TABLES):
            self.bare = self.bare or name == "responsemetadata"
            if isinstance(member, Mapping) and _counts_none(member):
                self.counted = self.results_counted = True
            return True
        if self.listed and name in members.STATISTICS:
            return True
        if self.none and _describes(name, member, self.listed):
            return True
        holds = _holds(member, depth - 1)
        if holds is Holds.NULLS:
            self.nulls += 2
        elif holds in (Holds.NOTHING, Holds.ZERO):
            self._nothing(name)
            self.hollow = self.hollow or bool(member)
        return holds is not Holds.CONTENT

    def _nothing(self, name: str) -> None:
        if name in members.PAYLOAD:
            self.primary = True
        elif name not in members.ASIDE:
            self.hollow = True

    def _scalar(self, name: str, member: object) -> bool:
        if isinstance(member, str):
            return self._text(name, member)
        if (
            name in members.ASIDE
            or name in members.SUCCESS
            or name in members.COUNTS
            or name in members.EXIT_CODES
            or _beside(name)
        ):
            self.aside = True
            return True
        no_flag = member is False and (name == "found" or name.startswith(("is", "has")))
        self.flags = self.flags or not no_flag
        return True

    def _text(self, name: str, member: str) -> bool:
        if hollow_text(member):
            self._nothing(name)
            return True
        if name in members.PAYLOAD and not (self.listed and name in members.DIGESTS):
            self.primary = True
            return len(member) <= _ECHO and nothing(member)
        if name in members.ASIDE or name.endswith("id"):
            self.aside = True
            self.said = self.said or (name in members.MESSAGES | members.NOTES and not nothing(member))
        else:
            self.echoes += 1
            self.titled = self.titled or name.endswith(members.TITLES)
        return len(member) <= _ECHO

    def verdict(self) -> Holds:
        if self.bare and not (self.flags or self.aside or self.echoes or self.primary or self.hollow or self.nulls):
            return Holds.NOTHING
        if self.flags and not (self.primary and self.counted):
            return Holds.CONTENT
        if self.primary or self.results_counted:
            return Holds.NOTHING if self.echoes <= _ECHOES else Holds.CONTENT
        if self.nulls > 1:
            return Holds.NULLS
        if self.hollow or self.nulls:
            told = self.titled or self.echoes > _ECHOES or (self.said and not self.hollow)
            return Holds.CONTENT if told else Holds.NOTHING
        if self.counted:
            return Holds.NOTHING if self.aside or self.echoes else Holds.ZERO
        return Holds.CONTENT if self.echoes else Holds.ASIDE


def is_count(name: str) -> bool:
    """A count, also one that says of what: `matches_total`, `anzahl_treffer`."""
    return (
        name in members.COUNTS
        or name in members.COUNTED
        or name.startswith(members.COUNTING)
        or name.endswith(members.COUNTING)
    )


def _describes(name: str, member: object, listed: bool) -> bool:
    """Headers of columns; beside an empty list also where was searched: `"region": {"center": ...}`."""
    place = listed and isinstance(member, Mapping) and name not in members.PAYLOAD
    return place or (isinstance(member, Mapping | list) and name.endswith(members.HEADINGS))


def _beside(name: str) -> bool:
    return name.endswith(("id", "ms", "seconds", "time", "exitcode"))


def _past_end(value: object) -> bool:
    """A page after the first that holds nothing ends the list; it doesn't say that there is none."""
    if not isinstance(value, Mapping) or len(value) > _MAX_MEMBERS:
        return False
    return any(
        isinstance(member, int)
        and not isinstance(member, bool)
        and member > members.FIRST_PAGE.get(folded(key), 1 << 62)
        for key, member in value.items()
    )


def _only_counted(value: object) -> bool:
    """None were asked for, but how many there are: `{"maxResults": 0, "total": 34, "issues": []}`, or, where there are
    no pages, `{"totalSize": 47, "done": true, "records": []}`."""
    if not isinstance(value, Mapping) or len(value) > _MAX_MEMBERS:
        return False
    told = {folded(key): member for key, member in value.items() if type(member) is int}
    if not any(told[name] > 0 for name in told.keys() & members.COUNTS - members.LIMITS):
        return False
    if any(folded(key) == "done" and member is True for key, member in value.items()):
        return True
    return any(told[name] == 0 for name in told.keys() & members.LIMITS)


def _none_counted(member: object) -> bool:
    """0, "0" or Elasticsearch's {"value": 0, "relation": "eq"}."""
    return _zero(member.get("value")) if isinstance(member, Mapping) else _zero(member)


def _counts_none(member: Mapping[Any, Any]) -> bool:
    return any(folded(k) in members.RESULT_COUNTS and _zero(v) for k, v in member.items())


def _zero(value: object) -> bool:
    return (isinstance(value, int | float) and not isinstance(value, bool) and value == 0) or value == "0"
