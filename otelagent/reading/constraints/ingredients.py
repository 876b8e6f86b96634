"""Rules on what no recipe, dish or order may contain: kinds of food, single ones, and what a diet rules out."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from otelagent.model import Role
from otelagent.reading.constraints.constraint import Constraint, Draft, Sentence, Violation, lowered, shared
from otelagent.reading.lexicon import compiled, data, exact, matches
from otelagent.reading.roles import told_by_name
from otelagent.reading.sentences import sentences

_TABLE: Final = data("ingredients")
_KINDS: Final = tuple(kind for kind in _TABLE if kind != "words")
_DIETS: Final = (
    (b"veget", ("meat", "fish", "shellfish")),
    (b"vegan", ("meat", "fish", "shellfish", "dairy", "egg")),
    (b"alcohol", ("alcohol",)),
    (b"alkohol", ("alcohol",)),
    (b"alcool", ("alcohol",)),
    (b"meat", ("meat",)),
    (b"pork", ("pork",)),
    ("素".encode(), ("meat", "fish", "shellfish")),
    ("ベジ".encode(), ("meat", "fish", "shellfish")),
    ("ィーガン".encode(), ("meat", "fish", "shellfish", "dairy", "egg")),
    ("酒精".encode(), ("alcohol",)),
    ("アルコール".encode(), ("alcohol",)),
)
"""What a diet rules out."""
_CLAUSE: Final = exact(r"[^,;:()\n、，；：（）•|]+")
_DEPTH: Final = 4
_TEXTS: Final = 128
"""Texts of a call's arguments that are looked at."""
_ASIDE: Final = ("exclu", "avoid", "without", "allerg", "diet", "intoler", "note", "comment", "ohne", "reason", "query")
"""Parts of the names of arguments that don't say what is in it."""


def _anywhere(patterns: list[str]) -> str:
    """Words of their own; in scripts without spaces anywhere."""
    latin = [each for each in patterns if each[0].isascii()]
    other = [each for each in patterns if not each[0].isascii()]
    return "|".join([*([rf"\b(?:{'|'.join(latin)})\b"] if latin else []), *other])


@cache
def _named() -> Any:
    """Any word for food that a rule may name."""
    return compiled(
        "|".join(_anywhere(_TABLE[kind][part]) for kind in _KINDS for part in _TABLE[kind] if _TABLE[kind][part])
    )


@cache
def _pattern(kind: str, part: str) -> Any:
    return compiled(_anywhere(_TABLE[kind][part]))


@cache
def _words(name: str) -> Any:
    written = _TABLE["words"][name]
    return compiled(rf"\b{written}\b" if name != "free_east" else written)


def read(sentence: Sentence) -> Iterator[Draft]:
    """The kinds and the single foods that a sentence rules out."""
    if sentence.find("food_diet"):
        kinds = next((kinds for stem, kinds in _DIETS if stem in sentence.lowered), ())
        if kinds:
            yield Draft("ingredients", tuple(f"{kind}:" for kind in kinds))
    elif _banning(sentence) and (found := tuple(_banned(sentence.lowered))):
        yield Draft("ingredients", found)


def _banning(sentence: Sentence) -> bool:
    named = "food_banned" in sentence.present and _named().search(sentence.lowered)
    return bool(named and sentence.find("food_banned")) and not shared("how_much").search(sentence.lowered)


def _banned(data: bytes) -> Iterator[str]:
    for kind in _KINDS:
        if _pattern(kind, "whole").search(data):
            yield f"{kind}:"
        elif _TABLE[kind]["members"]:
            for match in matches(_pattern(kind, "members"), data, 4):
                yield f":{match.group().decode(errors='replace')}"


def breaks(rule: Constraint, text: str) -> Violation | None:
    """A dish has something in it that it may not have; what is left out, replaced or warned of is none."""
    for sentence in sentences(lowered(text)):
        if any(_has(rule, clause.group(), sentence[: clause.start()]) for clause in matches(_CLAUSE, sentence, 64)):
            return Violation(rule, "uses an ingredient that the instructions rule out")
    return None


def _has(rule: Constraint, clause: bytes, before: bytes) -> bool:
    free = _words("free").search(before) or _words("free").search(clause)
    if free or _words("free_east").search(clause) or _words("free_east").search(before):
        return False
    told = _words("plant").sub(b" ", _words("other").sub(b" ", clause))
    return any(_holds(term, told) for term in rule.terms)


def _holds(term: str, told: bytes) -> bool:
    kind, _, word = term.partition(":")
    if word:
        return bool(compiled(_anywhere([word.rstrip("s") + "s?" if word.isascii() else word])).search(told))
    parts = [_pattern(kind, part) for part in ("whole", "members") if _TABLE[kind][part]]
    return any(part.search(told) for part in parts)


def call_breaks(rule: Constraint, tool: str, arguments: object) -> str | None:
    """A call that orders, plans or stores something names such an ingredient."""
    if told_by_name(tool) in (Role.SOURCE, Role.NOTE):
        return None
    told = any(breaks(rule, text) for text in _texts(arguments, _DEPTH))
    return "uses an ingredient that the instructions rule out" if told else None


def _texts(value: object, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value[:4000]
    elif isinstance(value, Mapping) and depth:
        for name, each in list(value.items())[:_TEXTS]:
            if not any(part in str(name).lower() for part in _ASIDE):
                yield from _texts(each, depth - 1)
    elif isinstance(value, list | tuple) and depth:
        for each in value[:_TEXTS]:
            yield from _texts(each, depth - 1)
