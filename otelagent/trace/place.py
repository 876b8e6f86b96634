"""Places of spans in the link table of a trace."""

from typing import Final, TypeAlias

import msgspec

from otelagent.model import Kind, Plain, Step

_CREATED: Final = "create_agent"
"""Stands for a tool at the place of a span in which an agent was created."""


class Node(msgspec.Struct, gc=False):
    """The place of a span that is no step, or whose trace has left."""

    parent_id: bytes
    start: int
    end: int
    kind: Kind | None = None
    """None: a plain span."""
    tool: str | None = None
    added: bytes = b""
    """Attributes that were added to the span when it passed; a repeated one gets the same."""
    http_status: int | None = None
    """Of an HTTP client span that came while nobody worked in its trace."""


Place: TypeAlias = Step | Node
"""One span in the link table; a live step is its own."""


def creates(place: Place) -> bool:
    """An agent was created in the span."""
    return place.kind is None and place.tool == _CREATED


def plain(item: Plain) -> Node:
    """The place of a span that is no step."""
    return Node(item.parent_id, item.start, item.end, None, _CREATED if item.creates else None)


def bare(place: Place) -> Node:
    """The same without the step that stands there."""
    if isinstance(place, Node):
        return place
    return Node(place.parent_id, place.start, place.end, place.kind, place.tool, place.added)
