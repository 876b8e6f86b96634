"""Lists of messages in an attribute: JSON text, a repr, plain text, native arrays, or flat indexed keys.

Messages of a history are told apart by the hash of their bytes and decoded one by one when asked for.
"""

import ast
import json
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NamedTuple, Protocol

import msgspec
from xxhash import xxh3_64_intdigest

from otelagent.dialects.shapes import NOT_CAPTURED, is_message, message
from otelagent.model import Item, Message
from otelagent.otlp import Attributes, Span

MAX_MESSAGES: Final = 10_000
MAX_REPR: Final = 256 * 1024
"""Characters of a Python repr that are evaluated."""
MAX_DEPTH: Final = 6

_RAW_LIST: Final = msgspec.json.Decoder(list[msgspec.Raw])
_RAW_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_UNREADABLE: Final = (msgspec.MsgspecError, ValueError, RecursionError)
_WHITE: Final = " \t\r\n"

_INSTRUCTIONS: Final = ("system", "system_prompt", "system_instruction", "systemInstruction", "instructions")
_LISTS: Final = (
    "messages",
    "contents",
    "input",
    "inputs",
    "prompt",
    "prompts",
    "request",
    "body",
    "chat_history",
    "items",
    "data",
    "args",
)
_OUTPUTS: Final = (
    "messages",
    "generations",
    "choices",
    "candidates",
    "replies",
    "output",
    "outputs",
    "message",
    "update",
    "response",
    "content",
    "last_message",
    "text",
    "combined_chunk_content",
)


class Listing(NamedTuple):
    """Messages in order. `cut`: the text ended in the middle; what could be read whole is here."""

    items: list[Item]
    cut: bool = False


NOTHING: Final = Listing([])


class Source(Protocol):
    """A place on a span where messages stand."""

    def present(self, span: Span) -> bool:
        """Whether there is anything; costs lookups only."""

    def keys(self, span: Span) -> tuple[str, ...]:
        """Attributes whose bytes tell whether the content was redacted or cut."""

    def read(self, span: Span, role: str) -> Listing:
        """The messages; `role` for those that name none."""


@dataclass(frozen=True)
class Listed:
    """An attribute that holds a list of messages, or an object with one inside."""

    key: str

    def present(self, span: Span) -> bool:
        return self.key in span.attributes

    def keys(self, span: Span) -> tuple[str, ...]:
        return (self.key,)

    def read(self, span: Span, role: str) -> Listing:
        return listing(span.attributes.get(self.key), role)


@dataclass(frozen=True)
class Whole:
    """An attribute that is one message: text, or a list of its parts."""

    key: str

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

    prefix: str
    drop: frozenset[str] = frozenset()
    empty: bool = False
    """The emitter leaves empty content away: a tool message without content is an empty result."""

    def present(self, span: Span) -> bool:
        return any(self._first(key) in span.attributes for key in ("role", "content"))

    def keys(self, span: Span) -> tuple[str, ...]:
        return tuple(self._first(key) for key in ("content", "role") if self._first(key) in span.attributes)

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
        for key in self._listed(span.attributes):
            index, _, path = key[len(self.prefix) + 1 :].partition(".")
            if index.isdecimal() and len(index) < 9:
                groups.setdefault(int(index), []).append((path, key))
        return [sorted(groups[index]) for index in sorted(groups) if any(_says(path) for path, _ in groups[index])]

    def _first(self, key: str) -> str:
        return ".".join((self.prefix, "0", *self._wrapper(), key))

    def _wrapper(self) -> tuple[str, ...]:
        return ("message",) if "message" in self.drop else ()

    def _listed(self, attributes: Attributes) -> Iterable[str]:
        head = self.prefix + "."
        keys = attributes.keys()
        return (key for key in keys if key.startswith(head))

    def _item(self, attributes: Attributes, group: list[tuple[str, str]], role: str, empty: bool) -> Item:
        raw = b"".join(part for path, key in group for part in (path.encode(), attributes.raw(key) or b""))
        return Item(xxh3_64_intdigest(raw), partial(self._message, attributes, group, role, empty))

    def _message(self, attributes: Attributes, group: list[tuple[str, str]], role: str, empty: bool) -> Message:
        fields = nested(((path, attributes.get(key)) for path, key in group), self.drop)
        if fields.get("role") == "tool" and "content" not in fields and "contents" not in fields:
            fields["content"] = "" if empty else NOT_CAPTURED
        return message(fields, role)


@dataclass(frozen=True)
class Events:
    """Span events that are one message each, or hold lists of messages; `names` maps an event's name to its role."""

    names: Mapping[str, str]
    bodies: tuple[str, ...]
    """Attributes that hold a message's body, tried in order."""
    lists: tuple[str, ...] = ()
    """Attributes that hold lists of messages instead."""

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


# --- reading -------------------------------------------------------------------------------------------------------


def listing(value: object, role: str) -> Listing:
    """The messages in a captured value."""
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    if isinstance(value, str):
        return _listed_text(value, role)
    if value is None:
        return NOTHING
    return Listing([item(value, r) for value, r in _found(value, role, 0)][:MAX_MESSAGES])


def completion(value: object, role: str = "assistant") -> Listing:
    """The messages that a call brought. Of a whole conversation (the state of a graph) its last answer."""
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    plain = unpacked(value)
    if isinstance(plain, str):
        cut = is_cut(plain)
        found = _listed_text(plain, role) if cut else Listing([item(plain, role)] if plain else [])
        return Listing(_last([found_item.read() for found_item in found.items]), cut)
    messages = [message(item, role) for item in _outputs(plain, 0)]
    return Listing(_last(messages))


def _last(messages: list[Message]) -> list[Item]:
    if any(m.role != "assistant" for m in messages):
        messages = [m for m in messages if m.role == "assistant"][-1:]
    return [Item(index, partial(_same, m)) for index, m in enumerate(messages)]


def _same(known: Message) -> Message:
    return known


def unpacked(value: object) -> object:
    """JSON or a Python repr inside text becomes its value; anything else stays."""
    if not isinstance(value, str) or not (head := value[:64].lstrip(_WHITE)) or head[0] not in '[{"':
        return value
    try:
        return msgspec.json.decode(value)
    except _UNREADABLE:
        return _evaluated(value)


def is_cut(text: str) -> bool:
    """Whether text begins as JSON and doesn't end as it: a length limit cut it."""
    head, tail = text[:64].lstrip(_WHITE), text[-64:].rstrip(_WHITE)
    return bool(head) and head[0] in "[{" and tail[-1:] != {"[": "]", "{": "}"}[head[0]]


def whole_elements(text: str) -> Iterator[Any]:
    """The elements of a JSON array that ends in the middle."""
    scanner = json.JSONDecoder()
    position = text.find("[") + 1
    while 0 < position < len(text):
        while position < len(text) and text[position] in ", \t\r\n":
            position += 1
        try:
            element, position = scanner.raw_decode(text, position)
        except (ValueError, RecursionError):
            return
        yield element


def nested(pairs: Iterable[tuple[str, object]], drop: frozenset[str] = frozenset()) -> dict[str, Any]:
    """`a.0.b` and the like become objects and lists; numbers are indexes, whose holes are closed."""
    root: dict[str, Any] = {}
    for path, value in pairs:
        steps = [step for step in path.split(".") if step not in drop][:MAX_DEPTH] or ["content"]
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


# --- where the list is ---------------------------------------------------------------------------------------------


def _listed_text(text: str, role: str) -> Listing:
    head = text[:64].lstrip(_WHITE)
    if not head:
        return NOTHING
    try:
        if head[0] == "[":
            return Listing([_raw_item(raw, role) for raw in _flattened(_RAW_LIST.decode(text), 0)][:MAX_MESSAGES])
        if head[0] == "{":
            return Listing([_raw_item(raw, r) for raw, r in _raw_found(text, role, 0)][:MAX_MESSAGES])
        return Listing([item(unpacked(text), role)])
    except _UNREADABLE:
        return _damaged(text, role)


def _damaged(text: str, role: str) -> Listing:
    value = _evaluated(text)
    if value is not text:
        return listing(value, role)
    if not is_cut(text):
        return Listing([item(text, role)])
    start = 0 if text.lstrip(_WHITE)[0] == "[" else max((text.find(f'"{key}"') for key in _LISTS), default=-1)
    if start < 0:
        return Listing([], cut=True)
    return Listing([item(element, role) for element in whole_elements(text[start:])], cut=True)


def _evaluated(text: str) -> object:
    """The value of a Python repr, else the text itself."""
    head = text[:64].lstrip(_WHITE)
    if len(text) > MAX_REPR or not head.startswith(("[{'", "{'", "['", "[]", "{}", '{"', '[{"', "[(")):
        return text
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value: object = ast.literal_eval(text.strip(_WHITE))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return text
    return value


def _flattened(raws: Sequence[msgspec.Raw], depth: int) -> Iterator[msgspec.Raw]:
    for raw in raws:
        if depth < MAX_DEPTH and bytes(memoryview(raw)[:1]) == b"[":
            yield from _flattened(_RAW_LIST.decode(raw), depth + 1)
        else:
            yield raw


def _raw_found(text: str | msgspec.Raw, role: str, depth: int) -> Iterator[tuple[msgspec.Raw, str]]:
    fields = _RAW_OBJECT.decode(text)
    lists = [] if _says_message(fields) else [key for key in _LISTS if _holds(fields.get(key))]
    if not lists or depth >= MAX_DEPTH:
        yield msgspec.Raw(text.encode() if isinstance(text, str) else bytes(text)), role
        return
    yield from ((raw, "system") for raw in _raw_instructions(fields))
    raw = fields[lists[0]]
    match bytes(memoryview(raw)[:1]):
        case b"[":
            yield from ((item, role) for item in _flattened(_RAW_LIST.decode(raw), 0))
        case b"{":
            yield from _raw_found(raw, role, depth + 1)
        case _:
            yield raw, role


def _says_message(fields: Mapping[str, object]) -> bool:
    return "role" in fields or ("type" in fields and ("data" in fields or "kwargs" in fields))


def _holds(raw: msgspec.Raw | None) -> bool:
    return raw is not None and bytes(memoryview(raw)[:1]) in (b"[", b"{", b'"') and len(memoryview(raw)) > 2


def _raw_instructions(fields: Mapping[str, msgspec.Raw]) -> Iterator[msgspec.Raw]:
    config = fields.get("config")
    places = [fields]
    if config is not None and bytes(memoryview(config)[:1]) == b"{":
        places.append(_RAW_OBJECT.decode(config))
    for place in places:
        found = next((place[key] for key in _INSTRUCTIONS if _holds(place.get(key))), None)
        if found is not None:
            yield found


def _found(value: object, role: str, depth: int) -> Iterator[tuple[object, str]]:
    if isinstance(value, list | tuple):
        for item in value:
            if isinstance(item, list | tuple) and depth < MAX_DEPTH:
                yield from _found(item, role, depth + 1)
            else:
                yield item, role
        return
    if isinstance(value, dict) and not is_message(value) and depth < MAX_DEPTH:
        key = next((key for key in _LISTS if value.get(key)), None)
        if key is not None:
            yield from ((value[name], "system") for name in _INSTRUCTIONS if value.get(name))
            yield from _found(value[key], role, depth + 1)
            return
    yield value, role


def _outputs(value: object, depth: int) -> Iterator[object]:
    if isinstance(value, list | tuple):
        for item in value[:MAX_MESSAGES]:
            if isinstance(item, list | tuple | dict) and depth < MAX_DEPTH:
                yield from _outputs(item, depth + 1)
            else:
                yield item
        return
    if isinstance(value, dict) and depth < MAX_DEPTH and not is_message(value) and not _carries(value):
        key = next((key for key in _OUTPUTS if value.get(key)), None)
        if key is not None:
            yield from _outputs(value[key], depth + 1)
            return
    if value not in (None, ""):
        yield value


def _carries(value: Mapping[str, Any]) -> bool:
    """A choice or candidate: the message with its finish reason beside it."""
    return isinstance(value.get("message"), dict) or (
        isinstance(value.get("content"), dict | str) and ("finish_reason" in value or "finishReason" in value)
    )


def whole(attributes: Attributes, key: str, role: str) -> Item:
    """An attribute that is one message, as an item of a history."""
    return Item(xxh3_64_intdigest(attributes.raw(key) or b""), partial(_whole, attributes, key, role))


# --- items ---------------------------------------------------------------------------------------------------------


def _raw_item(raw: msgspec.Raw, role: str) -> Item:
    return Item(xxh3_64_intdigest(memoryview(raw)), partial(_from_raw, raw, role))


def _from_raw(raw: msgspec.Raw, role: str) -> Message:
    try:
        return message(msgspec.json.decode(raw), role)
    except _UNREADABLE:
        return message(bytes(raw).decode(errors="replace"), role)


def item(value: object, role: str) -> Item:
    """A decoded value as a message of a history."""
    return Item(_fingerprint(value), partial(message, value, role))


def _fingerprint(value: object) -> int:
    try:
        return xxh3_64_intdigest(msgspec.json.encode(value, order="deterministic"))
    except (msgspec.MsgspecError, TypeError, ValueError, RecursionError):
        return xxh3_64_intdigest(repr(type(value)).encode())


def _whole(attributes: Attributes, key: str, role: str) -> Message:
    value = unpacked(attributes.get(key))
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict) and is_message(value[0]):
        value = value[0]
    read = message(value, role)
    return Message(role, read.parts, read.finish)
