"""Rules on the dates of documents."""

from collections.abc import Iterator
from typing import Final

from otelagent.reading import numerals
from otelagent.reading.constraints.constraint import (
    FIRST,
    LAST,
    Constraint,
    Draft,
    Sentence,
    Violation,
    excluded,
    lowered,
    shared,
)
from otelagent.reading.language import likely
from otelagent.reading.lexicon import matches, pattern
from otelagent.reading.sentences import Day, clauses, days, sentences


def read(sentence: Sentence) -> Iterator[Draft]:
    """Only the documents dated after or before a day, or between two."""
    if not (sentence.find("restriction") and sentence.find("documents")):
        return
    for clause in clauses(sentence.lowered):
        told = days(clause)
        if len(told) == 1 and (found := span(clause, sentence.language, *told[0])):
            yield Draft("date", first=found[0], last=found[1])
        elif len(told) == 2 and between(clause[: told[0][1]], sentence.language):
            yield Draft("date", first=told[0][0], last=_ending(told[1][0]))


def between(before: bytes, language: str) -> bool:
    """Two dates are the ends of a span, by what stands before the first."""
    within = pattern("constraints", language, "within").search(before)
    return bool(within) and not pattern("constraints", language, "prohibition").search(before)


def span(clause: bytes, language: str, day: Day, start: int, end: int) -> tuple[Day, Day] | None:
    """What a date in a clause leaves, by what stands around it."""
    before, after = clause[max(0, start - 32) : start], clause[end : end + 32]
    later = adjacent("after", language, before, after)
    earlier = adjacent("before", language, before, after)
    if later == earlier:
        return None
    later = later > earlier
    forbidden = pattern("constraints", language, "prohibition").search(clause[:start] if language != "ja" else clause)
    forbidden = forbidden or pattern("constraints", language, "dismissed").search(clause[end:])
    return (day, LAST) if later != bool(forbidden) else (FIRST, _ending(day))


def adjacent(relation: str, language: str, before: bytes, after: bytes) -> int:
    """How near the relation stands before or after the date, an article or "the year" aside; 0: it doesn't. Of "from
    before" the second word is the nearer."""
    ends = [match.end() for match in matches(pattern("constraints", language, relation), before, 8)]
    if ends and len(before[ends[-1] :].split()) <= 2:
        return int(ends[-1]) + 1
    match = pattern("constraints", language, f"{relation}_suffix").search(after)
    return len(before) + 1 if match and match.start() <= 3 else 0


def _ending(day: Day) -> Day:
    return day[0], day[1] or 99, day[2] or 99


def breaks(rule: Constraint, text: str) -> Violation | None:
    """A document is used or cited with a date outside the allowed span."""
    own = lowered(rule.text)
    figures = shared("figures").search(own) and not shared("published").search(own)
    for name in likely(text):
        before, after = pattern("constraints", name, "dated"), pattern("constraints", name, "dated_after")
        for sentence in sentences(lowered(text)):
            for day, start, end in days(sentence):
                if not _outside(rule, day) or excluded(sentence, name):
                    continue
                if figures and _of_a_figure(rule, sentence, day, start, name):
                    return Violation(rule, "states a figure of a year outside the allowed span")
                if before.search(sentence[max(0, start - _BESIDE) : start]) or after.search(
                    sentence[end : end + _BESIDE]
                ):
                    return Violation(rule, "relies on a document dated outside the allowed span")
    return None


_BESIDE: Final = 160
"""Bytes beside a date that may name the document it is of, with its title."""


def _of_a_figure(rule: Constraint, sentence: bytes, day: Day, start: int, language: str) -> bool:
    """A percentage, sum or quantity is told "in" a bare year, and none of a year that is allowed."""
    if day[1] or not (language == "de" or shared("in_a_year").search(sentence[max(0, start - 24) : start])):
        return False
    if any(not _outside(rule, other) for other, _, _ in days(sentence)):
        return False
    founded = pattern("constraints", language, "founded").search(sentence)
    return not founded and any(_is_figure(n) for n in numerals.distinct(sentence, 16))


def _is_figure(number: numerals.Number) -> bool:
    return number.unit in ("money", "percent", "unit", "scale") or number.readings[0] >= _LARGE


_LARGE: Final = 3_000
"""A number from which on it is no year."""


def _outside(rule: Constraint, day: Day) -> bool:
    """Earlier than the first or later than the last, as far as the day is said."""
    known = 3 if day[2] else 2 if day[1] else 1
    return day[:known] < rule.first[:known] or day[:known] > rule.last[:known]


_BOUNDS = (
    *("after", "since", "from", "start", "min", "begin", "newer", "gte"),
    *("before", "until", "to_", "end", "max", "older", "lte"),
    *("desde", "hasta", "depuis", "jusqu", "seit", "bis", "ab_", "von_", "inicio", "fim", "ate_"),
)
"""Parts of the names of arguments that bound a time, on either side."""


def argument_breaks(rule: Constraint, name: str, value: object) -> str | None:
    """An argument asks for documents outside the allowed span."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    for day, _, _ in days(lowered(value)):
        if not any(word in name for word in _BOUNDS):
            continue
        if _earlier(day, rule.first):
            return "asks for documents older than allowed"
        if _earlier(rule.last, day):
            return "asks for documents newer than allowed"
    return None


def _earlier(one: Day, other: Day) -> bool:
    known = 3 if one[2] and other[2] else 2 if one[1] and other[1] else 1
    return one[:known] < other[:known]
