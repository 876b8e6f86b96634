"""How much of its work a text says was done: "3 of 7 documents", "250/486", "51 %"."""

from functools import cache
from typing import Any, Final, NamedTuple

from otelagent.reading import numerals
from otelagent.reading.language import likely
from otelagent.reading.lexicon import SPACED, compiled, either, grammar, matches, pattern
from otelagent.reading.sentences import plain, sentences

_CHINESE: Final = "[一二三四五六七八九十百两兩]{1,4}"
_COUNT: Final = rf"(?:\d{{1,7}}|{either((*numerals.SPELLED, 'one', 'none', 'zero'))}|{_CHINESE})"
_SLASH: Final = compiled(r"(?:^|[^\d./:,$-]|[^\d]:)(\d{1,7})\s?/\s?(\d{1,7})(?:[^\d/.:%-]|[.:](?:\D|$)|$)")
_BARE: Final = compiled(r"^\W{0,4}(\d{1,3}(?:[.,]\d+)?)\s?%\W{0,4}$")
_ALONE: Final = 24
"""A sentence of so few bytes is nothing but the count."""
_TITLE: Final = 20
"""Bytes after "3 of 7" in which nothing is said of the three but what they are."""

_OF_ITS: Final = compiled(r"^\s*of (?:its|their|his|her)\b")
_NOTHING: Final = r"[^\x00-\x{10FFFF}]"
_SCALES: Final = frozenset((5, 6, 7, 10, 20, 100))
"""Totals that ratings, scores and the week have: a bare slash needs a word for work beside it."""


class _Words(NamedTuple):
    work: Any
    unrelated: Any
    parts: Any
    total_first: tuple[Any, ...]
    rest: Any
    share: Any
    done: Any
    only: Any


@cache
def _words(language: str) -> _Words:
    lists = grammar("acknowledgement", language)
    spaced = language in SPACED
    end = r"\b" if spaced else ""
    items, done, given, rest, only, degree, whole = (
        f"(?:{'|'.join(lists.get(key, (_NOTHING,)))}){end}"
        for key in ("items", "done", "given", "rest", "only", "degree", "whole")
    )
    whole = whole.removesuffix(end)
    parts = "|".join(lists.get("parts", ("のうち",)))
    count = rf"(?:{_COUNT}|{'|'.join(lists.get('one', ('one',)))})"
    gap = r"\s+" if spaced else r"\s*"
    some = rf"(?:\w+{gap}){{0,2}}"
    firsts = [
        rf"{whole}({count}){gap}{items},?{gap}{some}({count}){gap}{some}(?:{done})",
        rf"{whole}({count}){gap}{items},?{gap}{some}{some}(?:{done}){gap}(?:{only}{gap})?({count})(?:[^\d%.,/-]|[.,](?:\D|$)|$)",
        rf"(?:^|[^\w.,/$-])({count}){gap}(?:{items}{gap})?(?:{given})[,;:]?{gap}(?:\w+{gap})?({count}){gap}(?:{items}{gap})?(?:{done})",
    ]
    return _Words(
        work=compiled(f"(?:{items}|{done})"),
        unrelated=compiled(rf"^\W{{0,3}}(?:{'|'.join(lists['unrelated'])})"),
        parts=compiled(
            rf"(?:^|[^\w.,/$-])({count}){gap}(?:(?:{items}|{done}){gap})?\(?(?:{parts}){gap}(?:\w+{gap})?({count})(?:[^\d%.,/-]|[.,](?:\D|$)|$)"
        ),
        total_first=(pattern("acknowledgement", language, "of"), *(map(compiled, firsts) if spaced else ())),
        rest=compiled(
            rf"(?:(?:{done}){gap}({count})(?:{gap}{items})?|(?:^|[^\w.,/$-])({count}){gap}(?:{items}{gap})?{some}(?:{done}))[,;.]?{gap}(?:\w+{gap})?({count}){gap}(?:{items}{gap})?{some}(?:{rest})"
        ),
        share=compiled(
            rf"(\d{{1,3}}(?:[.,]\d+)?)\s?%[をのに]?\s?(?:\w+\s+){{0,2}}(?:{done}|{items})"
            rf"|(?:{done}|{degree})[^\d%.;]{{1,12}}(\d{{1,3}}(?:[.,]\d+)?)\s?%"
        ),
        done=compiled(f"(?:{done})"),
        only=compiled(f"(?:{only})"),
    )


def progress(text: str) -> tuple[int, int] | None:
    """Items assigned and processed as a text says it; of a percentage (100, 51)."""
    data = plain(text)
    for words in map(_words, likely(text)):
        if len(data) > _ALONE and not any(
            each.search(data) for each in (_SLASH, words.parts, *words.total_first, words.rest, words.share)
        ):
            continue
        for sentence in sentences(data):
            if found := _counted(sentence, words) or _share(sentence, words):
                return found
    return None


def _counted(sentence: bytes, words: _Words) -> tuple[int, int] | None:
    for each in (_SLASH, words.parts):
        for match in matches(each, sentence, 8):
            if pair := _pair(match, sentence, words, each is _SLASH):
                return pair
    for each in words.total_first:
        if (match := each.search(sentence)) and (pair := _numbers(match)):
            total, done = pair
            if 0 <= done <= total and total > 1 and not words.unrelated.search(sentence[match.end() :]):
                return total, done
    if (match := words.rest.search(sentence)) and (pair := _numbers(match)):
        return sum(pair), pair[0]
    return None


def _numbers(match: Any) -> tuple[int, int] | None:
    found = [_count(group) for group in list(filter(None, match.groups()))[:2]]
    return (found[0], found[1]) if len(found) == 2 and found[0] is not None and found[1] is not None else None


def _share(sentence: bytes, words: _Words) -> tuple[int, int] | None:
    match = _BARE.match(sentence) or words.share.search(sentence)
    if match and not _OF_ITS.match(sentence[match.end() :]) and (share := next(filter(None, match.groups()), None)):
        return 100, min(100, int(float(share.replace(b",", b"."))))
    return None


def _pair(match: Any, sentence: bytes, words: _Words, slash: bool) -> tuple[int, int] | None:
    done, total = _count(match[1]), _count(match[2])
    if done is None or total is None or not 0 <= done <= total or total < 2:
        return None
    before, after = sentence[max(0, match.start(1) - 48) : match.start(1)], sentence[match.end(2) :]
    if words.unrelated.search(after):
        return None
    around = before + sentence[match.start(1) : match.end(2)] + after[:48]
    short = len(sentence) - match.end(2) <= _TITLE
    near = bool(
        words.done.search(around) or (words.work.search(around) and (slash or short or words.only.search(before)))
    )
    if slash and total in _SCALES:
        return (total, done) if near else None
    return (total, done) if near or len(sentence) <= _ALONE else None


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
