"""OTLP/HTTP in: protobuf and JSON, one path for each signal."""

import asyncio
import math
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Any, Final

from google.protobuf import json_format
from google.rpc.code_pb2 import INTERNAL, INVALID_ARGUMENT, UNAUTHENTICATED, UNAVAILABLE, UNIMPLEMENTED
from google.rpc.status_pb2 import Status
from isal import isal_zlib
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from otelagent import otlp_json
from otelagent.admission import Admission
from otelagent.endpoint import Endpoint
from otelagent.errors import OtelagentError, Rejected, Retryable, Unsupported
from otelagent.intake import Door, Intake
from otelagent.settings import Cors
from otelagent.tls import HttpServerTls
from otelagent.traffic import Inlet, Signal
from otelagent.web import WebServer

PROTOBUF: Final = "application/x-protobuf"
JSON: Final = "application/json"
LONGEST_DELAY: Final = 3.0
BODY_WITHIN: Final = 30.0
"""Seconds in which a request's body must have come: a client that trickles holds nothing for longer."""

CONNECTIONS: Final = 1000
"""Connections and requests at a time; more are asked to come again."""

IsalError: type[Exception] = isal_zlib.IsalError  # type: ignore[assignment]  # the stubs have an instance

_GZIP: Final = 31
"""zlib's window bits for gzip."""


class _Refusal(Exception):
    """An answer of HTTP's own."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


class OtlpHttpReceiver:
    """Listens on one address. `port` is the bound port once started."""

    def __init__(
        self,
        name: str,
        endpoint: Endpoint,
        intake: Intake | Door,
        *,
        signals: Iterable[Signal] = tuple(Signal),
        max_body: int = 64 * 1024 * 1024,
        admission: Admission | None = None,
        cors: Cors | None = None,
        tls: HttpServerTls | None = None,
    ) -> None:
        self.name = name
        self.endpoint = endpoint
        self._intake = intake
        self._max_body = max_body
        self._admission = admission or Admission()
        routes = [
            Route(f"/v1/{signal}", self._endpoint(Inlet(name, "http", signal)), methods=["POST"]) for signal in signals
        ]
        middleware = [_cors(cors)] if cors and cors.allowed_origins else []
        app = Starlette(routes=routes, middleware=middleware)
        path = f"receivers.{name}.protocols.http.endpoint"
        self._tls = tls
        context = tls.context if tls else None
        self._web = WebServer(app, endpoint, path, connections=CONNECTIONS, tls=context)

    @property
    def port(self) -> int:
        return self._web.port

    @property
    def bound(self) -> Endpoint:
        """The address with the port that was bound."""
        return replace(self.endpoint, port=self.port)

    def refresh(self) -> None:
        """Use certificates that have changed; called once a second."""
        if self._tls is not None:
            self._tls.refresh()

    async def start(self) -> None:
        """Raises BadConfig where the address can't be bound."""
        await self._web.start()

    async def stop(self, grace: float) -> None:
        """Take no more requests; those under way have `grace` seconds."""
        await self._web.stop(grace)

    def _endpoint(self, inlet: Inlet) -> Callable[[Request], Awaitable[Response]]:
        async def export(request: Request) -> Response:
            kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            try:
                return await self._export(inlet, request, kind)
            except _Refusal as refusal:
                return _answer(refusal.status, kind, refusal.code, refusal.message)
            except OtelagentError as error:
                return _refused(error, kind)
            except Exception as error:  # noqa: BLE001 - 500 would have the sender drop its batch
                return _refused(Retryable(f"internal: {type(error).__name__}"), kind)

        return export

    async def _export(self, inlet: Inlet, request: Request, kind: str) -> Response:
        if not self._admission.admits(request.headers.get("authorization")):
            raise _Refusal(401, UNAUTHENTICATED, "missing or wrong credentials")
        if kind not in (PROTOBUF, JSON):
            raise _Refusal(415, INVALID_ARGUMENT, f"content type must be {PROTOBUF} or {JSON}")
        self._intake.check_memory()
        body = await self._body(request)
        if kind == JSON and body:
            body = _from_json(body, inlet)
        await self._intake.accept(inlet, body)
        return Response(b"{}" if kind == JSON else b"", 200, media_type=kind)

    async def _body(self, request: Request) -> bytes:
        """The inflated body, read no further than the limit."""
        encoding = request.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("identity", "", "gzip"):
            raise _Refusal(415, INVALID_ARGUMENT, "content encoding must be gzip or identity")
        length = request.headers.get("content-length", "")
        if length.isdigit() and len(length) < 20 and int(length) > self._max_body:
            raise _too_large()
        inflate = _Inflate(self._max_body) if encoding == "gzip" else _Plain(self._max_body)
        try:
            async with asyncio.timeout(BODY_WITHIN):
                async for chunk in request.stream():
                    inflate.feed(chunk)
        except TimeoutError:
            raise Retryable("the body came too slowly") from None
        except ClientDisconnect:
            raise _Refusal(400, INVALID_ARGUMENT, "the client went away") from None
        return inflate.end()


class _Plain:
    """Collects a body up to a limit."""

    def __init__(self, limit: int) -> None:
        self._left = limit
        self._parts: list[bytes] = []

    def feed(self, chunk: bytes) -> None:
        self._left -= len(chunk)
        if self._left < 0:
            raise _too_large()
        self._parts.append(chunk)

    def end(self) -> bytes:
        return b"".join(self._parts)


class _Inflate(_Plain):
    """The same for gzip: what is inflated is bounded, however small its source is."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self._stream = isal_zlib.decompressobj(wbits=_GZIP)
        self._began = False

    def feed(self, chunk: bytes) -> None:
        try:
            while chunk:
                self._began = True
                if self._stream.eof:
                    self._stream = isal_zlib.decompressobj(wbits=_GZIP)
                super().feed(self._stream.decompress(chunk, self._left + 1))
                chunk = self._stream.unused_data if self._stream.eof else self._stream.unconsumed_tail
        except IsalError:
            raise _Refusal(400, INVALID_ARGUMENT, "the body is no gzip") from None

    def end(self) -> bytes:
        if self._began and not self._stream.eof:
            raise _Refusal(400, INVALID_ARGUMENT, "the body's gzip ends early")
        return super().end()


def _too_large() -> _Refusal:
    return _Refusal(413, INVALID_ARGUMENT, "the request is too large")


def _from_json(body: bytes, inlet: Inlet) -> bytes:
    try:
        return otlp_json.to_protobuf(body, str(inlet.signal))
    except (ValueError, TypeError, RecursionError):
        raise Rejected("not an OTLP request: a value is out of range") from None


def _refused(error: OtelagentError, kind: str) -> Response:
    match error:
        case Retryable():
            answer = _answer(503, kind, UNAVAILABLE, error.reason)
            answer.headers["retry-after"] = str(max(1, math.ceil(min(error.delay, LONGEST_DELAY))))
            return answer
        case Unsupported():
            return _answer(404, kind, UNIMPLEMENTED, "the destination doesn't take this signal")
        case Rejected():
            return _answer(400, kind, INVALID_ARGUMENT, str(error))
        case _:
            return _answer(503, kind, INTERNAL, "")


def _answer(status: int, kind: str, code: int, message: str) -> Response:
    """An error as OTLP wants it: a Status in the request's own encoding."""
    body = Status(code=code, message=message)
    if kind == PROTOBUF:
        return Response(body.SerializeToString(), status, media_type=PROTOBUF)
    return Response(json_format.MessageToJson(body, indent=None), status, media_type=JSON)


def _cors(settings: Cors) -> Middleware:
    exact = [origin for origin in settings.allowed_origins if "*" not in origin or origin == "*"]
    patterns = [re.escape(o).replace(r"\*", "[^/]*") for o in settings.allowed_origins if "*" in o and o != "*"]
    options: dict[str, Any] = {
        "allow_origins": exact,
        "allow_origin_regex": "|".join(patterns) or None,
        "allow_methods": ["POST"],
        "allow_headers": ["content-type", "content-encoding", *settings.allowed_headers],
        "max_age": settings.max_age,
    }
    return Middleware(CORSMiddleware, **options)
