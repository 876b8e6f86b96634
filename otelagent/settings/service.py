"""Settings of the service: pipelines and what we tell about ourselves."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator

from otelagent.settings.values import GrpcAddress, HttpAddress, Port, Secret, Settings


class SignalPipeline(Settings):
    """Which components a signal passes."""

    receivers: list[str] = Field(min_length=1, description="Ids of receivers.")
    processors: list[str] = Field(default_factory=list, description="Ids of processors, in order.")
    exporters: list[str] = Field(description="Ids of exporters; each gets everything.")


class Prometheus(Settings):
    """Where metrics are scraped."""

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: Port = Field(default=8888, description="Port to listen on.")


class PullExporter(Settings):
    """How metrics are pulled."""

    prometheus: Prometheus = Field(default_factory=Prometheus, description="By Prometheus.")


class Pull(Settings):
    """Metrics that are scraped."""

    exporter: PullExporter = Field(default_factory=PullExporter, description="How.")


class Reader(Settings):
    """A way to get our metrics."""

    pull: Pull = Field(default_factory=Pull, description="Scraped.")


class MetricsTelemetry(Settings):
    """Our own metrics."""

    level: Literal["none", "basic", "normal", "detailed"] = Field(
        default="normal", description="`none` turns them off."
    )
    address: HttpAddress | None = Field(default=None, description="Older way to say host and port of the reader.")
    readers: list[Reader] = Field(default_factory=lambda: [Reader()], max_length=1, description="Where to get them.")


class LogsTelemetry(Settings):
    """Our own log, on stderr."""

    level: Literal["debug", "info", "warn", "error"] = Field(default="info", description="Least severity.")
    encoding: Literal["console", "json"] = Field(default="console", description="For people or for machines.")

    @model_validator(mode="before")
    @classmethod
    def _any_case(cls, data: object) -> object:
        if isinstance(data, Mapping) and isinstance(level := data.get("level"), str):
            return {**data, "level": {"warning": "warn"}.get(level.lower(), level.lower())}
        return data


class SelfTraceExporter(Settings):
    """Where traces of our own work go."""

    protocol: Literal["grpc"] = Field(default="grpc", description="OTLP/gRPC.")
    endpoint: GrpcAddress = Field(description="host:port, or a URL; never a receiver of ours.")
    insecure: bool = Field(default=False, description="Send in plaintext. `http://` in the endpoint means the same.")
    headers: dict[str, Secret] = Field(default_factory=dict, description="Metadata of every call; never printed.")


class BatchExporter(Settings):
    """How traces of our own work are exported."""

    otlp: SelfTraceExporter = Field(description="By OTLP.")


class Batch(Settings):
    """Batches of the SDK."""

    exporter: BatchExporter = Field(description="To where.")


class SelfTraceProcessor(Settings):
    """A span processor of the SDK."""

    batch: Batch = Field(description="Sends in batches.")


class RatioSampler(Settings):
    """A share of all traces."""

    ratio: float = Field(default=1.0, ge=0, le=1, description="Share of requests that are traced.")


class Sampler(Settings):
    """Which of our own traces are kept."""

    trace_id_ratio_based: RatioSampler = Field(default_factory=RatioSampler, description="By trace id.")


class TracesTelemetry(Settings):
    """Traces of our own work, by opentelemetry-sdk."""

    processors: list[SelfTraceProcessor] = Field(default_factory=list, max_length=1, description="Empty: off.")
    sampler: Sampler = Field(default_factory=Sampler, description="Which are kept.")


class Telemetry(Settings):
    """What we tell about ourselves."""

    metrics: MetricsTelemetry = Field(default_factory=MetricsTelemetry, description="Metrics.")
    logs: LogsTelemetry = Field(default_factory=LogsTelemetry, description="Log.")
    traces: TracesTelemetry = Field(default_factory=TracesTelemetry, description="Traces of our own work.")
    resource: dict[str, str | None] = Field(
        default_factory=dict,
        description="Attributes of our own resource, over OTEL_RESOURCE_ATTRIBUTES; one without a value is taken away. "
        "They are on `target_info`, JSON log lines and self-traces.",
    )


class Service(Settings):
    """What is put together from the components."""

    extensions: list[str] | None = Field(default=None, description="Ids of extensions that run.")
    pipelines: dict[str, SignalPipeline] = Field(
        default_factory=dict, description="One pipeline each for traces, logs and metrics; default: all components."
    )
    telemetry: Telemetry = Field(default_factory=Telemetry, description="What we tell about ourselves.")
