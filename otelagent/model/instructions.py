"""What operators and users tell an agent, and the rules in it."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Rule(Protocol):
    """Something that instructions forbid, demand or limit."""

    @property
    def kind(self) -> str: ...
    @property
    def hash(self) -> int: ...
    @property
    def checked(self) -> bool: ...


class Breach(Protocol):
    """A broken rule; `why` holds no captured content."""

    @property
    def why(self) -> str: ...


class Plain(Protocol):
    """What a call was given."""

    @property
    def plain(self) -> frozenset[str]:
        """The single values in its arguments."""

    @property
    def amount(self) -> float | None:
        """What it spends, by its arguments."""


class Earlier(NamedTuple):
    """A call that a run made before, or an answer, which has no tool."""

    tool: str | None
    given: Plain | None = None
    asked: bool | None = None
    """Of an answer: it asks something; None: not known."""
    failed: bool = False


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
    def size(self) -> int:
        """Characters of the text."""

    @property
    def names(self) -> frozenset[int]: ...
    @property
    def words(self) -> frozenset[int]:
        """Hashes as those of `Call.terms`."""

    @property
    def follows(self) -> bool:
        """A user's message that wants done what something else says."""

    @property
    def addressed(self) -> bool:
        """It names a mail address or a link."""

    @property
    def system(self) -> bool: ...
    @property
    def requested(self) -> frozenset[str]:
        """Deeds that a user's message may ask for."""
