"""Content: what a dialect can decode on demand."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol, TypeAlias

import msgspec


class Captured(msgspec.Struct, frozen=True, repr_omit_defaults=True):
    """A value as the emitter recorded it (text, or decoded kvlist/array), and the attribute it stood in."""

    value: object
    path: str
    mark: int | None = None
    """Fingerprint of the value, where that was cheap to make."""


class Text(msgspec.Struct, frozen=True):
    """Text of a message. `reasoning` marks the model's thinking, which is no answer."""

    text: str
    reasoning: bool = False


class ToolCall(msgspec.Struct, frozen=True):
    """A model asks for a tool. `arguments` as recorded: JSON text or decoded; None is not captured."""

    id: str | None
    name: str | None
    arguments: object = None


class ToolResult(msgspec.Struct, frozen=True):
    """A tool's result as the model saw it. `result` as recorded: text or decoded."""

    id: str | None
    name: str | None
    result: object


Part: TypeAlias = Text | ToolCall | ToolResult


class Message(msgspec.Struct, frozen=True):
    """One message. `role` is system, user, assistant or tool (developer reads as system, model as assistant)."""

    role: str
    parts: tuple[Part, ...]
    finish: str | None = None


class Item(msgspec.Struct, frozen=True, gc=False):
    """A message of a history that is decoded only when it is new: equal fingerprints are equal messages."""

    fingerprint: int
    read: Callable[[], Message]


class History(Sequence[Item]):
    """Messages that a model was given, in order. Those at its beginning may be known by their fingerprints alone, and
    are read only if they are asked for after all."""

    __slots__ = ("_earlier", "_later", "_read", "prints")

    def __init__(self, later: Sequence[Item], earlier: Iterable[int], read: Callable[[int], Message]) -> None:
        """`read`: gives the message at a place among the `earlier` ones."""
        self.prints = [*earlier]
        """Fingerprints of all messages."""
        self._earlier = len(self.prints)
        self._later = later
        self._read = read
        self.prints += [item.fingerprint for item in later]

    def __len__(self) -> int:
        return len(self.prints)

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return [self[place] for place in range(*at.indices(len(self)))]
        at = at + len(self) if at < 0 else at
        if at >= self._earlier:
            return self._later[at - self._earlier]
        return Item(self.prints[at], partial(self._read, at))

    @staticmethod
    def prints_of(items: Sequence[Item]) -> list[int]:
        """Fingerprints, in order."""
        return items.prints if isinstance(items, History) else [item.fingerprint for item in items]


class ToolOffer(msgspec.Struct, frozen=True):
    """A tool that the model was offered."""

    name: str
    description: str = ""
    output: object = None
    """JSON schema of its results, where it is declared."""
    parameters: dict[str, Any] | None = None
    """JSON schema of its arguments, as recorded."""


class Form(msgspec.Struct, frozen=True):
    """One form that a tool's results may have."""

    required: tuple[str, ...] = ()
    """Paths of members that must be there, where there is an object to hold them."""
    types: Mapping[str, frozenset[str]] = {}
    """JSON types that may stand at a path."""


class Declared(msgspec.Struct, frozen=True):
    """What a tool says its results are: objects with members."""

    names: frozenset[str] = frozenset()
    """Members that its description names, without case and separators."""
    forms: tuple[Form, ...] = ()
    """By its output schema; a result has one of them."""


class Content(Protocol):
    """Handle to a step's content; each method decodes when called. None or an empty sequence: not captured."""

    def arguments(self) -> Captured | None:
        """Of a tool or retrieval: its arguments or query."""

    def result(self) -> Captured | None:
        """Of a tool or retrieval: what it returned. Of an agent or workflow: its output."""

    def error(self) -> str | None:
        """Text of an exception event or of the span's status."""

    def history(self) -> Sequence[Item]:
        """Of an LLM or agent step: instructions first, then the input messages in order."""

    def completion(self) -> Sequence[Message]:
        """Of an LLM or agent step: the output messages."""

    def tools(self) -> Sequence[ToolOffer]:
        """The tools that the model was offered."""

    @property
    def cut(self) -> bool:
        """Messages that were read had been cut off when they were written."""
