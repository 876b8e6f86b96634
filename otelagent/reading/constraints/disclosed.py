"""Rules on what must not be given away: purchase prices, margins, salaries, the names of suppliers."""

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from otelagent.reading import numerals
from otelagent.reading.constraints.constraint import Constraint, Draft, Sentence, Violation, excluded, lowered, shared
from otelagent.reading.language import likely
from otelagent.reading.lexicon import compiled, data, exact, matches, pattern
from otelagent.reading.sentences import sentences

_TABLE: Final[dict[str, dict[str, list[str]]]] = data("secrets")
_NAME: Final = r"\p{Lu}\p{Ll}{2,}[\pL&-]*"
_NAMED: Final = exact(
    rf"^(?:,? (?:is|are|called|named|est|es|é|se llama|s’appelle)|:)? ({_NAME}(?: {_NAME})*)"
    rf"|^(?:,? (?:namens|heißt|ist die Firma)|:)? (?:die |der )?({_NAME} (?:{_NAME}|GmbH|AG|KG|SE))"
    r"|^(?:是|为|：|:)?\s?(\p{Han}{2,10}(?:公司|厂|集团))|^(?:は|：|:)?\s?(株式会社\p{Han}+|[\p{Han}\p{Katakana}]{2,10}(?:社|株式会社))"
)
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
    if (
        told
        and not sentence.find("unless")
        and not pattern("constraints", sentence.language, "first_before").search(sentence.lowered[told.end() :])
    ):
        found = tuple(name for name, (told, words) in _kinds().items() if _meant(sentence, told, words))
        if found:
            yield Draft("disclosed", found)


def _meant(sentence: Sentence, told: str, words: Any) -> bool:
    """All such things are meant; a name beside is the only one."""
    match = words.search(sentence.lowered)
    if not match or not shared("all_of_them").search(sentence.lowered[match.end() :]):
        return False
    return not (
        told == "name" and _name_after(sentence.lowered, sentence.written.encode(errors="replace"), match.end())
    )


def _name_after(small: bytes, written: bytes, end: int) -> bool:
    """A name stands beside; offsets agree where nothing was folded away."""
    left = written[len(written) - len(small[end:]) :] if len(small) != len(written) else written[end:]
    found = _NAMED.search(left)
    return bool(found) and not shared("no_name").search(next(filter(None, found.groups())))


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
        if told == "name" and _name_after(small, written, match.end()):
            return True
    return False
