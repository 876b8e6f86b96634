"""What an answer says is left of what its assignment counts: 59 + 2 + 5, "all but three", "14 are still to be done"."""

from typing import Final

from otelagent.reading.account import Account
from otelagent.reading.brief import Brief
from otelagent.reading.counted import (
    NEAR,
    STOP,
    Numbers,
    clause_of,
    ended,
    is_finding,
    of_what,
    sentence_of,
    tells_of_them,
)
from otelagent.reading.lexicon import matches
from otelagent.reading.states import tells_done
from otelagent.reading.undone_words import Words

_TWO: Final = 2


def summed(data: bytes, found: Numbers, words: Words, brief: Brief) -> Account | None:
    """Neighbouring counts that make up what was given, some of which tell of what is left."""
    counted = [each for each in found if each[2] and each[2] not in brief.numbers]
    for size in (2, 3, 4):
        for at in range(len(counted) - size + 1):
            run = counted[at : at + size]
            total = sum(number for _, _, number in run)
            if total not in brief.numbers:
                continue
            lacks = [number for start, end, number in run if words.uncounted.search(clause_of(data, start, end, run))]
            sure = size == _TWO or ended(data, words)
            if is_finding(data, found, run[0][0], run[-1][1], words, brief):
                continue
            if not ended(data, words) and any(
                n not in lacks and tells_of_them(data, b, e, words, brief) for b, e, n in run
            ):
                continue
            whole = data[max(0, run[0][0] - NEAR) : run[-1][1] + NEAR].decode(errors="replace")
            if lacks and len(lacks) < size and (sure or tells_done(whole, brief.verbs)):
                return Account(total, total - sum(lacks), ())
    return None


def all_but(data: bytes, found: Numbers, words: Words, brief: Brief) -> Account | None:
    """ "All 16 but three"."""
    for start, end, number in found:
        if words.except_.search(data[max(0, start - 40) : start]) or words.excepted.search(data[end : end + 24]):
            total = next((n for b, _, n in found if n in brief.numbers and n > number and abs(b - end) < NEAR), None)
            if total is not None:
                return Account(total, total - number, ())
    return None


def lacking(data: bytes, found: Numbers, words: Words, brief: Brief) -> Account | None:
    """ "Quedan 14 fotos por subir": so many of what the assignment counts."""
    total = max(brief.numbers)
    for start, end, number in found:
        if not 0 < number < total or not words.lacking.search(data[max(0, start - 24) : start]):
            continue
        if of_what(data, end, brief, 1) and not is_finding(data, found, start, end, words, brief):
            return Account(total, total - number)
    return None


def remaining(data: bytes, found: Numbers, words: Words, brief: Brief) -> Account | None:
    """ "I ran out of time for the last eight"."""
    total = max(brief.numbers)
    for start, end, number in found:
        if 0 < number < total and words.others.search(data[max(0, start - 24) : start]):
            sentence = sentence_of(data, start, end)
            if words.undone.search(sentence) or words.stopped.search(sentence):
                return Account(total, total - number)
    return None


def with_rest(data: bytes, found: Numbers, words: Words, brief: Brief) -> Account | None:
    """ "36 claims are through. The remainder is queued"."""
    total = max(brief.numbers)
    rest = next((m for m in matches(words.rest, data, 4) if _is_left(data[m.end() :], words)), None)
    if rest is None:
        return None
    counted = [
        n
        for start, end, n in found
        if 0 < n < total and of_what(data, end, brief) and not is_finding(data, found, start, end, words, brief)
    ]
    return Account(total, counted[0]) if len(counted) == 1 else None


def _is_left(after: bytes, words: Words) -> bool:
    clause = STOP.split(after[:NEAR])[0]
    return bool(words.uncounted.search(clause) or words.undone.search(clause))
