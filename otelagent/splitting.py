"""Requests cut at their items: spans, log records or metrics. Resources and scopes are repeated as needed."""

from collections.abc import Callable, Iterator
from typing import Any

from otelagent import otlp
from otelagent.otlp_lite_pb2 import Request


def halves(body: bytes) -> tuple[bytes, bytes] | None:
    """Two requests with half of the items each, in order; None where there is only one item."""
    request = otlp.parse_envelope(body)
    total = sum(len(scope.items) for resource in request.resource_items for scope in resource.scope_items)
    if total < 2:
        return None
    middle = total // 2
    return _cut(body, 0, middle), _cut(body, middle, total)


def pieces(body: bytes, limit: int) -> Iterator[bytes]:
    """The request in parts of at most `limit` bytes; an item that is larger stays alone."""
    if len(body) <= limit or (both := halves(body)) is None:
        yield body
        return
    for half in both:
        yield from pieces(half, limit)


def _cut(body: bytes, begin: int, end: int) -> bytes:
    """The request with the items from `begin` up to `end`; what holds none of them is left out."""
    request = Request.FromString(body)
    at = 0
    for resource in request.resource_items:
        for scope in resource.scope_items:
            count = len(scope.items)
            scope.items[:] = list(scope.items)[max(begin - at, 0) : max(end - at, 0)]
            at += count
        _prune(resource.scope_items, lambda scope: bool(scope.items))
    _prune(request.resource_items, lambda resource: bool(resource.scope_items))
    return request.SerializeToString()


def _prune(container: Any, keep: Callable[[Any], bool]) -> None:
    for index in reversed(range(len(container))):
        if not keep(container[index]):
            del container[index]
