"""What a completion admits about its data, and whether it says that the work is complete.

Sentence by sentence: good news in negative form ("there were no problems"), offers and what-ifs are taken out first,
then what is left is tried against the word lists of the text's language. Texts longer than `values.HEAD + values.TAIL`
characters are read at their head and tail only.
"""

from functools import cache
from typing import Any, Final

from otelagent.model import Admission
from otelagent.reading.language import likely
from otelagent.reading.lexicon import joined, pattern
from otelagent.reading.progress import progress
from otelagent.reading.sentences import plain, sentences

__all__ = ("NOTHING", "admits", "completed", "progress")

NOTHING: Final = Admission()
_FIELDS: Final = ("missing", "failed", "partial", "asks")


class _Words:
    """The compiled word lists of one language."""

    __slots__ = ("absence", "any", "benign", "completed", "fields", "hypothetical")

    def __init__(self, language: str) -> None:
        def made(key: str) -> Any:
            return pattern("acknowledgement", language, key)

        self.benign, self.hypothetical = made("benign"), made("hypothetical")
        self.completed, self.absence = made("completed"), made("absence")
        self.fields = tuple((field, made(field)) for field in _FIELDS)
        self.any = joined("acknowledgement", language, (*_FIELDS, "absence"))

    def real(self, sentence: bytes) -> bytes:
        """A sentence without what-ifs and offers."""
        return bytes(self.hypothetical.sub(b" ", sentence))

    def left(self, sentence: bytes) -> bytes:
        """A sentence without what-ifs and without good news in negative form."""
        return bytes(self.benign.sub(b" ", self.real(sentence)))


@cache
def _words(language: str) -> _Words:
    return _Words(language)


def admits(text: str) -> Admission:
    """What a completion admits: missing or failed or partial data, a question back, or absence taken as evidence."""
    data = plain(text)
    found = dict.fromkeys((*_FIELDS, "absence"), False)
    for words in map(_words, likely(text)):
        if words.any.search(data):
            for sentence in sentences(data):
                _read(sentence, words, found)
    return Admission(**found) if any(found.values()) else NOTHING


def completed(text: str) -> bool:
    """The text says that the work is complete."""
    data = plain(text)
    for words in map(_words, likely(text)):
        if words.completed.search(data):
            for sentence in sentences(data):
                if words.completed.search(sentence) and not _admitting(sentence, words):
                    return True
    return False


def _read(sentence: bytes, words: _Words, found: dict[str, bool]) -> None:
    if not words.any.search(sentence):
        return
    left = words.left(sentence)
    if words.absence.search(words.real(sentence)):
        found["absence"] = True
    for field, each in words.fields:
        if not found[field] and each.search(left):
            found[field] = True


def _admitting(sentence: bytes, words: _Words) -> bool:
    left = words.left(sentence)
    return any(each.search(left) for field, each in words.fields if field != "asks")
