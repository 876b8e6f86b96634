"""Specific statements in a completion: numbers, percentages, dates, money, addresses, citations, quotations, sources.

Not claims: code blocks, headings, list numbers, questions to the user, what the assistant announces to do, small bare
counts. Texts longer than `values.HEAD + values.TAIL` characters are read at their head and tail.
"""

from collections.abc import Iterator
from typing import Final

from otelagent.model import Claim
from otelagent.reading import dates, numerals, values
from otelagent.reading.lexicon import SPACED, compiled, either, exact, listed, matches

LIMIT: Final = 256
"""Claims per completion."""
SMALL: Final = 12
"""Whole numbers up to this one, without a unit, are no claims."""
FROM_SMALL: Final = 2
"""Whole numbers from this one on count something."""
_LISTING: Final = exact(
    r"^\s*(?:[-*•>+]\s+)?(?:\*\*|__)?(?:\(?\d{1,3}(?:[.)](?:\s|$)|[、．])|[①-⑳]|#\d{1,3}\b)(?:\*\*|__)?\s*"
)
_ENDS: Final = tuple(mark.encode() for mark in (". ", "! ", "? ", "。", "！", "？", ";"))
_ASKED: Final = (b"?", "？".encode(), "か。".encode(), "か？".encode())
_PROMISES: Final = tuple(word.encode() for word in listed("claims", "promise"))
_APPROXIMATE: Final = compiled(rf"(?:{either(listed('claims', 'approximate'))}|[~≈])\s*(?:[$€£¥]|an?\s|the\s)?\s*$")
_LABEL: Final = compiled(rf"{either(listed('claims', 'labels'))}\.?\s*[#:]?\s*$")
_NAMED: Final = exact(r"(?:[a-zà-ÿ0-9),\"'][\s ]+)[\"'(*]*\p{Lu}[\pL-]+\s$")
_SURNAME: Final = r"\p{Lu}[\pL'’-]+"
_CITED: Final = exact(
    rf"({_SURNAME})(?:,? et al\.?|(?:,? (?:and|und|et|y|e|&) {_SURNAME}){{1,3}}),? ?\(?((?:1[6-9]|20)\d\d)[a-z]?\b\)?"
    rf"|\(({_SURNAME})(?: {_SURNAME}){{0,2}},? ((?:1[6-9]|20)\d\d)[a-z]?(?:\)|;)"
    rf"|\b({_SURNAME}) \(((?:1[6-9]|20)\d\d)[a-z]?\)"
    rf"|\b({_SURNAME})(?:,? et al\b\.?)"
)
_NAME: Final = rf"{_SURNAME}(?:\s(?:(?:of|for|de|del|da|do|di|von|van|für|der|des|du|la|and|&)\s)?{_SURNAME}){{0,5}}"
_TITLE: Final = rf"(?:(?i:{either(listed('claims', 'titles'))})\.?\s+|l['’])*"
_SOURCE: Final = exact(
    rf"(?i:\b{either(listed('claims', 'reporting_before', SPACED))})\s+{_TITLE}({_NAME})"
    rf"|\b({_NAME})\s(?:{either(listed('claims', 'reporting_after', SPACED))})"
)
_QUOTE: Final = exact(
    r"\"([^\"\n]{1,400})\"|“([^”\n]{1,400})”|«\s?([^»\n]{1,400})»|„([^“”\n]{1,400})[“”]|[「『]([^」』\n]{1,200})[」』]"
)
_UNIT_FACTORS: Final = (1e-3, 1e3, 1e6, 1024.0, 1048576.0)
"""Between a unit and its thousandth or millionth: metres and kilometres, bytes and megabytes."""
_SCALED_UNITS: Final = (1.0, 60.0, 3600.0, 86400.0, 604800.0, 2629800.0, 31557600.0)


def claims(text: str) -> tuple[Claim, ...]:
    """The specific statements of a completion in order, without overlaps."""
    shown, left_out = values.window(text)
    narrowed = values.narrow(shown)
    data = narrowed.encode(errors="replace")
    own = values.listed_items(data)
    found = sorted(_claims(data, own), key=lambda claim: (claim.start, -claim.end))
    return tuple(_placed(_apart(found, Stating(data)), data, left_out))


class Stating:
    """Tells for rising offsets whether the sentence there states something."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._code = list(_code(data)) if b"```" in data or b"~~~" in data else []
        self._ends = [mark for mark in _ENDS if mark in data]
        self._end = -1
        self._states = False
        self._first = 0

    def at(self, place: int) -> bool:
        """No code, heading, list number, question or announcement."""
        if place >= self._end:
            self._look(place)
        return self._states and place >= self._first

    def _look(self, place: int) -> None:
        data = self._data
        line = data.rfind(b"\n", 0, place) + 1
        line_end = data.find(b"\n", place)
        line_end = len(data) if line_end < 0 else line_end
        starts = [found + len(mark) for mark in self._ends if (found := data.rfind(mark, line, place)) >= 0]
        start = max(starts, default=line)
        ends = [found + len(mark) for mark in self._ends if (found := data.find(mark, place, line_end)) >= 0]
        self._end = max(min(ends, default=line_end), place + 1)
        sentence = data[start : self._end]
        self._first = line
        if start == line and (listing := _LISTING.match(sentence)):
            self._first = line + listing.end()
            sentence = data[self._first : self._end]
        self._states = not (self._in_code(place) or data[line : line + 1] == b"#" or _asks_or_promises(sentence))

    def _in_code(self, place: int) -> bool:
        return any(start <= place < end for start, end in self._code)


_FENCE: Final = exact(r"(?m)^\s*(?:```|~~~)")


def _code(data: bytes) -> Iterator[tuple[int, int]]:
    fences = [match.start() for match in matches(_FENCE, data, LIMIT)] + [len(data)]
    return zip(fences[::2], fences[1::2], strict=False)


def _asks_or_promises(sentence: bytes) -> bool:
    sentence = sentence.strip(b' \t\r\n"*)_(>-')
    return sentence.endswith(_ASKED) or sentence[:40].lower().startswith(_PROMISES)


def _claims(data: bytes, own: int) -> Iterator[Claim]:
    for start, end in values.links(data, LIMIT):
        link = data[start:end].decode(errors="replace")
        yield Claim("url", (values.link_key(link),), start, end)
    for start, end in values.files(data, LIMIT):
        yield Claim("file", (values.file_key(data[start:end].decode(errors="replace")),), start, end)
    yield from _citations(data)
    yield from _sources(data)
    yield from _quotes(data)
    for start, end, moment in dates.moments(data, LIMIT):
        yield Claim("date" if moment.month or not moment.year else "year", (*moment.keys, *moment.loose), start, end)
    for start, end in values.codes(data, LIMIT):
        code = data[start:end].decode(errors="replace")
        yield Claim("id" if sum(map(str.isdigit, code)) >= 3 else "", (values.code_key(code),), start, end)
    for start, end, number in numerals.numbers(data, LIMIT):
        yield from _number(number, start, end, data, own)


def _number(number: numerals.Number, start: int, end: int, data: bytes, own: int) -> Iterator[Claim]:
    before = data[max(0, start - 40) : start]
    after = data[end : end + 2]
    value = number.readings[0]
    if before.endswith((b".", b"_", b"/", b"#")) or (after.startswith((b".", b"/", b"_")) and after[1:].isdigit()):
        return
    keys = list(values.number_keys(number))
    approximate = bool(_APPROXIMATE.search(before))
    if number.loose or approximate:
        keys += [numerals.rounded_key(reading) for reading in number.readings]
    if number.seconds:
        keys += [numerals.key(value * number.seconds / unit) for unit in _SCALED_UNITS]
    if number.unit == "unit":
        keys += [numerals.key(value * factor) for factor in _UNIT_FACTORS]
    kind = "" if _weak(number, before, own) else _kind(number)
    yield Claim(kind, tuple(dict.fromkeys(keys)), start, end, value)


def _weak(number: numerals.Number, before: bytes, own: int) -> bool:
    """A small bare count, a label's number, a number within a name, the count of the listed items, "one day"."""
    value = number.readings[0]
    if number.unit:
        return number.unit in ("duration", "unit") and value <= 1
    small = value <= SMALL and value.is_integer()
    return small or value == own or bool(is_label(before) or (_NAMED.search(before) and not _year(number)))


def is_label(before: bytes) -> bool:
    """What stands before a number makes it that of a thing: "Table 2"."""
    return bool(_LABEL.search(before))


def _year(number: numerals.Number) -> bool:
    return number.bare and 1800 <= number.readings[0] <= 2150


def _kind(number: numerals.Number) -> str:
    if number.unit in ("percent", "money"):
        return number.unit
    return "year" if _year(number) else "number"


def _citations(data: bytes) -> Iterator[Claim]:
    for match in matches(_CITED, data, LIMIT):
        surname = (match[1] or match[3] or match[5] or match[7]).decode(errors="replace")
        if values.is_name(surname):
            keys = tuple(dict.fromkeys(map(values.word_key, (surname, *values.name_words(surname)))))
            yield Claim("citation", keys, match.start(), match.end() - match.group().endswith(b";"))


def _sources(data: bytes) -> Iterator[Claim]:
    for match in matches(_SOURCE, data, LIMIT):
        if words := list(values.name_words((match[1] or match[2]).decode(errors="replace"))):
            keys = dict.fromkeys((values.word_key(words[-1]), values.word_key(max(words, key=len))))
            start, end = match.span(1 if match[1] else 2)
            yield Claim("name", tuple(keys), start, end)


def _quotes(data: bytes) -> Iterator[Claim]:
    """Whole clauses in quotation marks; words, names and titles are no quotations."""
    for match in matches(_QUOTE, data, LIMIT):
        quote = next(filter(None, match.groups())).decode(errors="replace")
        if not _wordy(quote):
            continue
        parts = (quote.casefold().encode(errors="replace"), *values.clauses(quote))
        keys = [key for part in parts if (key := values.phrase_key(part)) is not None]
        if keys:
            yield Claim("quote", tuple(dict.fromkeys(keys)), match.start(), match.end())


def _wordy(quote: str) -> bool:
    if not quote.isascii() and len(quote.split()) < 3:
        return len(quote) >= 10
    words = quote.split()
    return len(words) >= 5 and sum(word[:1].islower() for word in words) > len(words) / 2


def _apart(found: list[Claim], stating: Stating) -> Iterator[Claim]:
    """Claims within stating sentences; of overlapping ones the first and longest (a quotation keeps what is in it)."""
    end, count = -1, 0
    for claim in found:
        if claim.start < end or count >= LIMIT:
            continue
        if not claim.kind:
            end = claim.end
        elif stating.at(claim.start):
            end = end if claim.kind in ("quote", "name") else claim.end
            count += 1
            yield claim


def _placed(found: Iterator[Claim], data: bytes, left_out: int) -> Iterator[Claim]:
    """Byte offsets in what was read become character offsets in the whole text."""
    ascii_only = data.isascii()
    at, place = 0, 0
    for claim in found:
        if ascii_only:
            start, end = claim.start, claim.end
        else:
            place += len(data[at : claim.start].decode(errors="replace"))
            at, start = claim.start, place
            end = start + len(data[claim.start : claim.end].decode(errors="replace"))
        shift = left_out if left_out and start >= values.HEAD else 0
        yield Claim(claim.kind, claim.keys, start + shift, end + shift, claim.value)
