"""Dates and times of day as people and machines write them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

from xxhash import xxh3_64_intdigest

from otelagent.reading.lexicon import compiled, either, matches, table

MONTHS: Final = {word: int(number) for word, number in table("claims", "months").items()}
_MONTH: Final = either(MONTHS)
_YEAR: Final = r"(?:1[5-9]|20|21)\d\d"
_OF: Final = r"(?:\s+(?:of|de|del|do|da)\s+|\s+|[-/. ])"
_DAY: Final = r"(?:0?[1-9]|[12]\d|3[01])"
_CLOCK: Final = r"(?:[01]?\d|2[0-4]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?"
_DATE: Final = compiled(
    rf"\b{_YEAR}-[01]\d-[0-3]\d(?:[T ]{_CLOCK})?"
    rf"|\b{_YEAR}[/.][01]?\d[/.][0-3]?\d\b"
    rf"|\b{_DAY}[./-]{_DAY}[./-](?:{_YEAR}|\d\d)\b"
    rf"|{_YEAR}\s?年(?:\s?1?\d\s?月(?:\s?[123]?\d\s?日)?)?|1?\d月[123]?\d日"
    rf"|\b{_MONTH}\.?\s+{_DAY}(?:st|nd|rd|th)?\b(?:\s*,?\s+{_YEAR}\b)?"
    rf"|\b{_DAY}(?:st|nd|rd|th|er|º|°|\.)?{_OF}{_MONTH}\.?(?:(?:,|{_OF})\s*{_YEAR}\b)?"
    rf"|\b{_MONTH}\.?(?:,|{_OF})\s*{_YEAR}\b"
    rf"|\b{_CLOCK}(?:\s?[ap]\.?m\b)?|\b(?:1[0-2]|0?\d)\s?[ap]\.?m\b|\b(?:[01]?\d|2[0-4])\s?(?:uhr\b|h[0-5]\d\b)"
    rf"|(?:午前|午後|上午|下午)?(?:[01]?\d|2[0-4])[時时点點](?:[0-5]?\d分)?"
)
_YEAR_MONTH: Final = compiled(rf"\b({_YEAR})[-/.](0[1-9]|1[0-2])\b")
_NUMERIC: Final = compiled(rf"^({_YEAR})[-/.]([01]?\d)[-/.]([0-3]?\d)(?:[T ]({_CLOCK}))?")
_AMBIGUOUS: Final = compiled(rf"^({_DAY})([./-])({_DAY})[./-](\d{{4}}|\d\d)$")
_CJK: Final = compiled(rf"^(?:({_YEAR})\s?年)?(?:\s?(\d\d?)\s?月)?(?:\s?(\d\d?)\s?日)?$")
_TEXTUAL: Final = compiled(
    rf"^(?:({_DAY})\D{{1,6}}?)?\b({_MONTH})\D{{0,5}}?(?:({_DAY})(?:st|nd|rd|th)?\b)?(?:\D{{0,5}}({_YEAR}))?$"
)
_TIME: Final = compiled(
    r"^(午前|午後|上午|下午)?(\d\d?)(?::|h|\s?uhr|[時时点點])?(\d\d)?(?::\d\d(?:\.\d+)?)?分?\s?([ap])?\.?m?$"
)


class Moment(NamedTuple):
    """A written date or time of day. `keys`: the hashes of all it may mean; 0 is what it doesn't say."""

    keys: tuple[int, ...]
    parts: tuple[int, ...] = ()
    """Hashes of what it contains as well: its month, its day without the year, its year, its time."""
    loose: tuple[int, ...] = ()
    """Hashes that ground it as a claim: of a full date the day as written without a year, and the other way round."""
    year: int = 0
    month: int = 0
    day: int = 0


def date_key(year: int, month: int = 0, day: int = 0) -> int:
    """Hash of a date; 0 stands for what isn't said."""
    return xxh3_64_intdigest(f"{year}-{month}-{day}".encode(), 4)


def time_key(hour: int, minute: int) -> int:
    """Hash of a time of day."""
    return xxh3_64_intdigest(f"{hour}:{minute}".encode(), 5)


def moments(data: bytes, limit: int) -> Iterator[tuple[int, int, Moment]]:
    """The dates and times in a text, with byte offsets."""
    for match in matches(_DATE, data, limit):
        start, end = match.span()
        if moment := read(data[start:end]):
            yield start, end, moment


def months(data: bytes, limit: int) -> Iterator[int]:
    """Hashes of months as machines write them (2025-04): they ground a month, and as a claim could be any code."""
    for match in matches(_YEAR_MONTH, data, limit):
        yield date_key(int(match[1]), int(match[2]))


def epoch(value: float) -> tuple[int, ...]:
    """Hashes of the day that a Unix time in seconds or milliseconds may mean."""
    seconds = value / 1000 if value > 1e11 else value
    if not 9e8 <= seconds <= 2.3e9:
        return ()
    moment = datetime.fromtimestamp(seconds, UTC)
    return (
        date_key(moment.year, moment.month, moment.day),
        date_key(_ANY_YEAR, moment.month, moment.day),
        time_key(moment.hour, moment.minute),
    )


@lru_cache(maxsize=4096)
def read(written: bytes) -> Moment | None:
    """What one written date or time says."""
    if match := _NUMERIC.match(written):
        return _moment([(int(match[1]), int(match[2]), int(match[3]))], _clock(match[4]) if match[4] else ())
    if match := _AMBIGUOUS.match(written):
        return _ambiguous(match)
    if match := _CJK.match(written):
        return _moment([(int(match[1] or 0), int(match[2] or 0), int(match[3] or 0))], ())
    if match := _TEXTUAL.match(written):
        month = MONTHS[match[2].decode().lower()]
        return _moment([(int(match[4] or 0), month, int(match[1] or match[3] or 0))], ())
    keys = _clock(written)
    return Moment(keys) if keys else None


def _ambiguous(match: Any) -> Moment | None:
    first, second, year = int(match[1]), int(match[3]), int(match[4])
    if year < 100:
        year += 2000 if year < 70 else 1900
    readings = [(year, second, first)]
    if match[2] != b".":
        readings.append((year, first, second))
    return _moment(readings, ())


_ANY_YEAR: Final = -1
"""Stands in the hash of a day whose year is known but not looked at."""


def _moment(readings: list[tuple[int, int, int]], clock: tuple[int, ...]) -> Moment | None:
    valid = [(year, month, day) for year, month, day in readings if month <= 12 and day <= 31]
    if not valid:
        return None
    keys = tuple(date_key(*reading) for reading in dict.fromkeys(valid))
    parts: list[int] = list(clock)
    loose: list[int] = []
    for year, month, day in valid:
        parts += [date_key(year), date_key(year, month), date_key(_ANY_YEAR, month, day)] if year else []
        parts += [date_key(0, month)] if month else []
        loose += [date_key(0 if year else _ANY_YEAR, month, day)] if day else []
    return Moment(keys, tuple(parts), tuple(loose), *valid[0])


def _clock(written: bytes) -> tuple[int, ...]:
    if not (match := _TIME.match(written)):
        return ()
    hour, minute, half = int(match[2]), int(match[3] or 0), (match[4] or match[1] or b"").decode().lower()
    if hour > 24 or minute > 59:
        return ()
    if half in ("p", "午後", "下午") and hour < 12:
        return (time_key(hour + 12, minute),)
    if half == "a" and hour == 12:
        return (time_key(0, minute),)
    if not half and 0 < hour < 12:
        return (time_key(hour, minute), time_key(hour + 12, minute))
    return (time_key(hour % 24, minute),)
