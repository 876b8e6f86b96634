"""OTLP/HTTP out: serialised requests as protobuf."""

from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from time import time
from typing import Final

import httpx
from isal import igzip

from otelagent import __version__
from otelagent.errors import Misconfigured, Retryable
from otelagent.exporters.otlp_grpc import RESPONSE_LIMIT, rejected_items
from otelagent.exporters.refusal import of_http
from otelagent.tls import ClientCertificates
from otelagent.traffic import Signal

PROTOBUF: Final = "application/x-protobuf"
CONNECTIONS: Final = 32


class OtlpHttpExporter:
    """One destination; `urls` by signal. `authorization` gives the value of that header."""

    def __init__(
        self,
        name: str,
        urls: Mapping[Signal, str],
        *,
        tls: ClientCertificates | None = None,
        headers: Mapping[str, str] | None = None,
        authorization: Callable[[], str] | None = None,
        gzip: bool = True,
    ) -> None:
        self.name = name
        self._urls = urls
        self._tls = tls
        self._authorization = authorization
        self._gzip = gzip
        self._headers = {
            "user-agent": f"otelagent/{__version__}",
            **{key.lower(): value for key, value in (headers or {}).items()},
            "content-type": PROTOBUF,
            "accept-encoding": "identity",
            **({"content-encoding": "gzip"} if gzip else {}),
        }
        self._client = self._connect()
        self._old: list[httpx.AsyncClient] = []

    def _connect(self) -> httpx.AsyncClient:
        limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
        verify = self._tls.ssl_context() if self._tls else True
        return httpx.AsyncClient(verify=verify, limits=limits, follow_redirects=False)

    async def export(self, signal: Signal, body: bytes, timeout: float) -> int:
        headers = dict(self._headers)
        if self._authorization is not None:
            headers["authorization"] = self._authorization()
        content = igzip.compress(body, compresslevel=1) if self._gzip else body
        extensions = {"sni_hostname": self._tls.server_name} if self._tls and self._tls.server_name else {}
        request = self._client.build_request(
            "POST", self._urls[signal], content=content, headers=headers, timeout=timeout, extensions=extensions
        )
        try:
            response = await self._client.send(request, stream=True)
            try:
                answer = await _read(response)
            finally:
                await response.aclose()
        except httpx.TimeoutException:
            raise Retryable("timeout") from None
        except (httpx.UnsupportedProtocol, httpx.LocalProtocolError) as error:
            raise Misconfigured(type(error).__name__) from None
        except httpx.HTTPError as error:
            raise Retryable(type(error).__name__) from None
        if refusal := of_http(response.status_code, _retry_after(response), signal):
            raise refusal
        kind = response.headers.get("content-type", "").partition(";")[0].strip()
        return rejected_items(signal, answer) if kind == PROTOBUF else 0

    def refresh(self) -> None:
        """Connect anew when certificates have changed."""
        if self._tls is not None and self._tls.changed():
            self._old.append(self._client)
            self._client = self._connect()

    async def close(self) -> None:
        for client in (*self._old, self._client):
            await client.aclose()


async def _read(response: httpx.Response) -> bytes:
    """The answer, read no further than the limit; what is longer says nothing that we need."""
    answer = b""
    async for chunk in response.aiter_raw():
        answer += chunk
        if len(answer) > RESPONSE_LIMIT:
            return b""
    return answer


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds or a date."""
    text = response.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    try:
        return max(parsedate_to_datetime(text).timestamp() - time(), 0.0)
    except (ValueError, OverflowError):
        return None
