"""What turns into bytes while nobody asks for it."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, ClassVar

from otelagent.resting import packed, unpacked


class Resting(ABC):
    """Has attributes that are bytes while it rests, and others that are made when they are asked for first."""

    __slots__ = ("_packed", "_restless")

    HELD: ClassVar[tuple[str, ...]]
    """Attributes that are packed."""

    def __init__(self) -> None:
        self._packed: bytes | None = None
        """At rest: what it holds."""
        self._restless = False
        """It can't rest."""

    @abstractmethod
    def _made(self, name: str) -> Any:
        """An attribute that is made when it is asked for first; AttributeError for any other."""

    @abstractmethod
    def _awake(self, held: Iterable[str]) -> None:
        """These attributes were unpacked: give them back what can't be packed."""

    def __getattr__(self, name: str) -> Any:
        if name in self.HELD and self._packed is not None:
            held, self._packed = unpacked(self._packed), None
            for each, value in held.items():
                setattr(self, each, value)
            self._awake(held)
            return getattr(self, name)
        made = self._made(name)
        setattr(self, name, made)
        return made

    @property
    def rests(self) -> bool:
        """What it holds are bytes until someone asks for it."""
        return self._packed is not None

    def rest(self) -> bool:
        """Turn what it holds into bytes, until someone asks for it; False where it can't, or does already.

        Nobody may hold on to its parts: they will be others.
        """
        if self.rests or self._restless:
            return False
        held = self._own(self.HELD)
        self._packed = packed(held)
        if self._packed is None:
            self._restless = True
            return False
        for name in held:
            delattr(self, name)
        return True

    def _own(self, names: Iterable[str]) -> dict[str, Any]:
        """Those of these attributes that it has already."""
        found = {}
        for name in names:
            with suppress(AttributeError):
                found[name] = object.__getattribute__(self, name)
        return found
