"""What a completion's text says: claims, admissions, doubts."""

from collections.abc import Collection, Iterable, Sequence
from typing import Final, Protocol

import msgspec

from otelagent.model.instructions import Breach, Earlier, Instructions, Rule
from otelagent.model.work import Items, Receipt


class Claim(msgspec.Struct, frozen=True, gc=False):
    """A specific statement in a completion. `keys` are hashes of its value in every form that grounds it, as it is
    written first."""

    kind: str
    """number, percent, date, money, url, file, citation, quote, name, id, or year, which says little alone."""
    keys: tuple[int, ...]
    start: int
    end: int
    """Character offsets in the completion's text."""
    value: float | None = None
    """Of numbers, for sums, differences and shares."""


class Admission(msgspec.Struct, frozen=True, gc=False):
    """What a completion admits about its data; all False where it says nothing of the kind."""

    missing: bool = False
    """Says that something was not found, is not available or could not be read."""
    failed: bool = False
    partial: bool = False
    asks: bool = False
    """Asks the user to clarify, or announces another attempt."""
    absence: bool = False
    """Takes finding nothing as evidence that there is nothing."""

    @property
    def any(self) -> bool:
        return self.missing or self.failed or self.partial or self.asks


class Doubt(msgspec.Struct, frozen=True):
    """A sentence that speaks of a lack or of trouble. Hashes are those of `Call.terms`."""

    about: frozenset[int]
    """Its words, those aside that speak of the lack."""
    said: frozenset[int]
    """The words that speak of the lack."""
    claims: tuple[Claim, ...] = ()
    """What the sentence states itself."""
    opening: bool = False
    """The text begins with it."""
    looking: bool = False
    """It is of the search and its data, and not only of what was looked for."""


class Look(msgspec.Struct, frozen=True):
    """A sentence that says that its author looked once more, somewhere else. Hashes are those of `Call.terms`."""

    about: frozenset[int]
    """Its words."""
    where: frozenset[int]
    """Those that name where, without accents."""
    claims: tuple[Claim, ...] = ()
    """What it states."""


NOTHING_ADMITTED: Final = Admission()


class Said(Protocol):
    """A completion's text. It is read only where a question is open, since most of them never matter."""

    @property
    def claims(self) -> tuple[Claim, ...]: ...
    @property
    def admission(self) -> Admission: ...
    def without(self, quotes: Sequence[Claim]) -> "Said":
        """The text without these passages, which somebody else is made to say."""

    def of_the_looking(self, invented: Sequence[Claim], troubles: Collection[str], *, strictly: bool = False) -> "Said":
        """The text without clauses that don't speak of the search, its data or how sure they are: all of them where it
        states something invented, else those with one of these stems, whose words of trouble are its subject, and
        `strictly` those that say that there is none of something."""

    def particulars(self, kinds: frozenset[str]) -> tuple[Claim, ...]:
        """What it states of the kinds that a question asked for; offsets are those of bytes."""

    @property
    def whole(self) -> bool:
        """It says that what it tells of is all there is."""

    @property
    def clears(self) -> bool:
        """It gives the verdict that all is well: safe, clean, compliant."""

    @property
    def spotless(self) -> bool:
        """It says that a check found nothing of what it looks for: "no vulnerabilities"."""

    @property
    def part(self) -> bool:
        """It speaks of what it tells of as a part: the first ones, among others."""

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        """Sentences that speak of a lack or of trouble."""

    @property
    def receipt(self) -> "Receipt | None": ...
    @property
    def structured(self) -> "Receipt | None": ...
    def account(self, assignment: str) -> "Receipt | None":
        """How much it says was done of what an assignment names; None where it says of nothing that it is left."""

    def covers(self, assignment: str) -> bool:
        """It says that all that an assignment counts was dealt with: "3 of 7" is a finding then."""

    @property
    def complete(self) -> bool: ...
    @property
    def undone(self) -> bool: ...
    @property
    def halted(self) -> bool: ...
    @property
    def result(self) -> int | None:
        """Its hash, as that of a call's result that is this text."""

    @property
    def items(self) -> Items: ...
    @property
    def wording(self) -> str:
        """The text itself, as much of it as may be an assignment to who comes next."""

    @property
    def mentioned(self) -> frozenset[int]: ...
    def named(self, keys: frozenset[int]) -> list[str]: ...
    @property
    def blames(self) -> bool: ...
    def likeness(self, other: "Instructions") -> float:
        """The share of runs of eight words that it has in common with what the agent was told."""

    def repeats(self, phrase: str) -> bool: ...
    def breaks(self, rule: "Rule", earlier: "Iterable[Earlier] | None" = None) -> "Breach | None": ...
    @property
    def deeds(self) -> frozenset[frozenset[str]]:
        """Deeds that its author claims to have done: each as the kinds that it may be of."""

    @property
    def second_looks(self) -> "tuple[Look, ...]":
        """Sentences that say that its author looked once more, somewhere else."""

    @property
    def stated(self) -> frozenset[frozenset[str]]:
        """Deeds of which it says that they are done, by whomever: each as the kinds that it may be of."""

    @property
    def finished(self) -> bool:
        """It begins by saying that what was asked for is done."""
