"""What an agent was assigned, and how much of it was done."""

from typing import Protocol

import msgspec


class Family(msgspec.Struct, frozen=True, gc=False):
    """Items of one kind that an assignment names together, as hashes, in their order, each once."""

    keys: tuple[int, ...]
    work: bool = False
    """The words around them say that each of them is to be dealt with."""
    optional: bool = False
    """The words around them say that some will do, or that they are there for reference."""


class Items(msgspec.Struct, frozen=True, gc=False):
    """What an assignment enumerates."""

    families: tuple[Family, ...] = ()
    stated: int | None = None
    """How many items it says there are."""
    unit: str | None = None
    """How it calls them, cut short, where it speaks of just these: "the five contracts"."""


class Assignment(Protocol):
    """A text that says what an agent is to do. It is read only where the agent turns out to be a delegate."""

    @property
    def items(self) -> Items: ...
    @property
    def wording(self) -> str:
        """The text itself, as much of it as is kept."""

    def named(self, keys: frozenset[int]) -> list[str]: ...
    @property
    def fingerprint(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def asks(self) -> frozenset[str]:
        """What it asks for: name, count, which."""

    @property
    def about_trouble(self) -> bool:
        """It is about failures, losses, complaints or the like."""

    @property
    def troubles(self) -> frozenset[str]:
        """The stems of the words by which it speaks of failures."""


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """How many items an agent was assigned and how many it processed.

    `method`: reported, text or inferred; without counts stopped, where an agent without spans gives no answer, and
    undone, where it says that part is still to be done.
    """

    assigned: int | None
    processed: int | None
    method: str
    path: str = ""
    honest: bool = False
    """It says itself that something is left."""
    left: tuple[int, ...] = ()
    """Hashes of the items' names that it lists as left."""

    @property
    def short(self) -> bool:
        """Less was processed than assigned."""
        return self.assigned is not None and self.processed is not None and self.processed < self.assigned

    @property
    def open(self) -> bool:
        """Part of the work is left, or it was stopped before it was done."""
        return self.short or self.method in ("stopped", "undone")
