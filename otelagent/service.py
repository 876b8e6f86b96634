"""The running sidecar: built from a configuration, started, ticked once a second, stopped in order."""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from otelagent import __version__, assembly, endpoint, journal
from otelagent.config import Config
from otelagent.detectors import available
from otelagent.health import Health, State
from otelagent.intake import Intake
from otelagent.memory import MemoryGuard
from otelagent.metrics import Metrics
from otelagent.pipeline import Ear, Pipeline
from otelagent.receivers.otlp_grpc import OtlpGrpcReceiver
from otelagent.receivers.otlp_http import OtlpHttpReceiver
from otelagent.settings import HealthCheck, MemoryLimiter, OtlpExporter
from otelagent.tally import Tally
from otelagent.terminal import Terminal
from otelagent.traffic import Signal, Traffic
from otelagent.web import WebServer

TICK: Final = 1.0
GRACE: Final = 5.0
"""Seconds that calls under way and waiting data get when the process is to end."""

log = logging.getLogger(__name__)


class Service:
    """One sidecar. Everything in it belongs to one event loop. `ears` hear findings beside the metrics."""

    def __init__(self, config: Config, ears: tuple[Ear, ...] = ()) -> None:
        self.config = config
        self.traffic = Traffic()
        modes = {mode: kind.layer for mode, kind in available().items()}
        gateway = config.agent_failures.labels.gateway
        self.metrics = Metrics(modes, gateway=gateway, traffic=self.traffic)
        settings = assembly.pipeline_settings(config.agent_failures)
        self.pipeline = Pipeline(settings, (Tally(self.metrics), *ears))
        tokens = assembly.tokens(config)
        self.spools = assembly.spools(config)
        self.delivery = assembly.delivery(config, self.traffic, self.spools, tokens)
        self._housekeeping = assembly.housekeeping(config, self.spools, self.traffic)
        limiter = config.memory_limiter or MemoryLimiter()
        self.memory = MemoryGuard(limiter, self.pipeline.live.shrink)
        self._memory_interval = limiter.check_interval
        self.intake = Intake(self.pipeline, self.delivery, self.traffic, check=self.memory.check)
        self.receivers = assembly.receivers(config, self.intake, self.traffic, tokens)
        check = config.extension(HealthCheck)
        self.health = Health(check.path if check else "/")
        self._web: dict[str, WebServer] = {}
        if check:
            at = endpoint.parse(check.endpoint, "http")
            self._web["health"] = WebServer(self.health.app, at, "extensions.health_check.endpoint")
        if (scrape := _metrics_endpoint(config)) is not None:
            self._web["metrics"] = WebServer(self._metrics_app(), scrape, "service.telemetry.metrics")
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def ports(self) -> dict[str, int]:
        """Bound ports: `grpc`, `http`, `metrics`, `health`."""
        transports = {OtlpGrpcReceiver: "grpc", OtlpHttpReceiver: "http"}
        taking = {transports[type(receiver)]: receiver.port for receiver in reversed(self.receivers)}
        return taking | {name: web.port for name, web in self._web.items()}

    async def start(self) -> None:
        """Listen. Raises BadConfig where an address is taken; what was started by then is stopped."""
        try:
            for keeping in self._housekeeping:
                keeping.start()
            for spool in self.spools.values():
                spool.start()
            for destination in self.delivery.destinations:
                destination.start()
            for web in self._web.values():
                await web.start()
            for receiver in self.receivers:
                await receiver.start()
        except BaseException:
            await self.stop(grace=0)
            raise
        self._spawn(self._tick())
        self._spawn(self._watch_memory())
        self.health.state = State.READY
        gc.collect()
        gc.freeze()

    async def stop(self, grace: float = GRACE) -> None:
        """Stop accepting, settle open traces, send what waits; all within about `grace` seconds."""
        self.health.state = State.STOPPING
        end = time.monotonic() + grace
        await asyncio.gather(*(receiver.stop(grace) for receiver in self.receivers))
        for task in self._tasks:
            task.cancel()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(
                self.delivery.tell(self.pipeline.settle(time.time())), max(end - time.monotonic(), 0)
            )
        self.metrics.flush()
        left = max(end - time.monotonic(), 0)
        await asyncio.gather(*(destination.close(left) for destination in self.delivery.destinations))
        for keeping in self._housekeeping:
            keeping.count(time.time())
        await asyncio.gather(*(spool.stop() for spool in self.spools.values()))
        await asyncio.gather(*(web.stop() for web in self._web.values()))
        gc.unfreeze()

    # --- background -------------------------------------------------------------------------------------------------

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self.traffic.background_errors += 1
            log.error("a background task ended: %s", type(error).__name__, exc_info=error)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            await self._guarded(self._once)

    async def _watch_memory(self) -> None:
        while True:
            await asyncio.sleep(self._memory_interval)
            await self._guarded(self._look)

    async def _look(self) -> None:
        self.memory.look()

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        """An error of ours is counted, and the loop goes on."""
        try:
            await work()
        except Exception:
            self.traffic.background_errors += 1
            log.exception("background work failed")

    async def _once(self) -> None:
        events = self.pipeline.tick(time.time())
        self.metrics.tick()
        self.metrics.live_traces(len(self.pipeline.live))
        for each in (*self.receivers, *self.delivery.destinations):
            each.refresh()
        for keeping in self._housekeeping:
            await keeping.tick(time.time())
        if events:
            self._spawn(self.delivery.tell(events))

    # --- metrics ----------------------------------------------------------------------------------------------------

    def _metrics_app(self) -> Starlette:
        return Starlette(routes=[Route("/metrics", self._scrape)])

    async def _scrape(self, request: Request) -> Response:
        address = request.client.host if request.client else ""
        scraper = f"{address} {request.headers.get('user-agent', '')}"
        body, content_type = self.metrics.exposition(request.headers.get("accept", ""), scraper)
        return Response(body, headers={"content-type": content_type})


def _metrics_endpoint(config: Config) -> endpoint.Endpoint | None:
    metrics = config.telemetry.metrics
    if metrics.level == "none":
        return None
    if metrics.address:
        return endpoint.parse(metrics.address, "http")
    if not metrics.readers:
        return None
    prometheus = metrics.readers[0].pull.exporter.prometheus
    return endpoint.Endpoint(prometheus.host, prometheus.port)


# --- the process ------------------------------------------------------------------------------------------------------


def run(config: Config) -> int:
    """Run until a signal says stop; gives the exit code. Raises BadConfig where an address is taken."""
    journal.begin(config.telemetry.logs)
    gc.set_threshold(20_000, 20, 50)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(_run(config))


async def _run(config: Config) -> int:
    silent = not config.exporters
    service = Service(config, (Terminal(),) if silent else ())
    stopping = asyncio.Event()
    _handle_signals(stopping)
    await service.start()
    _tell(service, silent)
    await stopping.wait()
    log.info("stopping")
    await service.stop()
    return 0


def _handle_signals(stopping: asyncio.Event) -> None:
    def stop() -> None:
        if stopping.is_set():
            log.warning("stopping now")
            sys.stderr.flush()
            os._exit(1)
        stopping.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    loop.add_signal_handler(signal.SIGHUP, lambda: None)


def _tell(service: Service, silent: bool) -> None:
    """What somebody who starts us by hand has to know."""
    config = service.config
    for receiver in service.receivers:
        protocol = "gRPC" if isinstance(receiver, OtlpGrpcReceiver) else "HTTP"
        log.info("otelagent %s takes OTLP/%s on %s", __version__, protocol, receiver.bound.target)
    for name, exporter in config.exporters.items():
        transport = "grpc" if isinstance(exporter, OtlpExporter) else "http"
        log.info("exporter %s sends to %s", name, endpoint.parse(exporter.endpoint, transport).target)
    if silent:
        log.warning(
            "no exporter is configured: spans are acknowledged and let go, findings are told here; "
            "set OTEL_EXPORTER_OTLP_ENDPOINT or exporters.otlp.endpoint"
        )
    elif Signal.LOGS not in config.pipelines:
        log.warning("there is no logs pipeline: findings are on spans and metrics only, there are no finding events")


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
