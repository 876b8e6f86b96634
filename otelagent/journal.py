"""Our own log, on stderr: for people or as JSON. A line that repeats is sampled."""

import json
import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from otelagent.settings import LogsTelemetry
from otelagent.writer import STDERR

FIRST: Final = 10
"""Equal messages in a row of `TICK` seconds that are told; then every `EVERY`th."""

EVERY: Final = 100
TICK: Final = 10.0
_LEVELS: Final = {"debug": logging.DEBUG, "info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}


def begin(settings: LogsTelemetry, resource: Mapping[str, str] | None = None) -> None:
    """Send all log records of the process to stderr as the settings say; JSON lines name our own resource."""
    handler = Lines()
    handler.setFormatter(Json(resource or {}) if settings.encoding == "json" else Console())
    handler.addFilter(Sampling())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(_LEVELS[settings.level])
    for noisy in ("uvicorn", "grpc", "httpx", "httpcore", "asyncio"):
        logging.getLogger(noisy).setLevel(max(_LEVELS[settings.level], logging.WARNING))
    logging.captureWarnings(True)


class Lines(logging.Handler):
    """Never waits for whoever reads stderr: a log that nobody reads must not stop the spans."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        except Exception as error:  # noqa: BLE001 - `handleError` would wait for the reader of stderr
            line = f"a line of {record.name}:{record.lineno} can't be written: {type(error).__name__}"
        STDERR.put(line)


class Sampling(logging.Filter):
    """The first ten of equal messages within ten seconds, then every hundredth, as the Collector does."""

    def __init__(self) -> None:
        super().__init__()
        self._since = 0.0
        self._counts: dict[tuple[str, int, str], int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        now = time.monotonic()
        if now - self._since >= TICK:
            self._since = now
            self._counts.clear()
        key = (record.name, record.levelno, str(record.msg))
        self._counts[key] = count = self._counts.get(key, 0) + 1
        return count <= FIRST or count % EVERY == 0


class Console(logging.Formatter):
    """`12:00:01 warning otelagent.delivery: text`."""

    def format(self, record: logging.LogRecord) -> str:
        clock = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        return f"{clock} {record.levelname.lower()} {record.name}: {_text(record)}"


class Json(logging.Formatter):
    """One object per line."""

    def __init__(self, resource: Mapping[str, str]) -> None:
        super().__init__()
        self._resource = {"resource": dict(resource)} if resource else {}

    def format(self, record: logging.LogRecord) -> str:
        stamp = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"ts": stamp, "level": record.levelname.lower(), "logger": record.name, "msg": _text(record)}
        return json.dumps(line | self._resource)


def _text(record: logging.LogRecord) -> str:
    """The message, and of an exception the places it passed: its own text may quote captured content."""
    if not record.exc_info or record.exc_info[1] is None:
        return record.getMessage()
    error, places, trace = record.exc_info[1], [], record.exc_info[1].__traceback__
    while trace:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}")
        trace = trace.tb_next
    return f"{record.getMessage()} [{type(error).__name__} at {' > '.join(places)}]"
