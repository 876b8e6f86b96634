"""Traces and logs of OTLP from files and from running backends.

Files are protobuf, JSON, JSON lines as the Collector's file exporter writes them, or Jaeger's JSON; plain or gzipped.
"""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from otelagent import otlp_json
from otelagent.diagnosis import jaeger, remote
from otelagent.diagnosis.play import Logs, Request
from otelagent.errors import OtelagentError, Rejected
from otelagent.otlp import holds_logs

GZIP: Final = b"\x1f\x8b"

MAX_BYTES: Final = 1 << 30
"""Uncompressed size of one file."""


class Unreadable(OtelagentError):
    """A file holds no OTLP traces that can be read; says which and why."""


def requests(source: Path | str) -> Iterator[bytes]:
    """The serialised requests of traces of a file, in its order, or of `http://HOST/TRACE`; raises Unreadable."""
    return (request for request in signals(source) if not isinstance(request, Logs))


def signals(source: Path | str) -> Iterator[Request]:
    """The same with the requests of logs, which may hold what spans don't; raises Unreadable."""
    at = remote.place(source) if isinstance(source, str) else None
    if at is None:
        yield from _file(Path(source))
        return
    try:
        yield from remote.requests(at)
    except (remote.Unanswered, Rejected) as error:
        raise Unreadable(str(error)) from error


def _file(path: Path) -> Iterator[Request]:
    raw = _read(path)
    if not raw.strip():
        raise Unreadable(f"{path}: empty")
    try:
        if raw.lstrip()[:1] == b"{":
            yield from _json(raw)
        else:
            yield Logs(raw) if holds_logs(raw) else raw
    except Rejected as error:
        raise Unreadable(f"{path}: {error}; expected OTLP protobuf, OTLP JSON or JSON lines") from error


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        if raw.startswith(GZIP):
            with gzip.open(path) as packed:
                raw = packed.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise Unreadable(f"{path}: {getattr(error, 'strerror', None) or 'damaged gzip'}") from error
    if len(raw) > MAX_BYTES:
        raise Unreadable(f"{path}: larger than {MAX_BYTES >> 20} MiB")
    return raw


def _json(raw: bytes) -> Iterator[Request]:
    """One JSON document, or one per line; metrics are read as requests without spans."""
    lines = [line for line in raw.splitlines() if line.strip()]
    if len(lines) > 1 and all(line[:1] == b"{" and line.rstrip()[-1:] == b"}" for line in lines):
        for line in lines:
            yield _converted(line)
    else:
        yield _converted(_otlp(raw))


def _converted(document: bytes) -> Request:
    if b'"resourceLogs"' in document and b'"resourceSpans"' not in document:
        return Logs(otlp_json.to_protobuf(document, "logs"))
    return otlp_json.to_protobuf(document, "traces")


def _otlp(raw: bytes) -> bytes:
    """Jaeger's JSON as OTLP; all else as it is."""
    if b'"traceID"' not in raw[:4096]:
        return raw
    try:
        document = msgspec.json.decode(raw)
        return jaeger.to_otlp(document) if jaeger.is_jaeger(document) else raw
    except (msgspec.DecodeError, TypeError, ValueError, KeyError, AttributeError) as error:
        raise Rejected("this is no trace as Jaeger writes it") from error
