"""OTLP/gRPC out: serialised requests as they are."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

import grpc
import grpc.aio
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from otelagent import __version__
from otelagent.errors import Misconfigured, Retryable
from otelagent.exporters.refusal import of_grpc
from otelagent.tls import ClientCertificates
from otelagent.traffic import Signal

RESPONSE_LIMIT: Final = 4 * 1024 * 1024
"""Bytes of an answer that are read; OTLP's own limit."""

OVERLONG: Final = "CLIENT: Received message larger than max"
"""What gRPC says of an answer beyond the limit. The destination has answered, so it has the request."""

TRAILERS: Final = "received metadata size exceeds"
"""What gRPC says, under the code of a request that is too large, of an answer whose headers or trailers are."""

GRACE: Final = 10.0
"""Seconds that calls on a channel which is replaced may take."""

METHODS: Final = {
    Signal.TRACES: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    Signal.LOGS: "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
    Signal.METRICS: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
}
OPTIONS: Final = (
    ("grpc.primary_user_agent", f"otelagent/{__version__}"),
    ("grpc.max_receive_message_length", RESPONSE_LIMIT),
    ("grpc.max_send_message_length", -1),
    ("grpc.enable_retries", 0),
    ("grpc.initial_reconnect_backoff_ms", 250),
    ("grpc.min_reconnect_backoff_ms", 250),
    ("grpc.max_reconnect_backoff_ms", 5000),
    ("grpc.service_config_disable_resolution", 1),
)


class OtlpGrpcExporter:
    """One channel to one destination. `tls` None: plaintext. `authorization` gives the value of that header."""

    def __init__(
        self,
        name: str,
        target: str,
        *,
        tls: ClientCertificates | None = None,
        headers: Mapping[str, str] | None = None,
        authorization: Callable[[], str] | None = None,
        gzip: bool = True,
        options: tuple[tuple[str, Any], ...] = (),
    ) -> None:
        self.name = name
        self._target = target
        self._tls = tls
        self._metadata = tuple((key.lower(), value) for key, value in (headers or {}).items())
        self._authorization = authorization
        self._compression = grpc.Compression.Gzip if gzip else grpc.Compression.NoCompression
        self._options = (*OPTIONS, *options)
        self._closing: set[asyncio.Task[None]] = set()
        self._connect()

    def _connect(self) -> None:
        if self._tls is None:
            self._channel = grpc.aio.insecure_channel(self._target, self._options, self._compression)
        else:
            credentials = self._tls.channel_credentials()
            options = (*self._options, *self._tls.channel_options())
            self._channel = grpc.aio.secure_channel(self._target, credentials, options, self._compression)
        self._calls: dict[Signal, Callable[..., Any]] = {
            signal: self._channel.unary_unary(method, None, None) for signal, method in METHODS.items()
        }

    def refresh(self) -> None:
        """Connect anew when certificates have changed; calls under way end on the old channel."""
        if self._tls is not None and self._tls.changed():
            old = self._channel
            self._connect()
            task = asyncio.create_task(old.close(GRACE))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def export(self, signal: Signal, body: bytes, timeout: float) -> int:
        try:
            answer = await self._calls[signal](body, timeout=timeout, metadata=self._call_metadata())
        except grpc.aio.AioRpcError as error:
            details = error.details() or ""
            if OVERLONG in details:
                return 0
            if TRAILERS in details:
                raise Misconfigured("answers with too many headers") from None
            raise of_grpc(error, signal) from None
        except asyncio.CancelledError:
            if (task := asyncio.current_task()) and task.cancelling():
                raise
            raise Retryable("channel closed") from None
        except grpc.aio.UsageError:
            raise Misconfigured("channel closed") from None
        return rejected_items(signal, answer)

    def _call_metadata(self) -> tuple[tuple[str, str], ...]:
        if self._authorization is None:
            return self._metadata
        return (*self._metadata, ("authorization", self._authorization()))

    async def close(self) -> None:
        await self._channel.close(None)


def rejected_items(signal: Signal, answer: bytes) -> int:
    """Items that an answer's partial success names; 0 for full success or an answer that can't be read."""
    if not answer:
        return 0
    try:
        match signal:
            case Signal.TRACES:
                return int(ExportTraceServiceResponse.FromString(answer).partial_success.rejected_spans)
            case Signal.LOGS:
                return int(ExportLogsServiceResponse.FromString(answer).partial_success.rejected_log_records)
            case Signal.METRICS:
                return int(ExportMetricsServiceResponse.FromString(answer).partial_success.rejected_data_points)
    except DecodeError:
        return 0
