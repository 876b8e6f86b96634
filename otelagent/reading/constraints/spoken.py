"""Rules on the language of answers."""

from collections.abc import Iterator
from typing import Any, Final

from otelagent.reading.constraints.constraint import Constraint, Draft, Sentence, Violation, filled
from otelagent.reading.language import language
from otelagent.reading.lexicon import LANGUAGES, exact, folded, matches, pattern, words

_NAMES: Final = {
    folded(word): code for name in LANGUAGES for word, code in words("constraints", name).get("languages", {}).items()
}
_PART: Final = exact(r"[,;:，；：、。]")
_SHORTEST: Final = 40
"""Characters of an answer whose language is looked at."""


def read(sentence: Sentence) -> Iterator[Draft]:
    """To answer in a language."""
    for word, code in _NAMES.items():
        if word.encode() in sentence.lowered:
            demands = filled(sentence.language, "in_language", ("language", word))
            for match in matches(pattern("constraints", sentence.language, "answering"), sentence.lowered, 8):
                around = sentence.lowered[max(0, match.start() - 48) : match.end() + 48]
                if any(_demanded(sentence.language, around, demand) for demand in demands):
                    yield Draft("language", (code,))
                    return


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
