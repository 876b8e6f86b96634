"""W3C trace context where protocols carry it as content: MCP's `params._meta`, A2A's message metadata, headers."""

from typing import Final

import re2

MAX_TEXT: Final = 64_000
_PARENT: Final = re2.compile(rb"traceparent\W{1,12}00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
_ALONE: Final = re2.compile(rb"^\W*00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}\W*$")
NONE: Final = (b"\0" * 16, b"\0" * 8)

Context = tuple[bytes, bytes]
"""Trace id and span id."""


def context(value: str) -> Context | None:
    """The span that a `traceparent` names; None for anything else."""
    match = _ALONE.match(value.encode(errors="replace"))
    return _ids(match.group(1), match.group(2)) if match else None


def mentioned(value: object) -> Context | None:
    """The first `traceparent` in recorded content (text or decoded, four levels deep)."""
    if isinstance(value, str):
        if "traceparent" not in value:
            return None
        match = _PARENT.search(value[:MAX_TEXT].encode(errors="replace"))
        return _ids(match.group(1), match.group(2)) if match else None
    return _within(value, 4)


def _within(value: object, room: int) -> Context | None:
    if not isinstance(value, dict) or not room:
        return None
    own = value.get("traceparent")
    if isinstance(own, str) and (found := context(own)) is not None:
        return found
    return next((found for member in list(value.values())[:50] if (found := _within(member, room - 1))), None)


def _ids(trace_id: bytes, span_id: bytes) -> Context | None:
    found = (bytes.fromhex(trace_id.decode()), bytes.fromhex(span_id.decode()))
    return found if found[0] != NONE[0] and found[1] != NONE[1] else None
