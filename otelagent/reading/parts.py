"""A part of a whole in an answer: "19 of the 25 screens", "28, of which 19"."""

from itertools import pairwise
from typing import Final

from otelagent.reading.account import Account
from otelagent.reading.brief import Brief
from otelagent.reading.counted import (
    NEAR,
    STOP,
    Numbers,
    at_work,
    ended,
    is_finding,
    names_some,
    sentence_of,
    tells_of_them,
)
from otelagent.reading.lexicon import compiled
from otelagent.reading.states import tells_done
from otelagent.reading.undone_words import Words

_ALTOGETHER: Final = compiled(
    r"\b(?:altogether|in total|in all|insgesamt|(?:au|en|no|un|ein|um) total|gesamt)\b"
    r"|[一总總]共|全部で|合計|共[计計有]"
)


def of_whole(data: bytes, found: Numbers, words: Words, brief: Brief) -> Account | None:
    """ "19 of the 25 screens", "28 of which 19", with a word for work done or for why it ended there."""
    for (start, end, first), (begin, close, second) in pairwise(found):
        gap = data[end:begin]
        if len(gap) > NEAR or any(mark in gap for mark in (b". ", b"\n", "。".encode())):
            continue
        if second in brief.numbers and first < second and (words.of.match(gap) or _ALTOGETHER.search(gap)):
            done, total = first, second
        elif first in brief.numbers and second < first and _parts(data[:start], gap, words):
            if _all(data[:start], gap, words):
                continue
            done, total = second, first
        else:
            continue
        if is_finding(data, found, start, close, words, brief) or tells_of_them(data, start, close, words, brief):
            continue
        around = sentence_of(data, start, close)
        work = words.only.search(around) or words.reaching.search(around)
        if ended(data, words) or work or tells_done(around.decode(errors="replace"), brief.verbs):
            return Account(total, done)
    return None


def of_things(data: bytes, found: Numbers, words: Words, brief: Brief) -> Account | None:
    """ "Sent reminders for 18 invoices of 31": a whole that only the answer tells, of what the assignment speaks of,
    with the word for the work right beside the count."""
    if words.spaced and not brief.verbs:
        return None
    for (start, end, first), (begin, close, second) in pairwise(found):
        gap = data[end:begin]
        if len(gap) > NEAR or STOP.search(gap):
            continue
        if first < second and words.of.match(gap):
            done, total, at, named = first, second, start, gap + data[close : close + 30]
        elif second < first and words.within.search(gap) and not _all(data[:start], gap, words):
            named = gap if words.spaced else data[max(0, start - 24) : start] + gap
            done, total, at = second, first, begin
        else:
            continue
        if words.attributed.search(sentence_of(data, start, close)):
            continue
        if total < 2 or not names_some(named, brief, 6):
            continue
        work = gap if at == begin else data[at:at]
        if tells_done(work.decode(errors="ignore"), brief.verbs) or at_work(
            data, at if at == start else close, close, words, brief
        ):
            return Account(total, done)
    return None


def _all(before: bytes, gap: bytes, words: Words) -> bool:
    """Every one of the whole was dealt with: "all 12, of which 5 ..."."""
    return words.whole.search(before[-16:]) or words.whole.search(gap)


def _parts(before: bytes, gap: bytes, words: Words) -> bool:
    """The whole stands first: "40, of which 26", "of 110 I restored 97"."""
    return bool(words.within.search(gap) or words.of.match(gap) or words.lead.search(before[-24:]))
