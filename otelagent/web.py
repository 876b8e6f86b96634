"""A small HTTP server on the event loop, for metrics, health and OTLP/HTTP."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Any, Final

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from otelagent.endpoint import Endpoint
from otelagent.errors import BadConfig

KEEP_ALIVE: Final = 75
"""Seconds that an idle connection is kept."""

HEADERS_WITHIN: Final = 10.0
"""Seconds from a connection, or from a request's first byte, in which its headers must have come."""


class WebServer:
    """Serves one ASGI application. `path` is where the address stands in the configuration, for its error."""

    def __init__(
        self,
        app: Any,
        endpoint: Endpoint,
        path: str,
        *,
        connections: int | None = None,
        tls: Callable[[], ssl.SSLContext] | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._path = path
        self.port = 0
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            http=_Impatient,
            lifespan="off",
            ws="none",
            server_header=False,
            limit_concurrency=connections,
            timeout_keep_alive=KEEP_ALIVE,
            timeout_graceful_shutdown=1,
            ssl_context_factory=(lambda _config, _default: tls()) if tls else None,
        )
        self._server = _Server(config)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Raises BadConfig where the address can't be bound."""
        listener = self._bind()
        self.port = listener.getsockname()[1]
        self._task = asyncio.create_task(self._server.serve(sockets=[listener]))
        while not self._server.started:
            if self._task.done():
                self._task.result()
            await asyncio.sleep(0.002)

    async def stop(self, grace: float = 0.5) -> None:
        """Take no more requests; those under way have `grace` seconds."""
        if self._task is None:
            return
        self._server.config.timeout_graceful_shutdown = max(int(grace), 1)
        self._server.should_exit = True
        await asyncio.wait({self._task}, timeout=grace + 1)

    def _bind(self) -> socket.socket:
        host, port = self._endpoint.host or "0.0.0.0", self._endpoint.port  # noqa: S104 - `:8888` means all addresses
        try:
            family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            return _listening(family, kind, address)
        except OSError as error:
            raise BadConfig(
                f"{self._path}: can't listen on {self._endpoint.target} ({error.strerror}); is it taken?"
            ) from error


def _listening(family: int, kind: int, address: Any) -> socket.socket:
    listener = socket.socket(family, kind)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


class _Impatient(H11Protocol):
    """Ends connections whose requests don't come: idle ones would fill the places of those that send."""

    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._calm()
        super().connection_lost(exc)

    def _watch(self) -> None:
        """Time runs from the first byte, not from the last."""
        if self._under_way():
            self._calm()
        elif self._patience is None:
            self._patience = self.loop.call_later(HEADERS_WITHIN, self._expire)

    def _under_way(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _calm(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _expire(self) -> None:
        self._patience = None
        if not self._under_way() and not self.transport.is_closing():
            self.transport.close()


class _Server(uvicorn.Server):
    """Signals belong to the service."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
