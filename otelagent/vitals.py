"""The health of pipeline and process, under the names that the Collector's dashboards and alerts query.

Read when somebody scrapes: the counts stand in `Traffic`, the rest is asked of the operating system.
"""

import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from otelagent.late import Labels
from otelagent.series import Series
from otelagent.traffic import Queue, Signal, Traffic
from otelagent.writer import STDERR, STDOUT

INLET: Final = ("receiver", "transport")
OUTLET: Final = ("exporter",)
STARTED: Final = time.monotonic()


class Reading(NamedTuple):
    """A value as it is now."""

    series: Series
    labels: Labels
    value: float


def _counter(name: str, help: str, *labels: str) -> Series:  # noqa: A002 - as in Series
    return Series(name, "counter", help, open=labels, scoped=False)


def _gauge(name: str, help: str, *labels: str) -> Series:  # noqa: A002
    return Series(name, "gauge", help, open=labels, scoped=False)


def _per_signal(name: str, help: str, *labels: str) -> dict[Signal, Series]:  # noqa: A002
    """One series for each signal: `{}` becomes spans, log_records or metric_points."""
    words = {signal: signal.items.replace("_", " ") for signal in Signal}
    return {s: _counter(name.format(s.items), help.format(words[s]).capitalize(), *labels) for s in Signal}


ACCEPTED: Final = _per_signal("otelcol_receiver_accepted_{}_total", "Acknowledged {}.", *INLET)
REFUSED: Final = _per_signal(
    "otelcol_receiver_refused_{}_total", "{} whose sender was told to try again, or that they won't do.", *INLET
)
BROKEN: Final = _per_signal(
    "otelcol_receiver_failed_{}_total",
    "{} whose sender was told to try again since an error of ours came between.",
    *INLET,
)
INCOMING: Final = _counter(
    "otelcol_processor_incoming_items_total", "Items that came to a processor.", "processor", "otel_signal"
)
OUTGOING: Final = _counter(
    "otelcol_processor_outgoing_items_total", "Items that a processor let pass.", "processor", "otel_signal"
)
SENT: Final = _per_signal("otelcol_exporter_sent_{}_total", "{} that downstream has accepted.", *OUTLET)
SEND_FAILED: Final = _per_signal(
    "otelcol_exporter_send_failed_{}_total", "{} of attempts that failed; counts each attempt.", *OUTLET
)
ENQUEUE_FAILED: Final = _per_signal(
    "otelcol_exporter_enqueue_failed_{}_total", "{} that found no room to wait.", *OUTLET
)

UNREADABLE: Final = _counter(
    "otelagent_receiver_unreadable_requests_total", "Requests that are no valid OTLP.", *INLET, "signal"
)
DROPPED: Final = _counter(
    "otelagent_exporter_dropped_items_total", "Items that were given up, and why.", *OUTLET, "signal", "reason"
)
QUEUE_SIZE: Final = _gauge(
    "otelcol_exporter_queue_size", "What waits to be sent, in bytes unless `sizer` says otherwise.", *OUTLET
)
QUEUE_CAPACITY: Final = _gauge(
    "otelcol_exporter_queue_capacity", "What may wait to be sent, counted in the same way.", *OUTLET
)
QUEUE_REQUESTS: Final = _gauge("otelagent_exporter_queue_requests", "Requests that wait to be sent.", *OUTLET)
IN_FLIGHT: Final = _gauge("otelcol_exporter_in_flight_requests", "Requests on the wire.", *OUTLET)
TAKEN: Final = _counter(
    "otelagent_exporter_taken_items_total", "Items that are ours to bring there, since the start.", *OUTLET, "signal"
)
FOUND: Final = _counter(
    "otelagent_exporter_found_items_total", "Items that waited in the spool at the start.", *OUTLET, "signal"
)
REVIVED: Final = _counter(
    "otelagent_exporter_revived_items_total", "Items of dead letters that wait again.", *OUTLET, "signal"
)
SPOOLED: Final = _counter("otelagent_exporter_spooled_items_total", "Items that went to disk.", *OUTLET, "signal")
BURIED: Final = _counter("otelagent_exporter_buried_items_total", "Items that became dead letters.", *OUTLET, "signal")
WAITING: Final = _gauge(
    "otelagent_exporter_waiting_items", "Items that wait on disk, or in memory though acknowledged.", *OUTLET, "signal"
)
FAILING: Final = _gauge("otelagent_exporter_failing", "1 while the last attempt has failed.", *OUTLET)
SPOOL_SIZE: Final = _gauge("otelagent_spool_size_bytes", "Bytes in the spool.")
SPOOL_CAPACITY: Final = _gauge("otelagent_spool_capacity_bytes", "Bytes that the spool may have; 0 without one.")
SPOOL_OLDEST: Final = _gauge("otelagent_spool_oldest_seconds", "Age of the oldest request in the spool.")
SPOOL_SET_ASIDE: Final = _counter("otelagent_spool_set_aside_total", "Damaged spool files that were set aside.")
SPOOL_LOST: Final = _counter("otelagent_spool_lost_requests_total", "Requests that damage to the spool has cost.")
DEAD_LETTERS: Final = _gauge("otelagent_dead_letters", "Requests that the destination refuses for good, kept for you.")
MEMORY_REFUSALS: Final = _counter("otelagent_memory_refusals_total", "Requests refused because memory was short.")
RELOAD_FAILURES: Final = _counter(
    "otelagent_config_reload_failures_total", "Changed configurations that could not be used; the old one stays."
)
FORWARDED_UNREAD: Final = _counter(
    "otelagent_forwarded_unread_requests_total",
    "Requests forwarded as they came, since reading them hit an error of ours.",
)
BACKGROUND_ERRORS: Final = _counter(
    "otelagent_background_errors_total", "Errors of ours in tasks that no request awaits."
)
REDACTED: Final = _counter(
    "otelagent_redacted_values_total", "Attributes `removed` and values `masked` by redaction.", "action"
)
EVENTS_DROPPED: Final = _counter("otelagent_finding_events_dropped_total", "Finding events that were given up.")
LINES_DROPPED: Final = _counter(
    "otelagent_lines_dropped_total",
    "Lines of ours that nobody read in time: our log (stderr), findings (stdout).",
    "stream",
)
UPTIME: Final = _counter("otelcol_process_uptime_total", "Seconds since the start.")
CPU: Final = _counter("otelcol_process_cpu_seconds_total", "CPU time, user and system.")
RSS: Final = _gauge("otelcol_process_memory_rss", "Resident memory, in bytes.")

ALL: Final = (
    *(series for group in (ACCEPTED, REFUSED, BROKEN, SENT, SEND_FAILED, ENQUEUE_FAILED) for series in group.values()),
    UNREADABLE,
    INCOMING,
    OUTGOING,
    DROPPED,
    QUEUE_SIZE,
    QUEUE_CAPACITY,
    QUEUE_REQUESTS,
    IN_FLIGHT,
    TAKEN,
    FOUND,
    REVIVED,
    SPOOLED,
    BURIED,
    WAITING,
    FAILING,
    SPOOL_SIZE,
    SPOOL_CAPACITY,
    SPOOL_OLDEST,
    SPOOL_SET_ASIDE,
    SPOOL_LOST,
    DEAD_LETTERS,
    MEMORY_REFUSALS,
    RELOAD_FAILURES,
    FORWARDED_UNREAD,
    BACKGROUND_ERRORS,
    REDACTED,
    EVENTS_DROPPED,
    LINES_DROPPED,
    UPTIME,
    CPU,
    RSS,
)


def readings(traffic: Traffic) -> Iterator[Reading]:
    """Everything as it is now; may be called in any thread."""
    yield from _receivers(traffic)
    yield from _processors(traffic)
    yield from _exporters(traffic)
    for exporter, queue in list(traffic.queues.items()):
        yield from _queue(exporter, queue)
    yield from _spool(traffic)
    yield Reading(MEMORY_REFUSALS, (), traffic.memory_refusals)
    yield Reading(RELOAD_FAILURES, (), traffic.reload_failures)
    yield Reading(FORWARDED_UNREAD, (), traffic.forwarded_unread)
    yield Reading(BACKGROUND_ERRORS, (), traffic.background_errors)
    for action in ("removed", "masked"):
        yield Reading(REDACTED, (action,), traffic.redacted[action])
    yield Reading(EVENTS_DROPPED, (), traffic.events_dropped)
    for stream, writer in (("stdout", STDOUT), ("stderr", STDERR)):
        yield Reading(LINES_DROPPED, (stream,), writer.dropped)
    yield Reading(UPTIME, (), time.monotonic() - STARTED)
    yield Reading(CPU, (), time.process_time())
    yield Reading(RSS, (), resident())


def _receivers(traffic: Traffic) -> Iterator[Reading]:
    for group, counts in ((ACCEPTED, traffic.accepted), (REFUSED, traffic.refused), (BROKEN, traffic.broken)):
        for inlet, n in list(counts.items()):
            yield Reading(group[inlet.signal], (inlet.receiver, inlet.transport), n)
    for inlet, n in list(traffic.failed.items()):
        yield Reading(UNREADABLE, (inlet.receiver, inlet.transport, inlet.signal), n)


def _processors(traffic: Traffic) -> Iterator[Reading]:
    for series, counts in ((INCOMING, traffic.incoming), (OUTGOING, traffic.outgoing)):
        for step, n in list(counts.items()):
            yield Reading(series, (step.processor, step.signal), n)


def _exporters(traffic: Traffic) -> Iterator[Reading]:
    groups = ((SENT, traffic.sent), (SEND_FAILED, traffic.send_failed), (ENQUEUE_FAILED, traffic.enqueue_failed))
    for group, counts in groups:
        for outlet, n in list(counts.items()):
            yield Reading(group[outlet.signal], (outlet.exporter,), n)
    items = (
        (TAKEN, traffic.taken),
        (FOUND, traffic.found),
        (REVIVED, traffic.revived),
        (SPOOLED, traffic.spooled),
        (BURIED, traffic.buried),
        (WAITING, traffic.waiting),
    )
    for series, counts in items:
        for outlet, n in list(counts.items()):
            yield Reading(series, (outlet.exporter, outlet.signal), n)
    for (outlet, reason), n in list(traffic.dropped.items()):
        yield Reading(DROPPED, (outlet.exporter, outlet.signal, reason), n)


def _queue(exporter: str, queue: Queue) -> Iterator[Reading]:
    yield Reading(QUEUE_SIZE, (exporter,), queue.size)
    yield Reading(QUEUE_CAPACITY, (exporter,), queue.capacity)
    yield Reading(QUEUE_REQUESTS, (exporter,), queue.requests)
    yield Reading(IN_FLIGHT, (exporter,), queue.in_flight)
    yield Reading(FAILING, (exporter,), queue.failing)


def _spool(traffic: Traffic) -> Iterator[Reading]:
    state = traffic.spool
    yield Reading(SPOOL_SIZE, (), state.bytes)
    yield Reading(SPOOL_CAPACITY, (), state.capacity)
    yield Reading(SPOOL_OLDEST, (), state.oldest)
    yield Reading(SPOOL_SET_ASIDE, (), state.set_aside)
    yield Reading(SPOOL_LOST, (), state.lost)
    yield Reading(DEAD_LETTERS, (), state.dead)


def resident() -> int:
    """Resident memory of this process in bytes; where there is no /proc, its highest value so far."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
