"""What a completion's text tells, read when it is asked for."""

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from xxhash import xxh3_64_intdigest

from otelagent.model import Admission, Claim, Doubt, Earlier, Instructions, Items, Look, Receipt, Rule
from otelagent.reading.accounts import account, covers
from otelagent.reading.acknowledgement import (
    admits,
    announces,
    clears,
    completed,
    halted,
    in_part,
    spotless,
    undone,
    whole,
)
from otelagent.reading.arguments import fingerprint
from otelagent.reading.blame import blames
from otelagent.reading.claims import claims
from otelagent.reading.constraints import Constraint, Violation, violated
from otelagent.reading.deeds import deeds, finished, stated
from otelagent.reading.doubts import doubts
from otelagent.reading.enumeration import HEAD, enumerated, excused, named_in, names
from otelagent.reading.injection import overlap, shingles
from otelagent.reading.injection_text import ascii_of
from otelagent.reading.known import Known
from otelagent.reading.looking import of_the_looking
from otelagent.reading.particulars import particulars
from otelagent.reading.receipts import in_structure, in_words
from otelagent.reading.second_looks import second_looks
from otelagent.reading.texts import TextRead

_ALIKE: Final = Known[tuple[int, int], float]()
"""The likeness of two texts."""

_ACCOUNTS: Final = Known[tuple[int, int], Receipt | None](1024)
"""What a text says of an assignment."""


class CompletionRead(TextRead):
    """A completion's text."""

    __slots__ = ()

    @property
    def claims(self) -> tuple[Claim, ...]:
        return self._once("claims", claims)

    @property
    def admission(self) -> Admission:
        return self._once("admission", admits)

    def without(self, quotes: Sequence[Claim]) -> "CompletionRead":
        """The text with blanks in place of these passages."""
        text = self._text
        for quote in quotes:
            text = f"{text[: quote.start]}{' ' * (quote.end - quote.start)}{text[quote.end :]}"
        return CompletionRead(text)

    def of_the_looking(
        self, invented: Sequence[Claim], troubles: Collection[str], *, strictly: bool = False
    ) -> "CompletionRead":
        """The text without clauses whose words of trouble are its subject."""
        return CompletionRead(of_the_looking(self._text, invented, troubles, strictly=strictly))

    def particulars(self, kinds: frozenset[str]) -> tuple[Claim, ...]:
        """What it states of the kinds that a question asked for."""
        return particulars(self._text, kinds) if kinds else ()

    @property
    def whole(self) -> bool:
        """It says that what it tells of is all there is."""
        return self._once("whole", whole)

    @property
    def clears(self) -> bool:
        """It gives the verdict that all is well."""
        return self._once("clears", clears)

    @property
    def spotless(self) -> bool:
        """It says that nothing of what a check looks for was found."""
        return self._once("spotless", spotless)

    @property
    def part(self) -> bool:
        """It speaks of what it tells of as a part."""
        return self._once("part", in_part)

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        return self._once("doubts", doubts)

    @property
    def receipt(self) -> Receipt | None:
        """How much it says was done: in JSON, else in words."""
        return self.structured or self.in_words

    @property
    def in_words(self) -> Receipt | None:
        """How much it says in words was done."""
        return self._once("words", _receipt_in_words)

    @property
    def structured(self) -> Receipt | None:
        """How much it says in JSON was done."""
        return self._once("structured", _receipt_in_structure)

    def account(self, assignment: str) -> Receipt | None:
        """How much it says was done of what an assignment names."""
        asked = xxh3_64_intdigest(assignment.encode(errors="replace"))
        key = (self.mark, asked)
        if key not in _ACCOUNTS:
            _ACCOUNTS.keep(key, account(self._text, assignment, "completion"))
        return _ACCOUNTS[key]

    def covers(self, assignment: str) -> bool:
        """It says that all that an assignment counts was dealt with."""
        return covers(self._text, assignment)

    @property
    def wording(self) -> str:
        """Taken as an assignment to who comes next."""
        return self._text[:HEAD]

    @property
    def complete(self) -> bool:
        """It says that the work is complete."""
        return self._once("complete", completed)

    @property
    def undone(self) -> bool:
        """It says that part of the work is still to be done."""
        return self._once("undone", undone)

    @property
    def halted(self) -> bool:
        """It stands where an answer should: a framework says that it stopped the agent, or only a plan is told."""
        return self._once("halted", lambda text: halted(text) or announces(text))

    @property
    def result(self) -> int | None:
        """Its hash, as that of a call's result that is this text."""
        return self._once("result", fingerprint)

    def likeness(self, other: Instructions) -> float:
        """The share of runs of eight words that it has in common with what the agent was told."""
        key = (self.mark, other.mark)
        known = _ALIKE.get(key)
        return _ALIKE.keep(key, overlap(shingles(self._text), other.shingles)) if known is None else known

    def repeats(self, phrase: str) -> bool:
        """Half of the text or more is this phrase, whether or not accents are written."""
        text = self._text.lower()
        return len(phrase) * 2 >= len(text) and (phrase in text or phrase in ascii_of(text).decode())

    def breaks(self, rule: Rule, earlier: Iterable[Earlier] | None = None) -> Violation | None:
        """How it breaks a rule; `earlier`: the run's calls and answers, the latest first."""
        return violated(rule, self._text, earlier) if isinstance(rule, Constraint) else None

    @property
    def deeds(self) -> frozenset[frozenset[str]]:
        """What it says that its author did."""
        return self._once("deeds", deeds)

    @property
    def second_looks(self) -> tuple[Look, ...]:
        """Where it says that its author looked once more."""
        return self._once("looks", second_looks)

    @property
    def stated(self) -> frozenset[frozenset[str]]:
        """What it says is done, by whomever."""
        return self._once("stated", stated)

    @property
    def finished(self) -> bool:
        """It begins by saying that what was asked for is done."""
        return self._once("finished", finished)

    @property
    def blames(self) -> bool:
        """It says that the user lacks a right, or that the resource is closed or isn't there."""
        return self._once("blames", blames)

    @property
    def items(self) -> Items:
        """The items that it enumerates, taken as an assignment to who comes next."""
        return self._once("items", enumerated)

    @property
    def mentioned(self) -> frozenset[int]:
        """Every item that it may name."""
        shown = self._text[:HEAD]
        return named_in(shown, most=HEAD) | excused(shown)

    def named(self, keys: frozenset[int]) -> list[str]:
        """Items with these hashes, by name."""
        return names(self._text, keys)


def _receipt_in_words(text: str) -> Receipt | None:
    return in_words(text, "completion")


def _receipt_in_structure(text: str) -> Receipt | None:
    return in_structure(text, "completion")
