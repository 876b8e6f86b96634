"""Settings of exporters, their queue and their retries."""

from collections.abc import Mapping
from typing import Final, Literal

from pydantic import Field, model_validator

from otelagent.settings.transport import Auth, ClientTls
from otelagent.settings.values import Duration, GrpcAddress, HttpAddress, Positive, Secret, Settings


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


_COLLECTORS: Final = ("batch", "block_on_overflow", "wait_for_result")


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
        "on disk; `received` as soon as it is in memory, which loses it in a crash. The Collector's `wait_for_result` "
        "is `delivered`.",
    )
    answer_within: Duration = Field(
        default=2.0, gt=0, le=8, description="Longest wait for the destination before a request goes to the spool."
    )
    drain_timeout: Duration = Field(default=5.0, description="What is waiting at the end gets this long to be sent.")
    drain_rate_mib: float = Field(
        default=8.0, gt=0, description="MiB per second that leave the spool beside live traffic."
    )

    @model_validator(mode="before")
    @classmethod
    def _of_a_collector(cls, data: object) -> object:
        """Its keys that aren't ours: taken where they ask for what is done anyway, else with the reason why not."""
        if not isinstance(data, Mapping):
            return data
        own = {key: value for key, value in data.items() if key not in _COLLECTORS}
        if data.get("batch") is not None:
            raise ValueError("must not hold batch: requests that wait are joined anyway, once they are safe")
        if data.get("block_on_overflow"):
            raise ValueError("must not block_on_overflow: a sender that finds the queue full is told to come again")
        if data.get("wait_for_result") and own.setdefault("ack", "delivered") != "delivered":
            raise ValueError(f"must not have ack: {own['ack']} beside wait_for_result, which is ack: delivered")
        return own

    @model_validator(mode="after")
    def _unit(self) -> "SendingQueue":
        """A Collector's `queue_size: 1000` are requests; taken for bytes it would refuse nearly everything."""
        if self.sizer is None and self.queue_size < SMALLEST:
            raise ValueError(f"must name a sizer for a queue_size of {self.queue_size}: requests, items or bytes")
        return self


class ClientKeepalive(Settings):
    """Pings that find out that a connection is dead, where a firewall drops it without a word."""

    time: Duration = Field(default=0.0, description="Pause between pings; 0: none. Servers may refuse less than 5m.")
    timeout: Duration = Field(default=20.0, gt=0, description="A ping that isn't answered by then ends the connection.")
    permit_without_stream: bool = Field(default=False, description="Also while nothing is under way.")


class OtlpExporter(Settings):
    """Sends by OTLP/gRPC. Without an endpoint, OTEL_EXPORTER_OTLP_ENDPOINT and its companions are used."""

    endpoint: GrpcAddress = Field(description="host:port, or a URL.")
    tls: ClientTls = Field(default_factory=ClientTls, description="TLS; on unless `insecure`, or `http://`.")
    compression: Literal["gzip", "none"] = Field(default="gzip", description="Compression of requests.")
    headers: dict[str, Secret] = Field(default_factory=dict, description="Metadata of every call; never printed.")
    auth: Auth | None = Field(default=None, description="As whom to send.")
    keepalive: ClientKeepalive = Field(default_factory=ClientKeepalive, description="Pings of the connection.")
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
