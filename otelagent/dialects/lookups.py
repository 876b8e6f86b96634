"""What stands deeper than in a key: in a span's name, inside JSON, on an event."""

from collections.abc import Callable
from typing import Final

from otelagent.dialects.encoded import unpacked
from otelagent.model import Captured
from otelagent.otlp import Span

MAX_TEXT: Final = 1024
"""Characters of a name or id that are kept."""


def span_name(span: Span) -> str:
    """Names the step after its span."""
    return span.name


def after(*heads: str) -> Callable[[Span], str | None]:
    """What follows one of these beginnings of the span's name."""

    def rest(span: Span) -> str | None:
        name = span.name
        return next((name[len(head) :].strip() for head in heads if name.startswith(head)), None)

    return rest


def inside(key: str, *path: str | int) -> Callable[[Span], object]:
    """What stands in the JSON object under a key; decoded only if the last name of the path occurs in it."""
    needle = f'"{path[-1]}"'.encode() if path else b""

    def read(span: Span) -> object:
        raw = span.attributes.raw(key)
        if raw is None or needle not in raw:
            return None
        value: object = unpacked(span.attributes.get(key))
        for step in path:
            value = _below(value, step)
        return value

    return read


def _below(value: object, step: str | int) -> object:
    if isinstance(value, dict):
        return value.get(step)
    return value[step] if isinstance(value, list) and isinstance(step, int) and step < len(value) else None


def unquoted(key: str) -> Callable[[Span], object]:
    """The value of a key that an emitter writes as JSON, so with quotes."""

    def read(span: Span) -> object:
        return unpacked(span.attributes.get(key))

    return read


def on_event(name: str, *keys: str) -> Callable[[Span], Captured | None]:
    """Content under one of these keys of the last span event with this name."""

    def read(span: Span) -> Captured | None:
        for event in reversed(span.events):
            key = next((key for key in keys if key in event.attributes), None) if event.name == name else None
            if key is not None:
                return Captured(event.attributes.get(key), f"event:{name}.{key}")
        return None

    return read


def quoted(key: str, name: str) -> Callable[[Span], str | None]:
    """A string member of the JSON under a key, found without decoding it; the last one counts."""
    heads = tuple(f'"{name}":{space}"'.encode() for space in (" ", ""))

    def read(span: Span) -> str | None:
        raw = span.attributes.raw(key)
        if raw is None:
            return None
        at, head = max((raw.rfind(head), head) for head in heads)
        if at < 0:
            return None
        start = at + len(head)
        end = raw.find(b'"', start, start + MAX_TEXT)
        return raw[start:end].decode(errors="replace") if end > start else None

    return read
