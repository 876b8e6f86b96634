"""Answers to probes. Live: the event loop answers. Ready: requests can be taken. Neither depends on a destination."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


class State(StrEnum):
    """Where the process is in its life."""

    STARTING = "starting"
    READY = "ready"
    STOPPING = "stopping"


class Health:
    """State of the process, told at `path` as the Collector's health check does, and at /live, /ready and /status.

    `/status?verbose` also tells how each of `components` does; that never makes the answer another one.
    """

    def __init__(self, path: str = "/", components: Callable[[], Mapping[str, str]] = dict) -> None:
        self._components = components
        self.state = State.STARTING
        self._since = time.time()
        routes = [Route("/live", self._live), Route("/ready", self._ready), Route("/status", self._ready)]
        self.app = Starlette(routes=[*routes, Route(path, self._ready)])

    async def _live(self, _: Request) -> Response:
        return JSONResponse({"status": "live"})

    async def _ready(self, request: Request) -> Response:
        ready = self.state is State.READY
        body: dict[str, object] = {
            "status": "Server available" if ready else "Server not available",
            "state": str(self.state),
            "upSince": datetime.fromtimestamp(self._since, UTC).isoformat(),
            "uptime": f"{time.time() - self._since:.3f}s",
        }
        if "verbose" in request.query_params:
            body["components"] = dict(self._components())
        return JSONResponse(body, 200 if ready else 503)
