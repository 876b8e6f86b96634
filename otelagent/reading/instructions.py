"""What an agent was told by its operator or user, read when it is asked for."""

from collections.abc import Sequence
from typing import Final

from otelagent.model import Items, Rule
from otelagent.reading.arguments import words_of
from otelagent.reading.constraints import Constraint, constraints, lifted
from otelagent.reading.enumeration import HEAD, enumerated, names
from otelagent.reading.injection import addressed, names_in, shingles
from otelagent.reading.likeness import text_fingerprint
from otelagent.reading.particulars import about_trouble, asked_for, troubles
from otelagent.reading.requests import follows, requested
from otelagent.reading.texts import TextRead

MAX_INSTRUCTIONS: Final = 16_384
"""Characters of a system or user message that are kept for what it names."""


class TaskRead(TextRead):
    """What a user message asks for; its head only."""

    __slots__ = ("_fingerprint",)

    def __init__(self, text: str) -> None:
        super().__init__(text[:HEAD])
        self._fingerprint: int | None = None

    @property
    def items(self) -> Items:
        return self._once("items", enumerated)

    @property
    def wording(self) -> str:
        return self._text

    @property
    def asks(self) -> frozenset[str]:
        """What it asks for: name, count, which."""
        return self._once("asks", asked_for)

    @property
    def about_trouble(self) -> bool:
        """It is about failures, losses, complaints or the like."""
        return self._once("about trouble", about_trouble)

    @property
    def troubles(self) -> frozenset[str]:
        """The stems of the words by which it speaks of failures."""
        return self._once("troubles", troubles)

    def named(self, keys: frozenset[int]) -> list[str]:
        """Items with these hashes, by name."""
        return names(self._text, keys)

    @property
    def fingerprint(self) -> int:
        """Asked of all turns of a run by each that ends."""
        if self._fingerprint is None:
            self._fingerprint = self._once("fingerprint", text_fingerprint)
        return self._fingerprint


class InstructionsRead(TextRead):
    """A system or user message."""

    __slots__ = ("_shingles", "system")

    def __init__(self, text: str, system: bool) -> None:
        super().__init__(text[:MAX_INSTRUCTIONS])
        self.system = system
        self._shingles: frozenset[int] | None = None

    @property
    def wording(self) -> str:
        return self._text

    @property
    def rules(self) -> tuple[Constraint, ...]:
        if self.system:
            return self._once("system rules", lambda text: constraints(text, "system"))
        return self._once("user rules", lambda text: constraints(text, "user"))

    @property
    def requested(self) -> frozenset[str]:
        """Deeds that it may ask for."""
        return frozenset() if self.system else self._once("requested", requested)

    @property
    def follows(self) -> bool:
        """It wants done what something else says, or a prompt reviewed."""
        return not self.system and self._once("follows", follows)

    def lifts(self, rules: Sequence[Rule]) -> tuple[Constraint, ...]:
        if self.system:
            return ()
        return lifted([rule for rule in rules if isinstance(rule, Constraint)], self._text)

    def holds(self, rule: Rule) -> bool:
        return isinstance(rule, Constraint) and rule.stands_in(self._text)

    @property
    def names(self) -> frozenset[int]:
        return self._once("names", names_in)

    @property
    def addressed(self) -> bool:
        return self._once("addressed", addressed)

    @property
    def words(self) -> frozenset[int]:
        return self._once("words of", words_of)

    @property
    def shingles(self) -> frozenset[int]:
        if self._shingles is None:
            self._shingles = shingles(self._text)
        return self._shingles
