"""The running sidecar: built from a configuration, started, ticked once a second, stopped in order."""

import asyncio
import contextlib
import gc
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from otelagent import assembly, endpoint, identity
from otelagent.config import Config
from otelagent.detectors import available
from otelagent.ear import Ear
from otelagent.health import Health, State
from otelagent.intake import Door, Intake
from otelagent.judging import Judging, judging
from otelagent.memory import MemoryGuard, forget_start, give_back
from otelagent.metrics import Metrics
from otelagent.reading import lexicon
from otelagent.receivers.otlp_grpc import OtlpGrpcReceiver
from otelagent.receivers.otlp_http import OtlpHttpReceiver
from otelagent.selftrace import SelfTraces
from otelagent.settings import BearerToken, FileStorage, HealthCheck, MemoryLimiter
from otelagent.traffic import Traffic
from otelagent.web import WebServer

TICK: Final = 1.0
GRACE: Final = 5.0
"""Seconds that calls under way get when the process is to end and there is no exporter."""

SWEEP: Final = 20_000
"""Traces that leave before memory is swept up. They are taken apart and leave nothing behind; exceptions and calls do,
and the process has told Python to look for that only rarely."""

log = logging.getLogger(__name__)


class Service:
    """One sidecar. Everything in it belongs to one event loop. `ears` hear findings beside the metrics."""

    def __init__(self, config: Config, ears: tuple[Ear, ...] = (), heir_of: "Service | None" = None) -> None:
        """`heir_of`: the service that this one replaces; its counts, and its live traces where the settings of the
        detectors are the same, live on. Raises BadConfig where a file that the configuration names can't be used."""
        self.config = config
        self.traffic: Traffic = heir_of.traffic if heir_of else Traffic()
        self.metrics = self._counters(heir_of)
        self._judging: Judging = judging(config, ears, self.metrics, heir_of._judging if heir_of else None)
        self.pipeline = self._judging.pipeline
        self.recorder, self.keeper = self._judging.recorder, self._judging.keeper
        self.chronicle, self.tally = self._judging.chronicle, self._judging.tally
        self._send(config)
        self._receive(config, heir_of)
        self._web = dict(self._pages(config))
        self._tasks: set[asyncio.Task[None]] = set()
        self._swept = self.pipeline.left

    def _counters(self, heir_of: "Service | None") -> Metrics:
        labels = self.config.agent_failures.labels
        if heir_of is not None and heir_of.config.agent_failures.labels == labels:
            return heir_of.metrics
        modes = {mode: kind.layer for mode, kind in available().items()}
        return Metrics(modes, gateway=labels.gateway, traffic=self.traffic)

    def _send(self, config: Config) -> None:
        """What leaves: spools, destinations, our own traces."""
        self._tokens = assembly.tokens(config)
        self.spools = assembly.spools(config)
        resource = identity.resource(config.telemetry.resource)
        self.metrics.resource = resource
        self._traces = SelfTraces(config.telemetry.traces, resource)
        self.delivery = assembly.delivery(config, self.traffic, self.spools, self._tokens, self._traces.tracer)
        self._housekeeping = assembly.housekeeping(config, self.spools, self.traffic)

    def _receive(self, config: Config, heir_of: "Service | None") -> None:
        """What comes in, as far as memory goes; by the receivers of the service before, where theirs hasn't changed."""
        limiter = config.memory_limiter or MemoryLimiter()
        self.memory = MemoryGuard(limiter, self.pipeline.live.shrink, lexicon.forget)
        self._memory_interval = limiter.check_interval
        self.intake = Intake(
            self.pipeline,
            self.delivery,
            self.traffic,
            check=self.memory.check,
            inspects=config.inspects,
            tracer=self._traces.tracer,
        )
        self._inherits = heir_of is not None and _taken_alike(heir_of.config, config)
        if heir_of and self._inherits:
            self.door: Door = heir_of.door
            self.receivers: list[assembly.Receiver] = heir_of.receivers
        else:
            self.door = Door(self.intake)
            self.receivers = assembly.receivers(config, self.door, self.traffic, self._tokens)

    def _pages(self, config: Config) -> Iterator[tuple[str, WebServer]]:
        """Health, and metrics."""
        check = config.extension(HealthCheck)
        self.health = Health(check.path if check else "/", self._components)
        if check:
            at = endpoint.parse(check.endpoint, "http")
            yield "health", WebServer(self.health.app, at, "extensions.health_check.endpoint")
        if (scrape := metrics_endpoint(config)) is not None:
            yield "metrics", WebServer(self._metrics_app(), scrape, "service.telemetry.metrics")

    @property
    def ports(self) -> dict[str, int]:
        """Bound ports: `grpc`, `http`, `metrics`, `health`."""
        transports = {OtlpGrpcReceiver: "grpc", OtlpHttpReceiver: "http"}
        taking = {transports[type(receiver)]: receiver.port for receiver in reversed(self.receivers)}
        return taking | {name: web.port for name, web in self._web.items()}

    async def start(self) -> None:
        """Listen. Raises BadConfig where an address is taken; what was started by then is stopped."""
        try:
            if self.recorder is not None:
                self.recorder.start()
            for keeping in self._housekeeping:
                keeping.start()
            for spool in self.spools.values():
                spool.start()
            for destination in self.delivery.destinations:
                destination.start()
            for web in self._web.values():
                await web.start()
            for receiver in () if self._inherits else self.receivers:
                await receiver.start()
        except BaseException:
            if not self._inherits:
                await asyncio.gather(*(receiver.stop(0) for receiver in self.receivers))
            await self.stop(grace=0, heir=self)
            raise
        self.door.lead_to(self.intake)
        self._spawn(self._tick())
        self._spawn(self._watch_memory())
        if self.keeper is not None:
            self._spawn(self.keeper.start())
        self.health.state = State.READY
        gc.collect()
        gc.freeze()
        give_back()
        forget_start()

    async def stop(self, grace: float | None = None, heir: "Service | None" = None) -> None:
        """Stop accepting, settle open traces, send what waits; all within about `grace` seconds, by default the
        longest `drain_timeout`. An heir that shares the pipeline keeps the traces open, one that shares the receivers
        has them keep their ports and let calls wait, and what is on disk is the heir's to send."""
        self.health.state = State.STOPPING
        if grace is None:
            drains = (exporter.sending_queue.drain_timeout for exporter in self.config.exporters.values())
            grace = max(drains, default=GRACE)
        end = time.monotonic() + grace
        for destination in self.delivery.destinations:
            destination.hurry()
        if heir is not None and heir.door is self.door:
            await self.door.shut(grace)
        else:
            await asyncio.gather(*(receiver.stop(grace) for receiver in self.receivers))
        for task in self._tasks:
            task.cancel()
        if heir is None or heir.pipeline is not self.pipeline:
            await self._settle(max(end - time.monotonic(), 0))
            if self.chronicle is not None:
                await self.chronicle.write(time.time())
        if self.keeper is not None and (heir is None or heir.keeper is not self.keeper):
            await self.keeper.stop(time.time())
        if self.recorder is not None and (heir is None or heir.recorder is not self.recorder):
            await asyncio.to_thread(self.recorder.stop, max(end - time.monotonic(), 0.1))
        left = max(end - time.monotonic(), 0)
        destinations = self.delivery.destinations
        drain = heir is None or not _sends_alike(self.config, heir.config)
        await asyncio.gather(*(each.close(left, drain=drain) for each in destinations))
        for keeping in self._housekeeping:
            keeping.count(time.time())
            if heir is not None:
                keeping.hand_over()
        await asyncio.gather(*(spool.stop() for spool in self.spools.values()))
        await asyncio.gather(*(web.stop() for web in self._web.values()))
        await asyncio.to_thread(self._traces.stop, max(end - time.monotonic(), 0.5))
        gc.unfreeze()

    async def _settle(self, seconds: float) -> None:
        events = self.pipeline.settle(time.time())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.delivery.tell(events), seconds)
        self.metrics.flush()

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
        for _ in self.pipeline.sweep(time.time()):
            await asyncio.sleep(0)
        events = self.pipeline.late(time.time())
        self.metrics.tick()
        self.tally.gauges(self.pipeline, time.time())
        self.metrics.live_traces(len(self.pipeline.live))
        for each in (*self.receivers, *self.delivery.destinations):
            each.refresh()
        self._sweep()
        for keeping in self._housekeeping:
            await keeping.tick(time.time())
        if self.keeper is not None:
            await self.keeper.tick(time.time())
        if self.chronicle is not None:
            await self.chronicle.tick(time.time())
        if events:
            self._spawn(self.delivery.tell(events))

    def _components(self) -> dict[str, str]:
        """In the words of the Collector's health check."""
        queues, spool = self.traffic.queues, self.traffic.spool
        troubled = {f"exporter:{name}": queues[name].failing for name in self.config.exporters}
        if self.spools:
            troubled["extension:file_storage"] = spool.bytes >= spool.capacity > 0
        troubled["processor:memory_limiter"] = self.memory.refusing
        return {name: "StatusRecoverableError" if bad else "StatusOK" for name, bad in troubled.items()}

    def _sweep(self) -> None:
        """As often as there is as much to free as to look at."""
        if self.pipeline.left - self._swept >= max(SWEEP, len(self.pipeline.live)):
            self._swept = self.pipeline.left
            gc.collect()

    # --- metrics ----------------------------------------------------------------------------------------------------

    def _metrics_app(self) -> Starlette:
        return Starlette(routes=[Route("/metrics", self._scrape)])

    async def _scrape(self, request: Request) -> Response:
        address = request.client.host if request.client else ""
        scraper = f"{address} {request.headers.get('user-agent', '')}"
        body, content_type = self.metrics.exposition(request.headers.get("accept", ""), scraper)
        return Response(body, headers={"content-type": content_type})


def _taken_alike(one: Config, other: Config) -> bool:
    """The receivers of one can be those of the other."""
    return all(
        what(one) == what(other)
        for what in (
            lambda config: config.receivers,
            lambda config: {signal: pipeline.receivers for signal, pipeline in config.pipelines.items()},
            lambda config: {name: each for name, each in config.extensions.items() if isinstance(each, BearerToken)},
        )
    )


def _sends_alike(one: Config, other: Config) -> bool:
    """What one has left on disk is sent by the other."""
    disks = [
        {name: each.directory for name, each in config.extensions.items() if isinstance(each, FileStorage)}
        for config in (one, other)
    ]
    return disks[0] == disks[1] and one.exporters.keys() <= other.exporters.keys()


def metrics_endpoint(config: Config) -> endpoint.Endpoint | None:
    """Where metrics are scraped; None: they are off."""
    metrics = config.telemetry.metrics
    if metrics.level == "none":
        return None
    if metrics.address:
        return endpoint.parse(metrics.address, "http")
    if not metrics.readers:
        return None
    prometheus = metrics.readers[0].pull.exporter.prometheus
    return endpoint.Endpoint(prometheus.host, prometheus.port)
