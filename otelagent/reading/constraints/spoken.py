"""Rules on the language of answers."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from otelagent.reading.constraints.constraint import Constraint, Draft, Sentence, Violation, filled
from otelagent.reading.language import language
from otelagent.reading.lexicon import LANGUAGES, exact, folded, matches, pattern, words

_NAMES: Final = {
    folded(word): code for name in LANGUAGES for word, code in words("constraints", name).get("languages", {}).items()
}
_PART: Final = exact(r"[,;:，；：、。]")
_LAST: Final = exact(r"^\W*(?:$|[.,;:!?)，；：、。！])")
_SHORTEST: Final = 40
"""Characters of an answer whose language is looked at."""


def read(sentence: Sentence) -> Iterator[Draft]:
    """To answer in a language."""
    if "in_language" not in sentence.present:
        return
    for word, code in _NAMES.items():
        if word.encode() in sentence.lowered:
            demands = filled(sentence.language, "in_language", ("language", word))
            for match, demanded in _places(sentence):
                around = sentence.lowered[max(0, match.start() - 48) : match.end() + 48]
                if any(demanded(sentence.language, around, demand) for demand in demands):
                    yield Draft("language", (code,))
                    return


def _places(sentence: Sentence) -> Iterator[tuple[Any, Callable[[str, bytes, Any], bool]]]:
    """Where a sentence speaks of answers, or insists on something that isn't said to be so."""
    for match in matches(pattern("constraints", sentence.language, "answering"), sentence.lowered, 8):
        yield match, _demanded
    if not sentence.find("describing"):
        for match in matches(pattern("constraints", sentence.language, "insisting"), sentence.lowered, 4):
            yield match, _ends


def _ends(name: str, around: bytes, demand: Any) -> bool:
    """A demand that a part of the sentence ends with, and no noun follows: "always in German"."""
    return any(_LAST.search(around[match.end() :]) for match in matches(demand, around, 4)) and _demanded(
        name, around, demand
    )


def _demanded(name: str, around: bytes, demand: Any) -> bool:
    """A demand that no prohibition stands beside: "never in German"."""
    not_this = pattern("constraints", name, "forbidding")
    for match in matches(demand, around, 4):
        beside = _PART.split(around[: match.start()])[-1] if name != "ja" else _PART.split(around[match.end() :])[0]
        if not not_this.search(beside):
            return True
    return False


def breaks(rule: Constraint, text: str) -> Violation | None:
    """Most of an answer is in another language."""
    used = language(text) if len(text) >= _SHORTEST else None
    return Violation(rule, "is written in another language") if used and used != rule.terms[0] else None
