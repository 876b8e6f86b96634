"""What a mock does instead of answering as usual."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import msgspec

from otelagent.errors import OtelagentError

RETRY_AFTER: Final = "Retry-After"


class ToolFailed(OtelagentError):
    """The tool answered with an HTTP status that is an error. `body` is what came with it."""

    def __init__(self, status: int, body: Any = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


class ToolTimeout(OtelagentError, TimeoutError):
    """The tool didn't answer in time."""


@dataclass(frozen=True)
class Answer:
    """What a client of the tool gets over HTTP. `timeout`: nothing at all."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout: bool = False


class Failure(Protocol):
    """One way to fail. `usual` is what the tool would have returned."""

    def act(self, usual: Any) -> Any:
        """What a function that is called returns or raises."""

    def answer(self, usual: Any) -> Answer:
        """The same over HTTP."""


@dataclass(frozen=True)
class Value:
    """Return this value: an empty list, null, anything."""

    value: Any

    def act(self, usual: Any) -> Any:
        return self.value

    def answer(self, usual: Any) -> Answer:
        return Answer(encoded(self.value))


@dataclass(frozen=True)
class Status:
    """An HTTP status that is an error: raises ToolFailed."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def act(self, usual: Any) -> Any:
        raise ToolFailed(self.status, self.body, self.headers)

    def answer(self, usual: Any) -> Answer:
        return Answer(b"" if self.body is None else encoded(self.body), self.status, self.headers)


@dataclass(frozen=True)
class RateLimited:
    """429 with Retry-After, in seconds. `body` may hold part of the result, as some services do.

    `swallowed`: a careless client passes the body on as if nothing had happened; nothing is raised.
    """

    retry_after: float = 1.0
    body: Any = None
    swallowed: bool = False

    def act(self, usual: Any) -> Any:
        if self.swallowed:
            return self.body if self.body is not None else {"http_status": 429, "error": "rate limit exceeded"}
        return self._status().act(usual)

    def answer(self, usual: Any) -> Answer:
        return self._status().answer(usual)

    def _status(self) -> Status:
        return Status(429, self.body, {RETRY_AFTER: f"{self.retry_after:g}"})


@dataclass(frozen=True)
class Timeout:
    """No answer: raises ToolTimeout, after `seconds`."""

    seconds: float = 0.0

    def act(self, usual: Any) -> Any:
        time.sleep(self.seconds)
        raise ToolTimeout("no answer in time")

    def answer(self, usual: Any) -> Answer:
        return Answer(timeout=True)


@dataclass(frozen=True)
class Delay:
    """The usual answer, `seconds` late."""

    seconds: float

    def act(self, usual: Any) -> Any:
        time.sleep(self.seconds)
        return usual

    def answer(self, usual: Any) -> Answer:
        time.sleep(self.seconds)
        return Answer(encoded(usual))


@dataclass(frozen=True)
class Partial:
    """The first `share` of the usual answer's JSON text: a body that was cut off on the way."""

    share: float = 0.5

    def act(self, usual: Any) -> Any:
        return self._cut(usual).decode(errors="ignore")

    def answer(self, usual: Any) -> Answer:
        return Answer(self._cut(usual))

    def _cut(self, usual: Any) -> bytes:
        whole = encoded(usual)
        return whole[: int(len(whole) * self.share)]


@dataclass(frozen=True)
class Reshaped:
    """The usual answer in another shape: fields renamed, dropped or added, at every depth."""

    rename: Mapping[str, str] = field(default_factory=dict)
    drop: frozenset[str] | tuple[str, ...] = ()
    add: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the outermost object."""

    def act(self, usual: Any) -> Any:
        changed = self._changed(usual)
        return {**changed, **self.add} if isinstance(changed, dict) else changed

    def answer(self, usual: Any) -> Answer:
        return Answer(encoded(self.act(usual)))

    def _changed(self, value: Any) -> Any:
        if isinstance(value, dict):
            kept = {key: inner for key, inner in value.items() if key not in self.drop}
            return {self.rename.get(key, key): self._changed(inner) for key, inner in kept.items()}
        return [self._changed(inner) for inner in value] if isinstance(value, list) else value


@dataclass(frozen=True)
class Raised:
    """Raise an exception of the tool's own, such as one that was recorded."""

    error: Exception

    def act(self, usual: Any) -> Any:
        raise self.error

    def answer(self, usual: Any) -> Answer:
        return Answer(encoded({"error": str(self.error)}), 500)


def encoded(value: Any) -> bytes:
    """As a service writes it: text as it is, all else as JSON."""
    return value.encode() if isinstance(value, str) else msgspec.json.encode(value)
