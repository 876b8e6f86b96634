"""Sends numbered spans one after another through the SDK's exporter and prints the number of each that was accepted."""

import sys
import time

from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as Grpc
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as Http
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SpanExportResult

PATIENCE = 60
"""Seconds for all attempts of one export."""


def main(protocol: str, endpoint: str, count: int) -> None:
    """One export for each span, as the SDK's processors call it."""
    grpc = protocol == "grpc"
    url = f"http://{endpoint}" if grpc else f"http://{endpoint}/v1/traces"
    exporter = Grpc(endpoint=url, insecure=True, timeout=PATIENCE) if grpc else Http(endpoint=url, timeout=PATIENCE)
    tracer = TracerProvider().get_tracer("client")
    for number in range(count):
        span = tracer.start_span(f"span {number}")
        span.end()
        if isinstance(span, ReadableSpan) and exporter.export([span]) is SpanExportResult.SUCCESS:
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()
        time.sleep(0.05)
    exporter.shutdown()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
