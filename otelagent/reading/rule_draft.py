"""A sentence that may state a rule, what a reader makes of it, and the patterns that readers share."""

from dataclasses import dataclass
from typing import Any, Final

from otelagent.reading import numerals
from otelagent.reading.lexicon import LANGUAGES, compiled, folded, grammar, pattern, words
from otelagent.reading.sentences import Day

FIRST: Final[Day] = (0, 0, 0)
LAST: Final[Day] = (9999, 99, 99)


@dataclass(frozen=True, slots=True)
class Draft:
    """What one reader makes of a sentence; the fields are those of a Constraint."""

    kind: str
    terms: tuple[str, ...] = ()
    amount: float | None = None
    first: Day = FIRST
    last: Day = LAST


@dataclass(frozen=True, slots=True)
class RuleSentence:
    """A sentence that may state a rule, in one of the languages that it may be in."""

    written: str
    lowered: bytes
    language: str

    def find(self, key: str) -> Any:
        return pattern("constraints", self.language, key).search(self.lowered)


def merged(key: str) -> dict[str, str]:
    return {
        folded(word): meaning for name in LANGUAGES for word, meaning in words("constraints", name).get(key, {}).items()
    }


LENGTHS: Final = merged("length")
_ONE: Final = ("one", "a single", "ein", "einem", "einen", "un", "une", "una", "um", "uma")
_COUNT: Final = "|".join(
    ("\\d{1,6}", *sorted(numerals.SPELLED, key=len, reverse=True), *_ONE, "[一二三四五六七八九十百]{1,4}")
)
_UNITS: Final = "|".join(sorted(LENGTHS, key=len, reverse=True))
_BUILT: Final[dict[tuple[str, str], Any]] = {}


def counting(language: str, key: str) -> list[Any]:
    """Patterns of lengths and counts, with their numbers and units filled in."""
    if (language, key) not in _BUILT:
        found = _lists(language, key)
        filled = [each.replace("<n>", f"(?:{_COUNT})").replace("<length>", f"(?:{_UNITS})") for each in found]
        _BUILT[language, key] = [compiled(each) for each in filled]
    built: list[Any] = _BUILT[language, key]
    return built


def demand(language: str, word: str) -> Any:
    if (language, word) not in _BUILT:
        _BUILT[language, word] = compiled("|".join(_lists(language, "in_language")).replace("<language>", word))
    return _BUILT[language, word]


def _lists(language: str, key: str) -> list[str]:
    return grammar("constraints", language).get(key, [])


def amount(written: bytes) -> float:
    text = written.decode()
    if text.isdigit():
        return float(text)
    return float(numerals.SPELLED.get(text) or (not text.isascii() and numerals.chinese(text)) or 1)


def lowered(text: str) -> bytes:
    return folded(text).encode(errors="replace")
