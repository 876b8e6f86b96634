"""Patterns around a count in a text, by language: what was given, done and left, and what is no work at all."""

from functools import cache
from typing import Any, Final, NamedTuple

from otelagent.reading import lexicon, numerals
from otelagent.reading.lexicon import NOTHING, SPACED, compiled, either, folded, grammar, listed, pattern

_CHINESE: Final = "[一二三四五六七八九十百两兩]{1,4}"
_COUNT: Final = rf"(?:\d{{1,7}}|{either((*numerals.SPELLED, 'one', 'none', 'zero'))}|{_CHINESE})"
_PERCENT: Final = f"(?:%|{either([word for word in listed('claims', 'percent') if 'p' in word])})"


class Words(NamedTuple):
    """What `progress` looks for in one language."""

    work: Any
    unrelated: Any
    parts: Any
    total_first: tuple[Any, ...]
    rest: Any
    share: Any
    done: Any
    only: Any
    items: Any
    place: Any
    more: Any
    lacking: Any
    failing: Any
    nouns: Any
    third: Any
    being: Any
    doers: frozenset[bytes]
    acted: Any
    acted_after: Any
    verdicts: Any
    attributed: Any


@cache
def words(language: str) -> Words:
    """Built once."""
    lists, own = grammar("acknowledgement", language), grammar("delegation", language)
    spaced = language in SPACED
    end = r"\b" if spaced else ""
    items, done, given, rest, only, degree, whole, place, more, lacking, failing, nouns, being = (
        f"(?:{'|'.join(lists.get(key, (NOTHING,)))}){end}"
        for key in (
            *("items", "done", "given", "rest", "only", "degree", "whole"),
            *("place", "more", "lacking", "failing", "nouns", "being"),
        )
    )
    whole = whole.removesuffix(end)
    ended = "|".join(own.get("ended", (NOTHING,)))
    parts = "|".join(lists.get("parts", ("のうち",)))
    count = rf"(?:{_COUNT}|{'|'.join(lists.get('one', ('one',)))})"
    gap = r"\s+" if spaced else r"\s*"
    some = rf"(?:\w+{gap}){{0,2}}"
    firsts = [
        rf"{whole}({count}){gap}{items},?{gap}{some}({count}){gap}{some}(?:{done})",
        rf"{whole}({count}){gap}{items},?{gap}{some}{some}(?:{done}){gap}(?:{only}{gap})?({count})(?:[^\d%.,/-]|[.,](?:\D|$)|$)",
        rf"(?:^|[^\w.,/$-])({count}){gap}(?:{items}{gap})?(?:{given})[,;:]?{gap}(?:\w+{gap})?({count}){gap}(?:{items}{gap})?(?:{done})",
    ]
    return Words(
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
            rf"(\d{{1,3}}(?:[.,]\d+)?)\s?{_PERCENT}[をのに]?\s?(?:\w+\s+){{0,2}}(?:{done}|{items})"
            rf"|(?:{done}|{degree}|{ended})[^\d%.;,，。、；]{{1,12}}(\d{{1,3}}(?:[.,]\d+)?)\s?{_PERCENT}"
        ),
        done=compiled(f"(?:{done})"),
        only=compiled(f"(?:{only})"),
        items=compiled(f"(?:{items})"),
        place=compiled(rf"{place}[\s:]*$"),
        more=compiled(rf"^\W{{0,2}}{more}"),
        lacking=compiled(rf"{lacking}[\s:]*(?:\d+\s*)?$"),
        failing=compiled(rf"^\W{{0,2}}(?:{items}\s+)?(?:\pL+\s+)?(?:{rest}|{failing})"),
        nouns=compiled(nouns),
        third=compiled("|".join(lists.get("third", (NOTHING,)))),
        being=compiled(rf"^\W{{0,2}}(?:{items}\s+)?{being}\s([^.;:]{{0,40}})"),
        acted=compiled("|".join(own.get("acted", (NOTHING,)))),
        acted_after=compiled("|".join(f"^(?:{each})" for each in own.get("acted_after", (NOTHING,)))),
        verdicts=compiled(f"^(?:{'|'.join(own.get('verdicts', (NOTHING,)))})$"),
        attributed=lexicon.any_of("delegation", language, "attributed"),
        doers=frozenset(folded(each).encode() for each in lexicon.words("acknowledgement", language).get("doers", ())),
    )
