"""Where an answer says that its author looked once more, somewhere else: "I also screened them against the EU list".

A deed of `deeds` is borne out by any call of a tool that may have done it, and any look-up by any source. A second look
isn't: it names what was looked at, so that the calls can be held against it.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from otelagent.model import Look
from otelagent.reading.arguments import words_of
from otelagent.reading.claims import claims
from otelagent.reading.deeds import in_own_name
from otelagent.reading.language import likely
from otelagent.reading.lexicon import AnyOf, any_of, compiled, folded, grammar
from otelagent.reading.sentences import sentences
from otelagent.reading.values import window

_ASKS: Final = ("?", "？")
_PLACE: Final = 6
"""Words that name where somebody looked."""


def second_looks(text: str) -> tuple[Look, ...]:
    """The sentences that say so, at most a few. Plans, offers and what others checked are none."""
    shown = window(text)[0].replace("*", "").replace("_", " ")
    data = folded(shown).encode(errors="replace")
    spoken = [language for language in likely(text, 1) if _looked(language).search(data)]
    return tuple(_found(shown, spoken)) if spoken else ()


def _found(shown: str, spoken: list[str]) -> Iterator[Look]:
    for sentence in sentences(in_own_name(shown.encode(errors="replace"))):
        told = sentence.decode(errors="replace")
        if told.endswith(_ASKS) or told.startswith("#"):
            continue
        said = folded(told).encode(errors="replace")
        if any(_says(said, language) for language in spoken):
            yield Look(
                words_of(told), frozenset().union(*(_place(said, language) for language in spoken)), claims(told)
            )


def _says(said: bytes, language: str) -> bool:
    found = _look(language).search(said)
    if found is None or any_of("deeds", language, "unreal").search(said):
        return False
    return not any_of("deeds", language, "not_yet").search(said[: found.end()])


def _place(said: bytes, language: str) -> frozenset[int]:
    """Hashes of the words that name against, with or in what something was held."""
    found = _where(language).search(said)
    return words_of(found.group(1).decode(errors="replace")) if found else frozenset()


@cache
def _looked(language: str) -> AnyOf:
    return any_of("deeds", language, "second_look")


@cache
def _look(language: str) -> Any:
    return compiled("|".join(f"(?:{each})" for each in grammar("deeds", language)["second_look"]))


@cache
def _where(language: str) -> Any:
    return compiled("|".join(grammar("deeds", language)["looked_where"]))
