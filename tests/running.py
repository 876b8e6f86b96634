"""The real service on free ports, on an event loop of its own thread, for tests that speak to it from outside."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypeVar

from otelagent import config
from otelagent.config_text import merge
from otelagent.service import Service
from otelagent.sink import Sink

T = TypeVar("T")

FREE: Mapping[str, Any] = {
    "receivers": {"otlp": {"protocols": {"grpc": {"endpoint": "127.0.0.1:0"}, "http": {"endpoint": "127.0.0.1:0"}}}},
    "extensions": {"health_check": {"endpoint": "127.0.0.1:0"}},
    "service": {"telemetry": {"metrics": {"address": "127.0.0.1:0"}}},
}


class Running:
    """A started service. `call` runs a coroutine on its loop."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="service", daemon=True)
        self._thread.start()
        self.service: Service = self.call(self._start(settings))
        self.stopped = False

    async def _start(self, settings: Mapping[str, Any]) -> Service:
        service = Service(config.load(merge(FREE, settings), environ={}))
        await service.start()
        return service

    def call(self, work: Coroutine[Any, Any, T], seconds: float = 30) -> T:
        future: Future[T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result(seconds)

    def endpoint(self, name: str = "grpc") -> str:
        return f"127.0.0.1:{self.service.ports[name]}"

    def stop(self, grace: float = 5.0) -> None:
        if not self.stopped:
            self.stopped = True
            self.call(self.service.stop(grace))
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)
            self._loop.close()


@contextmanager
def running(sink: Sink | None = None, settings: Mapping[str, Any] | None = None) -> Iterator[Running]:
    """A service that sends to the sink."""
    exporters = {"exporters": {"otlp": {"endpoint": f"http://{sink.endpoint}"}}} if sink else {}
    service = Running(merge(exporters, settings or {}))
    try:
        yield service
    finally:
        service.stop()
