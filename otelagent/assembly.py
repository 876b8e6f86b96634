"""From settings to the parts that the service runs."""

from collections.abc import Mapping

import grpc

from otelagent import endpoint
from otelagent.config import Config
from otelagent.delivery import Delivery
from otelagent.destination import Destination
from otelagent.exporters.exporter import Exporter
from otelagent.exporters.otlp_grpc import OtlpGrpcExporter
from otelagent.intake import Intake
from otelagent.pipeline import Settings as PipelineSettings
from otelagent.receivers.otlp_grpc import OtlpGrpcReceiver
from otelagent.settings import AgentFailures, AnyExporter, GrpcServer, OtlpExporter
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


def delivery(config: Config, traffic: Traffic) -> Delivery:
    """All destinations, by signal."""
    made = {
        name: Destination(
            exporter(name, settings),
            traffic,
            timeout=settings.timeout,
            capacity=settings.sending_queue.queue_size,
        )
        for name, settings in config.exporters.items()
    }
    by_signal: dict[Signal, list[Destination]] = {}
    for signal, pipeline in config.pipelines.items():
        by_signal[signal] = [made[name] for name in pipeline.exporters]
        for name in pipeline.exporters:
            traffic.open_outlet(Outlet(name, signal))
    return Delivery(by_signal, traffic)


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
