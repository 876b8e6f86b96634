"""Answers to probes. Live: the event loop answers. Ready: requests can be taken. Neither depends on a destination."""

import time
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
    """State of the process, told at `path` as the Collector's health check does, and at /live, /ready and /status."""

    def __init__(self, path: str = "/") -> None:
        self.state = State.STARTING
        self._since = time.time()
        routes = [Route("/live", self._live), Route("/ready", self._ready), Route("/status", self._ready)]
        self.app = Starlette(routes=[*routes, Route(path, self._ready)])

    async def _live(self, _: Request) -> Response:
        return JSONResponse({"status": "live"})

    async def _ready(self, _: Request) -> Response:
        ready = self.state is State.READY
        body = {
            "status": "Server available" if ready else "Server not available",
            "state": str(self.state),
            "upSince": datetime.fromtimestamp(self._since, UTC).isoformat(),
            "uptime": f"{time.time() - self._since:.3f}s",
        }
        return JSONResponse(body, 200 if ready else 503)
