"""What instructions forbid, demand or limit.

Read from system and user messages, sentence by sentence, with the word lists of the message's language. What no reader
understands but sounds like a rule is kept with kind `free`, for its displacement from the context, and stays unchecked.
"""

from dataclasses import dataclass
from typing import Final, Literal

from xxhash import xxh3_64_intdigest, xxh3_128_digest

from otelagent.reading import violations
from otelagent.reading.answer_rules import OF_THE_ANSWER
from otelagent.reading.language import likely
from otelagent.reading.lexicon import folded
from otelagent.reading.rule_draft import FIRST, LAST, Draft, RuleSentence, lowered
from otelagent.reading.sentences import Day, sentences
from otelagent.reading.values import window
from otelagent.reading.violations import Violation, violated, violated_by_call
from otelagent.reading.work_rules import OF_THE_WORK

__all__ = ("Constraint", "Violation", "constraints", "violated", "violated_by_call")

LIMIT: Final = 32
"""Constraints per message."""
TEXT: Final = 240
"""Characters of a constraint's text that are kept."""


@dataclass(frozen=True, slots=True)
class Constraint:
    """One rule. `text`: its sentence as written (captured content, never for logs), `hash`: that of its folded form."""

    kind: str
    """date, language, format, max_length, min_length, max_items, tool_forbidden, tool_required, term_forbidden,
    term_required, values_forbidden, sources, budget, price_limit, tool_before or free."""
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
        return violations.checkable(self.kind)

    @property
    def order(self) -> tuple[str, str] | None:
        """A tool, and the one that it is to be called before."""
        return (self.terms[0], self.terms[1]) if self.kind == "tool_before" else None

    def check(self, completion: str) -> Violation | None:
        """What in a completion clearly breaks it."""
        return violated(self, completion)

    def stands_in(self, text: str) -> bool:
        """The rule's sentence occurs in a text, white space and case aside."""
        return _squeezed(self.text) in _squeezed(text)


def constraints(text: str, role: Literal["system", "user"]) -> tuple[Constraint, ...]:
    """The rules that a message states, at most `LIMIT`; a sentence may state several. A repeated text is read once."""
    key = xxh3_128_digest(f"{role} {text}".encode(errors="replace"))
    if (known := _KNOWN.get(key)) is None:
        if len(_KNOWN) >= _KNOWN_LIMIT:
            _KNOWN.clear()
        known = _KNOWN[key] = _constraints(text, role)
    return known


_KNOWN: Final[dict[bytes, tuple[Constraint, ...]]] = {}
_KNOWN_LIMIT: Final = 256


def _constraints(text: str, role: str) -> tuple[Constraint, ...]:
    found: dict[tuple[object, ...], Constraint] = {}
    shown = window(text)[0]
    languages = likely(shown, slack=1)
    for data in sentences(shown.encode(errors="replace")):
        written = data.decode(errors="replace")
        for language in dict.fromkeys((*languages, *likely(written, slack=1))):
            for made in _read(RuleSentence(written, lowered(written), language), role):
                found.setdefault((made.kind, made.hash, made.terms), made)
        if len(found) >= LIMIT:
            break
    return tuple(found.values())[:LIMIT]


def _read(sentence: RuleSentence, role: str) -> list[Constraint]:
    asked = sentence.written.endswith(("?", "？"))
    readers = OF_THE_ANSWER if asked else (*OF_THE_ANSWER, *OF_THE_WORK)
    drafts = [draft for read in readers for draft in read(sentence)]
    if not drafts and not asked and len(sentence.written) >= 8 and sentence.find("free"):
        drafts = [Draft("free")]
    if any(draft.kind.startswith("tool") for draft in drafts):
        drafts = [draft for draft in drafts if not draft.kind.startswith("term")]
    return [_made(draft, sentence.written, role) for draft in drafts]


def _made(draft: Draft, sentence: str, role: str) -> Constraint:
    text = sentence.strip()[:TEXT]
    hashed = xxh3_64_intdigest(_squeezed(text).encode(errors="replace"), 9)
    return Constraint(draft.kind, role, text, hashed, draft.terms, draft.amount, draft.first, draft.last)


def _squeezed(text: str) -> str:
    return " ".join(folded(text).split())
