"""Where messages stand on a span: in one attribute, in flattened keys, in span events."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from typing import Any, ClassVar, Final, Protocol

from xxhash import xxh3_64_intdigest

from otelagent.dialects.continued import continued
from otelagent.dialects.encoded import unpacked
from otelagent.dialects.messages import NOTHING, Listing, completion, listing
from otelagent.dialects.shapes import NOT_CAPTURED, is_message, message
from otelagent.model import Item, Message
from otelagent.otlp import Attributes, Span

MAX_PATHS: Final = 4096
"""Flattened keys and paths whose parts are remembered; emitters have few."""

MAX_STEPS: Final = 6
"""Steps of a flattened path; deeper ones are dropped."""


class Source(Protocol):
    """A place on a span where messages stand."""

    told_by_keys: ClassVar[bool]
    """`present` says of a span what `possible` says of its keys: of a plan for known keys it needn't be asked."""

    def possible(self, keys: Container[str]) -> bool:
        """Whether spans with these keys may have anything there."""

    def present(self, span: Span) -> bool:
        """Whether there is anything; costs lookups only."""

    def keys(self, span: Span) -> tuple[str, ...]:
        """Attributes whose bytes tell whether the content was redacted or cut."""

    def read(self, span: Span, role: str) -> Listing:
        """The messages; `role` for those that name none."""


@dataclass(frozen=True)
class Listed:
    """An attribute that holds a list of messages, or an object with one inside."""

    told_by_keys: ClassVar[bool] = True
    key: str

    def possible(self, keys: Container[str]) -> bool:
        return self.key in keys

    def present(self, span: Span) -> bool:
        return self.key in span.attributes

    def keys(self, span: Span) -> tuple[str, ...]:
        return (self.key,)

    def read(self, span: Span, role: str) -> Listing:
        return continued(span.attributes.get(self.key), span.trace_id, role)


@dataclass(frozen=True)
class Whole:
    """An attribute that is one message: text, or a list of its parts."""

    told_by_keys: ClassVar[bool] = True
    key: str

    def possible(self, keys: Container[str]) -> bool:
        return self.key in keys

    def present(self, span: Span) -> bool:
        return self.key in span.attributes

    def keys(self, span: Span) -> tuple[str, ...]:
        return (self.key,)

    def read(self, span: Span, role: str) -> Listing:
        return Listing([whole(span.attributes, self.key, role)]) if self.key in span.attributes else NOTHING


@dataclass(frozen=True)
class Answer(Listed):
    """An attribute that holds what a call or run brought: text, messages, or an object with them inside."""

    def read(self, span: Span, role: str) -> Listing:
        return completion(span.attributes.get(self.key), role)


@dataclass(frozen=True)
class Flat:
    """Flattened keys `<prefix>.<index>.<path>`; indexes may have holes. `drop`: path segments without meaning."""

    told_by_keys: ClassVar[bool] = True
    prefix: str
    drop: frozenset[str] = frozenset()
    empty: bool = False
    """The emitter leaves empty content away: a tool message without content is an empty result."""

    @cached_property
    def first(self) -> tuple[str, str]:
        """The keys of the first message's content and role, of which one is there if any message is."""
        wrapper = ("message",) if "message" in self.drop else ()
        content, role = (".".join((self.prefix, "0", *wrapper, key)) for key in ("content", "role"))
        return content, role

    def possible(self, keys: Container[str]) -> bool:
        return any(key in keys for key in self.first)

    def present(self, span: Span) -> bool:
        return self.possible(span.attributes)

    def keys(self, span: Span) -> tuple[str, ...]:
        return tuple(key for key in self.first if key in span.attributes)

    def read(self, span: Span, role: str) -> Listing:
        empty = self.empty and not span.dropped_attributes
        return Listing([self._item(span.attributes, group, role, empty) for group in self._groups(span)])

    def objects(self, span: Span) -> list[dict[str, Any]]:
        """What stands under each index, as an object."""
        return [nested(((path, span.attributes.get(key)) for path, key in g), self.drop) for g in self._groups(span)]

    def lowest(self, span: Span) -> int | None:
        """The lowest index that is left; above 0 where the oldest attributes were dropped."""
        heads = (key[len(self.prefix) + 1 :].partition(".")[0] for key in self._listed(span.attributes))
        return min((int(head) for head in heads if head.isdecimal() and len(head) < 9), default=None)

    def _groups(self, span: Span) -> list[list[tuple[str, str]]]:
        groups: dict[int, list[tuple[str, str]]] = {}
        start = len(self.prefix) + 1
        for key in self._listed(span.attributes):
            index, path = _placed(key, start)
            if index is None:
                continue
            if (own := groups.get(index)) is None:
                groups[index] = [(path, key)]
            else:
                own.append((path, key))
        ordered = [sorted(groups[index]) for index in sorted(groups)]
        return [group for group in ordered if _says(group[0][0]) or any(_says(path) for path, _ in group)]

    def _listed(self, attributes: Attributes) -> Iterable[str]:
        head = self.prefix + "."
        keys = attributes.keys()
        return [key for key in keys if key.startswith(head)]

    def _item(self, attributes: Attributes, group: list[tuple[str, str]], role: str, empty: bool) -> Item:
        raw = b"".join([part for path, key in group for part in (path.encode(), attributes.raw(key) or b"")])
        return Item(xxh3_64_intdigest(raw), partial(self._message, attributes, group, role, empty))

    def _message(self, attributes: Attributes, group: list[tuple[str, str]], role: str, empty: bool) -> Message:
        fields = nested(((path, attributes.get(key)) for path, key in group), self.drop)
        if fields.get("role") == "tool" and "content" not in fields and "contents" not in fields:
            fields["content"] = "" if empty else NOT_CAPTURED
        return message(fields, role)


@dataclass(frozen=True)
class Events:
    """Span events that are one message each, or hold lists of messages; `names` maps an event's name to its role."""

    told_by_keys: ClassVar[bool] = False
    names: Mapping[str, str]
    bodies: tuple[str, ...]
    """Attributes that hold a message's body, tried in order."""
    lists: tuple[str, ...] = ()
    """Attributes that hold lists of messages instead."""

    def possible(self, keys: Container[str]) -> bool:
        return True

    def present(self, span: Span) -> bool:
        events = span.events
        return bool(events) and any(e.name in self.names and self._body(e.attributes) is not None for e in events)

    def keys(self, span: Span) -> tuple[str, ...]:
        return ()

    def read(self, span: Span, role: str) -> Listing:
        items: list[Item] = []
        cut = False
        for event in span.events:
            named = self.names.get(event.name)
            key = None if named is None else self._body(event.attributes)
            if named is None or key is None:
                continue
            if key in self.lists:
                found = listing(event.attributes.get(key), role)
                items += found.items
                cut = cut or found.cut
            else:
                items.append(_event_item(event.attributes, key, named))
        return Listing(items, cut)

    def _body(self, attributes: Attributes) -> str | None:
        return next((key for key in (*self.lists, *self.bodies) if key in attributes), None)


@lru_cache(MAX_PATHS)
def _placed(key: str, start: int) -> tuple[int | None, str]:
    """The index of a flattened key, None where it has none, and the path below it."""
    index, _, path = key[start:].partition(".")
    return int(index) if index.isdecimal() and len(index) < 9 else None, path


@lru_cache(MAX_PATHS)
def _steps(path: str, drop: frozenset[str]) -> tuple[str, ...]:
    return tuple([step for step in path.split(".") if step not in drop][:MAX_STEPS]) or ("content",)


@lru_cache(MAX_PATHS)
def _says(path: str) -> bool:
    """A path that is more than the role of a message."""
    return path.rpartition(".")[2] not in ("role", "finish_reason")


def _event_item(attributes: Attributes, key: str, role: str) -> Item:
    raw = role.encode() + (attributes.raw("id") or b"") + (attributes.raw(key) or b"")
    return Item(xxh3_64_intdigest(raw), partial(event_message, attributes, key, role))


def event_message(attributes: Attributes, key: str, role: str) -> Message:
    """The message of an event: its body under `key`, its other fields beside it."""
    body = unpacked(attributes.get(key))
    if isinstance(body, dict) and (is_message(body) or isinstance(body.get("message"), dict)):
        return message(body, role)
    fields: dict[str, object] = {"role": role, "content": body}
    for name in ("id", "tool_calls", "finish_reason", "name"):
        if name in attributes:
            fields[name] = unpacked(attributes.get(name))
    return message(fields, role)


def whole(attributes: Attributes, key: str, role: str) -> Item:
    """An attribute that is one message, as an item of a history."""
    return Item(xxh3_64_intdigest(attributes.raw(key) or b""), partial(_whole, attributes, key, role))


def _whole(attributes: Attributes, key: str, role: str) -> Message:
    value = unpacked(attributes.get(key))
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict) and is_message(value[0]):
        value = value[0]
    read = message(value, role)
    return Message(role, read.parts, read.finish)


def nested(pairs: Iterable[tuple[str, object]], drop: frozenset[str] = frozenset()) -> dict[str, Any]:
    """`a.0.b` and the like become objects and lists; numbers are indexes, whose holes are closed."""
    root: dict[str, Any] = {}
    for path, value in pairs:
        steps = _steps(path, drop)
        at = root
        for step in steps[:-1]:
            below = at.setdefault(step, {})
            if not isinstance(below, dict):
                below = at[step] = {}
            at = below
        at[steps[-1]] = value
    return {key: _closed(value) for key, value in root.items()}


def _closed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(key.isdecimal() for key in value):
        return [_closed(value[key]) for key in sorted(value, key=lambda k: (len(k), k))]
    return {key: _closed(inner) for key, inner in value.items()}
