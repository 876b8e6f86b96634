"""Statuses of HTTP client spans, on their way up to the tools that made the calls."""

from collections.abc import Iterable
from operator import itemgetter

from otelagent.model import Plain, Step
from otelagent.nothing import NOTHING
from otelagent.run import SOURCES
from otelagent.trace.place import Node, Place


class HttpStatuses:
    """Owned by one trace. By the span that they have reached: the end of the client's span, and its status."""

    __slots__ = ("_by_span",)

    def __init__(self) -> None:
        self._by_span: dict[bytes, tuple[int, int]] = NOTHING

    def __bool__(self) -> bool:
        return bool(self._by_span)

    def carry(self, item: Step | Plain) -> None:
        """Move the status of HTTP client spans up to the tool that made the call; an LLM's own calls stop there."""
        if isinstance(item, Plain):
            self.pass_up(item.span_id, item.parent_id, item.end, item.http_status)
            return
        carried = self._by_span.pop(item.span_id, None)
        if carried is not None and item.kind in SOURCES and item.http_status is None:
            item.say(http_status=carried[1])

    def catch_up(self, placed: Iterable[tuple[bytes, Place]]) -> None:
        """Of spans that came while nobody worked in their trace."""
        nodes = [(node.end, -node.start, span_id, node) for span_id, node in placed if isinstance(node, Node)]
        if any(node.http_status is not None for *_, node in nodes):
            for end, _, span_id, node in sorted(nodes, key=itemgetter(0, 1)):
                self.pass_up(span_id, node.parent_id, end, node.http_status)

    def pass_up(self, span_id: bytes, parent_id: bytes, end: int, own: int | None) -> None:
        """Of a plain span, with a status of its `own`."""
        carried = self._by_span.pop(span_id, None)
        if own is not None and (carried is None or end >= carried[0]):
            carried = (end, own)
        above = self._by_span.get(parent_id)
        if carried is not None and (above is None or carried[0] >= above[0]):
            self._by_span = self._by_span or {}
            self._by_span[parent_id] = carried
