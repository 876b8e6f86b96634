"""TLS and mutual TLS, in and out, and certificates that change while we run."""

import shutil
import ssl
import time
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest

from otelagent import config
from otelagent.config_text import merge
from otelagent.errors import BadConfig
from otelagent.service import Service
from otelagent.sink import Sink
from otelagent.traffic import Signal
from tests.requests import names, traces
from tests.running import running

HERE = Path(__file__).parent / "certificates"
PROTOBUF = {"content-type": "application/x-protobuf"}


def server(directory: Path = HERE, *, mutual: bool = False, name: str = "server") -> dict[str, Any]:
    tls = {"cert_file": f"{directory}/{name}.pem", "key_file": f"{directory}/{name}.key", "reload_interval": "100ms"}
    if mutual:
        tls["client_ca_file"] = f"{HERE}/authority.pem"
    return {"receivers": {"otlp": {"protocols": {"grpc": {"tls": tls}, "http": {"tls": tls}}}}}


def client(name: str | None = None) -> dict[str, Any]:
    tls = {"ca_file": f"{HERE}/authority.pem"}
    if name:
        tls |= {"cert_file": f"{HERE}/{name}.pem", "key_file": f"{HERE}/{name}.key"}
    return tls


def chain(kind: str, port: int, tls: dict[str, Any]) -> dict[str, Any]:
    """Settings of a service that sends to another one by TLS."""
    return {"exporters": {kind: {"endpoint": f"https://localhost:{port}", "tls": tls}}}


def send(endpoint: str, body: bytes) -> None:
    with grpc.insecure_channel(endpoint) as channel:
        channel.unary_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Export")(body, timeout=10)


@pytest.mark.parametrize(("kind", "port"), [("otlp", "grpc"), ("otlp_http", "http")])
@pytest.mark.parametrize("mutual", [False, True])
def test_one_otelagent_sends_to_another(kind: str, port: str, mutual: bool) -> None:
    with Sink() as sink, running(sink, server(mutual=mutual)) as behind:
        tls = client("client" if mutual else None)
        with running(settings=chain(kind, behind.service.ports[port], tls)) as front:
            send(front.endpoint(), traces("a"))
        assert names(sink.requests[Signal.TRACES]) == ["a"]


@pytest.mark.parametrize(("kind", "port"), [("otlp", "grpc"), ("otlp_http", "http")])
@pytest.mark.parametrize("who", [None, "stranger"])
def test_a_client_without_the_right_certificate_gets_nothing_in(kind: str, port: str, who: str | None) -> None:
    with Sink() as sink, running(sink, server(mutual=True)) as behind:
        with (
            running(settings=chain(kind, behind.service.ports[port], client(who))) as front,
            pytest.raises(grpc.RpcError) as caught,
        ):
            send(front.endpoint(), traces("a"))
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE  # type: ignore[attr-defined]
        assert sink.calls == 0


@pytest.mark.parametrize(("kind", "port"), [("otlp", "grpc"), ("otlp_http", "http")])
def test_a_server_that_nobody_vouches_for_gets_no_data(kind: str, port: str) -> None:
    with Sink() as sink, running(sink, server(name="stranger")) as behind:
        with (
            running(settings=chain(kind, behind.service.ports[port], client())) as front,
            pytest.raises(grpc.RpcError),
        ):
            send(front.endpoint(), traces("a"))
        assert sink.calls == 0


def presented(port: int) -> str:
    return ssl.get_server_certificate(("127.0.0.1", port))


def test_a_renewed_certificate_is_used_without_a_restart(tmp_path: Path) -> None:
    for suffix in ("pem", "key"):
        shutil.copy(HERE / f"server.{suffix}", tmp_path / f"server.{suffix}")
    with Sink() as sink, running(sink, server(tmp_path)) as service:
        ports = [service.service.ports[name] for name in ("grpc", "http")]
        old = (HERE / "server.pem").read_text()
        assert [presented(port).split() for port in ports] == [old.split()] * 2
        for suffix in ("pem", "key"):
            shutil.copy(HERE / f"renewed.{suffix}", tmp_path / f"server.{suffix}")
        new = (HERE / "renewed.pem").read_text().split()
        deadline = time.monotonic() + 8
        while [presented(port).split() for port in ports] != [new] * 2:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_a_renewed_client_certificate_is_used_without_a_restart(tmp_path: Path) -> None:
    for suffix in ("pem", "key"):
        shutil.copy(HERE / f"stranger.{suffix}", tmp_path / f"client.{suffix}")
    tls = {
        "ca_file": f"{HERE}/authority.pem",
        "cert_file": f"{tmp_path}/client.pem",
        "key_file": f"{tmp_path}/client.key",
        "reload_interval": "100ms",
    }
    with Sink() as sink, running(sink, server(mutual=True)) as behind:
        settings = chain("otlp", behind.service.ports["grpc"], tls)
        settings = merge(settings, {"extensions": {"file_storage": {"directory": f"{tmp_path}/spool"}}})
        with running(settings=settings) as front:
            send(front.endpoint(), traces("a"))
            for suffix in ("pem", "key"):
                shutil.copy(HERE / f"client.{suffix}", tmp_path / f"client.{suffix}")
            assert sink.wait_for(lambda s: names(s.requests[Signal.TRACES]) == ["a"])


def test_plaintext_to_a_tls_port_gets_nothing_in() -> None:
    with Sink() as sink, running(sink, server()) as service:
        with pytest.raises(grpc.RpcError):
            send(service.endpoint(), traces("a"))
        with pytest.raises(httpx.HTTPError):
            httpx.post(f"http://{service.endpoint('http')}/v1/traces", content=traces("a"), headers=PROTOBUF)
        assert sink.calls == 0


@pytest.mark.parametrize(
    "settings",
    [
        server(Path("/nowhere")),
        chain("otlp", 1, {"ca_file": "/nowhere"}),
        chain("otlp_http", 1, {"ca_file": f"{HERE}/README.md"}),
        chain("otlp", 1, {"min_version": "1.3"}),
    ],
)
def test_a_certificate_that_cannot_be_used_is_a_mistake(settings: dict[str, Any]) -> None:
    with pytest.raises(BadConfig):
        Service(config.load(settings, environ={}))
