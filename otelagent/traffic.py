"""What passes through: plain counts of spans, log records and metric points, under their owners' names.

Counted per request by the event loop; `metrics` reads them at a scrape.
"""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


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


@dataclass(slots=True)
class Queue:
    """State of one exporter's queue, in bytes and requests."""

    waiting: int = 0
    """Requests that wait in memory."""
    bytes: int = 0
    """Their bytes."""
    capacity: int = 0
    """Bytes that may wait in memory."""
    in_flight: int = 0
    """Requests on the wire."""


@dataclass(slots=True)
class Traffic:
    """All counts since the start. Items are spans, log records or metric points, as the signal says."""

    accepted: Counter[Inlet] = field(default_factory=Counter)
    """Items that were acknowledged."""
    refused: Counter[Inlet] = field(default_factory=Counter)
    """Items whose sender was told to try again or that they won't do: downstream's or our limits' doing."""
    failed: Counter[Inlet] = field(default_factory=Counter)
    """Requests that could not be read (their items can't be counted)."""
    sent: Counter[Outlet] = field(default_factory=Counter)
    send_failed: Counter[Outlet] = field(default_factory=Counter)
    """Items of attempts that failed; an item that is tried twice can count twice."""
    enqueue_failed: Counter[Outlet] = field(default_factory=Counter)
    """Items that found no room to wait."""
    dropped: Counter[tuple[Outlet, str]] = field(default_factory=Counter)
    """Items that were given up, by reason."""
    queues: dict[str, Queue] = field(default_factory=dict)
    """By exporter."""
    forwarded_unread: int = 0
    """Requests that went on as they came because reading them hit an error of ours."""
    background_errors: int = 0
    """Errors of ours in tasks that no request waits for."""
    events_dropped: int = 0
    """Finding events that were given up."""

    def queue(self, exporter: str) -> Queue:
        return self.queues.setdefault(exporter, Queue())

    def open(self, inlet: Inlet) -> None:
        """Have the inlet's series exist at 0."""
        for counts in (self.accepted, self.refused, self.failed):
            counts[inlet] += 0

    def open_outlet(self, outlet: Outlet) -> None:
        """Have the outlet's series exist at 0."""
        for counts in (self.sent, self.send_failed, self.enqueue_failed):
            counts[outlet] += 0
