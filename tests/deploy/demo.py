"""`make demo-observability`: recordings through otelagent, Prometheus and Alertmanager; then what one would see."""

import contextlib
import sys
import tempfile
import time
from pathlib import Path

from otelagent.sink import Sink
from tests.deploy.expressions import panels
from tests.deploy.monitoring import Monitoring, monitoring
from tests.deploy.test_alerting import HEALTHY, LOOP, MUTED, WITHOUT_CONTENT, replay, settings
from tests.running import running

SECONDS = 60
FILES = (
    LOOP,
    "google-adk__native__delegation_partial.binpb.gz",
    "langgraph__openinference__rate_limit.binpb.gz",
    "vercel-ai__native__empty_result.binpb.gz",
    WITHOUT_CONTENT,
    MUTED,
    *[HEALTHY] * 15,
)


def show(asked: Monitoring) -> None:
    """Panels with and without data, and the alerts that fire."""
    for name, expression in panels():
        found = asked.query(expression.replace("[1m]", "[30s]"))
        print(f"{len(found):4} {name}")  # noqa: T201
    for name, alert in sorted(asked.firing().items()):
        print(f"firing: {name}: {alert['annotations']['description']}")  # noqa: T201


def main() -> None:
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sink = stack.enter_context(Sink())
        staging = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        service = stack.enter_context(running(sink, settings(staging)))
        asked = stack.enter_context(monitoring(service.endpoint("metrics"), folder))
        print(f"replaying for {SECONDS} s; Prometheus: {asked.address}")  # noqa: T201
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            replay(service, *FILES)
        show(asked)
        if sys.stdin.isatty():
            input("Enter ends it. ")


if __name__ == "__main__":
    main()
