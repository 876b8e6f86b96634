"""What an assignment takes out by name: "all but node-7", "leave D-4 untouched", "ausgenommen sind X und Y"."""

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from otelagent.reading.lexicon import (
    LANGUAGES,
    NOTHING,
    SPACED,
    AnyOf,
    blanks,
    compiled,
    exact,
    matches,
    unaccented,
    words,
)
from otelagent.reading.naming import found

_MOST: Final = 24
_REACH: Final = 400
"""Bytes around a word for an exception that may belong to it."""

_ENDS: Final = compiled(
    r"[.!?](?:\s|$)|[;\n。；！？)），]|:\s|：|\s[–—-]\s|\p{Han},"
    r"|,\s(?:but|then|and then|while|aber|dann|mais|puis|pero|luego|mas|depois)\s"
)
_BEGINS: Final = compiled(
    r"[.!?]\s|[;\n。；！？(（，]|:\s|：|\s[–—-]\s|\p{Han},|[^\P{Hiragana}とやも]、|、[^,，、。\n]{1,60},"
    r"|,\s(?:but|while|whereas|though|aber|während|wobei|mais|tandis que|pero|mientras que|mas|enquanto)\s"
    r"|\s(?:and|und|et|y|e|sowie)\s[^,;.!?\n]{1,60},|\b(?:of which|davon|dont|de los cuales|dos quais)\b"
)
_FIRST: Final = compiled(r"(?:^|[.!?;\n]\s*)$")
_ORDER: Final = exact(r",\s\p{Ll}{3,}\s")
"""After what stands first: "Except for D-9, process ..."."""
_NOT_ONLY: Final = compiled(
    r"^\s*(?:only|just|merely|nur|bloß|seulement|solo|sólo|só|apenas|仅|只|later|before|until|more)\b"
)
_HEADED: Final = compiled(r"^[^\n:：]{0,24}[:：][ \t]*\n")
_TITLED: Final = compiled(r"(?:^|\n)#{1,6}[^\n]{0,24}$")
_ENTRIES: Final = compiled(r"^(?:[ \t]*(?:[-*•‣–—+・●○■□]|[(（]?\d{1,3}[.):、）])[^\n]*(?:\n|$))+")


def unspared(data: bytes) -> bytes:
    """The text with blanks for what is not to be dealt with: as long as before, so that places stay.

    The words that take it out go with it where ids, paths or addresses tell what it is; else they stay, for what
    "except the drafts" means among the rest isn't known.
    """
    if not _any().search(data) and _CLAUSES.search(data) is None:
        return data
    own = bytearray(data)
    for first, last, start, end in _places(data):
        named = any(found(data[start:end]))
        for a, b in ((first, last), (start, end)) if named else ((start, end),):
            own[a:b] = b" " * (b - a)
    return bytes(own) if own != data else data


def _places(data: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Of each word for an exception where it stands, and what it takes out (bytes)."""
    for match in matches(_pattern("spared_around"), data, _MOST):
        yield match.start(), match.end(), *match.span(match.lastindex)
    for start, end in _subjects(data):
        yield start, start, start, end
    for key, judge in (("spared_before", _after), ("spared_after", _before), ("spared", _beside)):
        for match in matches(_pattern(key), data, _MOST):
            start, end = judge(data, match.start(), match.end())
            if start < end:
                yield match.start(), match.end(), start, end


def _subjects(data: bytes) -> Iterator[tuple[int, int]]:
    """Clauses that say something of some ids, after one that gave others to do: "RE-4 und RE-5 stellen wir zurück"."""
    given: set[str] = set()
    at = 0
    for match in (*matches(_CLAUSES, data, 200), None):
        begin, end = at, match.start() if match is not None else len(data)
        at = match.end() if match is not None else end
        clause = data[begin:end]
        named = list(found(clause))
        kinds = {kind for _, kind, _, _ in named}
        told = (
            named
            and not _ORDERED.search(clause)
            and _SUBJECT.match(clause[: named[0][2]])
            and clause[named[-1][3] :].strip(b" .:")
        )
        if len(named) >= _PAIR and told and kinds <= given:
            if not _JOINED.search(clause):
                yield begin, end
        elif named and not told:
            given |= kinds


_PAIR: Final = 2
_CLAUSES: Final = compiled(
    r"[.!?](?:\s|$)|[;\n。；！？]|(?:和|及|与|と)[^,，、。\n]{1,40}[,，]|、[^,，、。\n]{1,60},|\s(?:and|und|et|y|e)\s[^,;.!?\n]{1,60},"
)
_SUBJECT: Final = compiled(r"^\s*(?:(?:the |die |les |los |las |os |as )?\pL*\s)?$")
"""What may stand before the ids that a clause begins with: "tickets "."""
_ORDERED: Final = compiled("(?:て|で)(?:ください|下さい)|お願い")
"""In Japanese an order, too, begins with what it is about."""
_JOINED: Final = compiled(
    r"\b(?:too|also|as well|must|should|shall|have to|need to|needs? an?|auch|ebenfalls|sollen?|müssen|aussi|également"
    r"|doivent|también|deben|hay que|também|devem)\b|也|还要|必须|需要|も"
)
"""They are to be dealt with as well."""


def _after(data: bytes, first: int, last: int) -> tuple[int, int]:
    """What follows, in its clause; below a heading, its entries."""
    rest = data[last : last + _REACH]
    if _NOT_ONLY.match(rest):
        return last, last
    headed = _HEADED.match(rest) or (
        _TITLED.search(data[max(0, first - 32) : first + 1].rstrip()) and _TITLE_ENDS.match(rest)
    )
    if headed:
        listed = _ENTRIES.match(data[last + headed.end() :])
        return last, last + headed.end() + (listed.end() if listed else 0)
    begins = len(rest) - len(rest.lstrip(b" \t:"))
    end = _ENDS.search(rest[begins:])
    length = begins + end.start() if end else len(rest)
    if _FIRST.search(data[max(0, first - 4) : first]) and (order := _ORDER.search(rest[:length])):
        length = order.start()
    return last, last + length


_TITLE_ENDS: Final = compiled(r"^[^\n]{0,24}\n+")


def _before(data: bytes, first: int, _: int) -> tuple[int, int]:
    """What precedes, in its clause."""
    begin = max(0, first - _REACH)
    starts = [m.end() for m in matches(_BEGINS, data[begin:first], 200)]
    return begin + max(starts, default=0), first


def _beside(data: bytes, first: int, last: int) -> tuple[int, int]:
    """What follows where that has names, or stands behind a colon; else what precedes."""
    start, end = _after(data, first, last)
    follows = data[last : last + 3].lstrip()[:1] == b":" or data[last:].lstrip()[:3] == "：".encode()
    return (start, end) if follows or any(found(data[start:end])) else _before(data, first, last)


@cache
def _listed(key: str) -> tuple[str, ...]:
    """The patterns of all languages, for text as written: folding it would move places."""
    return tuple(
        rf"(?:^|[\s(\[\"“„«,;:–—]){blanks(_loosely(each))}" if name in SPACED and each[:1] != "[" else _loosely(each)
        for name in LANGUAGES
        for each in words("delegation", name).get(key, ())
    )


def _loosely(pattern: str) -> str:
    """Accents may be left out, an apostrophe may be any."""
    return "".join(
        f"[{char}{unaccented(char)}]" if char.isalpha() and len(unaccented(char)) == 1 and not char.isascii() else char
        for char in pattern.replace("’", "['’`]")
    )


@cache
def _pattern(key: str) -> Any:
    return compiled("|".join(_listed(key)) or NOTHING)


@cache
def _any() -> AnyOf:
    return AnyOf(
        [each for key in ("spared_around", "spared_before", "spared_after", "spared") for each in _listed(key)]
    )
