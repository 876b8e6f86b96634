"""Span links within one trace, by which runtimes of messages show who started whom (AutoGen, Agent Framework)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Protocol

from otelagent.model import Kind
from otelagent.nothing import NOTHING

MAX_DEPTH: Final = 64
MAX_LINKS: Final = 1_000
"""Spans of a trace whose links are kept."""

MAX_EACH: Final = 8
"""Links kept for one span."""


class Place(Protocol):
    """What is asked of a span's place."""

    @property
    def parent_id(self) -> bytes: ...
    @property
    def kind(self) -> Kind | None: ...


class SpanLinks:
    """Owned by one tree. A link leads from the span that handles a message to the one that sent it."""

    __slots__ = ("_nodes", "_sent")

    def __init__(self, nodes: Mapping[bytes, Place]) -> None:
        self._nodes = nodes
        self._sent: dict[bytes, tuple[bytes, ...]] = NOTHING

    def add(self, span_id: bytes, sent: Sequence[bytes]) -> None:
        """A span refers to spans of its own trace."""
        if sent and len(self._sent) < MAX_LINKS:
            self._sent = self._sent or {}
            self._sent[span_id] = tuple(sent[:MAX_EACH])

    def sources(self, key: bytes) -> frozenset[bytes]:
        """The spans that sent what a run was started by, and those in which they were sent."""
        sent = next((self._sent[at] for at in self._upward(key) if at in self._sent), ()) if self._sent else ()
        around = (self._nodes[each].parent_id for each in sent if each in self._nodes)
        return frozenset((*sent, *around)) - {b"", key}

    def within(self, key: bytes, spans: frozenset[bytes]) -> bool:
        """A run is one of these spans, or hangs below one."""
        return any(at in spans for at in self._upward(key))

    def _upward(self, key: bytes) -> Iterator[bytes]:
        """A span and those above it, up to the next agent or workflow."""
        at = key
        for _ in range(MAX_DEPTH):
            node = self._nodes.get(at)
            if at != key and node is not None and node.kind in (Kind.AGENT, Kind.WORKFLOW):
                return
            yield at
            if node is None or not node.parent_id or node.parent_id == at:
                return
            at = node.parent_id
