"""General OpenTelemetry conventions: exceptions, error types, the conversation, HTTP client spans."""

from typing import Final

from otelagent.dialects.plan import count
from otelagent.dialects.table import Dialect
from otelagent.model import LogPart
from otelagent.otlp import CLIENT, Attributes, Log, Span

_STATUS: Final = ("http.response.status_code", "http.status_code")
_METHOD: Final = ("http.request.method", "http.method")
_EXCEPTION: Final = "exception"
_TYPE: Final = "exception.type"
_MESSAGE: Final = "exception.message"
_ERROR_TYPE: Final = "error.type"
_ERROR_MESSAGE: Final = "error.message"

FLOW: Final = frozenset({"ParentCommand", "GraphInterrupt", "GraphBubbleUp", "NodeInterrupt", "GraphDelegate"})
"""Exceptions that frameworks steer by: a hand-over or a wait for a person, and no failure."""

MAX_ERROR: Final = 16_384
"""Characters of an exception's text that are read."""

_CONTEXTS: Final = (
    "traceparent",
    "mcp.meta.traceparent",
    "mcp.request.meta.traceparent",
    "a2a.metadata.traceparent",
    "a2a.message.metadata.traceparent",
    "http.request.header.traceparent",
)
"""Where a W3C context is recorded that its receiver didn't take up as its parent."""

_CONVERSATIONS: Final = (
    "session.id",
    "conversation.id",
    "conversation_id",
    "session_id",
    "thread_id",
    "langgraph.thread_id",
    "gen_ai.session.id",
    "gen_ai.thread.id",
    "a2a.context_id",
    "a2a.context.id",
)
"""Names that agents' spans have for it, whoever wrote them. `thread.id` is one of the operating system's."""

DIALECT: Final = Dialect(
    name="otel_core",
    fields={
        "error_type": (_ERROR_TYPE, lambda span: exception_type(span)),
        "conversation": _CONVERSATIONS,
        "context": _CONTEXTS,
        "http_status": _STATUS,
        "environment": ("deployment.environment.name", "deployment.environment"),
    },
)


def error_text(span: Span) -> str | None:
    """Text of the exception event that ended the span, or of its status; steering exceptions are none."""
    events = span.events
    if not events and not span.failed and _ERROR_MESSAGE not in span.attributes:
        return None
    texts = [text for event in events if event.name == _EXCEPTION and (text := _text(event.attributes.get(_MESSAGE)))]
    if steers(span):
        return None
    if texts:
        return texts[-1]
    return _text(span.attributes.get(_ERROR_MESSAGE)) or (_text(span.status_message) if span.failed else None)


def exception_type(span: Span) -> str | None:
    """Type of the last exception event."""
    for event in reversed(span.events) if span.events else ():
        if event.name == _EXCEPTION and (kind := _text(event.attributes.get(_TYPE))):
            return kind
    return None


def steers(span: Span) -> bool:
    """Whether what looks like an error is a framework's way to hand over."""
    kind = exception_type(span) or _text(span.attributes.get(_ERROR_TYPE)) or ""
    return kind.rpartition(".")[2] in FLOW


def read_log(log: Log) -> LogPart | None:
    """An exception that was logged instead of put on its span."""
    kind, told = _text(log.attributes.get(_TYPE)), _text(log.attributes.get(_MESSAGE))
    if (kind is None and told is None) or (kind or "").rpartition(".")[2] in FLOW:
        return None
    return LogPart(trace_id=log.trace_id, span_id=log.span_id, time=log.time, error=told or kind, error_type=kind)


def http_status(span: Span) -> int | None:
    """Status of an HTTP client span; 0 where it got no answer; None where this is no HTTP client span."""
    return answered(span.attributes) if span.kind == CLIENT else None


def answered(attributes: Attributes) -> int | None:
    """The same of a span that is known to be a client's."""
    for key in _STATUS:
        if (status := count(attributes.get(key))) is not None:
            return status
    return None


_STATUSES: Final = tuple(
    b"\x4a%c\x0a%c%s\x12\x03\x18" % (len(key) + 7, len(key), key) for key in (name.encode() for name in _STATUS)
)
"""The attributes as they stand in a span, with the beginning of a value of two bytes: all statuses from 128 on."""


def answered_in(raw: bytes) -> int | None:
    """The status on a client's serialised span, which nobody else reads; None where it must be parsed.

    Parsing the attributes for it would take longer than all else that is done with such a span.
    """
    for known in _STATUSES:
        if (at := raw.find(known)) >= 0:
            low, high = raw[at + len(known) : at + len(known) + 2]
            return low & 0x7F | high << 7 if low & 0x80 and high < 0x80 else None
    return None


def is_http(span: Span) -> bool:
    """Whether this is an HTTP client span, answered or not."""
    return span.kind == CLIENT and any(key in span.attributes for key in (*_METHOD, *_STATUS))


def _text(value: object) -> str | None:
    return value[:MAX_ERROR] if isinstance(value, str) and value else None
