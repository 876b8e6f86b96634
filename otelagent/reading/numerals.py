"""Numbers as people write them: locale, scale, percent, currency, unit, spelled out, Chinese and Japanese numerals."""

from collections.abc import Iterator
from functools import lru_cache
from math import prod
from struct import pack
from typing import Final, NamedTuple

from xxhash import xxh3_64_intdigest

from otelagent.reading.lexicon import compiled, either, exact, listed, matches, table

SPACE: Final = r"[ \x{a0}\x{202f}\x{2009}]"
PLAIN: Final = (
    rf"(?:\d{{1,3}}(?:(?:,\d{{3}})+|(?:\.\d{{3}})+|(?:{SPACE}\d{{3}})+|(?:['’]\d{{3}})+)(?:[.,]\d+)?\b|\d+(?:[.,]\d+)?)"
)
_CODES: Final = (
    "US[$]|R[$]|C[$]|A[$]|HK[$]|NT[$]|[$€£¥￥₹₩₽₺฿]|"
    r"\b(?:USD|EUR|GBP|DKK|NOK|SEK|CHF|JPY|CNY|RMB|INR|BRL|MXN|AUD|CAD|NZD|SGD|HKD|KRW|PLN|CZK|ARS|CLP|COP|TRY|ZAR)\b"
)
_WORDS: Final = either(
    (*listed("claims", "currency_words"), "円", "元", "ユーロ", "ドル", "美元", "欧元", "人民币", "日元")
)
SCALES: Final = table("claims", "scales")
DURATIONS: Final = table("claims", "durations")
SPELLED: Final = {word: value for word, value in table("claims", "numbers").items() if value > 1}
_UNITS: Final = tuple({*listed("claims", "units"), *DURATIONS})
_PERCENT: Final = rf"(?:%|％|‰|{either(listed('claims', 'percent'))})"
_SMALL: Final = either(SPELLED)
_CJK: Final = "[〇零一二三四五六七八九十百千两兩]"
_DIGITS: Final = {c: n for n, c in enumerate("〇一二三四五六七八九")} | {"零": 0, "两": 2, "兩": 2}
_PLACES: Final = {"十": 10, "百": 100, "千": 1000}

_TAIL: Final = rf"(?:{_PERCENT}|{_CODES}|{_WORDS}|{either(_UNITS)})"
_SCALE: Final = either(SCALES)
_PLACE: Final = "(?:千?[万萬億亿兆]|千)"
_MIXED: Final = rf"\d+(?:[.,]\d+)?{_PLACE}(?:(?:\d+(?:\.\d+)?{_PLACE})+\d{{0,4}}|\d{{1,4}})"
_NUMBER: Final = compiled(
    rf"{_MIXED}(?:{_TAIL})?|(?:(?:{_CODES}){SPACE}?)?{PLAIN}(?:[-{SPACE[1:-1]}]?{_SCALE})*(?:[-{SPACE[1:-1]}]?{_TAIL})?"
    rf"|\b{_SMALL}(?:[- ]{_SMALL})?(?:[- ](?:{_SCALE})|)(?:[- ]{_TAIL})"
    rf"|\b{_SMALL}[- ]{_SCALE}"
    rf"|百分之(?:{PLAIN}|{_CJK}{{1,6}})"
    rf"|{_CJK}{{1,8}}(?:[万萬亿億兆]{_CJK}{{0,8}})*(?:{_PERCENT}|{either([u for u in _UNITS if not u.isascii()])})"
)
_PARTS: Final = compiled(
    rf"^(?P<currency>(?:{_CODES}))?{SPACE}?(?P<number>{PLAIN}|{_SMALL}(?:[- ]{_SMALL})?|{_CJK}+)"
    rf"(?P<scale>(?:[-{SPACE[1:-1]}]?{_SCALE})*)(?:[-{SPACE[1:-1]}]?(?P<tail>{_TAIL}))?$"
)
_MIXED_PARTS: Final = compiled(rf"^({_MIXED})({_TAIL})?$")
_STEP: Final = exact(rf"(\d+(?:\.\d+)?)({_PLACE}?)")
_WORD: Final = exact(r"[^\s\-\x{a0}\x{202f}]+")


class Number(NamedTuple):
    """A written number. `readings` has several where the notation is ambiguous."""

    readings: tuple[float, ...]
    unit: str
    """percent, money, duration, unit, scale or empty."""
    loose: bool
    """Written so that a rounding of the true value is meant: decimals, a scale word, two or more trailing zeros."""
    seconds: float = 0.0
    bare: bool = False
    """Digits only: may be a year."""


def key(value: float) -> int:
    """The hash of a number, whatever its notation."""
    return xxh3_64_intdigest(pack("<d", round(abs(value), 9)), 1)


def rounded_key(value: float) -> int:
    """The hash under which a number's roundings are kept."""
    return xxh3_64_intdigest(pack("<d", round(abs(value), 9)), 2)


@lru_cache(maxsize=4096)
def rounded_keys(value: float) -> tuple[int, ...]:
    """Hashes of what a number becomes when it is rounded to fewer digits."""
    if value < 100 and value == int(value):
        return ()
    digits = f"{value:.10e}".partition("e")[0].replace(".", "").rstrip("0")
    return tuple(rounded_key(float(f"{value:.{kept - 1}e}")) for kept in range(min(len(digits) - 1, 4), 0, -1))


_GROUP: Final = 3
"""Digits between separators of thousands."""


def readings(written: str) -> tuple[float, ...]:
    """The values that digits with separators may have: `1.000` is a thousand or one, `112 300` may be two numbers. None
    for a version or address."""
    text = written
    for space in " \u00a0\u202f\u2009'’":
        text = text.replace(space, "")
    if len(text) > 18:
        return ()
    commas, points = text.count(","), text.count(".")
    if not commas and not points:
        head, _, last = written.rpartition(" ")
        return (float(text), float(last)) if len(head) == len(last) == _GROUP and head.isdigit() else (float(text),)
    if commas and points:
        decimal, group = (",", ".") if text.rfind(",") > text.rfind(".") else (".", ",")
        return () if text.count(decimal) > 1 else (float(text.replace(group, "").replace(decimal, ".")),)
    mark = "," if commas else "."
    head, *groups = text.split(mark)
    grouped = all(len(group) == 3 for group in groups) and 0 < len(head) <= 3 and head != "0"
    if len(groups) > 1:
        return (float(text.replace(mark, "")),) if grouped else ()
    decimal_value = float(f"{head}.{groups[0]}")
    return (float(head + groups[0]), decimal_value) if grouped else (decimal_value,)


def chinese(written: str) -> float | None:
    """The value of Chinese numerals: 三百二十, 二〇二四, 十二, 一万二千."""
    if all(sign in _DIGITS for sign in written):
        return float("".join(str(_DIGITS[sign]) for sign in written))
    total = section = digit = 0.0
    for sign in written:
        if sign in _DIGITS:
            digit = _DIGITS[sign]
        elif sign in _PLACES:
            section += (digit or 1) * _PLACES[sign]
            digit = 0
        elif sign in SCALES:
            total = (total + section + digit) * SCALES[sign] if not total else total + (section + digit) * SCALES[sign]
            section = digit = 0
        else:
            return None
    return total + section + digit


def numbers(data: bytes, limit: int) -> Iterator[tuple[int, int, Number]]:
    """The numbers in a text, with byte offsets."""
    for match in matches(_NUMBER, data, limit):
        start, end = match.span()
        if number := read(data[start:end]):
            yield start, end, number


def distinct(data: bytes, limit: int) -> list[Number]:
    """The numbers in a text without repetition."""
    written = {match.group(): None for match in matches(_NUMBER, data, limit)}
    return [number for each in written if (number := read(each))]


@lru_cache(maxsize=4096)
def read(written: bytes) -> Number | None:
    """What one written number says."""
    if written.isdigit():
        return Number((float(written),), "", written.endswith(b"00"), bare=True) if len(written) <= 15 else None
    text = written.decode(errors="replace")
    if text.startswith("百分之"):
        values = _plain(text[3:])
        return Number(values, "percent", False) if values else None
    if match := _MIXED_PARTS.match(written):
        unit, seconds = _unit((match[2] or b"").decode(), False)
        return Number((_mixed(match[1].decode()),), unit, False, seconds)
    if not (match := _PARTS.match(written)):
        return _read_chinese(text)
    currency, number, scale, tail = ((match[name] or b"").decode() for name in ("currency", "number", "scale", "tail"))
    if not (values := _plain(number)):
        return None
    factors = _factors(scale, bool(currency))
    unit, seconds = _unit(tail.lower(), bool(currency))
    if factors:
        values = tuple(dict.fromkeys(value * factor for factor in factors for value in values))
    if tail == "割":
        values, unit = tuple(value * 10 for value in values), "percent"
    loose = bool(factors) or "." in number or "," in number or number.endswith("00")
    return Number(values, unit or ("scale" if factors else ""), loose, seconds)


def _mixed(written: str) -> float:
    """41万2000 is 412,000, 3億5千万 is 350,000,000."""
    steps = _STEP.finditer(written.replace(",", "").encode())
    return sum(float(step[1]) * prod(SCALES.get(sign, 1.0) for sign in step[2].decode()) for step in steps)


def _read_chinese(written: str) -> Number | None:
    for cut in range(len(written), 0, -1):
        if (value := chinese(written[:cut])) is not None:
            unit, seconds = _unit(written[cut:], False)
            return Number((value,), unit, False, seconds)
    return None


def _plain(number: str) -> tuple[float, ...]:
    if number[0].isdigit():
        return readings(number)
    if number[0] in _DIGITS or number[0] in _PLACES:
        value = chinese(number)
        return () if value is None else (value,)
    return (sum(SPELLED.get(word, 0) for word in number.lower().replace("-", " ").split()),)


def _factors(scale: str, money: bool) -> tuple[float, ...]:
    """What scale words multiply by; a lone letter is a scale only where it can't be a unit."""
    words = [match.group() for match in _WORD.finditer(scale)]
    if not words:
        return ()
    factor = 1.0
    for word in words:
        factor *= SCALES.get(word.lower().rstrip("."), SCALES.get(word.lower(), 1.0))
    if len(words) == 1 and len(words[0]) == 1 and words[0].isascii() and not money and words[0] not in "kKMB":
        return (1.0, factor)
    return (factor,)


def _unit(tail: str, money: bool) -> tuple[str, float]:
    if money:
        return "money", 0.0
    if not tail:
        return "", 0.0
    if tail in DURATIONS:
        return "duration", DURATIONS[tail]
    if tail in _PERCENTS or tail in "%％‰":
        return "percent", 0.0
    return ("unit", 0.0) if tail in _UNIT_SET else ("money", 0.0)


_PERCENTS: Final = frozenset(listed("claims", "percent"))
_UNIT_SET: Final = frozenset(_UNITS)
