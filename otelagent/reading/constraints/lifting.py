"""Rules that a later message takes back."""

from collections.abc import Iterable
from typing import Final

from otelagent.reading.constraints.constraint import UNCHECKED, Constraint, lowered
from otelagent.reading.constraints.literals import replaces
from otelagent.reading.constraints.stated import constraints
from otelagent.reading.language import likely
from otelagent.reading.lexicon import exact, pattern
from otelagent.reading.sentences import sentences
from otelagent.reading.values import window

_TOPIC: Final = {
    "date": "date",
    "stay": "date",
    "language": "language",
    "address": "language",
    "format": "format",
    "max_length": "length",
    "min_length": "length",
    "max_items": "length",
    "tool_forbidden": "tool",
    "tool_required": "tool",
    "tool_allowed": "tool",
    "tool_before": "tool",
    "max_calls": "tool",
    "act_forbidden": "tool",
    "max_acts": "tool",
    "place_forbidden": "tool",
    "one_value": "source",
    "approval": "tool",
    "term_forbidden": "term",
    "term_required": "term",
    "values_forbidden": "term",
    "recommendation_forbidden": "term",
    "disclosed": "term",
    "ingredients": "term",
    "sources": "source",
    "sources_forbidden": "source",
    "recipients": "source",
    "currency": "budget",
    "units": "format",
    "budget": "budget",
    "price_limit": "budget",
    "cap": "budget",
}
_REPLACED: Final = frozenset(
    (
        *(
            "date",
            "stay",
            "language",
            "address",
            "format",
            "max_length",
            "min_length",
            "max_items",
            "sources",
            "recipients",
        ),
        *("currency", "units", "budget", "price_limit", "tool_allowed"),
    )
)
_WORD: Final = exact(r"[\pL\pN]+")


def lifted(standing: Iterable[Constraint], user_text: str) -> tuple[Constraint, ...]:
    """The rules that a later user message takes back, or replaces by another of their kind."""
    standing = tuple(standing)
    if not standing:
        return ()
    shown = window(user_text)[0]
    replaced = {made.kind for made in constraints(shown, "user")} & _REPLACED
    permitted = _permitted(standing, shown)
    taken: list[bytes] = []
    topics: set[str] = set()
    for language in likely(shown, slack=1):
        lifting = pattern("constraints", language, "lifting")
        parts = [part for sentence in sentences(lowered(shown)) for part in sentence.split(b": ")]
        here = [part for part in parts if not _asked(part) and lifting.search(part)]
        taken += here
        topics |= {topic for topic in _TOPIC.values() if _about(topic, language, here)}
    return tuple(
        rule
        for rule in standing
        if rule.kind in replaced
        or replaces(rule, shown)
        or rule in permitted
        or (taken and _concerned(rule, topics, taken))
    )


def _permitted(standing: Iterable[Constraint], shown: str) -> list[Constraint]:
    """Forbidden tools that the user permits by name, without a word that forbids beside it."""
    forbidden = [rule for rule in standing if rule.kind == "tool_forbidden"]
    if not forbidden:
        return []
    said = [
        sentence
        for language in likely(shown, slack=1)
        for sentence in sentences(lowered(shown))
        if pattern("constraints", language, "permits").search(sentence)
        and not pattern("constraints", language, "prohibition").search(sentence)
    ]
    return [rule for rule in forbidden if any(term.encode() in sentence for term in rule.terms for sentence in said)]


def _asked(sentence: bytes) -> bool:
    return sentence.endswith(b"?")


def _about(topic: str, language: str, taken: list[bytes]) -> bool:
    return any(pattern("constraints", language, f"topic_{topic}").search(sentence) for sentence in taken)


def _concerned(rule: Constraint, topics: set[str], taken: list[bytes]) -> bool:
    """What is lifted is about the rule; a lifting that names nothing is about all that the user asked for."""
    if any(term.encode() in sentence for term in rule.terms for sentence in taken):
        return True
    if rule.kind == UNCHECKED:
        return bool(_long_words(lowered(rule.text)) & _long_words(b" ".join(taken)))
    return _TOPIC[rule.kind] in topics if topics else rule.role == "user"


def _long_words(data: bytes) -> set[bytes]:
    return {word for word in _WORD.findall(data) if len(word) >= 5}
