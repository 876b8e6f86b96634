"""From settings to the parts that the service runs."""

from collections.abc import Mapping
from pathlib import Path

import grpc

from otelagent import endpoint
from otelagent.config import Config
from otelagent.delivery import Delivery
from otelagent.destination import Destination
from otelagent.exporters.exporter import Exporter
from otelagent.exporters.otlp_grpc import OtlpGrpcExporter
from otelagent.housekeeping import Housekeeping
from otelagent.intake import Intake
from otelagent.pipeline import Settings as PipelineSettings
from otelagent.policy import MIB, Pace, Policy
from otelagent.receivers.otlp_grpc import OtlpGrpcReceiver
from otelagent.settings import AgentFailures, AnyExporter, FileStorage, GrpcServer, OtlpExporter
from otelagent.spool import Spool
from otelagent.spool_file import SpoolFile
from otelagent.traces import Limits
from otelagent.traffic import Inlet, Outlet, Signal, Traffic


def pipeline_settings(settings: AgentFailures) -> PipelineSettings:
    """What the fold needs to know."""
    limits = Limits(
        traces=settings.traces.traces,
        spans=settings.traces.spans,
        spans_per_trace=settings.traces.spans_per_trace,
        settle_s=settings.traces.settle,
        idle_s=settings.traces.idle,
        age_s=settings.traces.age,
    )
    roles = {pattern: tool.role for pattern, tool in settings.tools.items()}
    return PipelineSettings(detectors=settings.detectors, limits=limits, roles=roles)


def spools(config: Config) -> dict[str, Spool]:
    """The queues on disk, by id of their extension."""
    return {
        name: Spool(
            SpoolFile(Path(settings.directory), max_bytes=settings.max_size_mib * MIB, synchronous=settings.synchronous)
        )
        for name, settings in config.extensions.items()
        if isinstance(settings, FileStorage)
    }


def housekeeping(config: Config, spools: Mapping[str, Spool], traffic: Traffic) -> list[Housekeeping]:
    """What looks after each spool."""
    made = []
    for name, spool in spools.items():
        settings = config.extensions[name]
        if isinstance(settings, FileStorage):
            made.append(Housekeeping(spool, traffic, capacity=settings.max_size_mib * MIB, max_age=settings.max_age))
    return made


def delivery(config: Config, traffic: Traffic, spools: Mapping[str, Spool]) -> Delivery:
    """All destinations, by signal. The only spool serves every exporter that names none."""
    only = next(iter(spools.values())) if len(spools) == 1 else None
    made = {}
    for name, settings in config.exporters.items():
        queue = settings.sending_queue
        spool = spools.get(queue.storage) if queue.storage else only
        keeps = queue.enabled and settings.retry_on_failure.enabled
        made[name] = Destination(exporter(name, settings), traffic, _policy(settings), spool if keeps else None)
    by_signal: dict[Signal, list[Destination]] = {}
    for signal, pipeline in config.pipelines.items():
        by_signal[signal] = [made[name] for name in pipeline.exporters]
        for name in pipeline.exporters:
            traffic.open_outlet(Outlet(name, signal))
    return Delivery(by_signal, traffic)


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
        max_request=settings.max_request_bytes,
        in_flight=queue.num_consumers,
        ack=queue.ack,
        pace=pace,
    )


def exporter(name: str, settings: AnyExporter) -> Exporter:
    """The client of one destination."""
    headers = {key: value.get_secret_value() for key, value in settings.headers.items()}
    gzip = settings.compression == "gzip"
    if not isinstance(settings, OtlpExporter):
        raise NotImplementedError
    target = endpoint.parse(settings.endpoint, "grpc")
    plaintext = settings.tls.insecure if target.scheme not in ("http", "https") else target.scheme == "http"
    credentials = None if plaintext or target.scheme == "unix" else _client_credentials(settings)
    return OtlpGrpcExporter(name, target.target, credentials=credentials, headers=headers, gzip=gzip)


def _client_credentials(settings: OtlpExporter) -> grpc.ChannelCredentials:
    def content(path: str | None) -> bytes | None:
        if path is None:
            return None
        with open(path, "rb") as file:
            return file.read()

    tls = settings.tls
    return grpc.ssl_channel_credentials(content(tls.ca_file), content(tls.key_file), content(tls.cert_file))


def receivers(config: Config, intake: Intake, traffic: Traffic) -> list[OtlpGrpcReceiver]:
    """All receivers, each for the signals whose pipelines name it."""
    made = []
    for name, settings in config.receivers.items():
        signals = tuple(s for s, pipeline in config.pipelines.items() if name in pipeline.receivers)
        if signals and settings.protocols.grpc:
            made.append(_grpc_receiver(name, settings.protocols.grpc, intake, signals))
            for signal in signals:
                traffic.open(Inlet(name, "grpc", signal))
    return made


def _grpc_receiver(name: str, settings: GrpcServer, intake: Intake, signals: tuple[Signal, ...]) -> OtlpGrpcReceiver:
    return OtlpGrpcReceiver(
        name,
        endpoint.parse(settings.endpoint, "grpc"),
        intake,
        signals=signals,
        max_message_bytes=settings.max_recv_msg_size_mib * 1024 * 1024,
        options=tuple(_server_options(settings).items()),
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
