"""An OTLP/gRPC destination inside the process: keeps what arrives, and refuses, delays and restarts on demand.

For the demo and for tests. It has threads of its own, so it can be used from an event loop and from plain code.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from otelagent.exporters.otlp_grpc import METHODS
from otelagent.traffic import Signal

Answer = Callable[[Signal, bytes], grpc.StatusCode | None]


class Sink:
    """Use as a context manager, or call `start` and `stop`; it may be started again, on the same port."""

    def __init__(self, port: int = 0, *, max_message_bytes: int = 64 * 1024 * 1024) -> None:
        self.port = port
        self.requests: dict[Signal, list[bytes]] = {signal: [] for signal in Signal}
        """Bodies of accepted requests."""
        self.metadata: list[dict[str, str | bytes]] = []
        """Metadata of all calls."""
        self.delay = 0.0
        """Seconds before each answer."""
        self.answer: Answer | None = None
        """Decides on each request: None accepts it. Asked after `refuse` is used up."""
        self.retry_delay: float | None = None
        """Seconds of RetryInfo in refusals."""
        self.calls = 0
        self._refusals: deque[tuple[grpc.StatusCode, Signal | None]] = deque()
        self._max_message_bytes = max_message_bytes
        self._server: grpc.Server | None = None
        self._lock = threading.Lock()

    @property
    def endpoint(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> "Sink":
        options = (("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", self._max_message_bytes))
        server = grpc.server(ThreadPoolExecutor(16, thread_name_prefix="sink"), options=options)
        server.add_generic_rpc_handlers(tuple(self._service(signal) for signal in Signal))
        self.port = server.add_insecure_port(self.endpoint)
        server.start()
        self._server = server
        return self

    def stop(self) -> None:
        """Break off what is under way."""
        if self._server is not None:
            self._server.stop(0).wait()
            self._server = None

    def __enter__(self) -> "Sink":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def refuse(self, code: grpc.StatusCode, times: int = 1, signal: Signal | None = None) -> None:
        """Answer the next `times` requests (of one signal, or any) with this code."""
        self._refusals.extend([(code, signal)] * times)

    def wait_for(self, ready: Callable[["Sink"], bool], seconds: float = 10.0) -> bool:
        """Wait until `ready` says so; False if it doesn't in time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if ready(self):
                return True
            time.sleep(0.01)
        return ready(self)

    def traces(self) -> list[ExportTraceServiceRequest]:
        return [ExportTraceServiceRequest.FromString(body) for body in list(self.requests[Signal.TRACES])]

    def logs(self) -> list[ExportLogsServiceRequest]:
        return [ExportLogsServiceRequest.FromString(body) for body in list(self.requests[Signal.LOGS])]

    def spans(self) -> list[Span]:
        """All spans in the order of arrival; one that came twice is there twice."""
        return [span for request in self.traces() for span in _items(request.resource_spans, "scope_spans", "spans")]

    def records(self) -> list[LogRecord]:
        """All log records in the order of arrival."""
        return [r for request in self.logs() for r in _items(request.resource_logs, "scope_logs", "log_records")]

    def _service(self, signal: Signal) -> "grpc.GenericRpcHandler[bytes, bytes]":
        _, service, name = METHODS[signal].split("/")

        def export(body: bytes, context: grpc.ServicerContext) -> bytes:
            return self._export(signal, body, context)

        return grpc.method_handlers_generic_handler(service, {name: grpc.unary_unary_rpc_method_handler(export)})

    def _export(self, signal: Signal, body: bytes, context: grpc.ServicerContext) -> bytes:
        with self._lock:
            self.calls += 1
            self.metadata.append(dict(context.invocation_metadata()))
            code = self._refusal(signal, body)
        if self.delay:
            time.sleep(self.delay)
        if code is not None:
            if self.retry_delay is not None:
                context.set_trailing_metadata((("grpc-status-details-bin", _details(code, self.retry_delay)),))
            context.abort(code, "refused by the sink")
        with self._lock:
            self.requests[signal].append(body)
        return b""

    def _refusal(self, signal: Signal, body: bytes) -> grpc.StatusCode | None:
        for refusal in self._refusals:
            if refusal[1] in (None, signal):
                self._refusals.remove(refusal)
                return refusal[0]
        return self.answer(signal, body) if self.answer else None


def _items(resources: Any, scopes: str, items: str) -> Iterator[Any]:
    for resource in resources:
        for scope in getattr(resource, scopes):
            yield from getattr(scope, items)


def _details(code: grpc.StatusCode, delay: float) -> bytes:
    info = RetryInfo()
    info.retry_delay.FromNanoseconds(int(delay * 1e9))
    status = Status(code=code.value[0])
    status.details.add().Pack(info)
    return bytes(status.SerializeToString())
