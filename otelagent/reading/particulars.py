"""What a question asks for, and what an answer gives of just that: names of people, small counts, model numbers.

Elsewhere these are no claims: names stand in every answer, and a small count says little. Where nothing was received at
all, the very thing that was asked for has come from nowhere.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from otelagent.model import Claim
from otelagent.reading import numerals, values
from otelagent.reading.claims import FROM_SMALL, LIMIT, Stating, is_label
from otelagent.reading.failures import troubled
from otelagent.reading.language import likely
from otelagent.reading.lexicon import SPACED, blanks, compiled, data, either, exact, folded, matches, pattern

_HEAD: Final = 2_000
_WORD: Final = r"\p{Lu}[\pL'’-]+"
_PARTICLE: Final = "(?:(?:de|del|da|dos|di|von|van|der|la|el|al|bin) )?"
_INITIAL: Final = r"\p{Lu}\. ?"
_NAME: Final = exact(rf"\b(?:{_INITIAL})*{_WORD}(?: {_PARTICLE}{_WORD}){{1,4}}|\b{_INITIAL}{_WORD}")
_UNSPACED_NAME: Final = exact(
    r"(?:由|是|为|叫|经理|联系人|负责人)([\p{Han}]{2,4}?)(?:负责|担任|管理|先生|女士|[,\x{FF0C}。、]|$)"
    r"|([\p{Han}\p{Katakana}]{2,6})(?:さん|様|氏)"
)
_SPELLED: Final = compiled(rf"\b({either(numerals.SPELLED)})[ -]\pL")


def asked_for(text: str) -> frozenset[str]:
    """What a question asks for: `name`, `count`, `which`; nothing where it asks how to do something."""
    shown = text[:_HEAD]
    question = folded(shown).encode(errors="replace")
    found: set[str] = set()
    for language in likely(shown):
        words = _words(language)
        if words["how"].search(question):
            return frozenset()
        found.update(kind for kind in ("name", "count", "which") if words[kind].search(question))
    return frozenset(found)


def about_trouble(text: str) -> bool:
    """The question itself is about failures, outages, losses, complaints, or about who or what is missing."""
    shown = text[:_HEAD]
    question = folded(shown).encode(errors="replace")
    return troubled(shown) or any(_words(language)["amiss"].search(question) for language in likely(shown))


def troubles(text: str) -> frozenset[str]:
    """How a question speaks of failures, by the stems of these words, and of what is left: orders that are pending."""
    shown = text[:_HEAD]
    question = folded(shown).encode(errors="replace")

    def said(words: str, key: str) -> Iterator[str]:
        found = (matches(pattern(words, language, key), question, LIMIT) for language in likely(shown))
        return (match.group().decode(errors="replace") for each in found for match in each)

    stems = (word[:_STEM] if word.isascii() else word for word in said("outcome", "trouble"))
    left = (*said("acknowledgement", "partial"), *said("delegation", "left"), *said("delegation", "undone"))
    return frozenset((*stems, *left))


_STEM: Final = 4


@cache
def _words(language: str) -> dict[str, Any]:
    edge = r"\b" if language in SPACED else ""
    lists = data("asking")[language]
    return {key: compiled(blanks(f"{edge}(?:{terms}){edge}")) for key, terms in lists.items()}


def particulars(text: str, kinds: frozenset[str]) -> tuple[Claim, ...]:
    """What a text states of the kinds that were asked for. Offsets are those of its UTF-8 bytes."""
    shown = values.narrow(values.window(text)[0])
    told = shown.encode(errors="replace")
    stating = Stating(told)
    found = sorted(_found(told, kinds, likely(shown)), key=lambda claim: claim.start)
    return tuple(claim for claim in found[:LIMIT] if stating.at(claim.start))


def _found(told: bytes, kinds: frozenset[str], languages: tuple[str, ...]) -> Iterator[Claim]:
    if "name" in kinds or ("which" in kinds and "de" not in languages):
        yield from _names(told)
    if "name" in kinds:
        for start, end in values.handles(told, LIMIT):
            yield Claim("name", (values.code_key(told[start:end].decode(errors="replace")),), start, end)
        for match in matches(_UNSPACED_NAME, told, LIMIT):
            yield Claim("name", (), *match.span())
    if "which" in kinds:
        for start, end in values.codes(told, LIMIT):
            yield Claim("id", (values.code_key(told[start:end].decode(errors="replace")),), start, end)
    if "count" in kinds:
        yield from _counts(told)


def _names(told: bytes) -> Iterator[Claim]:
    """Two words of a name in a row; in German, where all nouns are capitalised, only where one was asked for."""
    for match in matches(_NAME, told, LIMIT):
        words = [word for word in match.group().decode(errors="replace").split() if values.is_name(word.strip("."))]
        if len(words) > 1 or (words and b"." in match.group()):
            yield Claim("name", tuple(values.word_key(word) for word in words), *match.span())


def _counts(told: bytes) -> Iterator[Claim]:
    for start, end, number in numerals.numbers(told, LIMIT):
        value = number.readings[0]
        if value >= FROM_SMALL and not is_label(told[max(0, start - 40) : start]):
            yield Claim("number", tuple(values.number_keys(number)), start, end, value)
    for match in matches(_SPELLED, told, LIMIT):
        spelled = numerals.SPELLED.get(match.group(1).decode(errors="replace").lower())
        if spelled is not None:
            start, end = match.span(1)
            yield Claim("number", (numerals.key(spelled),), start, end, spelled)
