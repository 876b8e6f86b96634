"""Items given by the first and the last: "INV-001 to INV-007", "T-11..17", "pages 12 to 18", "Annex A to Annex G"."""

from collections.abc import Iterator
from typing import Final

from otelagent.reading.lexicon import LANGUAGES, compiled, either, exact, matches, words
from otelagent.reading.naming import MAX_ITEMS

_TO: Final = r"(?:-|–|—|\.\.\.?|…|~|〜|to|through|thru|up to|bis|until|à|a|al|hasta|até|ate|から|到|至)"
_RANGE: Final = compiled(rf"^[ \t]*{_TO}[ \t]*$")
_AND: Final = compiled(r"^[ \t]+(?:and|und|et|y|e)[ \t]+$")
_BOTH: Final = compiled(r"^([A-Za-z]{1,4})(\d{1,4})[-–]([A-Za-z]{1,4})(\d{1,4})$")
"""A range that is written like an id: "Q1-Q4"."""
_BETWEEN: Final = compiled(r"\b(?:between|zwischen|entre)[ \t]+$")
_SHORT: Final = compiled(rf"^[ \t]*{_TO}[ \t]*#?(\d{{1,9}})\b")
_NUMBERED: Final = compiled(rf"\b(\pL{{3,16}})[ \t]+#?(\d{{1,6}})[ \t]*{_TO}[ \t]*#?(\d{{1,6}})\b")
_SIGNED: Final = compiled(r"第?(\d{1,6})\p{Han}?(?:から|到|至|~|〜|-|–)第?(\d{1,6})\p{Han}")
_LETTERED: Final = exact(rf"\b(\pL{{4,16}})[ \t]+([A-Z])[ \t]*{_TO}[ \t]*(?:(\pL{{4,16}})[ \t]+)?([A-Z])\b")
_CALENDARS: Final = tuple({word: int(n) for word, n in words("claims", name)["months"].items()} for name in LANGUAGES)
_MONTH: Final = either({word for calendar in _CALENDARS for word in calendar if len(word) > 2 and word.isalpha()})
_MONTHS: Final = compiled(rf"({_MONTH})(?:[ \t]+(?:de[ \t]+)?\d{{4}})?[ \t]*{_TO}[ \t]*({_MONTH})")
_SCALES: Final = frozenset(
    (
        *("scores", "ratings", "points", "stars", "levels", "weights", "priorities", "grades", "marks", "noten"),
        *("words", "sentences", "bullets", "paragraphs", "lines", "characters", "results", "sources", "punkte"),
        *("minutes", "hours", "seconds"),
    )
)
"""Words before a range that is a scale or a length, and no list of things to do."""


def with_ranges(found: list[tuple[str, int, int]], data: bytes) -> Iterator[str]:
    """Names of one kind (as written, first and last byte), with those that lie between two of them."""
    for (name, first, end), following in zip(found, [*found[1:], None], strict=True):
        if (both := _BOTH.match(name.encode())) is not None and both[1].lower() == both[3].lower():
            begin, last = (both[1] + both[2]).decode(), (both[3] + both[4]).decode()
            yield from (begin, *_between(begin, last), last)
            continue
        yield name
        if following is not None and following[1] - end < 12 and _joins(data, first, end, following[1]):
            yield from _between(name, following[0])
        elif short := _SHORT.match(data[end : end + 24]):
            last = short.group(1).decode()
            if (digits := len(last)) <= _digits(name):
                yield from _between(name, name[: len(name) - digits] + last)
                yield name[: len(name) - digits] + last


def counted(data: bytes) -> Iterator[tuple[list[str], int, int]]:
    """Numbers, letters or months between two: "chapters 1-7", "Annex A to Annex G", "from March to July"."""
    for pattern in (_NUMBERED, _SIGNED):
        for match in matches(pattern, data, 8):
            *word, first, last = (group.decode(errors="replace") for group in match.groups())
            plural = not word or (word[0].lower()[-1] in "snex" and word[0].lower() not in _SCALES)
            if plural and 1 < int(last) - int(first) <= MAX_ITEMS:
                yield [str(n) for n in range(int(first), int(last) + 1)], match.start(), match.end()
    for match in matches(_LETTERED, data, 8):
        if names := _lettered(*((group or b"").decode(errors="replace") for group in match.groups())):
            yield names, match.start(), match.end()
    for match in matches(_MONTHS, data, 8):
        if names := _months(*(group.decode(errors="replace").lower() for group in match.groups())):
            yield names, match.start(), match.end()


def _lettered(word: str, first: str, again: str, last: str) -> list[str]:
    plural = not again and word[-1] in "sne" and word.lower() not in _SCALES
    if not (plural or again.lower() == word.lower()) or ord(last) - ord(first) < 2:
        return []
    one = word if again else word[:-1]
    return [f"{one} {chr(letter)}" for letter in range(ord(first), ord(last) + 1)]


def _months(first: str, last: str) -> list[str]:
    calendar = next((c for c in _CALENDARS if first in c and last in c), {})
    names: dict[int, str] = {}
    for word, number in calendar.items():
        names[number] = max(names.get(number, ""), word, key=len)
    between = range(calendar.get(first, 0), calendar.get(last, 0) + 1)
    return [names[number] for number in between] if len(between) > 2 else []


def _joins(data: bytes, first: int, end: int, following: int) -> bool:
    gap = data[end:following]
    return bool(_RANGE.match(gap) or (_AND.match(gap) and _BETWEEN.search(data[max(0, first - 16) : first])))


def _digits(name: str) -> int:
    return len(name) - len(name.rstrip("0123456789"))


def _between(first: str, last: str) -> Iterator[str]:
    digits = _digits(first)
    if not 0 < digits < 10 or not last[-1:].isdigit():
        return
    start, stop = int(first[-digits:]), int(last[len(last.rstrip("0123456789")) :][-9:])
    if 1 < stop - start <= MAX_ITEMS:
        yield from (f"{first[:-digits]}{n:0{digits}d}" for n in range(start + 1, stop))
