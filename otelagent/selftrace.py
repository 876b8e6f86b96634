"""Traces of our own work, by opentelemetry-sdk, to an endpoint of their own. Off unless configured.

They say which component took how long and how many items; they carry no content and no text of an error. The SDK is
imported only where it is used: it would make every start slower.
"""

import contextlib
import threading
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import grpc

from otelagent import __version__, endpoint
from otelagent.attributes import SCOPE
from otelagent.settings import SelfTraceExporter, TracesTelemetry

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Tracer


class Spanned(Protocol):
    """What a piece of work may say about itself."""

    def set_attribute(self, key: str, value: str | int) -> None: ...


class _Off:
    def set_attribute(self, key: str, value: str | int) -> None: ...


_NONE = contextlib.nullcontext(_Off())


class SelfTraces:
    """The tracer of one service, and its end. `tracer` is None where they are off."""

    def __init__(self, settings: TracesTelemetry, resource: Mapping[str, str]) -> None:
        self.tracer: Tracer | None = None
        self._provider: TracerProvider | None = None
        if settings.processors:
            self._provider = _provider(settings, resource)
            self.tracer = self._provider.get_tracer(SCOPE, __version__)

    def stop(self, seconds: float) -> None:
        """Send what waits, for at most so long; blocks."""
        if self._provider is not None:
            ending = threading.Thread(target=self._provider.shutdown, daemon=True)
            ending.start()
            ending.join(seconds)


def _provider(settings: TracesTelemetry, resource: Mapping[str, str]) -> "TracerProvider":
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

    sampler = ParentBased(TraceIdRatioBased(settings.sampler.trace_id_ratio_based.ratio))
    provider = TracerProvider(sampler, Resource(dict(resource)), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(_exporter(settings.processors[0].batch.exporter.otlp)))
    return provider


def _exporter(settings: SelfTraceExporter) -> Any:
    """Everything is given, since the SDK takes the rest from variables that are meant for the application's spans."""
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

    target = endpoint.parse(settings.endpoint, "grpc")
    insecure = target.scheme == "http" or (settings.insecure and target.scheme != "https")
    return OTLPSpanExporter(
        endpoint=target.target,
        insecure=insecure,
        credentials=None if insecure else grpc.ssl_channel_credentials(),
        headers={"x-otelagent": __version__} | {k.lower(): v.get_secret_value() for k, v in settings.headers.items()},
        compression=grpc.Compression.Gzip,
        timeout=5,
    )


def spanning(tracer: "Tracer | None", name: str, *, root: bool = False) -> contextlib.AbstractContextManager[Spanned]:
    """A span around a piece of work; an error is told by its kind alone, since its words may quote content."""
    return _NONE if tracer is None else _spanning(tracer, name, root)


@contextlib.contextmanager
def _spanning(tracer: "Tracer", name: str, root: bool) -> Iterator[Spanned]:
    from opentelemetry.context import Context
    from opentelemetry.trace import StatusCode

    with tracer.start_as_current_span(
        name, Context() if root else None, record_exception=False, set_status_on_exception=False
    ) as span:
        try:
            yield span
        except BaseException as error:
            span.set_status(StatusCode.ERROR, type(error).__name__)
            raise
