"""Tool calls that have no span of their own: events of a span, and log records."""

from collections.abc import Sequence
from typing import Final

from xxhash import xxh3_64_hexdigest

from otelagent.dialects import log_fields
from otelagent.model import Captured, Item, Kind, LogPart, Message, Step, ToolOffer
from otelagent.otlp import Log, Span

MAX_CALLS: Final = 1000
"""Calls of one span that are read."""


class Written:
    """Content of a call that is written out: arguments and perhaps a result, and nothing else."""

    __slots__ = ("_arguments", "_result")

    cut: Final = False

    def __init__(self, arguments: Captured | None, result: Captured | None) -> None:
        self._arguments = arguments
        self._result = result

    def arguments(self) -> Captured | None:
        return self._arguments

    def result(self) -> Captured | None:
        return self._result

    def error(self) -> str | None:
        return None

    def history(self) -> Sequence[Item]:
        return ()

    def completion(self) -> Sequence[Message]:
        return ()

    def tools(self) -> Sequence[ToolOffer]:
        return ()


def calls(span: Span) -> list[Step]:
    """Tool calls that stand in the events of a span; they bear its id and are marked as rebuilt."""
    found = []
    for fields, time, place in log_fields.calls(span):
        found.append(_step(fields, span.trace_id, span.span_id, time or span.end, place))
        if len(found) == MAX_CALLS:
            break
    return found


def read_log(log: Log) -> LogPart | None:
    """A log record that is a tool call, or counts items."""
    fields = log_fields.log_event(log)
    if fields is None or not log_fields.said(fields).get("tool"):
        return log_fields.read_log(log)
    step = _step(fields, log.trace_id, log.span_id, log.time, "log.")
    return LogPart(
        trace_id=log.trace_id, span_id=log.span_id, time=log.time, step=step, receipt=log_fields.receipt(fields)
    )


def _digest(*said: object) -> str:
    """Tells calls of the same moment apart, and a call that is sent again not from itself."""
    return xxh3_64_hexdigest(repr(said).encode(errors="replace"))


def _step(fields: log_fields.Fields, trace_id: bytes, span_id: bytes, time: int, place: str) -> Step:
    values = log_fields.said(fields)
    arguments, result = log_fields.captured(fields, place)
    values.setdefault("call_id", f"{place}{time}.{_digest(sorted(values.items()), arguments, result)}")
    return Step.of(
        trace_id=trace_id,
        span_id=span_id,
        parent_id=span_id,
        kind=Kind.TOOL,
        dialect=log_fields.DIALECT.name,
        name=log_fields.EVENT,
        start=max(0, time - log_fields.latency(fields)),
        end=time,
        rebuilt=True,
        receipt=log_fields.receipt(fields),
        content=Written(arguments, result),
        **values,
    )
