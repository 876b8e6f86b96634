"""Whether a decoded result holds nothing: through any nesting, echoes, counts and page fields aside."""

from collections.abc import Mapping, Sequence
from enum import Enum
from functools import lru_cache
from typing import Any, Final

from otelagent.reading.failures import nothing

MAX_DEPTH: Final = 16
_MAX_MEMBERS: Final = 200


def folded(key: object) -> str:
    """A member's name with case, hyphens and underscores aside."""
    return _folded(key if isinstance(key, str) else str(key))


@lru_cache(maxsize=8192)
def _folded(key: str) -> str:
    return key[:64].lower().replace("_", "").replace("-", "").replace(" ", "").replace("$", "").replace("@", "")


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PAYLOAD: Final = _names(
    "results result items item hits hit data rows row records record documents document docs doc matches match entries"
    " entry list edges nodes value values response responses output outputs body content contents text answer answers"
    " articles searchresults organicresults organic webpages web searchresult resultset payload objects elements"
    " children features bindings resultlist idlist snippets passages chunks context contexts findings pages files"
    " observations series points candidates predictions markdown html summary extract"
)
"""Members that carry what was asked for."""
_ASIDE: Final = _names(
    "query q search searchquery searchterm term terms keyword keywords question input took tookms tooktime elapsed"
    " elapsedms elapsedtime duration durationms timems latency latencyms responsetime responsetimems querytime"
    " querytimems executiontime executiontimems processingtimems time page pagenumber perpage pagesize limit offset"
    " size start from skip top topk cursor next nextpage nextcursor nextpagetoken nexttoken previous prev prevpage"
    " previouspage hasmore hasnext hasnextpage haspreviouspage morepages pageinfo pagination paging links first last"
    " self status state success ok error errors code statuscode httpstatus message msg info detail requestid traceid"
    " correlationid id timestamp ts date now version apiversion schema schemaversion maxscore shards timedout object kind"
    " type source index namespace usage columns column fields headers header head vars meta metadata filters filter sort"
    " sortby order orderby included language lang locale url endpoint service tool toolname engine"
    " provider cached cachehit warnings warning notes note credits cost responseheader isfinal isempty empty truncated"
    " autocorrect querytranslation retmax"
    " retstart currentpage totalpages pages nbpages hitsperpage params processing exhaustive exhaustivenbhits searchtime"
    " searchparameters searchmetadata searchinformation searchinfo querycontext jobcomplete jobreference etag cursors"
    " extensions typename reason"
)
"""Members that say nothing about whether anything was found: echoes, pages, costs."""
_ASIDE_CONTAINERS: Final = _names(
    "meta metadata pageinfo pagination paging links cursors usage searchparameters searchmetadata searchinformation"
    " searchinfo querycontext responseheader header head shards params columns column fields headers filters filter sort"
    " facets included schema extensions followupquestions relatedsearches relatedquestions suggestedqueries suggestions"
    " didyoumean queries context credits warnings exhaustive jobreference distances"
)
"""Objects and lists that are beside the answer whatever they hold."""
_TITLES: Final = ("name", "title", "subject", "headline", "description", "email", "price", "amount")
_COUNTS: Final = _names(
    "total count num number numresults resultcount resultscount totalcount totalresults totalhits totalitems totalrecords"
    " totalrows totalmatches numfound nbhits hitcount matchcount matchescount rowcount rowsreturned recordcount itemcount"
    " documentcount numdocs numitems numrows returned found length n matched totalfound resultsetcount totalelements"
    " estimatedtotalhits size retrieved numhits adscount"
)
_RESULT_COUNTS: Final = _COUNTS - _names("total count num number size length n found returned")
"""Counts whose name says that they count results: zero means that there are none."""
_NOTHING_TEXT: Final = frozenset({"", "null", "none", "[]", "{}", "undefined", "nan", "n/a", "nil", "-"})
_ECHO: Final = 200
"""Characters up to which a text may be an echo of the query."""
_ECHOES: Final = 3
"""Further short texts beside an empty payload; a record has more."""


class Holds(Enum):
    """What a value holds. ASIDE: only echoes; ZERO: only a count of none; NULLS: named fields, all null."""

    CONTENT = 1
    NOTHING = 2
    ASIDE = 3
    NULLS = 4
    ZERO = 5


def empty(value: object) -> bool:
    """The result holds nothing that answers. A number, a flag or a record of nulls is an answer."""
    return _holds(value, MAX_DEPTH) is Holds.NOTHING and not _past_end(value)


def _holds(value: object, depth: int) -> Holds:
    if value is None:
        return Holds.NOTHING
    if isinstance(value, str):
        return Holds.NOTHING if hollow_text(value) else Holds.CONTENT
    if depth == 0 or isinstance(value, bool | int | float):
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
    return text.strip().lower() in _NOTHING_TEXT if len(text) <= 16 else text.isspace()


def _mapping(value: Mapping[Any, Any], depth: int) -> Holds:
    if not value:
        return Holds.NOTHING
    if len(value) > _MAX_MEMBERS:
        return Holds.CONTENT
    seen = _Seen()
    for key, member in value.items():
        if not seen.take(folded(key), member, depth):
            return Holds.CONTENT
    return seen.verdict()


class _Seen:
    """What the members of one object hold so far."""

    __slots__ = ("aside", "counted", "echoes", "hollow", "nulls", "primary", "results_counted", "titled")

    def __init__(self) -> None:
        self.aside = False
        self.counted = False
        self.results_counted = False
        self.echoes = 0
        self.hollow = False
        self.primary = False
        self.titled = False
        self.nulls = 0

    def take(self, name: str, member: object, depth: int) -> bool:
        """False: this member is content."""
        if name in _COUNTS and _none_counted(member):
            self.counted = True
            self.results_counted = self.results_counted or name in _RESULT_COUNTS
            return True
        if member is None:
            self._null(name)
            return True
        if isinstance(member, Mapping | list | tuple):
            return self._container(name, member, depth)
        return self._scalar(name, member)

    def _null(self, name: str) -> None:
        if name in _PAYLOAD:
            self.primary = True
        elif name not in _ASIDE:
            self.nulls += 1

    def _container(self, name: str, member: object, depth: int) -> bool:
        if name in _ASIDE_CONTAINERS:
            if isinstance(member, Mapping) and _counts_none(member):
                self.counted = self.results_counted = True
            return True
        holds = _holds(member, depth - 1)
        if holds is Holds.NULLS:
            self.nulls += 2
        elif holds in (Holds.NOTHING, Holds.ZERO):
            self._nothing(name)
            self.hollow = self.hollow or bool(member)
        return holds is not Holds.CONTENT

    def _nothing(self, name: str) -> None:
        if name in _PAYLOAD:
            self.primary = True
        elif name not in _ASIDE:
            self.hollow = True

    def _scalar(self, name: str, member: object) -> bool:
        if isinstance(member, str):
            return self._text(name, member)
        if name in _ASIDE or name in _COUNTS or name.endswith("id"):
            self.aside = True
            return True
        return member is False and name == "found"

    def _text(self, name: str, member: str) -> bool:
        if hollow_text(member):
            self._nothing(name)
            return True
        if name in _PAYLOAD:
            self.primary = True
            return len(member) <= _ECHO and nothing(member)
        if name in _ASIDE or name.endswith("id"):
            self.aside = True
        else:
            self.echoes += 1
            self.titled = self.titled or name.endswith(_TITLES)
        return len(member) <= _ECHO

    def verdict(self) -> Holds:
        if self.primary or self.results_counted:
            return Holds.NOTHING if self.echoes <= _ECHOES else Holds.CONTENT
        if self.nulls > 1:
            return Holds.NULLS
        if self.hollow or self.nulls:
            return Holds.CONTENT if self.titled or self.echoes > _ECHOES else Holds.NOTHING
        if self.counted:
            return Holds.NOTHING if self.aside or self.echoes else Holds.ZERO
        return Holds.CONTENT if self.echoes else Holds.ASIDE


def _past_end(value: object) -> bool:
    """A page after the first that holds nothing ends the list; it doesn't say that there is none."""
    if not isinstance(value, Mapping) or len(value) > _MAX_MEMBERS:
        return False
    return any(
        isinstance(member, int) and not isinstance(member, bool) and member > _FIRST_PAGE.get(folded(key), 1 << 62)
        for key, member in value.items()
    )


_FIRST_PAGE: Final = {"page": 1, "pagenumber": 1, "currentpage": 1, "offset": 0, "skip": 0, "startindex": 1}


def _none_counted(member: object) -> bool:
    """0, "0" or Elasticsearch's {"value": 0, "relation": "eq"}."""
    return _zero(member.get("value")) if isinstance(member, Mapping) else _zero(member)


def _counts_none(member: Mapping[Any, Any]) -> bool:
    return any(folded(k) in _RESULT_COUNTS and _zero(v) for k, v in member.items())


def _zero(value: object) -> bool:
    return (isinstance(value, int | float) and not isinstance(value, bool) and value == 0) or value == "0"
