"""OTLP/gRPC in: raw bytes of all three signals, answered when the intake says so."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Any, Final

import grpc
import grpc.aio
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc.code_pb2 import UNAVAILABLE
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from otelagent.admission import Admission
from otelagent.endpoint import Endpoint
from otelagent.errors import BadConfig, OtelagentError, Rejected, Retryable, Unsupported
from otelagent.exporters.otlp_grpc import METHODS
from otelagent.intake import Door, Intake
from otelagent.traffic import Inlet, Signal

LONGEST_DELAY: Final = 3.0
"""Seconds: an SDK that is asked to wait longer than its deadline allows drops the batch at once."""

CONNECTIONS: Final = 1000
"""Connections at a time; further ones are closed at once, which clients take for UNAVAILABLE."""

HANDSHAKE_MS: Final = 10_000
"""Milliseconds in which a connection must have shown that it speaks HTTP/2 (and TLS)."""

Handler = Callable[[bytes, "grpc.aio.ServicerContext[Any, Any]"], Awaitable[bytes]]


class OtlpGrpcReceiver:
    """Listens on one address. `port` is the bound port once started."""

    def __init__(
        self,
        name: str,
        endpoint: Endpoint,
        intake: Intake | Door,
        *,
        signals: Iterable[Signal] = tuple(Signal),
        max_message_bytes: int = 64 * 1024 * 1024,
        credentials: grpc.ServerCredentials | None = None,
        admission: Admission | None = None,
        options: tuple[tuple[str, Any], ...] = (),
    ) -> None:
        self.name = name
        self.endpoint = endpoint
        self.port = 0
        self._credentials = credentials
        self._server = grpc.aio.server(
            options=(
                ("grpc.so_reuseport", 0),
                ("grpc.max_receive_message_length", max_message_bytes),
                ("grpc.max_allowed_incoming_connections", CONNECTIONS),
                ("grpc.server_handshake_timeout_ms", HANDSHAKE_MS),
                *options,
            ),
        )
        self._health = health.aio.HealthServicer()  # type: ignore[attr-defined]  # the stubs lack it
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        for signal in signals:
            inlet = Inlet(name, "grpc", signal)
            self._server.add_generic_rpc_handlers((_service(METHODS[signal], _handler(intake, inlet, admission)),))

    @property
    def bound(self) -> Endpoint:
        """The address with the port that was bound."""
        return replace(self.endpoint, port=self.port)

    def refresh(self) -> None:
        """Certificates are looked at by each handshake."""

    async def start(self) -> None:
        """Raises BadConfig where the address can't be bound."""
        try:
            if self._credentials is None:
                self.port = self._server.add_insecure_port(self.endpoint.target)
            else:
                self.port = self._server.add_secure_port(self.endpoint.target, self._credentials)
        except RuntimeError as error:
            raise BadConfig(
                f"receivers.{self.name}.protocols.grpc.endpoint: can't listen on {self.endpoint.target}; is it taken?"
            ) from error
        await self._server.start()
        for service in ("", *(method.split("/")[1] for method in METHODS.values())):
            await self._health.set(service, health_pb2.HealthCheckResponse.SERVING)

    async def stop(self, grace: float) -> None:
        """Take no more calls; those under way have `grace` seconds to end."""
        await self._health.enter_graceful_shutdown()
        await self._server.stop(grace)


def _service(method: str, handler: Handler) -> "grpc.GenericRpcHandler[bytes, bytes]":
    _, service, name = method.split("/")
    return grpc.method_handlers_generic_handler(service, {name: grpc.unary_unary_rpc_method_handler(handler)})


def _handler(intake: Intake | Door, inlet: Inlet, admission: Admission | None) -> Handler:
    async def export(body: bytes, context: "grpc.aio.ServicerContext[Any, Any]") -> bytes:
        if admission is not None and not admission.admits(_authorization(context)):
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, "missing or wrong credentials")
        try:
            await intake.accept(inlet, body, context.time_remaining())
        except OtelagentError as error:
            await _refuse(context, error)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - INTERNAL or UNKNOWN would have the sender drop its batch
            await _refuse(context, Retryable(f"internal: {type(error).__name__}"))
        return b""

    return export


def _authorization(context: "grpc.aio.ServicerContext[Any, Any]") -> str | bytes | None:
    metadata: Any = context.invocation_metadata() or ()
    return next((value for key, value in metadata if key == "authorization"), None)


async def _refuse(context: "grpc.aio.ServicerContext[Any, Any]", error: OtelagentError) -> None:
    match error:
        case Retryable():
            await context.abort(grpc.StatusCode.UNAVAILABLE, error.reason, retry_trailers(error))
        case Unsupported():
            await context.abort(grpc.StatusCode.UNIMPLEMENTED, "the destination doesn't take this signal")
        case Rejected():
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        case _:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "", retry_trailers(Retryable("internal")))


def retry_trailers(error: Retryable) -> tuple[tuple[str, bytes], ...]:
    """RetryInfo where the specification has it and where the Python SDK looks for it."""
    info = RetryInfo()
    info.retry_delay.FromNanoseconds(int(min(error.delay, LONGEST_DELAY) * 1e9))
    packed = AnyMessage()
    packed.Pack(info)
    status = Status(code=UNAVAILABLE, message=error.reason, details=[packed])
    return (
        ("grpc-status-details-bin", status.SerializeToString()),
        ("google.rpc.retryinfo-bin", info.SerializeToString()),
    )
