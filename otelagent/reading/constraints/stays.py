"""Rules on the days that a stay, a trip or an appointment has to lie between."""

from collections.abc import Iterator
from typing import Final

from otelagent.model import Role
from otelagent.reading import dates
from otelagent.reading.constraints.constraint import FIRST, LAST, Constraint, Draft, Sentence, shared
from otelagent.reading.constraints.dated import between, span
from otelagent.reading.lexicon import folded
from otelagent.reading.roles import told_by_name
from otelagent.reading.sentences import Day, clauses

_DAYS: Final = (
    *(
        "check_in",
        "check_out",
        "checkin",
        "checkout",
        "arriv",
        "depart",
        "return",
        "start",
        "end",
        "date",
        "outbound",
        "inbound",
    ),
    *(
        "anreise",
        "abreise",
        "ankunft",
        "abfahrt",
        "hinflug",
        "ruckflug",
        "datum",
        "von",
        "bis",
        "llegada",
        "salida",
        "fecha",
    ),
    *(
        "chegada",
        "saida",
        "entrada",
        "partida",
        "data",
        "debut",
        "fin",
        "入住",
        "退房",
        "日期",
        "出发",
        "返回",
        "日",
        "到着",
        "出発",
    ),
)
"""Parts of the names of arguments that tell a day of what is booked."""
_OTHER: Final = (
    "created",
    "updated",
    "birth",
    "issued",
    "today",
    "publish",
    "modified",
    "naissance",
    "geburt",
    "nacimiento",
)


def read(sentence: Sentence) -> Iterator[Draft]:
    """The days that a sentence leaves for something that is booked."""
    if "staying" not in sentence.present or not sentence.find("restriction") or sentence.find("documents"):
        return
    told = _told(sentence.lowered)
    if len(told) == 2 and sentence.find("staying") and (sentence.find("outside_of") or _within(sentence, told)):
        yield Draft("stay", first=told[0][0], last=told[1][0])
        return
    for clause in clauses(sentence.lowered):
        told = _told(clause)
        if len(told) == 1 and sentence.find("staying") and (found := span(clause, sentence.language, *told[0])):
            yield Draft("stay", first=found[0], last=found[1])


def _told(text: bytes) -> list[tuple[Day, int, int]]:
    """The days in a text; one without a year is of the year that another has."""
    told = [(each, start, end) for start, end, each in dates.moments(text, 4) if each.month and each.day]
    year = next((each.year for each, _, _ in told if each.year), 0)
    found = sorted((((m.year or year, m.month, m.day), start, end) for m, start, end in told), key=lambda each: each[1])
    if len(found) == 1 and (first := shared("first_of_days").search(text[: found[0][1]])):
        (last, month, _), *_ = found[0]
        return [((last, month, int(first[1])), first.start(1), first.end(1)), *found]
    return found


def _within(sentence: Sentence, told: list[tuple[Day, int, int]]) -> bool:
    return bool(sentence.find("exclusively")) and between(sentence.lowered[: told[0][1]], sentence.language)


def argument_breaks(rule: Constraint, tool: str, name: str, value: object) -> str | None:
    """A call is for a day outside."""
    if not isinstance(value, str) or len(value) > 40 or told_by_name(tool) is Role.NOTE:
        return None
    if not shared("booking_tools").search(folded(tool).encode(errors="replace")):
        return None
    named = folded(name)
    if not any(part in named for part in _DAYS) or any(part in named for part in _OTHER):
        return None
    for day, _, _ in _told(folded(value).encode(errors="replace")):
        if _earlier(day, rule.first) or _earlier(rule.last, day):
            return "is for a day outside the allowed span"
    return None


def _earlier(one: Day, other: Day) -> bool:
    """Days of no year are those of any."""
    if FIRST in (one, other) or LAST in (one, other):
        return False
    return one < other if one[0] and other[0] else one[1:] < other[1:]
