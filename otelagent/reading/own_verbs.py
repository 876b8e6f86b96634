"""Whether an answer says with a tool's own verb that it was done: `clear_task`, "I've cleared it". English names only:
the verbs of `deeds` are known in all languages, those of tools' names are without number."""

from functools import lru_cache
from typing import Any, Final

from otelagent.reading.lexicon import NOTHING, compiled, folded
from otelagent.reading.states import words

_LETTERS: Final = 4
"""From which on a word of a name may be its verb."""
_HEAD: Final = 4_000
"""Characters of an answer that are looked at."""
_DONE: Final = (
    r"\b(?:(?:i|we)(?:’ve| have)?|(?:has|have) (?:now |just |already )?been|(?:is|are|was|were)(?: now)?)"
    r" (?:(?:now|just|also|already|successfully) )?"
)


def says_done(tool: str, text: str) -> bool:
    """The answer says of what the tool's name says that it was done."""
    return bool(_pattern(tool[:200]).search(folded(text[:_HEAD]).encode(errors="replace")))


@lru_cache(maxsize=512)
def _pattern(tool: str) -> Any:
    verbs = [word for word in words(tool) if len(word) >= _LETTERS and word.isascii() and word.isalpha()]
    stems = "|".join(verb[:-1] if verb[-1] in "ey" else verb for verb in verbs)
    return compiled(rf"{_DONE}(?:{stems})(?:[a-z]?ed|ied)\b" if verbs else NOTHING)
