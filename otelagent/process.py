"""The process around the service: signals, a configuration that changes, what is said at the start."""

import asyncio
import gc
import logging
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Final

from otelagent import __version__, endpoint, identity, journal, memory
from otelagent.config import Config
from otelagent.errors import BadConfig
from otelagent.receivers.otlp_grpc import OtlpGrpcReceiver
from otelagent.service import Service
from otelagent.settings import FileStorage, GrpcServer, HttpServer, OtlpExporter, TraceStore
from otelagent.terminal import Terminal
from otelagent.traffic import Signal
from otelagent.writer import STDERR, STDOUT

LOOK: Final = 2.0
"""Seconds between looks at the configuration's files; a ConfigMap swaps symlinks, so they are looked at by path."""

LAST_WORDS: Final = 1.0
"""Seconds that the readers of stdout and stderr have for what is left when the process ends."""

log = logging.getLogger(__name__)

Load = Callable[[], Config]


def run(load: Load, files: tuple[Path, ...] = ()) -> int:
    """Run until a signal says stop; gives the exit code. Raises BadConfig where the service can't start."""
    _reserve_streams()
    settings = load()
    journal.begin(settings.telemetry.logs, identity.resource(settings.telemetry.resource))
    gc.set_threshold(*memory.RARELY)
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            return runner.run(Process(settings, load, files).run())
    finally:
        _flush(LAST_WORDS)


class Process:
    """One service at a time, replaced by another when the configuration changes."""

    def __init__(self, settings: Config, load: Load, files: tuple[Path, ...]) -> None:
        self._load = load
        self._files = files
        self._stamps = self._look()
        self._stopping = asyncio.Event()
        self._reload = asyncio.Event()
        self._settings = settings
        self._terminal = Terminal()

    async def run(self) -> int:
        """Until SIGTERM or SIGINT; a second one ends the process at once. SIGHUP and changed files reload."""
        self._handle_signals()
        service = self._service(self._settings)
        await service.start()
        tell(service)
        while not await self._wait():
            service = await self._replaced(service)
        log.info("stopping")
        await service.stop()
        return 0

    def _service(self, settings: Config, old: Service | None = None) -> Service:
        return Service(settings, () if settings.exporters else (self._terminal,), heir_of=old)

    async def _wait(self) -> bool:
        """Until something is to be done; True: to stop."""
        while not (self._stopping.is_set() or self._reload.is_set()):
            waits = [asyncio.create_task(event.wait()) for event in (self._stopping, self._reload)]
            await asyncio.wait(waits, timeout=LOOK, return_when=asyncio.FIRST_COMPLETED)
            for each in waits:
                each.cancel()
            if (stamps := self._look()) != self._stamps:
                self._stamps = stamps
                self._reload.set()
        self._reload.clear()
        return self._stopping.is_set()

    async def _replaced(self, old: Service) -> Service:
        """The service of the new configuration; the old one lives on where that can't be used."""
        try:
            settings = self._load()
            if settings == old.config:
                return old
            new = self._service(settings, old)
        except BadConfig as error:
            self._keep_old(old, error)
            return old
        await old.stop(heir=new)
        try:
            await new.start()
        except BadConfig as error:
            self._keep_old(old, error)
            new = self._service(old.config, new)
            await new.start()
            return new
        journal.begin(settings.telemetry.logs, identity.resource(settings.telemetry.resource))
        log.info("the configuration was reloaded")
        tell(new)
        return new

    def _keep_old(self, old: Service, error: BadConfig) -> None:
        old.traffic.reload_failures += 1
        log.error("the changed configuration can't be used, the old one stays: %s", "; ".join(error.mistakes))

    def _look(self) -> tuple[tuple[int, ...], ...]:
        return tuple(_stamp(path) for path in self._files)

    def _handle_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        loop.add_signal_handler(signal.SIGHUP, self._reload.set)

    def _stop(self) -> None:
        if self._stopping.is_set():
            log.warning("stopping now")
            _flush(0.1)
            os._exit(1)
        self._stopping.set()


def tell(service: Service) -> None:
    """What somebody who starts us by hand has to know."""
    settings = service.config
    for receiver in service.receivers:
        protocol = "gRPC" if isinstance(receiver, OtlpGrpcReceiver) else "HTTP"
        log.info("otelagent %s takes OTLP/%s on %s", __version__, protocol, receiver.bound.target)
    for name, exporter in settings.exporters.items():
        transport = "grpc" if isinstance(exporter, OtlpExporter) else "http"
        log.info("exporter %s sends to %s", name, endpoint.parse(exporter.endpoint, transport).target)
    if (kept := settings.extension(TraceStore)) is not None:
        log.info("failing traces are kept in %s, up to %d MiB", kept.directory, kept.max_size_mib)
    for line in warnings(settings):
        log.warning("%s", line)


def warnings(settings: Config) -> list[str]:
    """What is allowed and may surprise."""
    said = []
    if not settings.exporters:
        said.append(
            "no exporter is configured: spans are acknowledged and let go, findings are told here; "
            "set OTEL_EXPORTER_OTLP_ENDPOINT or exporters.otlp.endpoint"
        )
    elif Signal.LOGS not in settings.pipelines:
        said.append("there is no logs pipeline: findings are on spans and metrics only, there are no finding events")
    if settings.exporters and settings.extension(FileStorage) is None:
        said.append(
            "there is no spool: while a destination fails, senders keep their data, and an SDK gives up after 8 s; "
            "configure extensions.file_storage"
        )
    for name, receiver in settings.receivers.items():
        for protocol, server in (("grpc", receiver.protocols.grpc), ("http", receiver.protocols.http)):
            if server is not None and endpoint.parse(server.endpoint, protocol).public and not _guarded(server):
                said.append(
                    f"receivers.{name}.protocols.{protocol} listens on {server.endpoint} without "
                    "TLS with client certificates or a token: everybody who reaches it can send"
                )
    return said


def _guarded(server: GrpcServer | HttpServer) -> bool:
    return server.auth is not None or (server.tls is not None and server.tls.client_ca_file is not None)


def _reserve_streams() -> None:
    """A standard stream that was closed gets /dev/null: else the next socket has its number, and our lines."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _flush(seconds: float) -> None:
    for writer in (STDOUT, STDERR):
        writer.flush(seconds)


def _stamp(path: Path) -> tuple[int, ...]:
    try:
        found = os.stat(path)
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_ino, found.st_size


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
