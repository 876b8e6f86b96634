"""What passes through: plain counts of spans, log records and metric points, under their owners' names.

Counted per request by the event loop; `metrics` reads them at a scrape. What was taken is always accounted for:
taken + found + revived = sent + dropped + buried + waiting (see `Traffic.missing`).
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, NamedTuple


class Signal(StrEnum):
    """The three kinds of OTLP requests."""

    TRACES = "traces"
    LOGS = "logs"
    METRICS = "metrics"

    @property
    def items(self) -> str:
        """What the Collector's metrics call the items of this signal."""
        return _ITEMS[self]


_ITEMS = {Signal.TRACES: "spans", Signal.LOGS: "log_records", Signal.METRICS: "metric_points"}


class Inlet(NamedTuple):
    """Where requests come in: component id and `grpc` or `http`."""

    receiver: str
    transport: str
    signal: Signal


class Outlet(NamedTuple):
    """Where requests go out: component id."""

    exporter: str
    signal: Signal


class Step(NamedTuple):
    """A processor on the way of a signal: component id."""

    processor: str
    signal: Signal


@dataclass(slots=True)
class Queue:
    """State of one exporter's queue in memory."""

    requests: int = 0
    """Requests that wait."""
    items: int = 0
    """Their items."""
    bytes: int = 0
    """Their bytes."""
    sizer: Literal["requests", "items", "bytes"] = "bytes"
    """What `capacity` counts."""
    capacity: int = 0
    """How much may wait."""
    most_bytes: int = 0
    """Bytes that may wait, whatever `sizer` counts."""
    in_flight: int = 0
    """Requests on the wire."""
    failing: bool = False
    """The last attempt failed; with a spool, requests go straight to it."""

    @property
    def size(self) -> int:
        """How much waits, as `sizer` counts."""
        return int(getattr(self, self.sizer))

    def full(self, items: int, size: int) -> bool:
        """Whether there is no room for a request."""
        more = {"requests": 1, "items": items, "bytes": size}[self.sizer]
        return self.size + more > self.capacity or self.bytes + size > self.most_bytes

    def add(self, items: int, size: int) -> None:
        self.requests, self.items, self.bytes = self.requests + 1, self.items + items, self.bytes + size

    def remove(self, items: int, size: int) -> None:
        self.requests, self.items, self.bytes = self.requests - 1, self.items - items, self.bytes - size


@dataclass(slots=True)
class SpoolState:
    """State of the queue on disk, as of the last second."""

    bytes: int = 0
    capacity: int = 0
    oldest: float = 0.0
    """Age of the oldest request in seconds; 0 where nothing waits."""
    set_aside: int = 0
    """Damaged files that were set aside since the start."""
    lost: int = 0
    """Requests that could not be recovered from them, as far as that can be told."""
    dead: int = 0
    """Dead letters."""


@dataclass(slots=True)
class Traffic:
    """All counts since the start. Items are spans, log records or metric points, as the signal says."""

    accepted: Counter[Inlet] = field(default_factory=Counter)
    """Items that were acknowledged."""
    refused: Counter[Inlet] = field(default_factory=Counter)
    """Items whose sender was told to try again or that they won't do: downstream's or our limits' doing."""
    failed: Counter[Inlet] = field(default_factory=Counter)
    """Requests that could not be read (their items can't be counted)."""
    broken: Counter[Inlet] = field(default_factory=Counter)
    """Items whose sender was told to try again since an error of ours came between."""
    incoming: Counter[Step] = field(default_factory=Counter)
    """Items that came to a processor."""
    outgoing: Counter[Step] = field(default_factory=Counter)
    """Items that it let pass."""
    taken: Counter[Outlet] = field(default_factory=Counter)
    """Items that are ours to bring there: acknowledged ones, and our own finding events."""
    found: Counter[Outlet] = field(default_factory=Counter)
    """Items that waited in the spool at the start."""
    revived: Counter[Outlet] = field(default_factory=Counter)
    """Items of dead letters that wait again (or that somebody else put into the spool)."""
    sent: Counter[Outlet] = field(default_factory=Counter)
    """Items that the destination has accepted; one that goes there twice counts once."""
    send_failed: Counter[Outlet] = field(default_factory=Counter)
    """Items of attempts that failed; an item that is tried twice can count twice."""
    enqueue_failed: Counter[Outlet] = field(default_factory=Counter)
    """Items that found no room to wait."""
    dropped: Counter[tuple[Outlet, str]] = field(default_factory=Counter)
    """Items that were given up, by reason."""
    buried: Counter[Outlet] = field(default_factory=Counter)
    """Items that became dead letters."""
    spooled: Counter[Outlet] = field(default_factory=Counter)
    """Items that went to disk."""
    queues: dict[str, Queue] = field(default_factory=dict)
    """By exporter."""
    waiting: Counter[Outlet] = field(default_factory=Counter)
    """Items that wait on disk, or in memory though acknowledged."""
    spool: SpoolState = field(default_factory=SpoolState)
    memory_refusals: int = 0
    """Requests that were refused because memory is short."""
    reload_failures: int = 0
    """Changed configurations that could not be used."""
    forwarded_unread: int = 0
    """Requests that went on as they came because reading them hit an error of ours."""
    background_errors: int = 0
    """Errors of ours in tasks that no request waits for."""
    redacted: Counter[str] = field(default_factory=Counter)
    """Attributes that redaction has `removed`, and values that it has `masked`."""
    events_dropped: int = 0
    """Finding events that were given up."""

    def queue(self, exporter: str) -> Queue:
        return self.queues.setdefault(exporter, Queue())

    def open(self, inlet: Inlet) -> None:
        """Have the inlet's series exist at 0."""
        for counts in (self.accepted, self.refused, self.failed, self.broken):
            counts[inlet] += 0

    def open_outlet(self, outlet: Outlet) -> None:
        """Have the outlet's series exist at 0."""
        for counts in (self.sent, self.send_failed, self.enqueue_failed, self.spooled, self.buried, self.waiting):
            counts[outlet] += 0

    def missing(self) -> Mapping[Outlet, int]:
        """Items that are not accounted for, by outlet; empty when all is well. Exact when nothing is under way."""
        came = self.taken + self.found + self.revived
        went = self.sent + self.buried + self.waiting
        for (outlet, _), items in self.dropped.items():
            went[outlet] += items
        return {outlet: n for outlet in came | went if (n := came[outlet] - went[outlet])}
