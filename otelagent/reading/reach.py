"""How far an answer got in a range that its assignment gives: "the years 1980 to 1991" of those to 1999, "A to M"."""

from collections.abc import Iterator
from typing import Final

from otelagent.reading.brief import Brief
from otelagent.reading.language import likely
from otelagent.reading.ledger import Account
from otelagent.reading.lexicon import compiled, matches
from otelagent.reading.sentences import plain, sentences
from otelagent.reading.undone_words import Words, words

_TO: Final = r"(?:\s?(?:-|–|—|~|〜|から|到|至)\s?|\s(?:to|through|thru|up to|bis|a|al|au|hasta|ate)\s)"
_END: Final = r"(?:第\s?)?(\d{1,4}|[a-z])"
_RANGE: Final = compiled(
    rf"(?:^|[^\pL\d.,/-]|\p{{Han}}){_END}(?:\s?\p{{Han}})?{_TO}(?:\pL{{2,12}}\s)?{_END}(?:[^\pL\d]|\p{{Han}}|[.,]?$)"
)
_PLACE: Final = compiled(r"(?:^|[^\pL\d.,]|\p{Han})(\d{1,4}|[a-z])(?:[^\pL\d]|\p{Han}|$)")
_LETTERS: Final = 1_000
_SMALLEST: Final = 3
"""Places that a range has at least."""

Range = tuple[int, int]


def reached(text: str, brief: Brief) -> Account | None:
    """The answer tells of the first part of a range, and that its author went no further."""
    data = plain(text)
    told = list(_ranges(data))
    given = list(_ranges(brief.text.encode(errors="replace"))) if told else ()
    for first, last in told:
        for start, end in given:
            if first == start and first < last < end and _ended(text, data, last, end):
                return Account(end - start + 1, last - start + 1)
    return None


def _ranges(data: bytes) -> Iterator[Range]:
    for match in matches(_RANGE, data, 12):
        first, last = _place(match[1]), _place(match[2])
        if match[1].isdigit() == match[2].isdigit() and last - first >= _SMALLEST - 1:
            yield first, last


def _place(written: bytes) -> int:
    """A number, or what stands for a letter: no number is below zero."""
    return int(written) if written.isdigit() else written.lower()[0] - _LETTERS


def _ended(text: str, data: bytes, last: int, end: int) -> bool:
    """It stopped there, or says what is with the others; of the end of the range it says nothing else."""
    own = [words(language) for language in likely(text)]
    lacking = [s for s in sentences(data) if any(_lacks(s, each) for each in own)]
    others = (s for s in sentences(data) if s not in lacking)
    told = any(end in _places(s) for s in others)
    return not told and any(_of_others(s, last, end, each) for s in lacking for each in own)


def _lacks(sentence: bytes, own: Words) -> bool:
    return own.undone.search(sentence) or own.stopped.search(sentence) or bool(own.rest.search(sentence))


def _of_others(sentence: bytes, last: int, end: int, own: Words) -> bool:
    """It speaks of what comes after the first part, or of that part's end."""
    return bool({last, last + 1, end} & _places(sentence) or own.rest.search(sentence))


def _places(sentence: bytes) -> set[int]:
    return {_place(match[1]) for match in matches(_PLACE, sentence, 40)}
