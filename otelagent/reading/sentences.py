"""A text as the word lists want it: folded, without code, sentence by sentence, clause by clause."""

from collections.abc import Iterator
from typing import Final

from otelagent.reading import dates, numerals
from otelagent.reading.lexicon import exact, folded, matches
from otelagent.reading.values import window

_CODE: Final = exact(r"(?s)```.*?(?:```|\z)")
_ENDS: Final = tuple((mark.encode(), mark.strip().encode() + b"\n") for mark in (". ", "! ", "? ", "。", "！", "？"))
_MONTHS: Final = tuple({word.encode() for word in dates.MONTHS} | {word.capitalize().encode() for word in dates.MONTHS})
_GOES_ON: Final = (*_MONTHS, *(f"{word} ".encode() for word in ("bis", "und", "oder", "sowie", "etage", "stock")))
"""What may stand after an ordinal number, which ends no sentence."""
_CLAUSE: Final = exact(r"[^,;，；、]+")
_SENTENCES: Final = 400

Day = tuple[int, int, int]
"""Year, month, day; 0 is what isn't said."""


def plain(text: str) -> bytes:
    """Folded, without code and emphasis, at most head and tail."""
    shown = folded(window(text)[0]).replace("*", "").replace("_", " ")
    data = shown.encode(errors="replace")
    return bytes(_CODE.sub(b" ", data)) if b"```" in data else data


def sentences(data: bytes) -> list[bytes]:
    """The sentences of a text, at most a few hundred; "1. Januar" and "vom 3. bis 5." end none."""
    for mark, end in _ENDS:
        if mark in data:
            data = data.replace(mark, end)
    found: list[bytes] = []
    for line in data.split(b"\n", _SENTENCES)[:_SENTENCES]:
        if not (sentence := line.strip()):
            continue
        if found and found[-1][-2:-1].isdigit() and found[-1].endswith(b".") and sentence.startswith(_GOES_ON):
            found[-1] += b" " + sentence
        else:
            found.append(sentence)
    return found


def clauses(sentence: bytes) -> Iterator[bytes]:
    """A sentence at its commas."""
    for match in matches(_CLAUSE, sentence, 24):
        yield match.group()


def days(clause: bytes) -> list[tuple[Day, int, int]]:
    """The dates and years in a clause, with byte offsets, in order."""
    found = [
        ((each.year, each.month, each.day), start, end) for start, end, each in dates.moments(clause, 8) if each.year
    ]
    taken = [(start, end) for _, start, end in found]
    for start, end, number in numerals.numbers(clause, 8):
        inside = any(first <= start < last for first, last in taken)
        if number.bare and not inside and 1900 <= number.readings[0] <= 2150:
            found.append(((int(number.readings[0]), 0, 0), start, end))
    return sorted(found, key=lambda day: day[1])
