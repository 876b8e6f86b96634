"""From settings to the parts that the service runs."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from otelagent import endpoint, memory
from otelagent.admission import Admission, Token
from otelagent.baseline_keeper import BaselineKeeper
from otelagent.baselines import profile_file
from otelagent.baselines.divergence import Thresholds
from otelagent.baselines.learned import Baselines
from otelagent.baselines.learned import Limits as BaselineLimits
from otelagent.baselines.store import BaselineStore
from otelagent.chronicle import Chronicle
from otelagent.config import Config
from otelagent.config_text import merge
from otelagent.delivery import Delivery, Redact
from otelagent.destination import Destination
from otelagent.detectors import available, build
from otelagent.errors import BadConfig
from otelagent.exporters.exporter import Exporter
from otelagent.exporters.otlp_grpc import OtlpGrpcExporter
from otelagent.history import History
from otelagent.housekeeping import Housekeeping
from otelagent.intake import Door, Intake
from otelagent.overrides import Exemption
from otelagent.pipeline import Settings as PipelineSettings
from otelagent.policy import MIB, Pace, Policy
from otelagent.receivers.otlp_grpc import OtlpGrpcReceiver
from otelagent.receivers.otlp_http import OtlpHttpReceiver
from otelagent.recorder import Recorder
from otelagent.redaction import Redactor, chain
from otelagent.settings import (
    AgentFailures,
    AnyExporter,
    BaselineSettings,
    BearerToken,
    FileStorage,
    GrpcServer,
    HttpServer,
    OtlpExporter,
    Override,
    TraceStore,
)
from otelagent.settings import BaselineStore as BaselineStoreSettings
from otelagent.settings import OtlpHttpExporter as OtlpHttpSettings
from otelagent.settings.exporters import ClientKeepalive
from otelagent.spool import Spool
from otelagent.spool_file import SpoolFile
from otelagent.store import Limits as StoreLimits
from otelagent.store import TraceStore as TraceFile
from otelagent.tls import ClientCertificates, GrpcServerTls, HttpServerTls
from otelagent.traces import Limits
from otelagent.traffic import Inlet, Outlet, Signal, Traffic

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

NAMING: Final[Mapping[str, Any]] = {"delegation_incomplete": {"name_items": True}}
"""What detectors may say where findings may quote content."""

NAMELESS: Final[Mapping[str, Any]] = {"delegation_incomplete": {"name_ids": False}}
"""What they may not where content is taken out of what is sent: what otelagent adds isn't redacted."""

LARGEST: Final = 64 * MIB
"""Bytes of a request that OTLP recommends to take."""

SHARE: Final = 16
"""One request may take at most this part of the memory."""

Receiver = OtlpGrpcReceiver | OtlpHttpReceiver


def baselines(settings: BaselineSettings) -> Baselines:
    """What is usual, with the staging profile that is named. Raises BadConfig where it can't be read."""
    limits = baselines_limits(settings)
    divergence = Thresholds(**settings.divergence.model_dump())
    if settings.staging is None:
        return Baselines(limits, divergence=divergence)
    try:
        staging = profile_file.read(Path(settings.staging))
    except profile_file.BadProfile as error:
        raise BadConfig(f"processors.agent_failures.baselines.staging: {error}") from error
    return Baselines(limits, staging, divergence)


def baselines_limits(settings: BaselineSettings) -> BaselineLimits:
    """Bounds of what is learned."""
    return BaselineLimits(
        tools=settings.max_tools,
        tasks=settings.max_tasks,
        half_life=settings.half_life,
        tools_half_life=settings.tools_half_life,
        least_results=settings.least_results,
        least_runs=settings.least_runs,
    )


def baseline_keeper(config: Config, normal: Baselines) -> BaselineKeeper | None:
    """Keeps what is learned over restarts, where the configuration has a store for it."""
    settings = config.extension(BaselineStoreSettings)
    if settings is None:
        return None
    directory = Path(settings.directory)
    return BaselineKeeper(lambda: BaselineStore(directory, owner=True), normal, interval=settings.interval)


def pipeline_settings(
    settings: AgentFailures, normal: Baselines | None = None, *, redacts: bool = False
) -> PipelineSettings:
    """What the fold needs to know; `normal`: what is known by now, else it begins with what the settings name.

    `redacts`: content is taken out of what is sent.
    """
    limits = Limits(
        traces=settings.traces.traces,
        spans=settings.traces.spans,
        bytes=settings.traces.max_size_mib * MIB,
        spans_per_trace=settings.traces.spans_per_trace,
        settle_s=settings.traces.settle,
        idle_s=settings.traces.idle,
        age_s=settings.traces.age,
    )
    quotes = settings.evidence.include_content
    detectors = merge(NAMING if quotes else NAMELESS if redacts else {}, settings.detectors)
    roles = {pattern: tool.role for pattern, tool in settings.tools.items()}
    return PipelineSettings(
        detectors=detectors,
        limits=limits,
        roles=roles,
        evaluations=settings.evaluation_events,
        quotes=quotes,
        windows=settings.context_windows,
        normal=normal if normal is not None else baselines(settings.baselines),
        exemptions=tuple(exemption for override in settings.overrides for exemption in _exemptions(override)),
        dissolves=True,
    )


def _exemptions(override: Override) -> Iterator[tuple[str, Exemption]]:
    """What an override says of each mode that it names."""
    match = override.match
    for mode, chosen in override.detectors.items():
        tuned = build({**dict.fromkeys(available(), "off"), mode: chosen})
        detector = tuned[0] if tuned else None
        yield mode, Exemption(detector, match.service, match.agent, match.tool, override.until)


def spools(config: Config) -> dict[str, Spool]:
    """The queues on disk, by id of their extension."""
    return {
        name: Spool(
            SpoolFile(
                Path(settings.directory), max_bytes=settings.max_size_mib * MIB, synchronous=settings.synchronous
            ),
            create=settings.create_directory,
        )
        for name, settings in config.extensions.items()
        if isinstance(settings, FileStorage)
    }


def redactors(config: Config, counts: Counter[str]) -> dict[Signal, Redact]:
    """What takes out of each signal what must not go on, where the configuration says so."""
    found: dict[Signal, Redact] = {}
    for signal, pipeline in config.pipelines.items():
        steps = [Redactor(config.redactions[n], counts) for n in pipeline.processors if n in config.redactions]
        if steps:
            found[signal] = partial(chain, steps, signal)
    return found


def recorder(config: Config) -> Recorder | None:
    """Keeps failing traces, where the configuration has a trace store."""
    settings = config.extension(TraceStore)
    if settings is None:
        return None
    limits = StoreLimits(max_bytes=settings.max_size_mib * MIB, max_age_s=settings.max_age)
    return Recorder(
        lambda: TraceFile(Path(settings.directory), create=True),
        ring_bytes=settings.ring_mib * MIB,
        sample_good=settings.sample_good,
        limits=limits,
        clock=time.time,
        redact=redactors(config, Counter()).get(Signal.TRACES),
    )


def chronicle(config: Config) -> Chronicle | None:
    """Writes what `report` reads, beside the trace store."""
    settings = config.extension(TraceStore)
    if settings is None:
        return None
    directory = Path(settings.directory)
    return Chronicle(lambda: History(directory, create=True), max_age=settings.max_age, clock=time.time)


def housekeeping(config: Config, spools: Mapping[str, Spool], traffic: Traffic) -> list[Housekeeping]:
    """What looks after each spool."""
    made = []
    for name, spool in spools.items():
        settings = config.extensions[name]
        if isinstance(settings, FileStorage):
            capacity, age = settings.max_size_mib * MIB, settings.max_age
            made.append(Housekeeping(spool, traffic, capacity=capacity, max_age=age, exporters=config.exporters))
    return made


def delivery(
    config: Config,
    traffic: Traffic,
    spools: Mapping[str, Spool],
    tokens: Mapping[str, Token],
    tracer: "Tracer | None" = None,
) -> Delivery:
    """All destinations, by signal. The only spool serves every exporter that names none."""
    only = next(iter(spools.values())) if len(spools) == 1 else None
    made = {}
    for name, settings in config.exporters.items():
        queue = settings.sending_queue
        spool = spools.get(queue.storage) if queue.storage else only
        keeps = queue.enabled and settings.retry_on_failure.enabled
        client, kept = exporter(name, settings, tokens), spool if keeps else None
        made[name] = Destination(client, traffic, _policy(settings), kept, tracer)
    by_signal: dict[Signal, list[Destination]] = {}
    for signal, pipeline in config.pipelines.items():
        by_signal[signal] = [made[name] for name in pipeline.exporters]
        for name in pipeline.exporters:
            traffic.open_outlet(Outlet(name, signal))
    processors = {signal: pipeline.processors for signal, pipeline in config.pipelines.items()}
    return Delivery(by_signal, traffic, redactors(config, traffic.redacted), processors)


def _policy(settings: AnyExporter) -> Policy:
    queue, retry = settings.sending_queue, settings.retry_on_failure
    pace = Pace(
        initial=retry.initial_interval,
        factor=retry.multiplier,
        randomization=retry.randomization_factor,
        longest=retry.max_interval,
        give_up=retry.max_elapsed_time,
        rate=queue.drain_rate_mib * MIB,
    )
    return Policy(
        timeout=settings.timeout,
        answer_within=queue.answer_within,
        capacity=queue.queue_size,
        sizer=queue.sizer or "bytes",
        max_request=settings.max_request_bytes,
        in_flight=queue.num_consumers,
        ack=queue.ack,
        retries=retry.enabled,
        pace=pace,
    )


def exporter(name: str, settings: AnyExporter, tokens: Mapping[str, Token]) -> Exporter:
    """The client of one destination."""
    headers = {key: value.get_secret_value() for key, value in settings.headers.items()}
    gzip = settings.compression == "gzip"
    authorization = tokens[settings.auth.authenticator].header if settings.auth else None
    path = f"exporters.{name}.tls"
    if isinstance(settings, OtlpExporter):
        target = endpoint.parse(settings.endpoint, "grpc")
        plaintext = target.scheme in ("http", "unix") or (settings.tls.insecure and target.scheme != "https")
        tls = None if plaintext else ClientCertificates(settings.tls, path)
        options = _client_options(settings.keepalive)
        return OtlpGrpcExporter(
            name, target.target, tls=tls, headers=headers, authorization=authorization, gzip=gzip, options=options
        )
    from otelagent.exporters.otlp_http import OtlpHttpExporter  # with httpx 5 MiB that most never need

    urls = _urls(settings)
    tls = ClientCertificates(settings.tls, path) if any(u.startswith("https:") for u in urls.values()) else None
    return OtlpHttpExporter(name, urls, tls=tls, headers=headers, authorization=authorization, gzip=gzip)


def _client_options(keepalive: ClientKeepalive) -> tuple[tuple[str, int], ...]:
    """Channel arguments; C-core counts in milliseconds."""
    if not keepalive.time:
        return ()
    return (
        ("grpc.keepalive_time_ms", int(keepalive.time * 1000)),
        ("grpc.keepalive_timeout_ms", int(keepalive.timeout * 1000)),
        ("grpc.keepalive_permit_without_calls", int(keepalive.permit_without_stream)),
        ("grpc.http2.max_pings_without_data", 0),
    )


def _urls(settings: OtlpHttpSettings) -> dict[Signal, str]:
    """As OTLP has it: paths are appended to the base, and full URLs are taken as they are."""
    base = settings.endpoint if "://" in settings.endpoint else f"http://{settings.endpoint}"
    full = {
        Signal.TRACES: settings.traces_endpoint,
        Signal.LOGS: settings.logs_endpoint,
        Signal.METRICS: settings.metrics_endpoint,
    }
    return {signal: full[signal] or f"{base.rstrip('/')}/v1/{signal}" for signal in Signal}


def tokens(config: Config) -> dict[str, Token]:
    """Bearer tokens by id of their extension. Raises BadConfig."""
    return {
        name: Token(settings, f"extensions.{name}")
        for name, settings in config.extensions.items()
        if isinstance(settings, BearerToken)
    }


def receivers(config: Config, intake: Intake | Door, traffic: Traffic, tokens: Mapping[str, Token]) -> list[Receiver]:
    """All receivers, each for the signals whose pipelines name it. Raises BadConfig."""
    made: list[Receiver] = []
    for name, settings in config.receivers.items():
        signals = tuple(s for s, pipeline in config.pipelines.items() if name in pipeline.receivers)
        if not signals:
            continue
        if (grpc_server := settings.protocols.grpc) is not None:
            made.append(_grpc_receiver(name, grpc_server, intake, signals, tokens))
            for signal in signals:
                traffic.open(Inlet(name, "grpc", signal))
        if (http_server := settings.protocols.http) is not None:
            made.append(_http_receiver(name, http_server, intake, signals, tokens))
            for signal in signals:
                traffic.open(Inlet(name, "http", signal))
    return made


def largest(available: int | None = None) -> int:
    """Bytes of the largest request that is taken: OTLP's recommendation, less in a small container."""
    available = available or memory.available() or LARGEST * SHARE
    return max(min(LARGEST, available // SHARE), MIB)


def _grpc_receiver(
    name: str, settings: GrpcServer, intake: Intake | Door, signals: tuple[Signal, ...], tokens: Mapping[str, Token]
) -> OtlpGrpcReceiver:
    tls = GrpcServerTls(settings.tls, f"receivers.{name}.protocols.grpc.tls") if settings.tls else None
    return OtlpGrpcReceiver(
        name,
        endpoint.parse(settings.endpoint, "grpc"),
        intake,
        signals=signals,
        max_message_bytes=settings.max_recv_msg_size_mib * MIB if settings.max_recv_msg_size_mib else largest(),
        credentials=tls.credentials() if tls else None,
        admission=Admission(tokens[settings.auth.authenticator]) if settings.auth else None,
        options=tuple(_server_options(settings).items()),
    )


def _http_receiver(
    name: str, settings: HttpServer, intake: Intake | Door, signals: tuple[Signal, ...], tokens: Mapping[str, Token]
) -> OtlpHttpReceiver:
    return OtlpHttpReceiver(
        name,
        endpoint.parse(settings.endpoint, "http"),
        intake,
        signals=signals,
        max_body=settings.max_request_body_size or largest(),
        admission=Admission(tokens[settings.auth.authenticator]) if settings.auth else None,
        cors=settings.cors,
        tls=HttpServerTls(settings.tls, f"receivers.{name}.protocols.http.tls") if settings.tls else None,
    )


def _server_options(settings: GrpcServer) -> Mapping[str, int]:
    """Channel arguments of the server; C-core counts in milliseconds."""
    server, policy = settings.keepalive.server_parameters, settings.keepalive.enforcement_policy
    durations = {
        "grpc.max_connection_idle_ms": server.max_connection_idle,
        "grpc.max_connection_age_ms": server.max_connection_age,
        "grpc.max_connection_age_grace_ms": server.max_connection_age_grace,
        "grpc.keepalive_time_ms": server.time,
        "grpc.keepalive_timeout_ms": server.timeout,
        "grpc.http2.min_recv_ping_interval_without_data_ms": policy.min_time,
    }
    options = {key: int(seconds * 1000) for key, seconds in durations.items() if seconds is not None}
    options["grpc.keepalive_permit_without_calls"] = int(policy.permit_without_stream)
    if settings.max_concurrent_streams is not None:
        options["grpc.max_concurrent_streams"] = settings.max_concurrent_streams
    return options
