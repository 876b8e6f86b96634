"""Alerts on otelagent itself: is it there, does it take, send, judge."""

from typing import Final, Literal

from otelagent.reference.alert import OURS, Alert
from otelagent.reference.recordings import REAL

_POD: Final = 'job="agents",namespace="demo",instance="10.0.0.1:8888",pod="a"'
_BUILD: Final = {f'otelagent_build_info{{version="1",{_POD}}}': "1x60"}

_LOG: Final = "Its log says why, once: `kubectl logs POD -c otelagent`, or `journalctl -u otelagent`."
_CONFIG: Final = "`otelagent print-config` shows what is in force, `otelagent validate` what is wrong with a file."


def _grows(metric: str, window: str = "15m") -> str:
    return f"increase({metric}[{window}]) > 0\n{OURS}"


def _scene(metric: str, values: str) -> dict[str, str]:
    name, _, labels = metric.partition("{")
    inner = labels.rstrip("}")
    return _BUILD | {f"{name}{{{inner}{',' if inner else ''}{_POD}}}": values}


def _counted(
    name: str,
    metric: str,
    severity: Literal["critical", "warning", "info"],
    summary: str,
    description: str,
    *,
    meaning: str,
    steps: tuple[str, ...],
    fix: str,
    labels: str = "",
    hold: str = "1m",
) -> Alert:
    """Something is counted that should never happen."""
    return Alert(
        name=name,
        severity=severity,
        expr=_grows(metric),
        hold=hold,
        summary=summary,
        description=description,
        meaning=meaning,
        queries=(("Where, and how much?", f"increase({metric}[15m]) > 0"), ("Since when?", f"rate({metric}[5m])")),
        steps=steps,
        fix=fix,
        fires=_scene(f"{metric}{{{labels}}}", "0x20 0+2x40"),
        quiet=_scene(f"{metric}{{{labels}}}", "5x60"),
    )


ALERTS: Final = (
    Alert(
        name="OtelagentAbsent",
        severity="warning",
        expr="absent(otelagent_build_info)",
        hold="5m",
        summary="No otelagent is being scraped",
        description="Prometheus scrapes no otelagent at all. Check its targets, the PodMonitor and port 8888.",
        meaning="Nobody would be told of failing agents now.",
        queries=(("Are there targets?", 'up{job=~".*(otelagent|agent).*"}'),),
        steps=(
            "Look at Prometheus' page of targets. In a sidecar the metrics listen on the pod's address only if the "
            "configuration says so (`host: ${env:MY_POD_IP}`); the default is the loopback, where no one else comes.",
            "`curl http://POD_IP:8888/metrics` from another pod tells whether it is the network policy.",
        ),
        fix="Correct the address, the port or the monitor's selector.",
        fires={},
        quiet=_BUILD,
    ),
    Alert(
        name="OtelagentDown",
        severity="warning",
        expr="up == 0\nand on (job, instance) count_over_time(otelagent_build_info[1h]) > 0",
        hold="5m",
        summary="otelagent at {{ $labels.instance }} doesn't answer",
        description=(
            "{{ $labels.instance }} was an otelagent within the last hour and can't be scraped any more. Look at "
            "its pod."
        ),
        meaning=(
            "The sidecar is down or its metrics can't be reached. Agents go on: their SDK drops spans after some "
            "seconds."
        ),
        queries=(("Since when?", 'up{job="JOB", instance="INSTANCE"}'),),
        steps=("`kubectl describe pod POD` shows restarts and the reason (OOMKilled: see the memory limit).", _LOG),
        fix="Raise the memory limit, or the limits of live traces (`processors.agent_failures.traces`) downwards.",
        fires={f"up{{{_POD}}}": "1x20 0x40", f'otelagent_build_info{{version="1",{_POD}}}': "1x20 _x40"},
        quiet={f"up{{{_POD}}}": "1x60"} | _BUILD,
    ),
    Alert(
        name="OtelagentRefusing",
        severity="critical",
        expr=f"rate(otelcol_receiver_refused_spans_total[5m]) > 0\n{OURS}",
        hold="2m",
        summary="otelagent at {{ $labels.instance }} refuses spans",
        description=(
            "{{ $value | humanize }} spans per second are refused at receiver {{ $labels.receiver }}. SDKs give up "
            "after some seconds, then spans are lost. See whether downstream answers."
        ),
        meaning=(
            "It can't take responsibility for more: downstream refuses or is slow and there is no room (or no "
            "place) to keep what waits, or memory is short."
        ),
        queries=(
            ("Does downstream take?", "rate(otelcol_exporter_send_failed_spans_total[5m])"),
            ("Is the queue full?", "otelcol_exporter_queue_size / otelcol_exporter_queue_capacity"),
            ("Is memory short?", "otelcol_process_memory_rss"),
        ),
        steps=(_LOG, "`otelagent spool list` shows what waits on disk.", _CONFIG),
        fix=(
            "Bring downstream back. Give the queue a place on disk (`sending_queue.storage`), so that an outage is "
            "bridged."
        ),
        fires=_scene('otelcol_receiver_refused_spans_total{receiver="otlp",transport="grpc"}', "0+10x60"),
        quiet=_scene('otelcol_receiver_refused_spans_total{receiver="otlp",transport="grpc"}', "10x60"),
    ),
    Alert(
        name="OtelagentSendFailing",
        severity="warning",
        expr=f"rate(otelcol_exporter_send_failed_spans_total[5m]) > 0\n{OURS}",
        hold="5m",
        summary="otelagent at {{ $labels.instance }} can't deliver to {{ $labels.exporter }}",
        description=(
            "Attempts to send to {{ $labels.exporter }} have failed for five minutes. What was acknowledged waits. "
            "Check the destination and our credentials for it."
        ),
        meaning="Downstream refuses or doesn't answer.",
        queries=(
            ("Does anything get through?", "rate(otelcol_exporter_sent_spans_total[5m])"),
            ("How much waits?", "otelcol_exporter_queue_size"),
        ),
        steps=(_LOG, "`otelagent canary` sends a known trace through and says where it stops."),
        fix="Bring downstream back, or correct endpoint, TLS or credentials.",
        fires=_scene('otelcol_exporter_send_failed_spans_total{exporter="otlp"}', "0+10x60"),
        quiet=_scene('otelcol_exporter_send_failed_spans_total{exporter="otlp"}', "10x60"),
    ),
    Alert(
        name="OtelagentQueueFilling",
        severity="warning",
        expr=f"otelcol_exporter_queue_size > 0.8 * (otelcol_exporter_queue_capacity > 0)\n{OURS}",
        summary="The queue to {{ $labels.exporter }} is nearly full",
        description=(
            "{{ $value | humanize1024 }}B wait for {{ $labels.exporter }} at {{ $labels.instance }}, more than 80 "
            "% of what may wait. When it is full, senders are refused."
        ),
        meaning="More comes in than downstream takes.",
        queries=(("How full?", "otelcol_exporter_queue_size / otelcol_exporter_queue_capacity"),),
        steps=(_LOG, "Compare what comes in with what goes out: the dashboard otelagent itself."),
        fix="Make downstream faster, or the queue larger (`sending_queue.queue_size`), or give it a place on disk.",
        fires=_BUILD
        | {
            f'otelcol_exporter_queue_size{{exporter="otlp",{_POD}}}': "90x60",
            f'otelcol_exporter_queue_capacity{{exporter="otlp",{_POD}}}': "100x60",
        },
        quiet=_BUILD
        | {
            f'otelcol_exporter_queue_size{{exporter="otlp",{_POD}}}': "70x60",
            f'otelcol_exporter_queue_capacity{{exporter="otlp",{_POD}}}': "100x60",
        },
    ),
    Alert(
        name="OtelagentSpooling",
        severity="warning",
        expr=f"otelagent_spool_oldest_seconds > 300\n{OURS}",
        hold="5m",
        summary="Data has been waiting on the disk of {{ $labels.instance }} for long",
        description=(
            "The oldest request in the spool is {{ $value | humanizeDuration }} old. Nothing is lost while there is "
            "room; bring the destination back."
        ),
        meaning="The destination has not taken everything for a while. Requests are kept on disk and sent in order.",
        queries=(
            ("How much room is left?", "otelagent_spool_size_bytes / (otelagent_spool_capacity_bytes > 0)"),
            ("Does it drain?", "deriv(otelagent_spool_size_bytes[10m])"),
            ("Which destination fails?", "otelagent_exporter_failing == 1"),
        ),
        steps=("`otelagent spool list` shows what waits, for whom, and since when.", _LOG),
        fix="Bring the destination back. A spool that doesn't drain though it is back: raise `drain_rate_mib`.",
        fires=_BUILD | {f"otelagent_spool_oldest_seconds{{{_POD}}}": "0+60x60"},
        quiet=_BUILD | {f"otelagent_spool_oldest_seconds{{{_POD}}}": "200x60"},
    ),
    Alert(
        name="OtelagentSpoolFilling",
        severity="critical",
        expr=f"otelagent_spool_size_bytes > 0.8 * (otelagent_spool_capacity_bytes > 0)\n{OURS}",
        summary="The spool of {{ $labels.instance }} is nearly full",
        description=(
            "{{ $value | humanize1024 }}B wait on disk, more than 80 % of what may. When it is full, senders "
            "are refused and their SDKs lose spans."
        ),
        meaning="An outage of the destination has lasted nearly as long as the spool can bridge.",
        queries=(("How fast does it fill?", "deriv(otelagent_spool_size_bytes[10m])"),),
        steps=("`otelagent spool list` shows what waits and for whom.", _LOG),
        fix="Bring the destination back, or give the spool more room (`extensions.file_storage.max_size_mib`).",
        fires=_BUILD
        | {
            f"otelagent_spool_size_bytes{{{_POD}}}": "90x60",
            f"otelagent_spool_capacity_bytes{{{_POD}}}": "100x60",
        },
        quiet=_BUILD
        | {
            f"otelagent_spool_size_bytes{{{_POD}}}": "70x60",
            f"otelagent_spool_capacity_bytes{{{_POD}}}": "100x60",
        },
    ),
    Alert(
        name="OtelagentDeadLetters",
        severity="warning",
        expr=f"otelagent_dead_letters > 0\n{OURS}",
        hold="5m",
        summary="{{ $labels.instance }} keeps data that the destination refuses for good",
        description=(
            '{{ printf "%.0f" $value }} requests lie as dead letters. Look at what the destination said: '
            "otelagent spool list."
        ),
        meaning="The destination has refused them in a way that the same bytes would be refused again.",
        queries=(("Since when?", "otelagent_dead_letters"),),
        steps=("`otelagent spool list` shows them with the destination's answer.", _LOG),
        fix="Mend the destination's limits and send them again (`otelagent spool retry`), or drop them.",
        fires=_BUILD | {f"otelagent_dead_letters{{{_POD}}}": "0x20 3x40"},
        quiet=_BUILD | {f"otelagent_dead_letters{{{_POD}}}": "0x60"},
    ),
    _counted(
        "OtelagentSpoolDamaged",
        "otelagent_spool_set_aside_total",
        "warning",
        "The spool of {{ $labels.instance }} was damaged",
        (
            '{{ printf "%.0f" $value }} spool files were set aside. What could be recovered is being sent. Look at '
            "the disk."
        ),
        meaning="The file didn't pass its check at the start: a disk that lies about writes, or somebody wrote to it.",
        steps=(
            "The file set aside lies beside the spool, with a time in its name; the log tells what was recovered.",
            _LOG,
        ),
        fix="Replace the disk or volume; `synchronous: full` survives power cuts.",
    ),
    _counted(
        "OtelagentReloadFailing",
        "otelagent_config_reload_failures_total",
        "warning",
        "{{ $labels.instance }} can't use its changed configuration",
        "The configuration has changed and can't be used; the old one stays in force. Try: otelagent validate.",
        meaning="Somebody has changed the file or ConfigMap, and it has mistakes.",
        steps=(_CONFIG, _LOG),
        fix="Correct the file.",
    ),
    _counted(
        "OtelagentDropping",
        "otelagent_exporter_dropped_items_total",
        "critical",
        "otelagent at {{ $labels.instance }} has given data up",
        '{{ printf "%.0f" $value }} {{ $labels.signal }} items for {{ $labels.exporter }} were given up in 15 minutes: '
        "{{ $labels.reason }}. Look at the dead letters: otelagent spool list.",
        labels='exporter="otlp",signal="traces",reason="rejected"',
        meaning=(
            "Downstream has refused data for good, or a limit of age or size was reached. This is the only way in "
            "which acknowledged data is lost while the process lives."
        ),
        steps=(
            "`otelagent spool list` shows them with downstream's answer; `otelagent spool retry` sends again.",
            _LOG,
        ),
        fix="What downstream refuses: its size or attribute limits. Reasons of age or size: a larger spool.",
    ),
    _counted(
        "OtelagentEventsDropped",
        "otelagent_finding_events_dropped_total",
        "info",
        "Finding events of {{ $labels.instance }} were given up",
        (
            '{{ printf "%.0f" $value }} finding events were given up in 15 minutes. Span attributes and metrics still '
            "have the findings."
        ),
        meaning="The destination doesn't take logs fast enough. Findings on spans are not concerned.",
        steps=(_LOG,),
        fix="Have the destination take logs, or route them elsewhere.",
    ),
    _counted(
        "OtelagentUnreadableRequests",
        "otelagent_receiver_unreadable_requests_total",
        "warning",
        "{{ $labels.instance }} gets requests that are no OTLP",
        (
            '{{ printf "%.0f" $value }} requests at receiver {{ $labels.receiver }} ({{ $labels.transport }}) could '
            "not be parsed. Find the sender."
        ),
        labels='receiver="otlp",transport="grpc",signal="traces"',
        meaning="A sender is broken, speaks another protocol, or isn't meant for this port.",
        steps=("Check what the applications' OTEL_EXPORTER_OTLP_PROTOCOL says against the port they use.", _LOG),
        fix="Correct the sender.",
    ),
    _counted(
        "OtelagentForwardingUnread",
        "otelagent_forwarded_unread_requests_total",
        "warning",
        "{{ $labels.instance }} forwards requests without looking into them",
        (
            '{{ printf "%.0f" $value }} requests went on unread since reading them hit an error of otelagent. Nothing '
            "is lost, but failures in them are not found. Please report it."
        ),
        meaning="A mistake of otelagent's own. Spans arrive as they came.",
        steps=(_LOG, "`otelagent scan FILE` on a recording of such a request shows the error."),
        fix="Update, or report the traceback of the log.",
    ),
    _counted(
        "OtelagentDetectorFailing",
        "otelagent_detector_errors_total",
        "warning",
        "The detector {{ $labels.mode }} fails",
        (
            '{{ $labels.mode }} raised an exception {{ printf "%.0f" $value }} times at {{ $labels.instance }}. Its '
            "judgement is missing there. Please report it."
        ),
        labels='mode="reasoning_loop"',
        meaning="A mistake in the detector. Others go on.",
        steps=(_LOG,),
        fix="Update, or switch the detector off meanwhile (`processors.agent_failures.detectors`).",
    ),
    _counted(
        "OtelagentLabelOverflow",
        "otelagent_label_overflow_total",
        "warning",
        "{{ $labels.metric }} has too many label values",
        (
            '{{ printf "%.0f" $value }} counts of {{ $labels.metric }} went to __other__. Agents, tools or workflows '
            "are named with something that varies."
        ),
        labels='metric="otelagent_failures_total"',
        meaning="A metric has 2000 series at most. Names that hold an id or a time use them up.",
        steps=(
            (
                "`count by (agent) (otelagent_agent_runs_total)` and the same for tool and workflow shows which "
                "names vary."
            ),
        ),
        fix="Name agents and tools by what they are, not by their run.",
    ),
    Alert(
        name="OtelagentTracesEvicted",
        severity="warning",
        expr=f'increase(otelagent_traces_closed_total{{reason=~"count|spans|bytes|memory"}}[15m]) > 0\n{OURS}',
        summary="{{ $labels.instance }} lets go of traces before they are done",
        description=(
            '{{ printf "%.0f" $value }} traces left memory in 15 minutes because of the limit on {{ $labels.reason '
            "}}. Findings on them may be missing."
        ),
        meaning="More is going on at once than the limits of live traces allow.",
        queries=(("Why do traces leave?", "sum by (reason) (rate(otelagent_traces_closed_total[5m]))"),),
        steps=(
            "`otelagent_live_traces` against `processors.agent_failures.traces` in `otelagent print-config`.",
            "Many traces that end as idle point at root spans that never come.",
        ),
        fix="Raise the limits and the memory, or shard by trace id over more instances.",
        fires=_scene('otelagent_traces_closed_total{reason="count"}', "0x20 0+2x40"),
        quiet=_scene('otelagent_traces_closed_total{reason="settled"}', "0+2x60"),
    ),
    Alert(
        name="OtelagentAbstaining",
        severity="info",
        expr="sum by (job, mode, reason) (increase(otelagent_abstentions_total[1h]))\n> on (job) group_left ()\n"
        f"(0.5 * sum by (job) (increase(otelagent_agent_runs_total{{{REAL['agent']}}}[1h])) > 5)",
        hold="30m",
        summary="{{ $labels.mode }} can't judge most runs",
        description=(
            '{{ $labels.mode }} abstained {{ printf "%.0f" $value }} times in an hour for lack of {{ $labels.reason '
            "}}. The instrumentation has to record it: otelagent explain {{ $labels.mode }}."
        ),
        meaning="What a detector needs isn't captured. Such runs are neither good nor bad: they are unknown.",
        queries=(("Which mode lacks what?", "sum by (mode, reason) (increase(otelagent_abstentions_total[1h]))"),),
        steps=(
            "`otelagent scan FILE --why` on a recording names the setting of the instrumentation that would record it.",
            "For OpenTelemetry GenAI instrumentations that is usually "
            "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT.",
        ),
        fix="Switch content capture on, or the detector off.",
        fires=_BUILD
        | {
            f'otelagent_abstentions_total{{mode="reasoning_loop",reason="result",{_POD}}}': "0+1x120",
            f'otelagent_agent_runs_total{{agent="a",outcome="unknown",{_POD}}}': "0+1x120",
        },
        quiet=_BUILD
        | {
            f'otelagent_abstentions_total{{mode="reasoning_loop",reason="result",{_POD}}}': "0+1x120",
            f'otelagent_agent_runs_total{{agent="a",outcome="success",{_POD}}}': "0+5x120",
        },
        at="110m",
    ),
    Alert(
        name="OtelagentUnrecognisedSpans",
        severity="info",
        expr="sum by (job, scope) (increase(otelagent_unrecognised_spans_total[1h])) > 100",
        hold="30m",
        summary="Spans of {{ $labels.scope }} look like an agent's and can't be read",
        description=(
            '{{ printf "%.0f" $value }} spans of {{ $labels.scope }} carry agent attributes that no dialect reads. '
            "Failures in them are not found."
        ),
        meaning="An instrumentation that otelagent doesn't know, or a new version of one that it does.",
        queries=(("Which scopes?", "sum by (scope) (increase(otelagent_unrecognised_spans_total[1h]))"),),
        steps=("`otelagent scan FILE --why` on a recording shows what was looked for.",),
        fix="Update otelagent, or add a dialect: CONTRIBUTING.md.",
        fires=_BUILD | {f'otelagent_unrecognised_spans_total{{scope="x",{_POD}}}': "0+5x120"},
        quiet=_BUILD | {f'otelagent_unrecognised_spans_total{{scope="x",{_POD}}}': "0+1x120"},
        at="110m",
    ),
)
