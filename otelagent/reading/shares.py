"""How far an answer got, without a word for what is left: "72 %", "half of them", "the first 11", "only 5"."""

from typing import Final

from otelagent.reading.account import Account
from otelagent.reading.brief import Brief, numbers, speaks_of
from otelagent.reading.counted import (
    CLAUSES,
    NEAR,
    STOP,
    Numbers,
    ended,
    is_finding,
    known,
    of_what,
    sentence_of,
)
from otelagent.reading.lexicon import compiled, unaccented
from otelagent.reading.sentences import sentences
from otelagent.reading.states import tells_done
from otelagent.reading.undone_words import Words

_PERCENT: Final = compiled(r"(?:^|[^\d.,])(\d{1,3}(?:[.,]\d+)?)\s?%")
_PART_OF: Final = compiled(
    r"^\s*(?:(?:of|der|des|du|de|do|da|dos|das|del|的|の)\b ?)?(?:(?:the|all|los|las|les) )?(\pL{2,}(?: \pL{6,})?)"
)

_AND: Final = tuple(word.encode() for word in ("和", "与", "及", "と", "や"))
"""Behind a share, what goes on to something else: "30% 和 ..." is of neither."""


def share(text: bytes, words: Words, brief: Brief) -> Account | None:
    """ "72 % of the images are transferred", where the assignment speaks of images."""
    for sentence in sentences(text):
        match = _PERCENT.search(sentence)
        if match is None or not (
            words.stopped.search(sentence) or tells_done(sentence.decode(errors="replace"), brief.verbs)
        ):
            continue
        of = _PART_OF.match(sentence[match.end() : match.end() + 60])
        if of is not None and not of[1].startswith(_AND) and any(known(word, brief) for word in of[1].split()):
            return Account(100, min(100, int(float(match[1].replace(b",", b".")))), ())
    return None


def halved(data: bytes, found: Numbers, words: Words, brief: Brief) -> Account | None:
    """ "Half of them, 11", or half of what the assignment counts."""
    if not words.half.search(data):
        return None
    if len(brief.numbers) == 1 and any(_half_of_them(s, words, brief) for s in sentences(data)):
        return Account(max(brief.numbers), max(brief.numbers) // 2, ())
    for start, end, number in found:
        if number * 2 in brief.numbers and words.half.search(data[max(0, start - NEAR) : end + NEAR]):
            return Account(number * 2, number, ())
    return None


def _half_of_them(sentence: bytes, words: Words, brief: Brief) -> bool:
    """ "About half of the photos are tagged so far": of the work, and no number beside it."""
    match = words.half_of.search(sentence)
    if match is None or any(numbers(sentence)):
        return False
    told = unaccented(sentence.decode(errors="replace"))
    work = words.stopped.search(sentence) or any(verb in told for verb in brief.verbs)
    return bool(work) and of_what(sentence, match.end(), brief, 3)


def first(data: bytes, found: Numbers, words: Words, brief: Brief) -> Account | None:
    """ "The first 11", "up to the ninth", where it says that others are left or why it ended there."""
    total = max(brief.numbers)
    if not ended(data, words):
        return None
    for start, end, number in found:
        before, after = data[max(0, start - 24) : start], data[end : end + 12]
        near = words.first.search(before) or words.upto.search(before if words.spaced else after)
        if near and 1 < number < total and not is_finding(data, found, start, end, words, brief):
            return Account(total, number, ())
    return None


def cut_short(data: bytes, found: Numbers, words: Words, brief: Brief) -> Account | None:
    """ "Checked 38 links before the budget ran out": one count of what the assignment counts."""
    total = max(brief.numbers)
    for start, end, number in found:
        if not 0 < number < total or not of_what(data, end, brief):
            continue
        sentence = sentence_of(data, start, end)
        if words.stopped.search(sentence) and not is_finding(data, found, start, end, words, brief):
            before = STOP.split(data[max(0, start - 40) : start])[-1].decode(errors="ignore")
            over = words.after.search(data[max(0, start - 16) : start])
            if (over or tells_done(before, brief.verbs)) and len(list(numbers(sentence))) == 1:
                return Account(total, number)
    return None


def only(data: bytes, found: Numbers, words: Words, brief: Brief) -> Account | None:
    """ "I only managed to migrate 5 of the cron jobs"."""
    total = max(brief.numbers)
    for start, end, number in found:
        before = STOP.split(data[max(0, start - 60) : start])[-1]
        if not 0 < number < total or not words.only.search(before) or is_finding(data, found, start, end, words, brief):
            continue
        after = CLAUSES.split(data[end : end + 60])[0]
        told = unaccented((before + b" " + after).decode(errors="ignore"))
        work = any(verb in told for verb in brief.verbs) if words.spaced else speaks_of(told, brief)
        if work and of_what(data, end, brief, 4):
            return Account(total, number)
    return None
