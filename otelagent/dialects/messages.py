"""Lists of messages in a value: JSON text, a repr, plain text, native arrays, and objects around them.

Messages of a history are told apart by the hash of their bytes and decoded one by one when asked for.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import msgspec
from xxhash import xxh3_64_intdigest

from otelagent.dialects.encoded import UNREADABLE, WHITE, evaluated, is_cut, unpacked, whole_elements
from otelagent.dialects.shapes import LISTS, is_message, message
from otelagent.model import Item, Message

MAX_MESSAGES: Final = 10_000
MAX_DEPTH: Final = 6
_OPENING: Final = ord("[")
_NESTED: Final = (list, tuple, dict)
_RAW_LIST: Final = msgspec.json.Decoder(list[msgspec.Raw])
_RAW_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
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

    items: Sequence[Item]
    cut: bool = False


NOTHING: Final = Listing([])


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


def _listed_text(text: str, role: str) -> Listing:
    head = text[:64].lstrip(WHITE)
    if not head:
        return NOTHING
    try:
        if head[0] == "[":
            return Listing(items_of(text, role))
        if head[0] == "{":
            return Listing([_raw_item(raw, r) for raw, r in _raw_found(text, role, 0)][:MAX_MESSAGES])
        return Listing([item(unpacked(text), role)])
    except UNREADABLE:
        return _damaged(text, role)


def items_of(text: str | bytes, role: str) -> list[Item]:
    """The messages of a list in JSON; raises one of UNREADABLE where it isn't one."""
    return [_raw_item(raw, role) for raw in _flattened(_RAW_LIST.decode(text), 0)[:MAX_MESSAGES]]


def _damaged(text: str, role: str) -> Listing:
    value = evaluated(text)
    if value is not text:
        return listing(value, role)
    if not is_cut(text):
        return Listing([item(text, role)])
    start = 0 if text.lstrip(WHITE)[0] == "[" else max((text.find(f'"{key}"') for key in _LISTS), default=-1)
    if start < 0:
        return Listing([], cut=True)
    return Listing([item(element, role) for element in whole_elements(text[start:])], cut=True)


def _flattened(raws: list[msgspec.Raw], depth: int) -> list[msgspec.Raw]:
    if depth >= MAX_DEPTH or not any(memoryview(raw)[0] == _OPENING for raw in raws):  # nearly always
        return raws
    found: list[msgspec.Raw] = []
    for raw in raws:
        found += _flattened(_RAW_LIST.decode(raw), depth + 1) if memoryview(raw)[0] == _OPENING else (raw,)
    return found


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
    if isinstance(value, LISTS):
        for item in value:
            if isinstance(item, LISTS) and depth < MAX_DEPTH:
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
    if isinstance(value, LISTS):
        for item in value[:MAX_MESSAGES]:
            if isinstance(item, _NESTED) and depth < MAX_DEPTH:
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


def _raw_item(raw: msgspec.Raw, role: str) -> Item:
    return Item(xxh3_64_intdigest(raw), partial(_from_raw, raw, role))


def _from_raw(raw: msgspec.Raw, role: str) -> Message:
    try:
        return message(msgspec.json.decode(raw), role)
    except UNREADABLE:
        return message(bytes(raw).decode(errors="replace"), role)


def item(value: object, role: str) -> Item:
    """A decoded value as a message of a history."""
    return Item(_fingerprint(value), partial(message, value, role))


def _fingerprint(value: object) -> int:
    try:
        return xxh3_64_intdigest(msgspec.json.encode(value, order="deterministic"))
    except (msgspec.MsgspecError, TypeError, ValueError, RecursionError):
        return xxh3_64_intdigest(repr(type(value)).encode())
