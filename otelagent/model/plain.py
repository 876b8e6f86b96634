"""Spans that are no steps, and log records that tell of a span."""

import msgspec

from otelagent.model.content import Item, Message
from otelagent.model.step import Step
from otelagent.model.work import Receipt


class Plain(msgspec.Struct, kw_only=True, gc=False):
    """A span that is no step but has its place in the tree: a turn, a graph node, an HTTP call, anything else."""

    trace_id: bytes
    span_id: bytes
    parent_id: bytes
    start: int
    end: int
    dialect: str | None = None
    """None: no dialect knows it."""
    kind: None = None
    """It is no step."""
    http_status: int | None = None
    """Of an HTTP client span."""
    agent: str | None = None
    """Name of the agent that a dialect put beside it."""
    receipt: Receipt | None = None
    links: tuple[tuple[bytes, bytes], ...] = ()
    """Span links: trace id and span id."""
    missed: bool = False
    """Looks like an agent's, and no dialect can say what it is."""
    creates: bool = False
    """An agent was created in it; runs of that agent may refer to it, though nobody asked for them there."""


class LogPart(msgspec.Struct, kw_only=True):
    """What a log record says of a span: messages, an error, a count of items, or a tool call of its own."""

    trace_id: bytes
    span_id: bytes
    time: int
    input: tuple[Item, ...] = ()
    output: tuple[Message, ...] = ()
    error: str | None = None
    error_type: str | None = None
    http_status: int | None = None
    receipt: Receipt | None = None
    step: Step | None = None
    """A tool call that has no span; it bears the id of the span that the record belongs to."""
