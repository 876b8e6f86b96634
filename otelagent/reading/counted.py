"""What stands around a count in an answer: its sentence, what it is a count of, and whether all were dealt with."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

from otelagent.reading.account import Account
from otelagent.reading.brief import Brief, numbers
from otelagent.reading.lexicon import compiled
from otelagent.reading.states import tells_done
from otelagent.reading.undone_words import Words

CLAUSES: Final = compiled(r"[,;:.、，；。]|\s(?:and|und|et|y|e)\s")
_WORDS: Final = compiled(r"\pL{2,24}")
_BLANKS: Final = bytes(byte if chr(byte).isalpha() else 32 for byte in range(128)).ljust(256)
_STEM: Final = 4
STOP: Final = compiled(r"[.;:!?]\s|[。；！？\n]")
NEAR: Final = 80
"""Bytes of a sentence between a count and the whole that it is of."""
Numbers = Sequence[tuple[int, int, int]]
Judge = Callable[[bytes, Numbers, Words, Brief], Account | None]


def sentence_of(data: bytes, start: int, end: int) -> bytes:
    marks = (b". ", b"\n", "。".encode(), b"! ", b"? ")
    first = max((data.rfind(mark, 0, start) + len(mark) for mark in marks if mark in data[:start]), default=0)
    last = min((at for mark in marks if (at := data.find(mark, end)) >= 0), default=len(data))
    return data[first:last]


def clause_of(data: bytes, start: int, end: int, run: Numbers) -> bytes:
    """What belongs to a count: up to the next one, and no further than its clause."""
    before = CLAUSES.split(data[max(0, start - NEAR) : start])[-1]
    others = [b for b, _, _ in run if b > start]
    if not others:
        return bytes(before[-40:] + STOP.split(data[end : end + NEAR])[0])
    after = data[end : min(others)][:NEAR]
    shown = CLAUSES.split(after)
    return b" ".join((before[-40:], shown[0] if shown[0].strip() or len(shown) == 1 else b" ".join(shown[:2])))


def known(word: bytes, brief: Brief) -> bool:
    """The assignment speaks of it."""
    name = word.decode(errors="replace")
    if not name.isascii():
        return any(name[at : at + 2] in brief.text for at in range(len(name) - 1))
    return len(name) >= _STEM and name[:_STEM] in brief.text


def tells_of_them(data: bytes, start: int, end: int, words: Words, brief: Brief) -> bool:
    """ "3 of 7 contracts contain a clause": what they are like, and not what was done with them."""
    return bool(words.finding.match(CLAUSES.split(data[end : end + 60])[0])) and not at_work(
        data, start, end, words, brief
    )


def at_work(data: bytes, start: int, end: int, words: Words, brief: Brief) -> bool:
    """The word for the work stands right before the counts, or is what is said of them."""
    before = STOP.split(data[max(0, start - 40) : start])[-1]
    after = b" ".join(CLAUSES.split(data[end : end + 60])[0].split()[:4])
    return any(tells_done(each.decode(errors="ignore"), brief.verbs) for each in (before, after))


def is_finding(data: bytes, found: Numbers, start: int, end: int, words: Words, brief: Brief) -> bool:
    """All were dealt with, as the answer says elsewhere; then the count tells of something else."""
    for begin, close, number in found:
        if number in brief.numbers and not start <= begin < end:
            around = data[max(0, begin - 16) : begin] + b" " + data[close : close + 24]
            said = sentence_of(data, begin, close)
            done = tells_done(said.decode(errors="replace"), brief.verbs) or words.ready.search(said)
            if words.whole.search(around) and done:
                return True
    return False


def did_as_many(data: bytes, found: Numbers, words: Words, brief: Brief) -> bool:
    """ "Labels are written for 26 pots": a clause of its own that says that as many were dealt with as there are."""
    total = max(brief.numbers, default=0)
    for begin, close, number in found:
        if number != total:
            continue
        before = CLAUSES.split(data[max(0, begin - NEAR) : begin])[-1]
        after = CLAUSES.split(data[close : close + NEAR])[0]
        clause = before + data[begin:close] + after
        if words.of.match(after) or words.within.search(after) or words.lead.search(before):
            continue
        told = (before + b" " + after).decode(errors="replace")
        if (tells_done(told, ()) or words.ready.search(clause)) and not (
            words.uncounted.search(clause) or words.only.search(clause)
        ):
            return len(list(numbers(clause))) == 1
    return False


def of_what(data: bytes, end: int, brief: Brief, most: int = 2) -> bool:
    """What stands behind a count, `most` words of it, is something that the assignment speaks of."""
    return names_some(data[end : end + 40], brief, most)


def names_some(after: bytes, brief: Brief, most: int) -> bool:
    """Of what stands first in a few bytes. RE2's `findall` takes 23 microseconds for them, Python's `split` one."""
    if after.isascii():
        words = [word for word in after.translate(_BLANKS).split() if len(word) > 1]
    else:
        words = _WORDS.findall(after)
    return any(known(word, brief) for word in words[:most])


@lru_cache(16)
def ended(data: bytes, words: Words) -> bool:
    """Work stopped, or wasn't done: each judge asks, and the lists are long."""
    return words.stopped.search(data) or words.undone.search(data)
