"""`otelagent demo`: the real service on free ports, recorded runs through it, and what it found."""

import asyncio
import contextlib
import sys
from collections import Counter

import click
import grpc
import httpx
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from rich.console import Console
from rich.progress import Progress

from otelagent import recordings
from otelagent.attributes import FINDING_EVENT, WITHDRAWN_EVENT
from otelagent.commands.scan import findings_table
from otelagent.config import Config, load
from otelagent.diagnosis.scan import Report
from otelagent.exporters.otlp_grpc import METHODS
from otelagent.recordings import Recording
from otelagent.service import Service
from otelagent.sink import Sink
from otelagent.traffic import Signal

SHOWN = (
    "otelagent_failures_total",
    "otelagent_tool_failures_total",
    "otelagent_pipelines_total",
    "otelcol_receiver_accepted_spans_total",
    "otelcol_exporter_sent_spans_total",
)
"""Metrics that the demo shows where they are not 0."""


@click.command(short_help="Play recorded agent runs and show what failed in them")
def command() -> None:
    """Play recorded agent runs through the real service and show what failed in them. Offline, ends by itself."""
    console = Console()
    with Sink() as sink:
        report, metrics = asyncio.run(_play(sink, console))
        spans, events = sink.spans(), sink.records()
    console.print(findings_table(report, _names()))
    annotated = sum(any(a.key.startswith("otelagent.") for a in span.attributes) for span in spans)
    sent = Counter(event.event_name for event in events)
    console.print(
        f"{len(spans)} spans reached the backend, {annotated} of them enriched, "
        f"and {sent[FINDING_EVENT]} findings as events (taken back later: {sent[WITHDRAWN_EVENT]})\n"
    )
    console.print("What an alert would see at /metrics:")
    for line in metrics:
        console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
    console.print("\nNow run `otelagent run` and point your agent's OTEL_EXPORTER_OTLP_ENDPOINT at it; see README.md.")
    sys.exit(0 if report.findings else 2)


def _config(sink: Sink) -> Config:
    return load(
        {
            "receivers": {"otlp": {"protocols": {"grpc": {"endpoint": "127.0.0.1:0"}}}},
            "exporters": {"otlp": {"endpoint": sink.endpoint, "tls": {"insecure": True}}},
            "extensions": {"health_check": {"endpoint": "127.0.0.1:0"}},
            "service": {
                "extensions": ["health_check"],
                "pipelines": {
                    signal: {"receivers": ["otlp"], "processors": ["agent_failures"], "exporters": ["otlp"]}
                    for signal in ("traces", "logs")
                },
                "telemetry": {"metrics": {"address": "127.0.0.1:0"}},
            },
        },
        environ={},
    )


async def _play(sink: Sink, console: Console) -> tuple[Report, list[str]]:
    report = Report()
    service = Service(_config(sink), (report,))
    await service.start()
    try:
        with Progress(console=console, transient=not console.is_terminal) as progress:
            for recording in progress.track(recordings.ALL, description="playing recorded runs"):
                progress.console.print(f"{recording.framework}: {recording.story}", highlight=False)
                await _send(recording, service.ports["grpc"])
        await service.delivery.tell(service.pipeline.settle(0.0))
        return report, await _scrape(service.ports["metrics"])
    finally:
        await service.stop()


async def _send(recording: Recording, port: int) -> None:
    """Send a recording as its agent would: a few spans a request, in their order."""
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", compression=grpc.Compression.Gzip) as channel:
        export = channel.unary_unary(METHODS[Signal.TRACES], _as_is, _as_is)
        for body in _pieces(recordings.body(recording)):
            await export(body, timeout=10)
            await asyncio.sleep(0.02)


def _as_is(body: bytes) -> bytes:
    return body


def _pieces(body: bytes, size: int = 4) -> list[bytes]:
    pieces = []
    for resource_spans in ExportTraceServiceRequest.FromString(body).resource_spans:
        for scope_spans in resource_spans.scope_spans:
            for at in range(0, len(scope_spans.spans), size):
                piece = ExportTraceServiceRequest()
                part = piece.resource_spans.add(resource=resource_spans.resource)
                part.scope_spans.add(scope=scope_spans.scope, spans=scope_spans.spans[at : at + size])
                pieces.append(piece.SerializeToString())
    return pieces


async def _scrape(port: int) -> list[str]:
    """The second scrape: a series shows itself at 0 first, so that `increase()` sees it move."""
    async with httpx.AsyncClient() as client:
        with contextlib.suppress(httpx.HTTPError):
            await client.get(f"http://127.0.0.1:{port}/metrics")
            text = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
            lines = [line for line in text.splitlines() if line.startswith(SHOWN)]
            return [line for line in lines if not line.endswith(" 0.0")]
    return []


def _names() -> dict[bytes, str]:
    """Trace ids of the recordings, and what they are called in the table."""
    return {i: f"{r.framework}: {r.story}" for r in recordings.ALL for i in _trace_ids(r)}


def _trace_ids(recording: Recording) -> set[bytes]:
    request = ExportTraceServiceRequest.FromString(recordings.body(recording))
    return {s.trace_id for rs in request.resource_spans for ss in rs.scope_spans for s in ss.spans}
