"""Certificates from files, read anew when they change."""

import os
import ssl
import time
from pathlib import Path
from typing import Any, Final

import grpc

from otelagent.errors import BadConfig
from otelagent.settings import ClientTls, ServerTls

_VERSIONS: Final = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


class Files:
    """Contents of files by setting, and whether they have changed since the last look. Raises BadConfig at first."""

    def __init__(self, path: str, files: dict[str, str | None]) -> None:
        self._files = {name: Path(file) for name, file in files.items() if file is not None}
        self._path = path
        self.contents: dict[str, bytes] = {}
        self._stamps = self._stamp()
        for name in self._files:
            self.contents[name] = self._read(name)

    def changed(self) -> bool:
        """Look, and read anew; files that can't be read now leave the old contents in force."""
        try:
            stamps = self._stamp()
            if stamps == self._stamps:
                return False
            fresh = {name: self._read(name) for name in self._files}
        except (BadConfig, OSError):
            return False
        self._stamps, self.contents = stamps, fresh
        return True

    def _read(self, name: str) -> bytes:
        try:
            return self._files[name].read_bytes()
        except OSError as error:
            raise BadConfig(f"{self._path}.{name}: {self._files[name]}: {error.strerror}") from error

    def _stamp(self) -> dict[str, tuple[int, ...]]:
        stamps: dict[str, tuple[int, ...]] = {}
        for name, file in self._files.items():
            try:
                found = os.stat(file)
            except OSError as error:
                raise BadConfig(f"{self._path}.{name}: {file}: {error.strerror}") from error
            stamps[name] = (found.st_mtime_ns, found.st_ino, found.st_size)
        return stamps


class GrpcServerTls:
    """Credentials of a gRPC server; each handshake uses the files as of the last look."""

    def __init__(self, settings: ServerTls, path: str) -> None:
        """Raises BadConfig where a file can't be read or is no certificate."""
        _refuse_13(settings, path)
        server_context(settings, path)
        self._files = _server_files(settings, path)
        self._mutual = settings.client_ca_file is not None
        self._interval = settings.reload_interval
        self._looked = time.monotonic()

    def credentials(self) -> grpc.ServerCredentials:
        return grpc.dynamic_ssl_server_credentials(
            self._configuration(), self._fetch, require_client_authentication=self._mutual
        )

    def _configuration(self) -> Any:
        files = self._files.contents
        return grpc.ssl_server_certificate_configuration(
            [(files["key_file"], files["cert_file"])], files.get("client_ca_file")
        )

    def _fetch(self) -> Any:
        """Called by C-core for each handshake; None keeps what it has."""
        now = time.monotonic()
        if now - self._looked < self._interval:
            return None
        self._looked = now
        return self._configuration() if self._files.changed() else None


class HttpServerTls:
    """Makes the context of an HTTP server, and keeps it fresh: call `refresh` now and then."""

    def __init__(self, settings: ServerTls, path: str) -> None:
        """Raises BadConfig where a file can't be read or is no certificate."""
        self._settings = settings
        self._files = _server_files(settings, path)
        self._context = server_context(settings, path)
        self._looked = time.monotonic()

    def context(self) -> ssl.SSLContext:
        return self._context

    def refresh(self) -> None:
        """New handshakes use changed files."""
        now = time.monotonic()
        if now - self._looked < self._settings.reload_interval:
            return
        self._looked = now
        if self._files.changed():
            try:
                self._context.load_cert_chain(self._settings.cert_file, self._settings.key_file)
            except (OSError, ssl.SSLError):
                return


def _refuse_13(settings: ServerTls | ClientTls, path: str) -> None:
    """gRPC's Python library can't be told a lowest version; better no setting than one without effect."""
    if settings.min_version != "1.2":
        raise BadConfig(f"{path}.min_version: gRPC takes 1.2 and 1.3, and can't be limited to 1.3; use HTTP for that")


def server_context(settings: ServerTls, path: str) -> ssl.SSLContext:
    """Raises BadConfig where a file can't be read or is no certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = _VERSIONS[settings.min_version]
    context.set_alpn_protocols(["http/1.1"])
    _server_files(settings, path)
    try:
        context.load_cert_chain(settings.cert_file, settings.key_file)
    except (OSError, ssl.SSLError) as error:
        raise BadConfig(f"{path}.cert_file: is no certificate that fits key_file") from error
    if settings.client_ca_file is not None:
        try:
            context.load_verify_locations(settings.client_ca_file)
        except (OSError, ssl.SSLError) as error:
            raise BadConfig(f"{path}.client_ca_file: is no certificate") from error
        context.verify_mode = ssl.CERT_REQUIRED
    return context


class ClientCertificates:
    """Of one exporter. `changed` looks at the files at most every `reload_interval`."""

    def __init__(self, settings: ClientTls, path: str) -> None:
        """Raises BadConfig where a file can't be read or is no certificate."""
        self._settings = settings
        self._path = path
        self._files = Files(path, {name: getattr(settings, name) for name in ("ca_file", "cert_file", "key_file")})
        self._looked = time.monotonic()
        self.ssl_context()

    def ssl_context(self) -> ssl.SSLContext:
        """For HTTP clients."""
        tls = self._settings
        try:
            context = ssl.create_default_context(cafile=tls.ca_file)
            if tls.cert_file and tls.key_file:
                context.load_cert_chain(tls.cert_file, tls.key_file)
        except (OSError, ssl.SSLError) as error:
            raise BadConfig(f"{self._path}: is no certificate, or cert_file and key_file don't fit") from error
        context.minimum_version = _VERSIONS[tls.min_version]
        return context

    def channel_credentials(self) -> grpc.ChannelCredentials:
        """For gRPC clients. Raises BadConfig where a setting has no effect there."""
        _refuse_13(self._settings, self._path)
        files = self._files.contents
        return grpc.ssl_channel_credentials(files.get("ca_file"), files.get("key_file"), files.get("cert_file"))

    def channel_options(self) -> tuple[tuple[str, str], ...]:
        name = self._settings.server_name_override
        return (("grpc.ssl_target_name_override", name),) if name else ()

    @property
    def server_name(self) -> str | None:
        return self._settings.server_name_override

    def changed(self) -> bool:
        now = time.monotonic()
        if now - self._looked < self._settings.reload_interval:
            return False
        self._looked = now
        return self._files.changed()


def _server_files(settings: ServerTls, path: str) -> Files:
    names = ("cert_file", "key_file", "client_ca_file")
    return Files(path, {name: getattr(settings, name) for name in names})
