"""A trace from a running backend: Jaeger's query API (v3, and that of its page) and Tempo's, by HTTP.

Jaeger: https://www.jaegertracing.io/docs/latest/architecture/apis/ (`/api/v3/traces/ID`, OTLP as JSON). Tempo:
https://grafana.com/docs/tempo/latest/api_docs/#query (`/api/traces/ID`, OTLP as protobuf). Older Jaegers answer at
Tempo's path with the JSON that their page reads.
"""

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import httpx
import msgspec

from otelagent import otlp_json
from otelagent.diagnosis import jaeger
from otelagent.errors import Rejected
from otelagent.otlp import parse_envelope

HEADERS: Final = "OTELAGENT_BACKEND_HEADERS"
"""Environment variable: `name=value` pairs, separated by commas, as in OTEL_EXPORTER_OTLP_HEADERS."""

SECONDS: Final = 30.0
MAX_BYTES: Final = 256 << 20
"""Of an answer, unpacked."""

_SHAPE: Final = re.compile(r"(https?://[^/?#]+(?:/[^?#]*?)??)/(?:(?:api/)?(?:v[23]/)?traces?/)?([0-9a-fA-F]{16,32})/?")


class Place(NamedTuple):
    """A backend and one of its traces."""

    base: str
    trace_id: str


class Unanswered(Exception):
    """The backend gave no trace; says which and why, without credentials of its address."""


def place(source: str) -> Place | None:
    """`http://HOST:PORT/TRACE`, also as a backend's page shows it (`.../trace/TRACE`); None of anything else."""
    found = _SHAPE.fullmatch(source.split("?")[0].split("#")[0])
    return Place(found[1], found[2].lower().zfill(32)) if found else None


def requests(at: Place, environ: Mapping[str, str] = os.environ) -> Iterator[bytes]:
    """Its ExportTraceServiceRequests; raises Unanswered, and Rejected for an answer that is none."""
    with httpx.Client(timeout=SECONDS, headers=_headers(environ.get(HEADERS, ""))) as client:
        body = _get(client, at, f"/api/v3/traces/{at.trace_id}", "application/json")
        if body is not None:
            yield from _results(body)
            return
        body = _get(client, at, f"/api/traces/{at.trace_id}", "application/protobuf")
    if body is None:
        raise Unanswered(f"{_shown(at)}: no trace with this id")
    yield _either(body)


def _get(client: httpx.Client, at: Place, path: str, accept: str) -> bytes | None:
    """None where there is no such thing."""
    try:
        with client.stream("GET", at.base + path, headers={"Accept": accept}) as response:
            if response.status_code == httpx.codes.NOT_FOUND:
                return None
            if response.status_code != httpx.codes.OK:
                raise Unanswered(f"{_shown(at)}: HTTP {response.status_code}{_advice(response.status_code)}")
            return _read(response, at)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unanswered(f"{_shown(at)}: {type(error).__name__}") from error


def _read(response: httpx.Response, at: Place) -> bytes:
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > MAX_BYTES:
            raise Unanswered(f"{_shown(at)}: the answer is larger than {MAX_BYTES >> 20} MiB")
    return bytes(body)


def _results(body: bytes) -> Iterator[bytes]:
    """Jaeger streams its answer: one document, or several in lines."""
    for line in [body] if body.count(b'"result"') == 1 else body.splitlines():
        if line.strip():
            yield otlp_json.to_protobuf(msgspec.json.encode(_document(line).get("result")), "traces")


def _either(body: bytes) -> bytes:
    """Tempo's protobuf, which has the wire format of a request, or the JSON of Jaeger's page."""
    if body.lstrip()[:1] != b"{":
        parse_envelope(body)
        return body
    document = _document(body)
    if not jaeger.is_jaeger(document):
        raise Rejected("the answer is neither OTLP nor a trace as Jaeger writes it")
    return otlp_json.to_protobuf(jaeger.to_otlp(document), "traces")


def _document(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise Rejected("the answer is no JSON") from error


def _headers(text: str) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in text.split(",") if "=" in pair)
    return {name.strip(): value.strip() for name, _, value in pairs}


def _shown(at: Place) -> str:
    """The address without a user's name and password."""
    scheme, _, rest = at.base.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


def _advice(status: int) -> str:
    return f"; headers such as Authorization or X-Scope-OrgID come from {HEADERS}" if status in (401, 403) else ""
