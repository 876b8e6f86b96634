"""What an assignment says that an account of the work can be held against: how many, which ones, what is to be done."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import msgspec

from otelagent.reading import numerals
from otelagent.reading.enumeration import HEAD, enumerated, names
from otelagent.reading.known import Known
from otelagent.reading.lexicon import compiled, either, exact, folded, matches, unaccented
from otelagent.reading.spared import unspared
from otelagent.reading.states import asks_progress, checks, is_finding

MAX_LISTS: Final = 12
MAX_NAMES: Final = 200
_LONGEST: Final = 48
"""Characters of a name in a list of prose."""

_ONES: Final = either([word for word, value in numerals.SPELLED.items() if value < 10])
_TENS: Final = either([word for word, value in numerals.SPELLED.items() if value in range(20, 100, 10)])
_COMPOUND: Final = (
    rf"(?:{_TENS}(?:-| |-et-| et | y | e ){_ONES}|veinti{_ONES}|{_ONES.replace(chr(92) + 'b', '')}und{_TENS})"
)
_CHINESE: Final = "[一二三四五六七八九十百千两兩]{1,6}"
_DIGITS: Final = r"(?:\d{1,3}(?:[  ,.’]\d{3})+|\d{1,7})"
_NUMBER: Final = compiled(
    r"(?:^|[^A-Za-z0-9.,/:#$€£_-]|[^0-9][.,:])"
    rf"({_DIGITS}|{_COMPOUND}|{either(numerals.SPELLED)}|{_CHINESE})"
)
_PART: Final = compiled(f"{_ONES.replace(chr(92) + 'b', '')}|{_TENS}")
_AFTER: Final = compiled(r"^(?:\s?[%％‰€$£]|[.,:/-]\d|-[A-Za-z]{1,2}\b|[A-Za-z0-9_]|分の)")
_NO_ONE: Final = compiled("^[共起样樣直般些旦切定]")
"""After a sign for one, with which it is a word: 一共, 一些."""
_FRACTION: Final = compiled(r"分の$")
_CLAUSE: Final = compiled(r"[.:!?](?:\s|$)|[。：！？\n]")
_SPLIT: Final = compiled(
    r"\s*[,;、，；・]\s*(?:(?:and|und|et|y|e|or)\s+|および|和)?|\s(?:and|und|et|y|e|sowie)\s|\s&\s|と|和|及|並びに"
)
_ORDER: Final = exact(
    r"(?:(?:^|[.:;!?\n])\s*(?:(?:please|bitte|por favor|s’il te plait|s’il vous plait),? )?(\pL[\pL-]{3,24})"
    r"|\b(?:and|und|et|y|e|then)\s+(\p{Ll}[\pL-]{3,24}))"
)
_SIGN: Final = exact(r"[\p{Han}\p{Hiragana}\p{Katakana}ー]")
_ENDS: Final = compiled(r"[.!?\n]")
_MIN_VERB: Final = 4
_ENDINGS: Final = ("ieren", "iere", "ier", "ez", "er", "en", "es", "ing", "e", "a", "y", "s", "t", "n")


class Brief(msgspec.Struct, frozen=True):
    """Of an assignment. Names are as written."""

    numbers: frozenset[int] = frozenset()
    lists: tuple[tuple[str, ...], ...] = ()
    verbs: tuple[str, ...] = ()
    """How the words for what is to be done begin, folded."""
    text: str = ""
    """Folded."""
    checks: bool = False
    """It looks for what is wrong: a failure is a result."""
    progress: bool = False
    """It asks how far things have come."""


NO_BRIEF: Final = Brief()
_READ: Final = Known[int, Brief](512)


def brief(text: str) -> Brief:
    """Of a text; `""` for an assignment that isn't known."""
    if not text:
        return NO_BRIEF
    text = text[:HEAD]
    known = _READ.get(hash(text))
    return known if known is not None else _READ.keep(hash(text), _read(text))


def _read(text: str) -> Brief:
    lists = [*_enumerated(text), *_between(text)]
    return Brief(
        frozenset(value for _, _, value in numbers(folded(text).encode(errors="replace"))),
        tuple(lists[:MAX_LISTS]),
        tuple(dict.fromkeys(_verbs(unaccented(text).encode(errors="replace")))),
        folded(text),
        checks(folded(text)),
        asks_progress(folded(text)),
    )


def numbers(data: bytes, limit: int = 60) -> Iterator[tuple[int, int, int]]:
    """Counts in a folded text, with byte offsets: digits, spelled out, Chinese numerals; no amounts, dates, shares."""
    for match in matches(_NUMBER, data, limit):
        written, end = match.group(1).decode(errors="replace"), match.end(1)
        part = _AFTER.match(data[end : end + 6]) or _FRACTION.search(data[max(0, match.start(1) - 6) : match.start(1)])
        if written == "一" and _NO_ONE.match(data[end : end + 3]):
            continue
        if not part and (value := _value(written)) is not None:
            yield match.start(1), end, value


def _value(written: str) -> int | None:
    digits = "".join(filter(str.isdigit, written))
    if digits and written[0].isdigit():
        return int(digits)
    if written in numerals.SPELLED:
        return int(numerals.SPELLED[written])
    if written.isascii() or written[0].isascii():
        return _compound(written)
    value = numerals.chinese(written)
    return None if value is None else int(value)


def _compound(written: str) -> int | None:
    """Tens and ones: "twenty-five", "veinticinco", "fünfundzwanzig"."""
    parts = [match.group().decode() for match in matches(_PART, written.removeprefix("veinti").encode(), 2)]
    value = sum(int(numerals.SPELLED[part]) for part in parts) + (20 if written.startswith("veinti") else 0)
    return value or None


def _enumerated(text: str) -> Iterator[tuple[str, ...]]:
    for family in enumerated(text).families:
        found = names(text, frozenset(family.keys)) if len(family.keys) <= MAX_NAMES else []
        if len(found) >= 2:
            yield tuple(found)


def _between(text: str) -> Iterator[tuple[str, ...]]:
    """Names between commas; those at the ends may have other words with them."""
    asked = unspared(text.encode(errors="replace")).decode(errors="replace")
    for clause in _CLAUSE.split(unaccented(asked).replace("として", "。").encode(errors="replace")):
        parts = [
            part.decode(errors="replace").strip(" \t\"'’“”„«»「」『』()（）") for part in _SPLIT.split(clause) if part
        ]
        for run in _runs([part for part in parts if part]):
            if len(run) >= 3:
                yield tuple(run)


def _runs(parts: list[str]) -> Iterator[list[str]]:
    """Neighbours that are short enough to be names; the first and the last may be longer."""
    run: list[str] = []
    for part in parts:
        if len(part) <= _LONGEST and len(part.split()) <= 5:
            run.append(part)
            continue
        yield [*run, part] if run else []
        run = [part]
    yield run


def _verbs(data: bytes) -> Iterator[str]:
    """The orders of a text: words that begin a clause."""
    for match in matches(_ORDER, data, 24):
        word = (match.group(1) or match.group(2)).decode(errors="replace").lower()
        ends = _ENDS.search(data[match.end() :])
        if ends is not None and ends.group() == b"?":
            continue
        if word.isascii() and not is_finding(word) and len(stem := _stem(word)) >= _MIN_VERB:
            yield stem


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _MIN_VERB:
            return word[: len(word) - len(ending)]
    return word


def speaks_of(text: str, given: Brief) -> bool:
    """Two signs of a Chinese or Japanese text stand together in the assignment too: "未安排" of "安排面试"."""
    signs = [match.group().decode() for match in matches(_SIGN, text.encode(errors="replace"), 40)]
    pairs = (a + b for a, b in pairwise(signs))
    return any(pair in given.text for pair in pairs)


# --- names in an answer -----------------------------------------------------------------------------------------------

_PART_NAME: Final = 3
"""Letters of a word of a name that may stand for it."""


class Shown(msgspec.Struct, frozen=True):
    """A text in which names are looked for: folded and as written, accents aside."""

    folded: str
    written: str


def shown(text: str) -> Shown:
    return Shown(folded(text), unaccented(text))


def occurs(name: str, text: Shown) -> str | None:
    """How a text calls an item: the whole name, or the part of it that is left without words beside it."""
    plain = " ".join(folded(name).split()).strip(" .,;:!?。、")
    if not plain:
        return None
    if len(plain) <= 2 and plain.isascii():
        return name.strip(" .") if stands(name.strip(" ."), text.written) else None
    if stands(plain, text.folded):
        return plain
    if _SIGN.search(name.encode(errors="replace")):
        return next((part for part in _cut(plain) if part in text.folded), None)
    parts = plain.split()
    tails = (" ".join(parts[at:]) for at in range(1, len(parts)))
    heads = (" ".join(parts[:at]) for at in range(len(parts) - 1, 0, -1))
    numbered = any(map(str.isdigit, plain))
    fit = (part for part in (*tails, *heads) if (any(map(str.isdigit, part)) if numbered else len(part) >= _PART_NAME))
    return next((part for part in fit if stands(part, text.folded)), None)


def _cut(plain: str) -> Iterator[str]:
    """Ends of a name in signs, the longest first: the last ones of what begins a list, the first of what ends it."""
    for size in range(min(len(plain) - 1, 12), 1, -1):
        yield plain[-size:]
        yield plain[:size]


def stands(name: str, text: str) -> bool:
    """It stands there as a word, or as how one begins: "Gerichtsstandsklausel"."""
    at = text.find(name)
    while at >= 0:
        before = text[at - 1] if at else " "
        after = text[at + len(name)] if at + len(name) < len(text) else " "
        free = not before.isalnum() or not before.isascii() or not name[0].isascii()
        long = len(name) > 5 and not name[-1].isdigit()
        if free and (long or not after.isalnum() or not after.isascii() or not name[-1].isascii()):
            return True
        at = text.find(name, at + 1)
    return False


def matched(given: Brief, text: str) -> list[tuple[str, str | None]]:
    """The list of the assignment that an answer speaks of: each item by its name there, and in the answer."""
    own = shown(text)
    best: list[tuple[str, str | None]] = []
    for names_ in given.lists:
        found = [(name, occurs(name, own)) for name in names_]
        count = sum(each is not None for _, each in found)
        known = sum(each is not None for _, each in best)
        if count and (count > known or (count == known and len(found) < len(best))):
            best = found
    return best
