"""Rules on what must not be given away: purchase prices, margins, salaries, the names of suppliers."""

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from otelagent.reading import numerals
from otelagent.reading.constraints.constraint import Constraint, Draft, Sentence, Violation, excluded, lowered
from otelagent.reading.language import likely
from otelagent.reading.lexicon import compiled, data, exact, matches, pattern
from otelagent.reading.sentences import sentences

_TABLE: Final[dict[str, dict[str, list[str]]]] = data("secrets")
_NAMED: Final = exact(r"^(?:\W{1,3}|\s(?:is|called|namens|ist|est|es|é|:)\s|是|为|：|は)?(\p{Lu}[\pL\pN&-]+|\p{Han}{2}|\p{Katakana}{2})")
_NEAR: Final = 40
"""Bytes between a word and the figure that it is about."""
_VALUES: Final = ("money", "percent")


@cache
def _kinds() -> dict[str, tuple[str, Any]]:
    return {
        name: (told, compiled("|".join(rf"\b{each}\b" if each.isascii() or "’" in each else each for each in words)))
        for told, kinds in _TABLE.items()
        for name, words in kinds.items()
    }


@cache
def _any() -> Any:
    return compiled("|".join(found.source.removeprefix("(?i)") for _, found in _kinds().values()))


def read(sentence: Sentence) -> Iterator[Draft]:
    """The kinds of secrets that a sentence wants kept."""
    if "disclosing" not in sentence.present or not _any().search(sentence.lowered):
        return
    told = sentence.find("disclosing")
    if told and not sentence.find("unless") and not pattern("constraints", sentence.language, "first_before").search(
        sentence.lowered[told.end() :]
    ):
        found = tuple(name for name, (_, words) in _kinds().items() if words.search(sentence.lowered))
        yield Draft("disclosed", found)


def breaks(rule: Constraint, text: str) -> Violation | None:
    """An answer names such a thing with its figure or its name, and doesn't say that it keeps it."""
    for written in sentences(text.encode(errors="replace")):
        small = lowered(written.decode(errors="replace"))
        if any(excluded(small, name) for name in likely(text)):
            continue
        if any(_given_away(*_kinds()[name], small, written) for name in rule.terms):
            return Violation(rule, "gives away what the instructions want kept")
    return None


def _given_away(told: str, words: Any, small: bytes, written: bytes) -> bool:
    for match in matches(words, small, 4):
        around = small[max(0, match.start() - _NEAR) : match.end() + _NEAR]
        if told == "amount" and any(number.unit in _VALUES for number in numerals.distinct(around, 8)):
            return True
        if told == "name" and len(small) == len(written) and _NAMED.search(written[match.end() :]):
            return True
    return False
