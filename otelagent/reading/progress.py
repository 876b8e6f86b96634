"""How much of its work a text says was done: "3 of 7 documents", "250/486", "51 %"."""

from functools import cache
from typing import Any, Final

from otelagent.reading import numerals
from otelagent.reading.language import likely
from otelagent.reading.lexicon import AnyOf, compiled, exact, matches
from otelagent.reading.progress_words import Words, words
from otelagent.reading.sentences import plain, sentences

_SLASH: Final = compiled(r"(?:^|[^\d./:,$-]|[^\d]:)(\d{1,7})\s?/\s?(\d{1,7})(?:[^\d/.:%-]|[.:](?:\D|$)|$)")
_BARE: Final = compiled(r"^\W{0,4}(\d{1,3}(?:[.,]\d+)?)\s?%\W{0,4}$")
_SPACED_COUNT: Final = exact(r"([\p{Han}\p{Hiragana}\p{Katakana}]) (\d)|(\d) ([\p{Han}\p{Hiragana}\p{Katakana}])")
"""Chinese and Japanese texts have spaces around numbers, or have none."""
_ALONE: Final = 24
"""A sentence of so few bytes is nothing but the count, unless it has other words: so many."""
_WORDS: Final = 2
_RATE: Final = compiled(r"\b(?:every|each|cada|chaque)\s*$|每\s*$")
"""Between "one in" and "four": a rate."""
_TITLE: Final = 20
"""Bytes after "3 of 7" in which nothing is said of the three but what they are."""
_OF_ITS: Final = compiled(r"^\s*of (?:its|their|his|her)\b")
_ELSEWHERE: Final = compiled(r"^(?:in|im|during|wahrend|over|since|seit|dans|pendant|en|durante|no|na|em)\s")
"""After a share: it is that of a time or place."""

_SCALES: Final = frozenset((5, 6, 7, 10, 20, 100))
"""Totals that ratings, scores and the week have: a bare slash needs a word for work beside it."""


def progress(text: str) -> tuple[int, int] | None:
    """Items assigned and processed as a text says it; of a percentage (100, 51)."""
    data = bytes(_SPACED_COUNT.sub(rb"\1\2\3\4", plain(text)))
    spoken = [words(name) for name in likely(text) if len(data) <= _ALONE or _may_count(name).search(data)]
    parts = sentences(data) if spoken else []
    for alone in (False, True):
        for own in spoken:
            for sentence in parts:
                if own.attributed.search(sentence):
                    continue
                if found := _counted(sentence, own, alone) or _share(sentence, own):
                    return found
    return None


@cache
def _may_count(language: str) -> AnyOf:
    """What a count can't be found without. One search for all takes a tenth of the time of six."""
    own = words(language)
    return AnyOf([each.source for each in (_SLASH, own.parts, *own.total_first, own.rest, own.share)], at_once=True)


def _counted(sentence: bytes, words: Words, alone: bool) -> tuple[int, int] | None:
    for each in (_SLASH, words.parts):
        for match in matches(each, sentence, 8):
            if pair := _pair(match, sentence, words, each is _SLASH, alone):
                return pair
    for each in words.total_first:
        if (match := each.search(sentence)) and (pair := _total_first(match, sentence, words)):
            return pair
    if (match := words.rest.search(sentence)) and (pair := _numbers(match)):
        return sum(pair), pair[0]
    return None


def _total_first(match: Any, sentence: bytes, words: Words) -> tuple[int, int] | None:
    pair = _numbers(match)
    if pair is None or not 0 <= pair[1] <= pair[0] or pair[0] < 2 or words.unrelated.search(sentence[match.end() :]):
        return None
    total, done = pair
    groups = range(1, match.re.groups + 1)
    before, after = sentence[: max(map(match.start, groups))], sentence[max(map(match.end, groups)) :]
    if words.failing.search(after):
        return total, total - done
    near = words.done.search(sentence) or words.only.search(sentence)
    return (total, done) if near or _acted(before, after, words) else None


def _numbers(match: Any) -> tuple[int, int] | None:
    found = [_count(group) for group in list(filter(None, match.groups()))[:2]]
    return (found[0], found[1]) if len(found) == 2 and found[0] is not None and found[1] is not None else None


def _share(sentence: bytes, words: Words) -> tuple[int, int] | None:
    match = _BARE.match(sentence) or words.share.search(sentence)
    share = next(filter(None, match.groups()), None) if match else None
    if match is None or share is None or _OF_ITS.match(sentence[match.end() :]):
        return None
    after = sentence[match.end(match.lastindex) :].lstrip(b" %")
    if (
        words.more.search(after)
        or _ELSEWHERE.match(after)
        or _of_another(sentence[: match.start(match.lastindex)], words)
    ):
        return None
    done = min(100, int(float(share.replace(b",", b"."))))
    return 100, 100 - done if words.failing.search(after) else done


def _pair(match: Any, sentence: bytes, words: Words, slash: bool, alone: bool) -> tuple[int, int] | None:
    done, total = _count(match[1]), _count(match[2])
    if done is None or total is None or not 0 <= done <= total or total < 2:
        return None
    before, after = sentence[max(0, match.start(1) - 48) : match.start(1)], sentence[match.end(2) :]
    if (
        _RATE.search(sentence[match.end(1) : match.start(2)])
        or words.unrelated.search(after)
        or (words.place.search(before) and not words.done.search(before))
    ):
        return None
    if _of_another(before, words):
        return None
    if not words.done.search(before) and (words.lacking.search(before) or words.failing.search(after)):
        return total, total - done
    if (being := words.being.match(after)) and not words.done.search(being[1]):
        return None  # "3 of 4 orders are late" tells of the orders
    around = words.nouns.sub(b" ", before + sentence[match.start(1) : match.end(2)] + after[:48])
    short = len(sentence) - match.end(2) <= _TITLE
    near = bool(
        words.done.search(around)
        or (words.work.search(around) and (slash or short or words.only.search(before)))
        or _acted(sentence[: match.start(1)], after, words)
    )
    if slash and total in _SCALES:
        return (total, done) if near else None
    bare = alone and len(sentence) <= _ALONE and len((sentence[: match.start(1)] + after).split()) < _WORDS
    return (total, done) if near or bare else None


def _acted(before: bytes, after: bytes, words: Words) -> bool:
    """The words before a count say that its author did so many, by whichever verb; of some languages those after it."""
    if words.acted_after.search(after):
        return True
    match = words.acted.search(before)
    verb = next(filter(None, match.groups()), b"") if match else None
    return verb is not None and not words.verdicts.search(verb)


def _of_another(before: bytes, words: Words) -> bool:
    """Somebody else has done it: "the company has completed 3 of 7 reactors"."""
    match = words.third.search(before)
    doer = next(filter(None, match.groups()), None) if match else None
    return doer is not None and doer not in words.doers and not doer.endswith((b"ing", b"ung"))


def _count(written: bytes) -> int | None:
    text = written.decode(errors="replace")
    if text.isdigit():
        return int(text)
    if text in ("none", "zero"):
        return 0
    if text in numerals.SPELLED:
        return int(numerals.SPELLED[text])
    value = numerals.chinese(text) if not text.isascii() else None
    return 1 if value is None else int(value)
