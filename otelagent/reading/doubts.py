"""Sentences of a completion that speak of a lack or of trouble, with the words that say what they are about.

The word lists of `acknowledgement` know whole phrases. Here any negation or word of trouble does, where its sentence
names what was asked for: whoever repeats the search terms and says "nothing" has seen that there was nothing.
"""

from functools import cache
from typing import Any, Final

from otelagent.model import Doubt
from otelagent.reading.arguments import words_of
from otelagent.reading.claims import claims
from otelagent.reading.language import likely
from otelagent.reading.lexicon import any_of, compiled, folded, matches, pattern
from otelagent.reading.looking import STATED
from otelagent.reading.sentences import sentences
from otelagent.reading.values import window

_MOST: Final = 24
_SPEAKING: Final = 3
"""Words from which on a sentence isn't a mere greeting."""
_CODE: Final = compiled(r"(?s)```.*?(?:```|\z)")


def doubts(text: str) -> tuple[Doubt, ...]:
    """At most a few, in order. Good news in negative form, offers and what-ifs are none."""
    shown = window(text)[0].replace("*", "").replace("_", " ")
    data = _CODE.sub(b" ", shown.encode(errors="replace"))
    found: list[Doubt] = []
    opening, languages = True, likely(text)
    for sentence in sentences(data):
        told = sentence.decode(errors="replace")
        if sentence.startswith(b"#"):
            continue
        if STATED in told:
            opening = False
            continue
        if (doubt := _doubt(told, opening, languages if len(languages) == 1 else likely(told))) is not None:
            found.append(doubt)
            if len(found) >= _MOST:
                break
        opening = opening and (sentence.endswith(b"?") or _brief(told))
    return tuple(found)


def _brief(sentence: str) -> bool:
    return sentence.isascii() and len(sentence.split()) < _SPEAKING


def _doubt(sentence: str, opening: bool, languages: tuple[str, ...]) -> Doubt | None:
    data = folded(sentence).encode(errors="replace")
    for language in languages:
        doubt, benign, hypothetical = _words(language)
        if not doubt.search(data) or (_ANSWERS.search(data) and not _of_looking(data, language)):
            continue
        left = benign.sub(b" ", hypothetical.sub(b" ", data))
        if said := frozenset(match.group() for match in matches(doubt, left, _MOST)):
            own = words_of(" ".join(each.decode(errors="replace") for each in said))
            return Doubt(words_of(sentence) - own, own, claims(sentence), opening, _only_looks(data, language))
    return None


_ANSWERS: Final = compiled(r"^\W*(?:no|nein|non|nao|いいえ|不是|没有|不)[,，、.。!:]")
"""An answer to the question, whose negation is no doubt."""


def _of_looking(sentence: bytes, language: str) -> bool:
    return any_of("acknowledgement", language, "looking").search(sentence)


def _only_looks(sentence: bytes, language: str) -> bool:
    """A "clean record" is a verdict, and none of the records that were searched."""
    return _of_looking(sentence, language) and not any_of("acknowledgement", language, "clears").search(sentence)


@cache
def _words(language: str) -> tuple[Any, Any, Any]:
    doubt, benign, hypothetical = (
        pattern("acknowledgement", language, key) for key in ("doubts", "benign", "hypothetical")
    )
    return doubt, benign, hypothetical
