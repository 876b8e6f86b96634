"""Recorded requests into the fold, one second apart."""

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple, Protocol, TypeAlias

from otelagent.pipeline import Annotated, Settings

LOCAL: Final = Settings(detectors={"delegation_incomplete": {"name_items": True}})
"""For whoever has the recording, and with it the content, at hand: all missing items are named."""


class Logs(NamedTuple):
    """An ExportLogsServiceRequest among requests of traces."""

    body: bytes


Request: TypeAlias = bytes | Logs


class Fold(Protocol):
    """A pipeline, or what stands for one."""

    def traces(self, body: bytes, now: float) -> Annotated: ...
    def logs(self, body: bytes, now: float) -> None: ...
    def settle(self, now: float) -> bytes | None: ...


def play(requests: Iterable[Request], fold: Fold, each: Callable[[bytes], None] = lambda body: None) -> int:
    """Play all, settle all traces at the end, and give the number of spans; `each` gets the traces' bodies as well."""
    spans, now = 0, 0.0
    for now, request in enumerate(requests, 1):
        if isinstance(request, Logs):
            fold.logs(request.body, float(now))
        else:
            spans += fold.traces(request, float(now)).spans
            each(request)
    fold.settle(now + 1.0)
    return spans
