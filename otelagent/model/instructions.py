"""What operators and users tell an agent, and the rules in it."""

from collections.abc import Sequence
from typing import Protocol


class Rule(Protocol):
    """Something that instructions forbid, demand or limit."""

    @property
    def kind(self) -> str: ...
    @property
    def hash(self) -> int: ...
    @property
    def checked(self) -> bool: ...
    @property
    def order(self) -> tuple[str, str] | None:
        """A tool, and the one that it is to be called before; lower case."""


class Breach(Protocol):
    """A broken rule; `why` holds no captured content."""

    @property
    def why(self) -> str: ...


class Instructions(Protocol):
    """What an agent was told by its operator or user, read when it is asked for."""

    @property
    def rules(self) -> Sequence[Rule]: ...
    def lifts(self, rules: Sequence[Rule]) -> Sequence[Rule]:
        """Of these rules those that it takes back or replaces."""

    def holds(self, rule: Rule) -> bool:
        """The rule's sentence stands in it."""

    @property
    def shingles(self) -> frozenset[int]: ...
    @property
    def mark(self) -> int:
        """Fingerprint of the text."""

    @property
    def names(self) -> frozenset[int]: ...
    @property
    def words(self) -> frozenset[int]:
        """Hashes as those of `Call.terms`."""

    @property
    def follows(self) -> bool:
        """A user's message that wants done what something else says."""

    @property
    def system(self) -> bool: ...
    @property
    def requested(self) -> frozenset[str]:
        """Deeds that a user's message may ask for."""
