"""The standard variables of OTLP exporters, as settings of an exporter."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

PREFIX: Final = "OTEL_EXPORTER_OTLP_"
"""Variables of traces (`..._TRACES_ENDPOINT`) go before general ones: one destination gets all three signals."""


def exporter(environ: Mapping[str, str]) -> tuple[str, dict[str, Any]] | None:
    """Component type and settings from the environment, None where it names no endpoint.

    The protocol is `OTEL_EXPORTER_OTLP_PROTOCOL`, else what the endpoint's port stands for, else gRPC.
    """
    endpoint = _get(environ, "ENDPOINT")
    if not endpoint:
        return None
    protocol = _get(environ, "PROTOCOL") or ("http/protobuf" if ":4318" in endpoint else "grpc")
    kind = "otlp" if protocol == "grpc" else "otlp_http"
    found: dict[str, Any] = {"endpoint": endpoint, "tls": _tls(environ, endpoint)}
    if kind == "otlp_http" and f"{PREFIX}TRACES_ENDPOINT" in environ:
        found["endpoint"] = endpoint.removesuffix("/v1/traces")
    if headers := _headers(_get(environ, "HEADERS")):
        found["headers"] = headers
    if compression := _get(environ, "COMPRESSION"):
        found["compression"] = compression
    if timeout := _get(environ, "TIMEOUT"):
        found["timeout"] = f"{timeout}ms" if timeout.isdigit() else timeout
    return kind, found


def _get(environ: Mapping[str, str], name: str) -> str:
    return (environ.get(f"{PREFIX}TRACES_{name}") or environ.get(f"{PREFIX}{name}") or "").strip()


def _tls(environ: Mapping[str, str], endpoint: str) -> dict[str, Any]:
    files = {"ca_file": "CERTIFICATE", "cert_file": "CLIENT_CERTIFICATE", "key_file": "CLIENT_KEY"}
    tls: dict[str, Any] = {key: value for key, name in files.items() if (value := _get(environ, name))}
    if "://" not in endpoint and _get(environ, "INSECURE").lower() == "true":
        tls["insecure"] = True
    return tls


def _headers(text: str) -> dict[str, str]:
    """`key=value,key2=value2`, percent-encoded as W3C baggage is."""
    pairs = (pair.partition("=") for pair in text.split(",") if "=" in pair)
    return {unquote(key.strip()).lower(): unquote(value.strip()) for key, _, value in pairs}
