"""Rules on the form of answers: JSON, Markdown, lists, tables, signs, capitals."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec

from otelagent.reading.constraints.constraint import Constraint, Draft, Sentence, Violation, shared
from otelagent.reading.lexicon import exact

_WITHOUT: Final = ("no_bullets", "no_table", "no_emoji", "no_markdown", "no_exclamation", "no_code")
_NAMES: Final = ("json", "bullets", "table")
"""Of these the first that a sentence names, where it rules nothing out."""
_CASES: Final = ("lowercase", "uppercase")


def read(sentence: Sentence) -> Iterator[Draft]:
    """The format that is asked for, or what is not to occur in one."""
    without = [name for name in _WITHOUT if sentence.find(name)]
    named = next((name for name in _NAMES if sentence.find(name)), None) if not _clashes(without) else None
    cases = [name for name in _CASES if sentence.find(name)]
    if shared("clock_24").search(sentence.lowered) and not sentence.find("unless"):
        cases.append("clock_24")
    yield from (Draft("format", (name,)) for name in (named, *without, *cases) if name)


_HALF_DAY: Final = exact(
    r"(?i)\b(?:1[0-2]|0?[1-9])(?:[:.][0-5]\d)?\s?[ap]\.?m\b|(?:上午|下午|晚上|午前|午後)\s?\d{1,2}\s?(?:点|時|:|：)"
)


def _clashes(without: list[str]) -> bool:
    """A form is named as one that is not wanted."""
    return bool({"no_bullets", "no_table"} & set(without))


def breaks(rule: Constraint, text: str) -> Violation | None:
    """An answer clearly has another form."""
    return Violation(rule, "has another format") if _BROKEN[rule.terms[0]](text) else None


def _not_json(text: str) -> bool:
    body = text.strip()
    if body.startswith("```"):
        body = body.removeprefix("```json").strip("`").strip()
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return True
    return False


BULLET: Final = exact(r"(?m)^[ \t]*(?:[-*•‣▪–]|\d{1,3}[.)])[ \t]+\S")
_MARKDOWN: Final = exact(r"(?m)^#{1,6}[ \t]+\S|\*\*[^*\n]+\*\*|^[ \t]*\|.*\|[ \t]*$|```")
_TABLE: Final = exact(r"(?m)^[ \t]*\|.*\|.*$|<table|\t")
_ROW: Final = exact(r"(?m)^[ \t]*\|.*\|[ \t]*$|<tr\b")
_ROWS: Final = 2
_EMOJI: Final = exact(r"[\x{1F300}-\x{1FAFF}\x{2700}-\x{27BF}\x{2600}-\x{26FF}]")
_EXCLAMATION: Final = exact(r"[\pL\pN)][!！](?:\s|$|[\"”’»」\p{Han}\p{Hiragana}\p{Katakana}])")
_CAPITALISED: Final = exact(r"\b\p{Lu}\p{Ll}+")
_LONG: Final = 100
"""Characters from which on an answer has room for more than one item."""
_NAMELESS: Final = 2
"""Capitalised words up to which they may be names."""
_LETTERS: Final = 20
"""Letters from which on a case shows."""


def _found(pattern: Any, text: str) -> int:
    return len(pattern.findall(text.encode(errors="replace")))


def _capitals(text: str) -> bool:
    """Sentences begin with capitals."""
    return text.lstrip()[:1].isupper() and _found(_CAPITALISED, text) > _NAMELESS - 1


def _small(text: str) -> bool:
    letters = [sign for sign in text if sign.isalpha()]
    return len(letters) >= _LETTERS and 2 * sum(sign.islower() for sign in letters) > len(letters)


_BROKEN: Final[dict[str, Callable[[str], bool]]] = {
    "json": _not_json,
    "bullets": lambda text: len(text) > _LONG and not _found(BULLET, text),
    "no_bullets": lambda text: _found(BULLET, text) >= 2,
    "no_markdown": lambda text: bool(_found(_MARKDOWN, text)),
    "no_table": lambda text: _found(_ROW, text) >= _ROWS,
    "no_emoji": lambda text: bool(_found(_EMOJI, text)),
    "table": lambda text: len(text) > _LONG and not _found(_TABLE, text),
    "no_exclamation": lambda text: bool(_found(_EXCLAMATION, text)),
    "no_code": lambda text: text.count("```") >= 2,
    "clock_24": lambda text: bool(_found(_HALF_DAY, text)),
    "lowercase": _capitals,
    "uppercase": _small,
}
