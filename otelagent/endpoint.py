"""Addresses: `host:port`, URLs, and whether one of them leads back to ourselves."""

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

PORTS: Final = {"grpc": 4317, "http": 4318}
_WILDCARDS: Final = frozenset({"", "0.0.0.0", "::", "*"})  # noqa: S104 - recognised, not bound


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to listen or to connect. `scheme` is empty where none was written."""

    host: str
    port: int
    scheme: str = ""
    path: str = ""

    def __str__(self) -> str:
        return self.target if not self.scheme else f"{self.scheme}://{self.target}{self.path}"

    @property
    def target(self) -> str:
        """`host:port`, or the path of a unix socket, for gRPC and for people."""
        if self.scheme == "unix":
            return f"unix:{self.path}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def wildcard(self) -> bool:
        """Stands for all addresses of this machine."""
        return self.host in _WILDCARDS

    @property
    def public(self) -> bool:
        """Reachable from other machines, as far as the address tells."""
        return self.wildcard or not is_loopback(self.host)


def parse(text: str, transport: str) -> Endpoint:
    """Read an address; a missing port is the transport's own. Raises ValueError with what is wrong, without the text:
    it may carry a password."""
    if text.startswith("unix:"):
        return Endpoint("", 0, "unix", text.removeprefix("unix:").removeprefix("//"))
    scheme, separator, rest = text.partition("://")
    if not separator:
        scheme, rest = "", text
    if scheme not in ("", "http", "https", "dns"):
        raise ValueError("must be host:port, or begin with http:// or https://")
    parts = urlsplit(f"//{rest.lstrip('/') if scheme == 'dns' else rest}")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not carry credentials; use headers")
    try:
        port = parts.port
    except ValueError:
        raise ValueError("must end with a port number from 0 to 65535") from None
    if rest.endswith(":"):
        raise ValueError("must end with a port number from 0 to 65535")
    default = PORTS[transport]
    return Endpoint(
        parts.hostname or "", default if port is None else port, "" if scheme == "dns" else scheme, parts.path
    )


def leads_back(target: Endpoint, listeners: Iterable[Endpoint]) -> bool:
    """Whether sending to `target` would reach one of our own listeners."""
    return any(_same(target, own) for own in listeners)


def _same(target: Endpoint, own: Endpoint) -> bool:
    if target.scheme == "unix" or target.port != own.port or own.port == 0:
        return False
    if target.host.lower() == own.host.lower():
        return True
    if own.wildcard or is_loopback(own.host):
        return target.wildcard or is_loopback(target.host) or (own.wildcard and _is_ours(target.host))
    return target.wildcard and _is_ours(own.host)


def is_loopback(host: str) -> bool:
    """By its name or number; nothing is looked up."""
    if host.lower().rstrip(".") in ("localhost", "ip6-localhost", "localhost.localdomain"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _is_ours(host: str) -> bool:
    """Whether the address belongs to this machine: only then can it be bound."""
    if host.lower() == socket.gethostname().lower():
        return True
    try:
        family = socket.AF_INET6 if ipaddress.ip_address(host).version == 6 else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((host, 0))
    except (ValueError, OSError):
        return False
    return True
