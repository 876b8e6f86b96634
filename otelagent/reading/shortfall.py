"""Counts of an answer that fall short of what its assignment says: "26 of them", 59 + 2 + 5, the first half."""

from typing import Final

from otelagent.reading.account import Account
from otelagent.reading.brief import Brief, numbers
from otelagent.reading.counted import Judge, did_as_many, ended, is_finding
from otelagent.reading.language import likely
from otelagent.reading.parts import of_things, of_whole
from otelagent.reading.remainders import all_but, lacking, remaining, summed, with_rest
from otelagent.reading.sentences import plain
from otelagent.reading.shares import cut_short, first, halved, only, share
from otelagent.reading.undone_words import words as words_of


def short(text: str, brief: Brief) -> Account | None:
    """Counts of the answer against one that the assignment says: "26 of them", 59 + 2 + 5, the first half."""
    if not brief.text:
        return None
    data = plain(text)
    found = list(numbers(data))
    for words in map(words_of, likely(text)):
        if account := share(data, words, brief):
            return account
        aside = did_as_many(data, found, words, brief) and not ended(data, words)
        for judge in (
            *(() if aside else _PARTS),
            *(_COUNTS if (found or words.half.search(data)) and brief.numbers else ()),
        ):
            if account := judge(data, found, words, brief):
                return account
    return None


def whole(text: str, brief: Brief) -> bool:
    """The answer says that all were dealt with, as many as the assignment says: "scored all 40"."""
    data = plain(text) if brief.numbers else b""
    found = list(numbers(data))
    return any(
        is_finding(data, found, 0, 0, words, brief) or did_as_many(data, found, words, brief)
        for words in map(words_of, likely(text))
    )


_PARTS: Final[tuple[Judge, ...]] = (of_things, of_whole)
"""A part of a whole, of which nothing is said where as many as were asked for are said to be done."""

_COUNTS: Final[tuple[Judge, ...]] = (summed, halved, all_but, first, cut_short, only, lacking, remaining, with_rest)
"""Against a number that the assignment says."""
