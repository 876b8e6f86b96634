"""Rules on when something may be booked: not before an hour, not after one, not on a day of the week."""

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from otelagent.model import Role
from otelagent.reading.constraints.constraint import Constraint, Draft, Sentence
from otelagent.reading.constraints.dated import adjacent
from otelagent.reading.lexicon import compiled, exact, folded, matches, pattern, words
from otelagent.reading.roles import told_by_name
from otelagent.reading.sentences import clauses

_HOUR: Final = compiled(
    r"(上午|下午|午前|午後|晚上)?(?:^|\b|[^\d])([01]?\d|2[0-4])"
    r"(?::([0-5]\d)(?:\s?(?:uhr|h)\b)?|\s?h([0-5]\d)?\b|\s?(?:uhr|horas?|heures?)\b|時|点)?\s?([ap]\.?m\b\.?)?"
)
_AFTERNOON: Final = ("下午", "午後", "晚上")
_NOON: Final = 12
_BEGINS: Final = (
    *(
        "start",
        "begin",
        "time",
        "when",
        "date",
        "slot",
        "day",
        "from",
        "arriv",
        "check_in",
        "checkin",
        "anreise",
        "ankunft",
        "llegada",
        "chegada",
        "inicio",
        "hora",
        "fecha",
        "dia",
        "data",
    ),
    *(
        "debut",
        "heure",
        "jour",
        "beginn",
        "zeit",
        "datum",
        "tag",
        "uhrzeit",
        "时间",
        "日期",
        "开始",
        "日時",
        "開始",
        "時刻",
    ),
)
"""Parts of the names of arguments that tell when something begins."""
_ENDS: Final = ("end", "until", "timezone", "zone", "created", "updated", "fin", "ende", "fim", "duration")
_CLOCK: Final = exact(r"(?:^|[T\s])([01]?\d|2[0-3]):([0-5]\d)(?::\d\d(?:\.\d+)?)?(Z)?")
_DATE: Final = exact(r"\b(\d{4})-(\d\d)-(\d\d)")


def read(sentence: Sentence) -> Iterator[Draft]:
    """The bound of the day, and the days of the week, that nothing is to be booked on the other side of."""
    if sentence.find("days_only"):
        yield from _only_on(sentence)
    if not (sentence.find("scheduling") and sentence.find("restriction")):
        return
    for clause in clauses(sentence.lowered):
        yield from _bounds(clause, sentence)
        if _prohibits(clause, sentence) and (days := _weekdays(clause, sentence.language)):
            yield Draft("weekday", days)


def _only_on(sentence: Sentence) -> Iterator[Draft]:
    """The days of the week but the only ones, and what is to be on those: words of four letters and more."""
    for clause in clauses(sentence.lowered):
        only = pattern("constraints", sentence.language, "days_only").search(clause)
        days = _weekdays(clause, sentence.language) if only and not _prohibits(clause, sentence) else ()
        if days and not pattern("constraints", sentence.language, "prohibition").search(clause):
            others = tuple(str(day) for day in range(7) if str(day) not in days)
            yield Draft("weekday", (*others, *_subject(clause, only.start(), sentence.language)))


def _subject(clause: bytes, only: int, language: str) -> Iterator[str]:
    named = words("constraints", language).get("weekdays", [])
    if language in ("zh", "ja"):
        head = clause[:only].decode(errors="replace").lstrip()
        first = _TOPIC.split(head.encode())[0].decode(errors="replace")
        yield from (first[:4],) if first and not any(compiled(day).search(first.encode()) for day in named) else ()
        return
    for match in matches(_WORD, clause, 24):
        word = match.group().decode(errors="replace")
        if not any(compiled(folded(day)).search(match.group()) for day in named):
            yield word[:_STEM]


_STEM: Final = 5
_WORD: Final = exact(r"[\pL]{5,}")
_TOPIC: Final = exact("[はがを、：: ]")


def concerns(rule: Constraint, tool: str, arguments: object) -> bool:
    """A rule on the only days for something is about what a call names; one that names nothing is about any."""
    stems = [term for term in rule.terms if not term.isdigit()]
    if not stems:
        return True
    told = folded(f"{tool} {arguments}"[:4000])
    return any(stem in told for stem in stems)


def _bounds(clause: bytes, sentence: Sentence) -> Iterator[Draft]:
    hours = [(match, minutes) for match in matches(_HOUR, clause, 4) if (minutes := _minutes(match)) is not None]
    if len(hours) != 1:
        return
    match, minutes = hours[0]
    start, end = match.start(2), match.end()
    near, far = clause[max(0, start - 32) : match.start()].rstrip(), clause[end : end + 16]
    if match.start(1) < 0:
        near = clause[max(0, start - 32) : start]
    later = adjacent("after", sentence.language, near, far)
    earlier = adjacent("before", sentence.language, near, far)
    if later != earlier:
        forbidden = _prohibits(clause, sentence)
        if forbidden or (sentence.find("exclusively") and not sentence.find("describing")):
            yield Draft("hours", ("from" if (later > earlier) != forbidden else "until",), float(minutes))


def _prohibits(clause: bytes, sentence: Sentence) -> bool:
    """It tells not to do something; "don't forget" and "I have none on Friday" don't."""
    ordered = pattern("constraints", sentence.language, "ordering").search(clause)
    return bool(ordered and not pattern("constraints", sentence.language, "unforgotten").search(clause))


def _minutes(match: Any) -> int | None:
    """After midnight; None for a number that isn't said to be an hour."""
    half, hour, minute, past, noon = match.groups()
    told = match.group()[match.end(2) - match.start() :].strip()
    if not (told or half):
        return None
    later = (noon or b"").startswith(b"p") or (half or b"").decode() in _AFTERNOON
    hours = int(hour) + (_NOON if later and int(hour) < _NOON else 0)
    return hours * 60 + int(minute or past or 0)


def _weekdays(clause: bytes, language: str) -> tuple[str, ...]:
    named = words("constraints", language).get("weekdays", [])
    return tuple(str(day) for day, word in enumerate(named) if compiled(folded(word)).search(clause))


def argument_breaks(rule: Constraint, tool: str, name: str, value: object) -> str | None:
    """A call that books something begins at a time that the rule leaves out. An hour in UTC isn't the user's."""
    begins = any(word in name for word in _BEGINS) and not any(word in name for word in _ENDS)
    if not begins or not isinstance(value, str) or len(value) > 40 or told_by_name(tool) is Role.SOURCE:
        return None
    data = value.encode(errors="replace")
    return _on_a_day(rule, data) if rule.kind == "weekday" else _at_an_hour(rule, data)


def _at_an_hour(rule: Constraint, value: bytes) -> str | None:
    at = _CLOCK.search(value)
    if at is None or at[3]:
        return None
    minutes, bound = int(at[1]) * 60 + int(at[2]), rule.amount or 0.0
    if rule.terms[0] == "from":
        return "books something earlier in the day than allowed" if minutes < bound else None
    return "books something later in the day than allowed" if minutes > bound else None


def _on_a_day(rule: Constraint, value: bytes) -> str | None:
    found = _DATE.search(value)
    try:
        day = date(*map(int, found.groups())).weekday() if found else None
    except ValueError:
        return None
    return "books something on a day of the week that is left out" if str(day) in rule.terms else None
