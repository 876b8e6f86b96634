"""A rule, the sentence that states it, and what breaks it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final

from xxhash import xxh3_64_intdigest

from otelagent.reading.language import likely
from otelagent.reading.lexicon import AnyOf, compiled, data, exact, folded, grammar, pattern
from otelagent.reading.sentences import Day, sentences

TEXT: Final = 240
"""Characters of a constraint's text that are kept."""
FIRST: Final[Day] = (0, 0, 0)
LAST: Final[Day] = (9999, 99, 99)
UNCHECKED: Final = "free"
"""The kind that nothing can check."""


@dataclass(frozen=True, slots=True)
class Constraint:
    """One rule. `text`: its sentence as written (captured content, never for logs), `hash`: that of its folded form."""

    kind: str
    """date, language, address, format, max_length, min_length, max_items, tool_forbidden, tool_required, tool_allowed,
    tool_before, max_calls, term_forbidden, term_required, values_forbidden, sources, sources_forbidden, recipients,
    currency, units, date_form, budget, price_limit, cap, hours, weekday, stay, act_forbidden, max_acts, approval,
    ingredients, disclosed, recommendation_forbidden or free."""
    role: str
    text: str
    hash: int
    terms: tuple[str, ...] = ()
    """Lower case: tools, terms, domains, a class of values, a language, a format, the unit of a length."""
    amount: float | None = None
    first: Day = FIRST
    last: Day = LAST

    @property
    def checked(self) -> bool:
        """There is a checker for it; without one nothing is said about it but its displacement."""
        return self.kind != UNCHECKED

    def stands_in(self, text: str) -> bool:
        """The rule's sentence occurs in a text, white space and case aside."""
        return squeezed(self.text) in squeezed(text)


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken rule. `why` holds no captured content; offsets are characters of the completion, where known."""

    constraint: Constraint
    why: str
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Draft:
    """What a reader makes of a sentence."""

    kind: str
    terms: tuple[str, ...] = ()
    amount: float | None = None
    first: Day = FIRST
    last: Day = LAST

    def made(self, sentence: str, role: str) -> Constraint:
        text = sentence.strip()[:TEXT]
        hashed = xxh3_64_intdigest(squeezed(text).encode(errors="replace"), 9)
        return Constraint(self.kind, role, text, hashed, self.terms, self.amount, self.first, self.last)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of instructions, as written and folded, in one of the languages that it may be in."""

    written: str
    lowered: bytes
    language: str
    present: frozenset[str]
    """The lists of the language that may match; one with placeholders, whatever stands in their places."""

    def find(self, key: str) -> Any:
        """The first match of a list of the language."""
        return pattern("constraints", self.language, key).search(self.lowered) if key in self.present else None


@lru_cache(maxsize=64)
def present(language: str, lowered: bytes) -> frozenset[str]:
    """The lists of a language that occur in a sentence, looked for all at once: most have nothing in most of them."""
    keys, lists = _lists(language)
    return frozenset(keys[at] for at in lists.which(lowered))


@cache
def _lists(language: str) -> tuple[list[str], AnyOf]:
    found = grammar("constraints", language)
    keys = [key for key, patterns in found.items() if patterns]
    sources = [pattern("constraints", language, key).source.removeprefix("(?i)").encode() for key in keys]
    return keys, AnyOf([_PLACEHOLDER.sub(b".+", source).decode() for source in sources])


_PLACEHOLDER: Final = exact("<[a-z]+>")


def said(text: str, key: str) -> Iterator[tuple[bytes, str]]:
    """The sentences of a completion that a list matches, but those that say that something was left out; folded, with
    the language."""
    for name in likely(text):
        told = pattern("constraints", name, key)
        for sentence in sentences(lowered(text)):
            if told.search(sentence) and not excluded(sentence, name):
                yield sentence, name


def excluded(sentence: bytes, language: str) -> bool:
    """The sentence says that something was left out, or the like."""
    return bool(pattern("constraints", language, "excluded").search(sentence))


@cache
def filled(language: str, key: str, *parts: tuple[str, str]) -> tuple[Any, ...]:
    """The patterns of a list with their <placeholders> filled in, one by one."""
    made = []
    for each in grammar("constraints", language).get(key, ()):
        for name, part in parts:
            each = each.replace(f"<{name}>", part)
        made.append(compiled(each))
    return tuple(made)


@cache
def shared(key: str) -> Any:
    """A pattern of `words/rules.toml`, for all languages."""
    return compiled("|".join(f"(?:{each})" for each in data("rules")[key]))


def lowered(text: str) -> bytes:
    """Folded, as the word lists are matched."""
    return folded(text).encode(errors="replace")


def squeezed(text: str) -> str:
    return " ".join(folded(text).split())
