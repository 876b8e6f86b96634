"""The settings as strict models, in the Collector's shape: a default and a help text for every field."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Final, Literal

import re2
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SecretStr,
    model_validator,
)

from otelagent import endpoint
from otelagent.model import Role

# --- kinds of values --------------------------------------------------------------------------------------------------

_UNITS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d)")


def _seconds(value: object) -> object:
    """`1m30s` -> 90.0; a bare number would be nanoseconds to the Collector, so only 0 is taken."""
    if value in (0, "0"):
        return 0.0
    if isinstance(value, str) and value and _DURATION.sub("", value) == "":
        return sum(float(n) * _UNITS[unit] for n, unit in _DURATION.findall(value))
    raise ValueError("must be a duration with a unit, like 5s or 1m30s")


def _with_unit(seconds: float) -> str:
    return f"{seconds:.12g}s" if seconds >= 1 or seconds == 0 else f"{seconds * 1000:g}ms"


_QUIET: Final = re2.Options()
_QUIET.log_errors = False

Duration = Annotated[float, BeforeValidator(_seconds), PlainSerializer(_with_unit, return_type=str)]
Secret = Annotated[SecretStr, PlainSerializer(lambda _: "[REDACTED]", return_type=str)]


def _grpc_address(text: str) -> str:
    endpoint.parse(text, "grpc")
    return text


def _http_address(text: str) -> str:
    endpoint.parse(text, "http")
    return text


def _pattern(text: str) -> str:
    try:
        re2.compile(text, _QUIET)
    except re2.error:
        raise ValueError("must be a regular expression that RE2 takes") from None
    return text


Pattern = Annotated[str, AfterValidator(_pattern)]
"""A regular expression of RE2, which is Go's own syntax."""

GrpcAddress = Annotated[str, AfterValidator(_grpc_address)]
HttpAddress = Annotated[str, AfterValidator(_http_address)]
Port = Annotated[int, Field(ge=0, le=65535)]
Positive = Annotated[int, Field(gt=0)]


class Settings(BaseModel):
    """Base of all models: unknown keys are mistakes, and a key without a value stands for its defaults."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _nothing_means_default(cls, data: object) -> object:
        if data is None:
            return {}
        if not isinstance(data, Mapping):
            return data
        return {
            key: {} if value is None else value
            for key, value in data.items()
            if value is not None or is_section(cls, key)
        }


def is_section(kind: type[BaseModel], key: str) -> bool:
    field = kind.model_fields.get(key)
    return field is not None and section(field.annotation) is not None


def section(annotation: Any) -> type[BaseModel] | None:
    """The model that an annotation (or one branch of it) stands for."""
    for each in (annotation, *getattr(annotation, "__args__", ())):
        if isinstance(each, type) and issubclass(each, BaseModel):
            return each
    return None


# --- transport --------------------------------------------------------------------------------------------------------


class ServerTls(Settings):
    """TLS of a receiver."""

    cert_file: str = Field(description="Certificate (PEM).")
    key_file: str = Field(description="Private key (PEM).")
    client_ca_file: str | None = Field(
        default=None, description="Certificates that clients must be signed by (mutual TLS)."
    )
    min_version: Literal["1.2", "1.3"] = Field(default="1.2", description="Lowest TLS version that is accepted.")
    reload_interval: Duration = Field(default=10.0, description="How often the files are looked at for a change.")


class ClientTls(Settings):
    """TLS of an exporter."""

    insecure: bool = Field(default=False, description="Send in plaintext. `http://` in the endpoint means the same.")
    ca_file: str | None = Field(default=None, description="Certificates to trust (PEM); default: the system's.")
    cert_file: str | None = Field(default=None, description="Client certificate (PEM), for mutual TLS.")
    key_file: str | None = Field(default=None, description="Client key (PEM), for mutual TLS.")
    server_name_override: str | None = Field(default=None, description="Name to expect in the server's certificate.")
    min_version: Literal["1.2", "1.3"] = Field(default="1.2", description="Lowest TLS version that is accepted.")
    reload_interval: Duration = Field(default=10.0, description="How often the files are looked at for a change.")

    @model_validator(mode="after")
    def _pair(self) -> "ClientTls":
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("cert_file and key_file go together")
        return self


class Auth(Settings):
    """Who may send, or as whom we send."""

    authenticator: str = Field(description="Id of an extension: `bearertokenauth`.")


class ServerParameters(Settings):
    """Keepalive of the server."""

    max_connection_idle: Duration | None = Field(
        default=None, description="Close a connection without calls after this."
    )
    max_connection_age: Duration | None = Field(
        default=None, description="Close a connection after this, so that clients spread anew; for gateways."
    )
    max_connection_age_grace: Duration | None = Field(default=None, description="What calls under way get then.")
    time: Duration | None = Field(default=None, description="Ping a silent client after this.")
    timeout: Duration | None = Field(
        default=None, description="Close the connection if a ping isn't answered in this time."
    )


class EnforcementPolicy(Settings):
    """What keepalive pings clients may send."""

    min_time: Duration = Field(default=10.0, description="Least time between pings; Collectors ping every 10 s.")
    permit_without_stream: bool = Field(default=True, description="Pings without a call are fine.")


class Keepalive(Settings):
    """Keepalive of a gRPC receiver."""

    server_parameters: ServerParameters = Field(default_factory=ServerParameters, description="The server's own pings.")
    enforcement_policy: EnforcementPolicy = Field(default_factory=EnforcementPolicy, description="Clients' pings.")


class GrpcServer(Settings):
    """OTLP/gRPC in."""

    endpoint: GrpcAddress = Field(default="127.0.0.1:4317", description="Address to listen on.")
    max_recv_msg_size_mib: Positive | None = Field(
        default=None,
        le=1024,
        description="Largest request, after decompression; default: 64, or a sixteenth of what memory the container "
        "may use where that is less.",
    )
    max_concurrent_streams: Positive | None = Field(default=None, description="Calls at a time on one connection.")
    keepalive: Keepalive = Field(default_factory=Keepalive, description="Keepalive of connections.")
    tls: ServerTls | None = Field(default=None, description="TLS; without it, plaintext.")
    auth: Auth | None = Field(default=None, description="Who may send; without it, everybody who can connect.")


class Cors(Settings):
    """Which web pages may send."""

    allowed_origins: list[str] = Field(default_factory=list, description="Origins; `*` is a wildcard. Empty: off.")
    allowed_headers: list[str] = Field(default_factory=list, description="Further headers that pages may send.")
    max_age: int = Field(default=7200, ge=0, description="Seconds that a browser may remember the answer.")


class HttpServer(Settings):
    """OTLP/HTTP in: protobuf and JSON."""

    endpoint: HttpAddress = Field(default="127.0.0.1:4318", description="Address to listen on.")
    max_request_body_size: Positive | None = Field(
        default=None, description="Largest request in bytes, after decompression; default as for gRPC."
    )
    cors: Cors | None = Field(default=None, description="Cross-origin requests; without it, off.")
    tls: ServerTls | None = Field(default=None, description="TLS; without it, plaintext.")
    auth: Auth | None = Field(default=None, description="Who may send; without it, everybody who can connect.")


class Protocols(Settings):
    """Protocols that a receiver speaks; one that isn't named is off."""

    grpc: GrpcServer | None = Field(default=None, description="OTLP/gRPC.")
    http: HttpServer | None = Field(default=None, description="OTLP/HTTP.")

    @model_validator(mode="after")
    def _one(self) -> "Protocols":
        if self.grpc is None and self.http is None:
            raise ValueError("must have grpc or http")
        return self


class OtlpReceiver(Settings):
    """Takes traces, logs and metrics by OTLP."""

    protocols: Protocols = Field(
        default_factory=lambda: Protocols(grpc=GrpcServer(), http=HttpServer()), description="What it speaks."
    )


# --- processors -------------------------------------------------------------------------------------------------------


class Tool(Settings):
    """What a tool is, where its name and history don't tell."""

    role: Role = Field(
        description="`source` gives data, `action` changes something, `note` only records, `poll` asks on."
    )


class Match(Settings):
    """What an override is for; all that are given must hold. `*` is a wildcard."""

    service: str | None = Field(default=None, description="`service.name` of the resource.")
    agent: str | None = Field(default=None, description="Name of the agent.")
    tool: str | None = Field(default=None, description="Name of the tool.")


class Override(Settings):
    """Other thresholds for a service, agent or tool, or silence, for a while."""

    match: Match = Field(description="What it is for.")
    detectors: dict[str, Any] = Field(description="Like `detectors` of the processor; `off` mutes, and is counted.")
    until: date | None = Field(default=None, description="Last day on which it holds.")


class Traces(Settings):
    """Limits of the traces that are kept in memory. What is over them leaves with a reason that is counted."""

    traces: Positive = Field(default=10_000, description="Live traces.")
    spans: Positive = Field(default=200_000, description="Spans of all live traces.")
    max_size_mib: Positive = Field(
        default=96,
        description="Steps of all live traces, as they came, in MiB; of the oldest traces the heaviest leave.",
    )
    spans_per_trace: Positive = Field(default=20_000, description="Spans of one trace.")
    settle: Duration = Field(
        default=10.0, description="A trace whose topmost span was seen is done after this silence."
    )
    idle: Duration = Field(default=120.0, description="Any other trace is given up after this silence.")
    age: Duration = Field(default=3600.0, description="A trace is closed at this age.")


class Labels(Settings):
    """Labels of metrics."""

    gateway: bool = Field(
        default=False,
        description="Add `service` and `environment` to the metrics of agents, for one instance in front of many.",
    )


class Evidence(Settings):
    """What findings may say."""

    include_content: bool = Field(
        default=False,
        description="Let findings quote how the content of their evidence begins, and name missing items. It may be "
        "personal data. Not together with `redaction`.",
    )


class DivergenceThresholds(Settings):
    """When a tool has come away from its staging profile, and when it is back."""

    enter: float = Field(default=0.1, gt=0, le=1, description="Distance from which on it has; of outcomes half of it.")
    leave: float = Field(default=0.05, gt=0, le=1, description="Distance below which it is back.")
    looks: Positive = Field(default=2, description="Looks in a row that must agree.")
    least_calls: Positive = Field(default=50, description="Recent calls, and calls in the profile, that it takes.")


class BaselineSettings(Settings):
    """What is usual for tools and tasks, learned from what passes. `extensions.baseline_store` keeps it."""

    staging: str | None = Field(
        default=None, description="File with the baselines of staging, as `otelagent baseline export` writes it."
    )
    least_results: Positive = Field(default=50, description="Results of a tool before their shape is known.")
    least_runs: Positive = Field(default=30, description="Runs of a task before its usage is known.")
    half_life: Duration = Field(
        default=14 * 86400.0, gt=0, description="In which the past of a task counts half; more than a week."
    )
    tools_half_life: Duration = Field(default=2 * 86400.0, gt=0, description="The same of a tool.")
    max_tools: Positive = Field(default=256, description="Tools whose profiles are kept, by environment.")
    max_tasks: Positive = Field(default=512, description="Tasks whose baselines are kept.")
    divergence: DivergenceThresholds = Field(
        default_factory=DivergenceThresholds, description="Against the staging profile."
    )


class AgentFailures(Settings):
    """Finds silent failures of agents and says so on their spans."""

    detectors: dict[str, Any] = Field(
        default_factory=dict, description="Thresholds by failure mode, or `off`; see docs/detectors."
    )
    tools: dict[str, Tool] = Field(default_factory=dict, description="What a tool is, by name or pattern (`search_*`).")
    overrides: list[Override] = Field(default_factory=list, description="Exceptions for a service, agent or tool.")
    context_windows: dict[str, Positive] = Field(
        default_factory=dict,
        description="Input tokens that a model takes, by prefix of its name; goes before the shipped table.",
    )
    traces: Traces = Field(default_factory=Traces, description="Limits of live traces.")
    labels: Labels = Field(default_factory=Labels, description="Labels of metrics.")
    evidence: Evidence = Field(default_factory=Evidence, description="What findings may say.")
    baselines: BaselineSettings = Field(
        default_factory=BaselineSettings, description="What is usual for tools and tasks."
    )
    evaluation_events: bool = Field(
        default=True,
        description="Tell findings also as `gen_ai.evaluation.result` log events, for tools that read evaluations: "
        "`gen_ai.evaluation.name` is the failure mode, the label `fail`, the score the confidence.",
    )


class Redaction(Settings):
    """Removes and masks what must not go on, after the detectors have looked. What is stored is redacted too."""

    allow_all_keys: bool = Field(default=False, description="Keep all attributes; else only those of `allowed_keys`.")
    allowed_keys: list[str] = Field(
        default_factory=list, description="Attributes that stay; others are removed. Ours (`otelagent.`) always stay."
    )
    ignored_keys: list[str] = Field(default_factory=list, description="Attributes that pass as they are.")
    ignored_key_patterns: list[Pattern] = Field(
        default_factory=list, description="The same, by regular expression (RE2)."
    )
    blocked_key_patterns: list[Pattern] = Field(
        default_factory=list, description="Attributes whose whole value is masked, by regular expression."
    )
    blocked_values: list[Pattern] = Field(
        default_factory=list,
        description="Regular expressions; what matches is masked in values, log bodies, names and status messages.",
    )
    allowed_values: list[Pattern] = Field(
        default_factory=list, description="Values that match one of these are not masked, whatever else matches."
    )
    redact_all_types: bool = Field(default=False, description="Look at numbers and booleans too, as text.")
    hash_function: Literal["hmac-sha256", "hmac-sha512"] | None = Field(
        default=None,
        description="Mask by a keyed hash instead of `****`, so that equal values stay equal. A hash without a key can "
        "be guessed back, so md5, sha1 and sha3 are not offered.",
    )
    hmac_key: Secret | None = Field(default=None, description="The key of the hash; never printed.")
    summary: Literal["debug", "info", "silent"] = Field(
        default="silent",
        description="Say on the span what was done: `info` how many attributes, `debug` also which, `silent` nothing.",
    )

    @model_validator(mode="after")
    def _keyed(self) -> "Redaction":
        if (self.hash_function is None) != (self.hmac_key is None):
            raise ValueError("must have hash_function and hmac_key together")
        return self


class MemoryLimiter(Settings):
    """Refuses requests, retryably, before memory runs out."""

    check_interval: Duration = Field(default=1.0, gt=0, description="How often memory is looked at.")
    limit_mib: Positive | None = Field(default=None, description="Most memory; default: the percentage below.")
    spike_limit_mib: Positive | None = Field(
        default=None, description="Below the limit by this, refusing begins; default: a fifth."
    )
    limit_percentage: int = Field(
        default=80, gt=0, le=100, description="Most memory, in percent of what the container may use."
    )
    spike_limit_percentage: int = Field(
        default=20, gt=0, lt=100, description="The spike, in percent of what the container may use."
    )


# --- exporters --------------------------------------------------------------------------------------------------------


class Retry(Settings):
    """How what lies in the spool is tried again."""

    enabled: bool = Field(default=True, description="Try again at all.")
    initial_interval: Duration = Field(default=1.0, gt=0, description="First pause after a failure.")
    randomization_factor: float = Field(default=0.5, ge=0, le=1, description="Share by which a pause varies.")
    multiplier: float = Field(default=1.5, ge=1, description="Each pause is longer by this factor.")
    max_interval: Duration = Field(default=30.0, gt=0, description="Longest pause.")
    max_elapsed_time: Duration = Field(
        default=0.0, description="Give a request up after this; 0: its age limit is the spool's."
    )


SMALLEST: Final = 64 * 1024
"""Bytes; a smaller queue is meant to count something else."""


class SendingQueue(Settings):
    """What waits for the destination."""

    enabled: bool = Field(
        default=True, description="Keep what can't be sent at once; false: the sender is asked to come again."
    )
    storage: str | None = Field(
        default=None, description="Id of a `file_storage` extension: the queue on disk, the spool."
    )
    queue_size: Positive = Field(default=64 * 1024 * 1024, description="How much waits in memory, as `sizer` counts.")
    sizer: Literal["requests", "items", "bytes"] | None = Field(
        default=None,
        description="What queue_size counts; default: bytes, unlike the Collector, whose 1,000 requests can be 4 GiB. "
        "With another one at most 64 MiB wait.",
    )
    num_consumers: Positive = Field(default=10, le=100, description="Requests of one signal on the wire at a time.")
    ack: Literal["delivered", "durable", "received"] = Field(
        default="durable",
        description="When the sender may let go: `delivered` when the destination has it; `durable` then or when it is "
        "on disk; `received` as soon as it is in memory, which loses it in a crash.",
    )
    answer_within: Duration = Field(
        default=2.0, gt=0, le=8, description="Longest wait for the destination inside a call."
    )
    drain_timeout: Duration = Field(default=5.0, description="What is waiting at the end gets this long to be sent.")
    drain_rate_mib: float = Field(
        default=8.0, gt=0, description="MiB per second that leave the spool beside live traffic."
    )

    @model_validator(mode="after")
    def _unit(self) -> "SendingQueue":
        """A Collector's `queue_size: 1000` are requests; taken for bytes it would refuse nearly everything."""
        if self.sizer is None and self.queue_size < SMALLEST:
            raise ValueError(f"must name a sizer for a queue_size of {self.queue_size}: requests, items or bytes")
        return self


class OtlpExporter(Settings):
    """Sends by OTLP/gRPC. Without an endpoint, OTEL_EXPORTER_OTLP_ENDPOINT and its companions are used."""

    endpoint: GrpcAddress = Field(description="host:port, or a URL.")
    tls: ClientTls = Field(default_factory=ClientTls, description="TLS; on unless `insecure`, or `http://`.")
    compression: Literal["gzip", "none"] = Field(default="gzip", description="Compression of requests.")
    headers: dict[str, Secret] = Field(default_factory=dict, description="Metadata of every call; never printed.")
    auth: Auth | None = Field(default=None, description="As whom to send.")
    timeout: Duration = Field(default=5.0, gt=0, description="Longest time of one attempt.")
    max_request_bytes: Positive = Field(
        default=4 * 1024 * 1024, description="Larger requests are split by spans before they are sent."
    )
    sending_queue: SendingQueue = Field(default_factory=SendingQueue, description="What waits.")
    retry_on_failure: Retry = Field(default_factory=Retry, description="How what waits is tried again.")


class OtlpHttpExporter(Settings):
    """Sends by OTLP/HTTP, as protobuf."""

    endpoint: HttpAddress = Field(description="Base URL; `/v1/traces` and the like are appended.")
    traces_endpoint: str | None = Field(default=None, description="Full URL for traces.")
    logs_endpoint: str | None = Field(default=None, description="Full URL for logs.")
    metrics_endpoint: str | None = Field(default=None, description="Full URL for metrics.")
    tls: ClientTls = Field(default_factory=ClientTls, description="TLS of `https://`.")
    compression: Literal["gzip", "none"] = Field(default="gzip", description="Compression of requests.")
    headers: dict[str, Secret] = Field(default_factory=dict, description="Headers of every request; never printed.")
    auth: Auth | None = Field(default=None, description="As whom to send.")
    timeout: Duration = Field(default=5.0, gt=0, description="Longest time of one attempt.")
    max_request_bytes: Positive = Field(
        default=4 * 1024 * 1024, description="Larger requests are split by spans before they are sent."
    )
    sending_queue: SendingQueue = Field(default_factory=SendingQueue, description="What waits.")
    retry_on_failure: Retry = Field(default_factory=Retry, description="How what waits is tried again.")


# --- extensions -------------------------------------------------------------------------------------------------------


class HealthCheck(Settings):
    """Answers probes: 200 when requests can be taken, else 503. It never depends on the destination."""

    endpoint: HttpAddress = Field(default="127.0.0.1:13133", description="Address to listen on.")
    path: str = Field(default="/", pattern="^/", description="Path of the Collector's own probe.")


class FileStorage(Settings):
    """A directory for requests that could not be sent yet: the spool."""

    directory: str = Field(default="/var/lib/otelagent", description="Where; must be writable and survive a restart.")
    create_directory: bool = Field(default=True, description="Make the directory if it doesn't exist.")
    max_size_mib: Positive = Field(default=1024, description="Most disk space; when full, senders keep their data.")
    max_age: Duration = Field(default=7 * 86400.0, gt=0, description="What is older is given up, and counted.")
    synchronous: Literal["normal", "full"] = Field(
        default="full", description="`full` survives a power cut, `normal` only a crash of the process, and is faster."
    )


class TraceStore(Settings):
    """A directory for traces that failed, and a sample of good ones, for `diagnose` and `replay`."""

    directory: str = Field(default="/var/lib/otelagent/traces", description="Where.")
    max_size_mib: Positive = Field(default=512, description="Most disk space; the oldest traces leave first.")
    max_age: Duration = Field(default=14 * 86400.0, gt=0, description="Older traces leave.")
    ring_mib: Positive = Field(default=32, description="Memory for requests of traces that may still fail.")
    sample_good: float = Field(
        default=0.01, ge=0, le=1, description="Share of traces without a finding that is kept too."
    )


class BaselineStore(Settings):
    """A directory for what was learned about tools and tasks, so that a restart doesn't begin anew."""

    directory: str = Field(default="/var/lib/otelagent/baselines", description="Where. One process owns it.")
    interval: Duration = Field(default=60.0, gt=0, description="How often what has changed is saved.")


class BearerToken(Settings):
    """One token for receivers (who may send) or exporters (as whom we send)."""

    scheme: str = Field(default="Bearer", description="Word before the token.")
    token: Secret | None = Field(default=None, description="The token.")
    filename: str | None = Field(default=None, description="File with the token; read anew when it changes.")

    @model_validator(mode="after")
    def _one(self) -> "BearerToken":
        if (self.token is None) == (self.filename is None):
            raise ValueError("must have either token or filename")
        return self


# --- service ----------------------------------------------------------------------------------------------------------


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


# --- the whole -------------------------------------------------------------------------------------------------------

COMPONENTS: Final[Mapping[str, Mapping[str, type[Settings]]]] = {
    "receivers": {"otlp": OtlpReceiver},
    "processors": {"agent_failures": AgentFailures, "redaction": Redaction, "memory_limiter": MemoryLimiter},
    "exporters": {"otlp": OtlpExporter, "otlp_http": OtlpHttpExporter},
    "extensions": {
        "health_check": HealthCheck,
        "file_storage": FileStorage,
        "trace_store": TraceStore,
        "baseline_store": BaselineStore,
        "bearertokenauth": BearerToken,
    },
}
"""Every component that we have, by section and type."""

ALIASES: Final = {"otlp_grpc": "otlp", "otlphttp": "otlp_http"}
"""Other names of exporter types."""

AnyExporter = OtlpExporter | OtlpHttpExporter
