"""otelagent itself."""

from typing import Final

from otelagent.reference.boards.board import AGENTS, Dashboard, per_minute, quantile, rate
from otelagent.reference.panel import Panel, Query, Row, Variable

_INSTANCE: Final = Variable("instance", 'otelagent_build_info{job=~"$job"}', "instance", "One otelagent.")
_SELF: Final = 'job=~"$job", instance=~"$instance"'


def _self(title: str, description: str, unit: str, *queries: Query, stack: bool = False) -> Panel:
    return Panel(title=title, description=description, unit=unit, queries=queries, span=8, stack=stack)


BOARD: Final = Dashboard(
    "otelagent-itself",
    "otelagent itself",
    "What goes through it, what it holds, and what it can't judge.",
    (AGENTS[0], _INSTANCE),
    (
        Row(
            "Through",
            (
                _self(
                    "Spans in",
                    "Acknowledged and refused, per second. Refused spans are the sender's to repeat.",
                    "cps",
                    Query(
                        rate("otelcol_receiver_accepted_spans_total", "receiver", where=_SELF), "accepted {{receiver}}"
                    ),
                    Query(
                        rate("otelcol_receiver_refused_spans_total", "receiver", where=_SELF), "refused {{receiver}}"
                    ),
                ),
                _self(
                    "Spans out",
                    "Sent, and attempts that failed, per second.",
                    "cps",
                    Query(rate("otelcol_exporter_sent_spans_total", "exporter", where=_SELF), "sent {{exporter}}"),
                    Query(
                        rate("otelcol_exporter_send_failed_spans_total", "exporter", where=_SELF),
                        "failed {{exporter}}",
                    ),
                ),
                _self(
                    "Waiting",
                    "Bytes that wait for the destination.",
                    "bytes",
                    Query(f"sum by (exporter) (otelcol_exporter_queue_size{{{_SELF}}})", "waiting {{exporter}}"),
                    Query(f"sum by (exporter) (otelcol_exporter_queue_capacity{{{_SELF}}})", "room {{exporter}}"),
                ),
                _self(
                    "On disk",
                    "Bytes in the spool, and its room.",
                    "bytes",
                    Query(f"sum (otelagent_spool_size_bytes{{{_SELF}}})", "waiting"),
                    Query(f"sum (otelagent_spool_capacity_bytes{{{_SELF}}})", "room"),
                ),
                _self(
                    "Requests on the wire",
                    "Under way to the destination.",
                    "short",
                    Query(f"sum by (exporter) (otelcol_exporter_in_flight_requests{{{_SELF}}})", "{{exporter}}"),
                ),
                _self(
                    "Steps by instrumentation",
                    "Spans per second that were read as steps, by the dialect that read them.",
                    "cps",
                    Query(rate("otelagent_spans_total", "dialect", where=_SELF), "{{dialect}}"),
                    stack=True,
                ),
                _self(
                    "Not read",
                    "Requests per second that are no OTLP, or went on unread because of an error of ours. 0 is right.",
                    "cps",
                    Query(rate("otelagent_receiver_unreadable_requests_total", where=_SELF), "no OTLP"),
                    Query(rate("otelagent_forwarded_unread_requests_total", where=_SELF), "forwarded unread"),
                ),
            ),
        ),
        Row(
            "Judging",
            (
                _self(
                    "Live traces",
                    "Traces held in memory.",
                    "short",
                    Query(f"sum (otelagent_live_traces{{{_SELF}}})", "live traces"),
                ),
                _self(
                    "Why traces leave",
                    "Per second. Settled is right; count, spans and age are limits.",
                    "cps",
                    Query(rate("otelagent_traces_closed_total", "reason", where=_SELF), "{{reason}}"),
                    stack=True,
                ),
                _self(
                    "Delay of findings",
                    "From the end of the span at which it showed.",
                    "s",
                    Query(quantile(0.5, "otelagent_finding_delay_seconds", where=_SELF), "p50"),
                    Query(quantile(0.99, "otelagent_finding_delay_seconds", where=_SELF), "p99"),
                ),
                _self(
                    "Abstentions",
                    "Per minute, by what was lacking.",
                    "cpm",
                    Query(per_minute("otelagent_abstentions_total", "reason", where=_SELF), "{{reason}}"),
                ),
                _self(
                    "Errors of ours",
                    "Detectors that raised, and background work that failed, per minute. 0 is right.",
                    "cpm",
                    Query(per_minute("otelagent_detector_errors_total", where=_SELF), "detectors"),
                    Query(per_minute("otelagent_background_errors_total", where=_SELF), "background"),
                ),
                _self(
                    "Muted findings",
                    "Per minute, by overrides of the configuration.",
                    "cpm",
                    Query(per_minute("otelagent_muted_findings_total", "mode", where=_SELF), "{{mode}}"),
                ),
            ),
        ),
        Row(
            "Process",
            (
                _self(
                    "Memory",
                    "Resident memory.",
                    "bytes",
                    Query(f"otelcol_process_memory_rss{{{_SELF}}}", "{{instance}}"),
                ),
                _self(
                    "CPU",
                    "Cores in use. One process uses one at most.",
                    "short",
                    Query(f"rate(otelcol_process_cpu_seconds_total{{{_SELF}}}[$__rate_interval])", "{{instance}}"),
                ),
                Panel(
                    title="Versions",
                    description="What runs where.",
                    unit="short",
                    kind="table",
                    span=8,
                    queries=(Query(f"otelagent_build_info{{{_SELF}}}"),),
                ),
            ),
        ),
    ),
)
