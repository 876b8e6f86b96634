"""How far an answer got in a range that its assignment gives: "the years 1980 to 1991" of those to 1999, "A to M"."""

from collections.abc import Iterator, Sequence
from typing import Final

from otelagent.reading.account import Account
from otelagent.reading.brief import Brief, speaks_of
from otelagent.reading.enumeration import enumerated
from otelagent.reading.language import likely
from otelagent.reading.lexicon import compiled, matches, unaccented
from otelagent.reading.naming import forms
from otelagent.reading.numerals import chinese
from otelagent.reading.sentences import plain, sentences
from otelagent.reading.undone_words import Words, words

_TO: Final = r"(?:\s?(?:-|–|—|~|〜|から|到|至)\s?|\s(?:to|through|thru|up to|bis|a|al|au|hasta|ate)\s)"
_END: Final = r"(?:第\s?)?(\d{1,4}|[a-z]|[一二三四五六七八九十]{1,3})"
_RANGE: Final = compiled(
    rf"(?:^|[^\pL\d.,/-]|\p{{Han}}){_END}(?:\s?\p{{Han}})?{_TO}(?:\pL{{2,12}}\s)?{_END}(?:[^\pL\d]|\p{{Han}}|[.,]?$)"
)
_PLACE: Final = compiled(r"(?:^|[^\pL\d.,]|\p{Han})(\d{1,4}|[a-z]|[一二三四五六七八九十]{1,3})(?:[^\pL\d]|\p{Han}|$)")
_NAMED: Final = compiled(rf"(\pL{{3,24}})\s(\d{{1,4}}){_TO}(\d{{1,4}})\b")
_JOINED: Final = compiled(_TO)
_STEM: Final = 4
_MOST: Final = 500
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
            if first == start and first < last < end and _went_no_further(text, data, last, end, brief):
                return Account(end - start + 1, last - start + 1)
    return _of_count(text, data, told, brief) or _of_names(text, data, brief)


def _went_no_further(text: str, data: bytes, last: int, end: int, brief: Brief) -> bool:
    return _ended(text, data, last, end) or (_did(text, data, last, brief) and not _beyond(data, last, end))


def _of_count(text: str, data: bytes, told: Sequence[Range], brief: Brief) -> Account | None:
    """ "Chapters 1-9 are read" of as many chapters as the assignment says."""
    total = max(brief.numbers, default=0)
    for first, last in told:
        part = first == 1 and _SMALLEST <= last < total <= _MOST and _of_known(data, first, last, brief)
        if part and _went_no_further(text, data, last, total, brief):
            return Account(total, last)
    return None


def _of_known(data: bytes, first: int, last: int, brief: Brief) -> bool:
    """The assignment has the word before the range."""
    found = (m for m in matches(_NAMED, data, 12) if (int(m[2]), int(m[3])) == (first, last))
    return any(m[1].decode(errors="replace")[:_STEM] in brief.text for m in found)


def _of_names(text: str, data: bytes, brief: Brief) -> Account | None:
    """ "Closed for January through April", of January to June: only names that stand between two were given."""
    told = [(_keys(s.decode(errors="replace")), s) for s in sentences(data) if _JOINED.search(s)] if brief.lists else []
    for own, sentence in told:
        for names in (names for names in brief.lists if own and len(names) >= _SMALLEST):
            covered = [not own.isdisjoint(forms(name)) for name in names]
            count = covered.index(False) if False in covered else 0
            if count < _SMALLEST - 1 or any(covered[count:]) or not _tells_work(text, sentence, brief):
                continue
            every = _keys(text)
            if all(every.isdisjoint(forms(name)) for name in names[count:]) and not _others(text, data):
                return Account(len(names), count, tuple(names[count:]))
    return None


def _keys(text: str) -> frozenset[int]:
    """What a text enumerates."""
    return frozenset(key for family in enumerated(text).families for key in family.keys)


def _did(text: str, data: bytes, last: int, brief: Brief) -> bool:
    """The sentence with the range tells of the work, and none speaks of others."""
    found = [s for s in sentences(data) if any(end == last for _, end in _ranges(s))]
    return any(_tells_work(text, s, brief) for s in found) and not _others(text, data)


def _tells_work(text: str, sentence: bytes, brief: Brief) -> bool:
    told = unaccented(sentence.decode(errors="replace"))
    spaced = any(words(language).spaced for language in likely(text))
    return any(verb in told for verb in brief.verbs) if spaced else speaks_of(told, brief)


def _others(text: str, data: bytes) -> bool:
    return any(words(language).rest.search(data) for language in likely(text))


def _beyond(data: bytes, last: int, end: int) -> bool:
    """A place after the range is spoken of."""
    return any(last < place <= end for place in _places(data))


def _ranges(data: bytes) -> Iterator[Range]:
    for match in matches(_RANGE, data, 12):
        first, last = _place(match[1]), _place(match[2])
        if _sort(match[1]) == _sort(match[2]) and last - first >= _SMALLEST - 1:
            yield first, last


def _sort(written: bytes) -> bool:
    return written.isascii() and not written.isdigit()


def _place(written: bytes) -> int:
    """A number, or what stands for a letter: no number is below zero."""
    if written.isdigit():
        return int(written)
    if not written.isascii():
        return int(chinese(written.decode()) or 0)
    return written.lower()[0] - _LETTERS


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
