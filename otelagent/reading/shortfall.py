"""Counts of an answer that fall short of what its assignment says: "26 of them", 59 + 2 + 5, the first half."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final

from otelagent.reading.brief import Brief, numbers, speaks_of
from otelagent.reading.language import likely
from otelagent.reading.ledger import Account
from otelagent.reading.lexicon import compiled, matches, unaccented
from otelagent.reading.sentences import plain, sentences
from otelagent.reading.states import tells_done
from otelagent.reading.undone_words import Words
from otelagent.reading.undone_words import words as words_of

_CLAUSES: Final = compiled(r"[,;:.、，；。]|\s(?:and|und|et|y|e)\s")
_PERCENT: Final = compiled(r"(?:^|[^\d.,])(\d{1,3}(?:[.,]\d+)?)\s?%")
_PART_OF: Final = compiled(
    r"^\s*(?:(?:of|der|des|du|de|do|da|dos|das|del|的|の)\b ?)?(?:(?:the|all|los|las|les) )?(\pL{2,}(?: \pL{6,})?)"
)
_ALTOGETHER: Final = compiled(
    r"\b(?:altogether|in total|in all|insgesamt|(?:au|en|no|un|ein|um) total|gesamt)\b"
    r"|[一总總]共|全部で|合計|共[计計有]"
)
_WORDS: Final = compiled(r"\pL{2,24}")
_STEM: Final = 4
_STOP: Final = compiled(r"[.;:!?]\s|[。；！？\n]")
_TWO: Final = 2
_NEAR: Final = 80
"""Bytes of a sentence between a count and the whole that it is of."""


def short(text: str, brief: Brief) -> Account | None:
    """Counts of the answer against one that the assignment says: "26 of them", 59 + 2 + 5, the first half."""
    if not brief.text:
        return None
    data = plain(text)
    found = list(numbers(data))
    for words in map(words_of, likely(text)):
        if account := _share(data, words, brief):
            return account
        aside = _did_as_many(data, found, words, brief) and not _ended(data, words)
        for judge in (*(() if aside else _PARTS), *(_COUNTS if (found or words.half.search(data)) and brief.numbers else ())):
            if account := judge(data, found, words, brief):
                return account
    return None


@lru_cache(16)
def _ended(data: bytes, words: Words) -> bool:
    """Work stopped, or wasn't done: each judge asks, and the lists are long."""
    return words.stopped.search(data) or words.undone.search(data)


Numbers = Sequence[tuple[int, int, int]]
Judge = Callable[[bytes, Numbers, Words, Brief], Account | None]


def _of_whole(data: bytes, found: Numbers, words: Words, brief: Brief) -> Account | None:
    """ "19 of the 25 screens", "28 of which 19", with a word for work done or for why it ended there."""
    for (start, end, first), (begin, close, second) in pairwise(found):
        gap = data[end:begin]
        if len(gap) > _NEAR or any(mark in gap for mark in (b". ", b"\n", "。".encode())):
            continue
        if second in brief.numbers and first < second and (words.of.match(gap) or _ALTOGETHER.search(gap)):
            done, total = first, second
        elif first in brief.numbers and second < first and _parts(data[:start], gap, words):
            if _all(data[:start], gap, words):
                continue
            done, total = second, first
        else:
            continue
        if _is_finding(data, found, start, close, words, brief) or _tells_of_them(data, start, close, words, brief):
            continue
        around = _sentence(data, start, close)
        work = words.only.search(around) or words.reaching.search(around)
        if _ended(data, words) or work or tells_done(around.decode(errors="replace"), brief.verbs):
            return Account(total, done)
    return None


def _tells_of_them(data: bytes, start: int, end: int, words: Words, brief: Brief) -> bool:
    """ "3 of 7 contracts contain a clause": what they are like, and not what was done with them."""
    return bool(words.finding.match(_CLAUSES.split(data[end : end + 60])[0])) and not _at_work(
        data, start, end, words, brief
    )


def _at_work(data: bytes, start: int, end: int, words: Words, brief: Brief) -> bool:
    """The word for the work stands right before the counts, or is what is said of them."""
    before = _STOP.split(data[max(0, start - 40) : start])[-1]
    after = b" ".join(_CLAUSES.split(data[end : end + 60])[0].split()[:4])
    return any(tells_done(each.decode(errors="ignore"), brief.verbs) for each in (before, after))


def _of_things(data: bytes, found: Numbers, words: Words, brief: Brief) -> Account | None:
    """ "Sent reminders for 18 invoices of 31": a whole that only the answer tells, of what the assignment speaks of,
    with the word for the work right beside the count."""
    if words.spaced and not brief.verbs:
        return None
    for (start, end, first), (begin, close, second) in pairwise(found):
        gap = data[end:begin]
        if len(gap) > _NEAR or _STOP.search(gap):
            continue
        if first < second and words.of.match(gap):
            done, total, at, named = first, second, start, gap + data[close : close + 30]
        elif second < first and words.within.search(gap) and not _all(data[:start], gap, words):
            named = gap if words.spaced else data[max(0, start - 24) : start] + gap
            done, total, at = second, first, begin
        else:
            continue
        if words.attributed.search(_sentence(data, start, close)):
            continue
        if total < 2 or not any(_known(word, brief) for word in _WORDS.findall(named)[:6]):
            continue
        work = gap if at == begin else data[at:at]
        if tells_done(work.decode(errors="ignore"), brief.verbs) or _at_work(
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


def _sentence(data: bytes, start: int, end: int) -> bytes:
    marks = (b". ", b"\n", "。".encode(), b"! ", b"? ")
    first = max((data.rfind(mark, 0, start) + len(mark) for mark in marks if mark in data[:start]), default=0)
    last = min((at for mark in marks if (at := data.find(mark, end)) >= 0), default=len(data))
    return data[first:last]


def whole(text: str, brief: Brief) -> bool:
    """The answer says that all were dealt with, as many as the assignment says: "scored all 40"."""
    data = plain(text) if brief.numbers else b""
    found = list(numbers(data))
    return any(
        _is_finding(data, found, 0, 0, words, brief) or _did_as_many(data, found, words, brief)
        for words in map(words_of, likely(text))
    )


def _did_as_many(data: bytes, found: Numbers, words: Words, brief: Brief) -> bool:
    """ "Labels are written for 26 pots": a clause of its own that says that as many were dealt with as there are."""
    total = max(brief.numbers, default=0)
    for begin, close, number in found:
        if number != total:
            continue
        before = _CLAUSES.split(data[max(0, begin - _NEAR) : begin])[-1]
        after = _CLAUSES.split(data[close : close + _NEAR])[0]
        clause = before + data[begin:close] + after
        if words.of.match(after) or words.within.search(after) or words.lead.search(before):
            continue
        told = (before + b" " + after).decode(errors="replace")
        if (tells_done(told, ()) or words.ready.search(clause)) and not (
            words.uncounted.search(clause) or words.only.search(clause)
        ):
            return len(list(numbers(clause))) == 1
    return False


def _is_finding(data: bytes, found: Numbers, start: int, end: int, words: Words, brief: Brief) -> bool:
    """All were dealt with, as the answer says elsewhere; then the count tells of something else."""
    for begin, close, number in found:
        if number in brief.numbers and not start <= begin < end:
            around = data[max(0, begin - 16) : begin] + b" " + data[close : close + 24]
            said = _sentence(data, begin, close)
            done = tells_done(said.decode(errors="replace"), brief.verbs) or words.ready.search(said)
            if words.whole.search(around) and done:
                return True
    return False


def _summed(data: bytes, found: Numbers, words: Words, brief: Brief) -> Account | None:
    """Neighbouring counts that make up what was given, some of which tell of what is left."""
    counted = [each for each in found if each[2] and each[2] not in brief.numbers]
    for size in (2, 3, 4):
        for at in range(len(counted) - size + 1):
            run = counted[at : at + size]
            total = sum(number for _, _, number in run)
            if total not in brief.numbers:
                continue
            lacks = [number for start, end, number in run if words.uncounted.search(_clause(data, start, end, run))]
            sure = size == _TWO or _ended(data, words)
            if _is_finding(data, found, run[0][0], run[-1][1], words, brief):
                continue
            if not _ended(data, words) and any(
                n not in lacks and _tells_of_them(data, b, e, words, brief) for b, e, n in run
            ):
                continue
            whole = data[max(0, run[0][0] - _NEAR) : run[-1][1] + _NEAR].decode(errors="replace")
            if lacks and len(lacks) < size and (sure or tells_done(whole, brief.verbs)):
                return Account(total, total - sum(lacks), ())
    return None


def _clause(data: bytes, start: int, end: int, run: Numbers) -> bytes:
    """What belongs to a count: up to the next one, and no further than its clause."""
    before = _CLAUSES.split(data[max(0, start - _NEAR) : start])[-1]
    others = [b for b, _, _ in run if b > start]
    if not others:
        return bytes(before[-40:] + _STOP.split(data[end : end + _NEAR])[0])
    after = data[end : min(others)][:_NEAR]
    shown = _CLAUSES.split(after)
    return b" ".join((before[-40:], shown[0] if shown[0].strip() or len(shown) == 1 else b" ".join(shown[:2])))


def _halved(data: bytes, found: Numbers, words: Words, brief: Brief) -> Account | None:
    """ "Half of them, 11", or half of what the assignment counts."""
    if not words.half.search(data):
        return None
    if len(brief.numbers) == 1 and any(_half_of_them(s, words, brief) for s in sentences(data)):
        return Account(max(brief.numbers), max(brief.numbers) // 2, ())
    for start, end, number in found:
        if number * 2 in brief.numbers and words.half.search(data[max(0, start - _NEAR) : end + _NEAR]):
            return Account(number * 2, number, ())
    return None


def _half_of_them(sentence: bytes, words: Words, brief: Brief) -> bool:
    """ "About half of the photos are tagged so far": of the work, and no number beside it."""
    match = words.half_of.search(sentence)
    if match is None or any(numbers(sentence)):
        return False
    things = _WORDS.findall(sentence[match.end() : match.end() + 40])[:3]
    told = unaccented(sentence.decode(errors="replace"))
    work = words.stopped.search(sentence) or any(verb in told for verb in brief.verbs)
    return bool(work) and any(_known(word, brief) for word in things)


def _only(data: bytes, found: Numbers, words: Words, brief: Brief) -> Account | None:
    """ "I only managed to migrate 5 of the cron jobs"."""
    total = max(brief.numbers)
    for start, end, number in found:
        before = _STOP.split(data[max(0, start - 60) : start])[-1]
        if not 0 < number < total or not words.only.search(before) or _is_finding(data, found, start, end, words, brief):
            continue
        after = _CLAUSES.split(data[end : end + 60])[0]
        told = unaccented((before + b" " + after).decode(errors="ignore"))
        work = any(verb in told for verb in brief.verbs) if words.spaced else speaks_of(told, brief)
        if work and any(_known(word, brief) for word in _WORDS.findall(data[end : end + 40])[:4]):
            return Account(total, number)
    return None


def _lacking(data: bytes, found: Numbers, words: Words, brief: Brief) -> Account | None:
    """ "Quedan 14 fotos por subir": so many of what the assignment counts."""
    total = max(brief.numbers)
    for start, end, number in found:
        lacks = words.lacking.search(data[max(0, start - 24) : start])
        known = any(_known(word, brief) for word in _WORDS.findall(data[end : end + 40])[:1])
        if 0 < number < total and lacks and known and not _is_finding(data, found, start, end, words, brief):
            return Account(total, total - number)
    return None


def _all_but(data: bytes, found: Numbers, words: Words, brief: Brief) -> Account | None:
    """ "All 16 but three"."""
    for start, end, number in found:
        if words.except_.search(data[max(0, start - 40) : start]) or words.excepted.search(data[end : end + 24]):
            total = next((n for b, _, n in found if n in brief.numbers and n > number and abs(b - end) < _NEAR), None)
            if total is not None:
                return Account(total, total - number, ())
    return None


def _first(data: bytes, found: Numbers, words: Words, brief: Brief) -> Account | None:
    """ "The first 11", "up to the ninth", where it says that others are left or why it ended there."""
    total = max(brief.numbers)
    if not _ended(data, words):
        return None
    for start, end, number in found:
        before, after = data[max(0, start - 24) : start], data[end : end + 12]
        near = words.first.search(before) or words.upto.search(before if words.spaced else after)
        if near and 1 < number < total and not _is_finding(data, found, start, end, words, brief):
            return Account(total, number, ())
    return None


def _cut_short(data: bytes, found: Numbers, words: Words, brief: Brief) -> Account | None:
    """ "Checked 38 links before the budget ran out": one count of what the assignment counts."""
    total = max(brief.numbers)
    for start, end, number in found:
        if not 0 < number < total or not _of_what(data, end, brief):
            continue
        sentence = _sentence(data, start, end)
        if words.stopped.search(sentence) and not _is_finding(data, found, start, end, words, brief):
            before = _STOP.split(data[max(0, start - 40) : start])[-1].decode(errors="ignore")
            ended = words.after.search(data[max(0, start - 16) : start])
            if (ended or tells_done(before, brief.verbs)) and len(list(numbers(sentence))) == 1:
                return Account(total, number)
    return None


def _remaining(data: bytes, found: Numbers, words: Words, brief: Brief) -> Account | None:
    """ "I ran out of time for the last eight"."""
    total = max(brief.numbers)
    for start, end, number in found:
        if 0 < number < total and words.others.search(data[max(0, start - 24) : start]):
            sentence = _sentence(data, start, end)
            if words.undone.search(sentence) or words.stopped.search(sentence):
                return Account(total, total - number)
    return None


def _with_rest(data: bytes, found: Numbers, words: Words, brief: Brief) -> Account | None:
    """ "36 claims are through. The remainder is queued"."""
    total = max(brief.numbers)
    rest = next((m for m in matches(words.rest, data, 4) if _is_left(data[m.end() :], words)), None)
    if rest is None:
        return None
    counted = [
        n
        for start, end, n in found
        if 0 < n < total and _of_what(data, end, brief) and not _is_finding(data, found, start, end, words, brief)
    ]
    return Account(total, counted[0]) if len(counted) == 1 else None


def _is_left(after: bytes, words: Words) -> bool:
    clause = _STOP.split(after[:_NEAR])[0]
    return bool(words.uncounted.search(clause) or words.undone.search(clause))


def _share(text: bytes, words: Words, brief: Brief) -> Account | None:
    """ "72 % of the images are transferred", where the assignment speaks of images."""
    for sentence in sentences(text):
        match = _PERCENT.search(sentence)
        if match is None or not (
            words.stopped.search(sentence) or tells_done(sentence.decode(errors="replace"), brief.verbs)
        ):
            continue
        of = _PART_OF.match(sentence[match.end() : match.end() + 60])
        if of is not None and any(_known(word, brief) for word in of[1].split()):
            return Account(100, min(100, int(float(match[1].replace(b",", b".")))), ())
    return None


def _of_what(data: bytes, end: int, brief: Brief) -> bool:
    """What stands behind a count is something that the assignment speaks of."""
    return any(_known(word, brief) for word in _WORDS.findall(data[end : end + 40])[:2])


def _known(word: bytes, brief: Brief) -> bool:
    """The assignment speaks of it."""
    name = word.decode(errors="replace")
    if not name.isascii():
        return any(name[at : at + 2] in brief.text for at in range(len(name) - 1))
    return len(name) >= _STEM and name[:_STEM] in brief.text


_PARTS: Final[tuple[Judge, ...]] = (_of_things, _of_whole)
"""A part of a whole, of which nothing is said where as many as were asked for are said to be done."""

_COUNTS: Final[tuple[Judge, ...]] = (_summed, _halved, _all_but, _first, _cut_short, _only, _lacking, _remaining, _with_rest)
"""Against a number that the assignment says."""
