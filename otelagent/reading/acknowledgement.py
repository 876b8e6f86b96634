"""What a completion admits about its data, and whether it says that the work is complete.

Sentence by sentence: good news in negative form ("there were no problems"), offers and what-ifs are taken out first,
then what is left is tried against the word lists of the text's language. Texts longer than `values.HEAD + values.TAIL`
characters are read at their head and tail only.
"""

from functools import cache
from typing import Final

from otelagent.model import Admission
from otelagent.reading.language import likely
from otelagent.reading.lexicon import LANGUAGES, AnyOf, any_of, compiled, grammar, pattern
from otelagent.reading.progress import progress
from otelagent.reading.sentences import plain, sentences

__all__ = (
    "NOTHING",
    "admits",
    "announces",
    "clears",
    "completed",
    "halted",
    "in_part",
    "progress",
    "spotless",
    "undone",
    "whole",
)

NOTHING: Final = Admission()
_CLAUSES: Final = compiled(r"[:;–—]| - ")
_LONGEST_PLAN: Final = 600
"""Bytes of a text that may be a plan and nothing else."""

_OPENING: Final = 60
"""Bytes of a sentence before it that says nothing ("Sure, I can help with that")."""

_HALTED: Final = compiled(
    "|".join(f"(?:{each})" for language in LANGUAGES for each in grammar("acknowledgement", language)["halted"])
)
_FIELDS: Final = ("missing", "failed", "partial", "asks")


class _Words:
    """The compiled word lists of one language."""

    __slots__ = ("absence", "announces", "any", "barred", "benign", "completed", "fields", "hypothetical", "undone")

    def __init__(self, language: str) -> None:
        lists = dict(grammar("acknowledgement", language))
        own = grammar("delegation", language)
        lists["partial"] = [*lists["partial"], *own["left"], *own["undone"]]

        def found(*keys: str) -> AnyOf:
            return AnyOf([each for key in keys for each in lists.get(key, ())])

        self.benign = pattern("acknowledgement", language, "benign")
        self.hypothetical = pattern("acknowledgement", language, "hypothetical")
        self.completed, self.absence, self.announces = found("completed"), found("absence"), found("announces")
        self.barred = found("barred")
        self.undone = AnyOf(own["undone"])
        self.fields = tuple((field, found(field)) for field in _FIELDS)
        self.any = found(*_FIELDS, "absence")

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


def undone(text: str) -> bool:
    """The text says that its author has not done some of the work yet, or lists that."""
    data = plain(text)
    return any(
        words.undone.search(data) and any(words.undone.search(words.left(each)) for each in sentences(data))
        for words in map(_words, likely(text))
    )


def completed(text: str) -> bool:
    """The text says that the work is complete."""
    data = plain(text)
    for words in map(_words, likely(text)):
        if words.completed.search(data):
            for sentence in sentences(data):
                if (
                    words.completed.search(sentence)
                    and not _admitting(sentence, words)
                    and _claims_all(sentence, words)
                ):
                    return True
    return False


def clears(text: str) -> bool:
    """It gives the verdict that all is well: safe, clean, compliant."""
    data = plain(text)
    return any(any_of("acknowledgement", language, "clears").search(data) for language in likely(text))


def spotless(text: str) -> bool:
    """It says that a check found nothing of what it looks for: "no vulnerabilities"."""
    data = plain(text)
    return any(any_of("acknowledgement", language, "spotless").search(data) for language in likely(text))


def in_part(text: str) -> bool:
    """It speaks of what it tells of as a part of more."""
    data = plain(text)
    return any(any_of("acknowledgement", language, "part").search(data) for language in likely(text))


def whole(text: str) -> bool:
    """A sentence says that what it tells of is all there is, and none that it is a part."""
    data = plain(text)
    for language in likely(text):
        words, part = any_of("acknowledgement", language, "whole_claim"), any_of("acknowledgement", language, "part")
        if words.search(data) and not part.search(data):
            return True
    return False


def _claims_all(sentence: bytes, words: _Words) -> bool:
    """ "Completed 3 of 7 documents" claims three; "all done: 3 of 7 files" claims to be done."""
    found = progress(sentence.decode(errors="replace")) if any(map(bytes.isdigit, sentence.split())) else None
    if found is None or found[1] >= found[0]:
        return True
    return any(
        words.completed.search(clause) and not any(map(str.isdigit, clause.decode(errors="replace")))
        for clause in _CLAUSES.split(sentence)
    )


def announces(text: str) -> bool:
    """The text only says what its author is about to do."""
    data = plain(text)
    if len(data) > _LONGEST_PLAN:
        return False
    for words in map(_words, likely(text)):
        found = sentences(data)
        rest = [each for each in found if not _is_plan(each, words)]
        if found and found[-1] not in rest and not any(map(words.completed.search, rest)):
            return len(rest) <= 1 and sum(map(len, rest)) <= _OPENING
    return False


def _is_plan(sentence: bytes, words: _Words) -> bool:
    """What stands after a colon is no plan but what was planned."""
    return bool(words.announces.search(sentence)) and b": " not in sentence


def halted(text: str) -> bool:
    """The framework's own words in place of an answer: it stopped the agent at a limit."""
    return len(text) <= _LONGEST_PLAN and bool(_HALTED.search(plain(text)))


def _read(sentence: bytes, words: _Words, found: dict[str, bool]) -> None:
    if not words.any.search(sentence):
        return
    left = words.left(sentence)
    if words.absence.search(words.real(sentence)) and not words.barred.search(sentence):
        found["absence"] = True
    for field, each in words.fields:
        if not found[field] and each.search(left):
            found[field] = True


def _admitting(sentence: bytes, words: _Words) -> bool:
    left = words.left(sentence)
    return any(each.search(left) for field, each in words.fields if field != "asks")
