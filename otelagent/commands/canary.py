"""`otelagent canary`: a known failing trace through a running instance, and whether everything came of it."""

import asyncio
import contextlib
import json
import math
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import click
import httpx
from prometheus_client.parser import text_string_to_metric_families

from otelagent import __version__, assembly, canary, endpoint
from otelagent.attributes import FAILURE_MODES
from otelagent.commands.configured import complain, load, options
from otelagent.config import Config
from otelagent.endpoint import Endpoint
from otelagent.errors import BadConfig, OtelagentError
from otelagent.service import metrics_endpoint
from otelagent.settings import AnyExporter, OtlpExporter, OtlpHttpExporter
from otelagent.sink import Sink
from otelagent.traffic import Signal

POLL: Final = 0.25
EVENT: Final = 10.0
"""Seconds in which the finding event must have gone out."""

AGENT: Final = f"otelagent-canary/{__version__}"
Sample = tuple[str, frozenset[tuple[str, str]]]
Samples = Mapping[Sample, float]


@dataclass(frozen=True)
class Check:
    """One thing that has to come of the canary, and what was seen. `passed` None: it could not be looked at."""

    name: str
    passed: bool | None
    seen: str


@click.command(short_help="Send a known failing trace through a running instance")
@options
@click.option("--endpoint", "target", help="The receiver, instead of the configured: host:port (gRPC) or a URL.")
@click.option("--metrics", "metrics_url", help="The metrics, instead of the configured: http://host:port/metrics.")
@click.option("--receive", type=click.IntRange(0, 65535), help="Be the destination: take OTLP/gRPC on this local port.")
@click.option("--trace-url", help="Where the backend shows a trace, {trace_id} in it: http://tempo:3200/api/traces/...")
@click.option("--ca-file", type=click.Path(exists=True), help="Certificate to trust, where the receiver has TLS.")
@click.option("--cert-file", type=click.Path(exists=True), help="Client certificate, where the receiver asks for one.")
@click.option("--key-file", type=click.Path(exists=True), help="Its key.")
@click.option("--server-name", help="Name to expect in the receiver's certificate.")
@click.option("--timeout", type=click.FloatRange(1, 600), default=30.0, show_default=True, help="Seconds to wait.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="Form of the result.")
def command(
    sources: tuple[str, ...],
    sets: tuple[str, ...],
    target: str | None,
    metrics_url: str | None,
    receive: int | None,
    trace_url: str | None,
    timeout: float,
    form: str,
    **tls: str | None,
) -> None:
    """Send a known failing trace through a running instance and see what comes of it.

    Checks that it is acknowledged, that the finding is counted, that the destination has taken the spans and the
    finding event, and that all items are accounted for. Other traffic at the same time may hide a loss in the
    counts; --receive or --trace-url look for the very trace, with the finding on it.

    Give it the configuration of the instance (--config, --set), so that it knows its addresses and token.
    Exit codes: 0 all seen, 1 something is missing, 2 there is nothing to talk to.
    """
    try:
        config = load(sources, sets)
        client = _client(config, target, {k: v for k, v in tls.items() if v})
        probe = _Probe(config, client, metrics_url or _metrics_url(config), trace_url, timeout)
        with Sink(receive) if receive is not None else contextlib.nullcontext() as sink:
            checks = asyncio.run(probe.run(sink))
    except BadConfig as error:
        complain("canary", error, 2)
    except (OtelagentError, httpx.HTTPError) as error:
        click.echo(f"otelagent canary: no instance takes it: {error or type(error).__name__}", err=True)
        sys.exit(2)
    else:
        _show(checks, form)
        sys.exit(0 if all(check.passed is not False for check in checks) else 1)


class _Probe:
    """One canary."""

    def __init__(
        self, config: Config, client: AnyExporter, metrics_url: str | None, trace_url: str | None, timeout: float
    ) -> None:
        self._config = config
        self._client = client
        self._metrics_url = metrics_url
        self._trace_url = trace_url
        self._end = time.monotonic() + timeout
        loop = config.agent_failures.detectors.get(canary.MODE)
        self._repeats = 2 * loop.get("repeats", 3) if isinstance(loop, Mapping) else 6
        self._watched = loop not in (False, "off")
        self._http = httpx.AsyncClient(timeout=5, headers={"user-agent": AGENT})

    async def run(self, sink: Sink | None) -> list[Check]:
        """Raises OtelagentError where the receiver doesn't take the trace, HTTPError where there are no metrics."""
        async with self._http:
            before = await self._scrape() if self._metrics_url else {}
            trace_id, body, spans = canary.trace(self._repeats, time.time_ns())
            sent = Check("acknowledged", True, f"{spans} spans in {await self._send(body):.0f} ms")
            found = [sent]
            if self._metrics_url:
                if self._watched:
                    found += [await self._until(lambda now: _finding(before, now))]
                else:
                    found += [Check("finding", None, f"{canary.MODE} is off")]
                for name in _exporters(before, Signal.TRACES):
                    found += [await self._until(lambda now, n=name: _taken(n, before, now, spans))]
                for name in _exporters(before, Signal.LOGS) if self._watched else ():
                    found += [await self._until(lambda now, n=name: _told(n, before, now), EVENT)]
                found += [await self._until(_conserved)]
            else:
                found.append(Check("metrics", None, "they are off: nothing can be counted"))
            if sink is not None:
                found.append(await self._arrived(sink, trace_id, spans))
            if self._trace_url:
                found.append(await self._shown(self._trace_url, trace_id))
        return found

    async def _send(self, body: bytes) -> float:
        client = assembly.exporter("canary", self._client, assembly.tokens(self._config))
        began = time.perf_counter()
        try:
            await client.export(Signal.TRACES, body, 10.0)
        finally:
            await client.close()
        return (time.perf_counter() - began) * 1000

    async def _scrape(self) -> Samples:
        answer = await self._http.get(self._metrics_url or "")
        answer.raise_for_status()
        families = text_string_to_metric_families(answer.text)
        return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}

    async def _until(self, look: Any, seconds: float = math.inf) -> Check:
        """The check as soon as it passes, or as it is at the end."""
        end = min(self._end, time.monotonic() + seconds)
        while True:
            check: Check = look(await self._scrape())
            if check.passed or time.monotonic() > end:
                return check
            await asyncio.sleep(POLL)

    async def _arrived(self, sink: Sink, trace_id: bytes, spans: int) -> Check:
        while True:
            own = [span for span in sink.spans() if span.trace_id == trace_id]
            marked = any(a.key == FAILURE_MODES for span in own for a in span.attributes)
            ids = {span.span_id for span in own}
            passed = len(ids) == spans and (marked or not self._watched)
            if passed or time.monotonic() > self._end:
                with_it = "with" if marked else "without"
                return Check("downstream", passed, f"{len(ids)} of {spans} spans arrived, {with_it} the finding")
            await asyncio.sleep(POLL)

    async def _shown(self, url: str, trace_id: bytes) -> Check:
        seen = ""
        while True:
            with contextlib.suppress(httpx.HTTPError):
                answer = await self._http.get(url.replace("{trace_id}", trace_id.hex()))
                marked = FAILURE_MODES in answer.text
                seen = f"HTTP {answer.status_code}, {'with' if marked else 'without'} the finding"
                if answer.is_success and (marked or not self._watched):
                    return Check("backend", True, seen)
            if time.monotonic() > self._end:
                return Check("backend", False, seen or "it doesn't answer")
            await asyncio.sleep(2 * POLL)


def _client(config: Config, target: str | None, tls: Mapping[str, str]) -> AnyExporter:
    """Settings of a client for the instance's receiver. Raises BadConfig."""
    for receiver in config.receivers.values():
        for protocol, kind in (("grpc", OtlpExporter), ("http", OtlpHttpExporter)):
            server = getattr(receiver.protocols, protocol)
            wanted = target is None or (kind is OtlpHttpExporter) == _is_http(target)
            if server is None or not wanted:
                continue
            at = _local(endpoint.parse(target or server.endpoint, protocol))
            secure = server.tls is not None or at.scheme == "https" or "ca_file" in tls
            names = {"server_name": "server_name_override"}
            own = {names.get(key, key): value for key, value in tls.items()}
            trusted = {"ca_file": server.tls.cert_file} if server.tls and not target else {}
            where = at if at.scheme == "unix" else replace(at, scheme="https" if secure else "http")
            auth = {"auth": server.auth.model_dump()} if server.auth else {}
            return kind.model_validate({"endpoint": str(where), "tls": {**trusted, **own} if secure else {}, **auth})
    raise BadConfig("--endpoint: the configuration has no receiver for it" if target else "receivers: there is none")


def _is_http(target: str) -> bool:
    """A URL whose port is not gRPC's own speaks OTLP/HTTP."""
    return "://" in target and endpoint.parse(target, "http").port != endpoint.PORTS["grpc"]


def _local(at: Endpoint) -> Endpoint:
    return replace(at, host="127.0.0.1") if at.wildcard and at.scheme != "unix" else at


def _metrics_url(config: Config) -> str | None:
    at = metrics_endpoint(config)
    return f"http://{_local(at).target}/metrics" if at else None


def _finding(before: Samples, now: Samples) -> Check:
    rose = _rose("otelagent_failures_total", before, now, mode=canary.MODE, agent=canary.AGENT)
    return Check("finding", rose > 0, f"otelagent_failures_total of {canary.MODE} rose by {rose:g}")


def _exporters(samples: Samples, signal: Signal) -> list[str]:
    """The destinations that the instance has."""
    return sorted(
        {dict(own)["exporter"] for name, own in samples if name == f"otelcol_exporter_sent_{signal.items}_total"}
    )


def _taken(exporter: str, before: Samples, now: Samples, spans: int) -> Check:
    rose = _rose("otelcol_exporter_sent_spans_total", before, now, exporter=exporter)
    waiting = _waiting(now, exporter, Signal.TRACES)
    return Check(f"spans to {exporter}", rose >= spans, f"{rose:g} spans sent, {waiting:g} wait in the spool")


def _told(exporter: str, before: Samples, now: Samples) -> Check:
    """A destination that takes no logs gets no finding events."""
    sent = _value(now, "otelcol_exporter_sent_log_records_total", exporter=exporter)
    rose = _rose("otelcol_exporter_sent_log_records_total", before, now, exporter=exporter)
    waiting = _waiting(now, exporter, Signal.LOGS)
    name = f"finding event to {exporter}"
    if not sent and not waiting:
        return Check(name, None, "it has never taken a log record")
    return Check(name, rose > 0, f"{rose:g} log records sent, {waiting:g} wait in the spool")


def _waiting(samples: Samples, exporter: str, signal: Signal) -> float:
    return _value(samples, "otelagent_exporter_waiting_items", exporter=exporter, signal=str(signal))


def _conserved(now: Samples) -> Check:
    """Everything that was taken is accounted for, as docs/guarantees.md has it."""
    missing = []
    for name, labels in now:
        if name != "otelagent_exporter_taken_items_total":
            continue
        own = dict(labels)
        came = sum(
            _value(now, f"otelagent_exporter_{what}_items_total", **own) for what in ("taken", "found", "revived")
        )
        went = _value(now, f"otelcol_exporter_sent_{Signal(own['signal']).items}_total", exporter=own["exporter"])
        went += _value(now, "otelagent_exporter_waiting_items", **own)
        went += _value(now, "otelagent_exporter_buried_items_total", **own)
        went += sum(_values(now, "otelagent_exporter_dropped_items_total", **own))
        if came != went:
            missing.append(f"{own['exporter']}/{own['signal']}: {came - went:g}")
    return Check(
        "conservation", not missing, f"not accounted for: {', '.join(missing)}" if missing else "nothing missing"
    )


def _values(samples: Samples, name: str, **labels: str) -> Iterator[float]:
    wanted = labels.items()
    return (value for (other, own), value in samples.items() if other == name and wanted <= dict(own).items())


def _value(samples: Samples, name: str, **labels: str) -> float:
    return sum(_values(samples, name, **labels))


def _rose(name: str, before: Samples, now: Samples, **labels: str) -> float:
    return _value(now, name, **labels) - _value(before, name, **labels)


def _show(checks: list[Check], form: str) -> None:
    if form == "json":
        click.echo(json.dumps([{"check": c.name, "passed": c.passed, "seen": c.seen} for c in checks]))
        return
    words = {True: "ok", False: "MISSING", None: "skipped"}
    for check in checks:
        click.echo(f"{words[check.passed]:8} {check.name}: {check.seen}")
