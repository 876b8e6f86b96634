"""Fields of agents instrumented by hand: `tool_invocation` spans, events and logs, counts of items, context fill.

Bare names count only on such an event, or on a span that is a tool call or an agent already.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Protocol

from otelagent.dialects.encoded import unpacked
from otelagent.dialects.plan import count, share, text
from otelagent.dialects.table import Dialect, Verdict
from otelagent.model import Captured, Kind, LogPart, Receipt
from otelagent.otlp import Log, Span

EVENT: Final = "tool_invocation"
EVENTS: Final = frozenset({EVENT, "tool_call", "tool_result"})
PREFIXES: Final = ("otelagent.tool.", "otelagent.", "tool_invocation.", "agent.tool.", "tool.", "gen_ai.tool.", "")

STATUSES: Final = frozenset(
    {
        "completed",
        "success",
        "success_empty",
        "partial_response",
        "timeout",
        "error",
        "rate_limited",
        "rate_limit",
        "unauthorized",
    }
)

_ASSIGNED: Final = (
    *("items_assigned", "items_expected", "items_requested", "items_total", "tasks_assigned", "tasks_total"),
    *("documents_assigned", "documents_total"),
)
_PROCESSED: Final = (
    *("items_processed", "items_completed", "items_done", "items_succeeded", "tasks_completed", "tasks_processed"),
    *("documents_processed", "documents_completed"),
)
_COUNTS: Final = ("otelagent.delegation.", "otelagent.", "delegation.", "agent.", "receipt.", "")
_RECEIPT: Final = {f"{prefix}{name}": 0 for prefix in _COUNTS for name in _ASSIGNED} | {
    f"{prefix}{name}": 1 for prefix in _COUNTS for name in _PROCESSED
}

_FIELDS: Final[Mapping[str, str]] = {
    "tool_name": "tool",
    "status": "reported_status",
    "result_length_chars": "reported_length",
    "http_status": "http_status",
    "error_type": "error_type",
    "tool_call_id": "call_id",
    "call_id": "call_id",
    "agent_name": "agent",
}
_NAMED: Final = {f"{prefix}{name}": field for prefix in PREFIXES for name, field in _FIELDS.items()}
_ARGUMENTS: Final = tuple(f"{prefix}{name}" for prefix in PREFIXES for name in ("args", "arguments"))
_RESULTS: Final = tuple(f"{prefix}{name}" for prefix in PREFIXES for name in ("tool_result", "result", "output"))
_LATENCY: Final = tuple(f"{prefix}latency_ms" for prefix in PREFIXES)
_EVENT_KEYS: Final = ("event", "event.name", "event_type")
_FILL: Final = ("context_utilization_pct", "agent.context_utilization_pct", "llm.context_utilization_pct")
_RATIO: Final = "otelagent.context.utilization"
NAMES: Final = frozenset(_NAMED)
COUNTED: Final = frozenset(_RECEIPT)
FILLED: Final = frozenset({_RATIO, *_FILL})


class Fields(Protocol):
    """Attributes, or an object out of a log record's body."""

    def __contains__(self, key: object, /) -> bool: ...

    def get(self, key: str, /) -> Any: ...

    def keys(self) -> Iterable[str]: ...


def _kind(span: Span) -> Verdict | None:
    if span.name == EVENT or any(span.attributes.get(key) == EVENT for key in _EVENT_KEYS):
        return Kind.TOOL
    return None


def said(attributes: Fields) -> dict[str, Any]:
    """Fields of a tool call that are written out, as fields of a step; explicit ones go before what is inferred."""
    keys = attributes.keys()
    if NAMES.isdisjoint(keys):
        return {}
    found = {key: field for key in keys if (field := _NAMED.get(key)) is not None}
    ranked = sorted(found.items(), key=lambda entry: (_rank(entry[0]), entry[0]))
    values: dict[str, Any] = {}
    for key, field in ranked:
        value = _value(field, attributes.get(key))
        if value is not None:
            values.setdefault(field, value)
    return values


def _rank(key: str) -> int:
    return next(rank for rank, prefix in enumerate(PREFIXES) if key.startswith(prefix))


def _value(field: str, value: object) -> object:
    if field in ("reported_length", "http_status"):
        return count(value)
    given = text(value)
    if field == "reported_status":
        return given if given is not None and given.lower() in STATUSES else None
    return given


def receipt(attributes: Fields) -> Receipt | None:
    """Counts of items that are written out; both numbers or none."""
    found: dict[int, tuple[str, int]] = {}
    keys = attributes.keys()
    if COUNTED.isdisjoint(keys):
        return None
    for key in sorted(COUNTED.intersection(keys)):
        which = _RECEIPT[key]
        if which not in found and (number := count(attributes.get(key))) is not None:
            found[which] = (key, number)
    if len(found) < 2:
        return None
    return Receipt(found[0][1], found[1][1], "reported", found[1][0])


def fill(attributes: Fields) -> float | None:
    """Share of the context window that is in use, where the emitter says it: in percent, or as our own ratio."""
    if FILLED.isdisjoint(attributes.keys()):
        return None
    if _RATIO in attributes and (ratio := share(attributes.get(_RATIO))) is not None:
        return ratio
    for key in _FILL:
        value = attributes.get(key) if key in attributes else None
        if isinstance(value, str):
            value = _number(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 100:
            return value / 100
    return None


def _number(value: str) -> float | None:
    try:
        return float(value.removesuffix("%"))
    except ValueError:
        return None


def captured(attributes: Fields, place: str = "") -> tuple[Captured | None, Captured | None]:
    """Arguments and result of a call that is written out."""
    keys = (next((k for k in names if k in attributes), None) for names in (_ARGUMENTS, _RESULTS))
    arguments, result = (Captured(attributes.get(key), place + key) if key else None for key in keys)
    return arguments, result


def latency(attributes: Fields) -> int:
    """How long the call took, in nanoseconds; 0 where it isn't said."""
    for key in _LATENCY:
        value = attributes.get(key) if key in attributes else None
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e12:
            return int(value * 1e6)
    return 0


def calls(span: Span) -> Iterator[tuple[Fields, int, str]]:
    """Events of a span that are tool calls: their fields, their time, and where they stand."""
    for index, event in enumerate(span.events):
        if event.name in EVENTS and said(event.attributes).get("tool"):
            yield event.attributes, event.time, f"event:{event.name}[{index}]."


def log_event(log: Log) -> Fields | None:
    """The fields of a log record that is a tool call, None of another."""
    body = unpacked(log.body)
    if isinstance(body, dict):
        if EVENT in (log.event_name, *(body.get(key) for key in _EVENT_KEYS)):
            keys = log.attributes.keys()
            return {key: log.attributes.get(key) for key in keys} | body
        return None
    named = (log.event_name, body, *(log.attributes.get(key) for key in _EVENT_KEYS))
    return log.attributes if EVENT in named else None


def read_log(log: Log) -> LogPart | None:
    """Counts of items in a record's attributes or body."""
    body = unpacked(log.body)
    found = receipt(log.attributes)
    if found is None and isinstance(body, dict):
        found = receipt(body)
    if found is None:
        return None
    return LogPart(trace_id=log.trace_id, span_id=log.span_id, time=log.time, receipt=found)


DIALECT: Final = Dialect(
    name="log_fields",
    markers=("tool_invocation.*", *_EVENT_KEYS),
    names={EVENT: Kind.TOOL},
    kind=_kind,
)

BESIDE: Final = Dialect(name="written_out", arguments=_ARGUMENTS, result=_RESULTS)
"""What is written out by hand on spans of any dialect."""
