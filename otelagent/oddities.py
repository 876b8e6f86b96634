"""Spans that contradict themselves or others, or hold odd values: what is counted, and how read (`model.Odd`)."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from otelagent.model import Odd, Plain, Step
from otelagent.otlp import NOT_TEXT, TOO_DEEP, WRONG_TYPE, TraceRequest
from otelagent.trace import Place, Trace

SLACK: Final = 1_000_000
"""Nanoseconds by which a child may start before its parent: clocks of one machine step that far."""


_FLAWS: Final = {WRONG_TYPE: Odd.WRONG_TYPE, NOT_TEXT: Odd.NOT_TEXT, TOO_DEEP: Odd.TOO_DEEP}


def of_items(items: Iterable[Step | Plain]) -> Counter[Odd]:
    """What shows in a span alone."""
    found: Counter[Odd] = Counter()
    for item in items:
        if item.end < item.start:
            found[Odd.ENDS_BEFORE_START] += 1
        if item.parent_id == item.span_id:
            found[Odd.OWN_PARENT] += 1
    return found


def of_request(request: TraceRequest) -> Counter[Odd]:
    """What shows in the bytes of spans, once all have been parsed."""
    found: Counter[Odd] = Counter()
    if request.large:
        found[Odd.LARGE] = request.large
    if request.unread:
        found[Odd.UNPARSABLE] = request.unread
    return found


def of_values(flaws: Iterable[int]) -> Counter[Odd]:
    """What showed in the values that were asked for, by span: to be called when the spans are judged."""
    return Counter(odd for found in flaws if found for flaw, odd in _FLAWS.items() if found & flaw)


def differs(node: Place, item: Step | Plain) -> bool:
    """Whether a span with a known id is another one, and no repetition: it has another place, time, kind or tool."""
    kind, tool = (item.kind, item.tool) if isinstance(item, Step) else (None, None)
    place = item.parent_id, item.start, item.end, kind, tool
    return place != (node.parent_id, node.start, node.end, node.kind, node.tool)


def of_trace(trace: Trace, recent: Callable[[], Iterable[Mapping[bytes, Place]]]) -> Counter[Odd]:
    """What shows between the spans of a trace that leaves; `recent` gives link tables that may hold its parents."""
    found: Counter[Odd] = Counter()
    nodes = trace.nodes
    lost: set[bytes] = set()
    early = 0
    for node in nodes.values():
        if (parent := nodes.get(node.parent_id)) is not None:
            early += node.start + SLACK < parent.start
        elif node.parent_id:
            lost.add(node.parent_id)
    if lost:
        found[Odd.PARENT_ELSEWHERE] = len({key for table in recent() for key in lost if key in table})
    found[Odd.STARTS_BEFORE_PARENT] = early
    found[Odd.CYCLE] = sum(_loops(key, trace) for key in trace.runs)
    return +found


def _loops(key: bytes, trace: Trace) -> bool:
    """A run whose chain of parents leads back to it; a span that is its own parent has a count of its own."""
    node = trace.nodes.get(key)
    return node is not None and node.parent_id != key and key in trace.ancestors(key)
