"""Public recordings of real agent runs with their labels, in `data/traces`: a request and labels for each corpus."""

import gzip
import json
import lzma
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

TRACES: Final = Path(__file__).parent / "data" / "traces"
CORPORA: Final = ("taubench", "agentrx", "toolbench", "hotpot")


class Recorded(NamedTuple):
    """One run: its label and its spans as an ExportTraceServiceRequest."""

    label: dict[str, Any]
    request: bytes


def runs(corpus: str) -> Iterator[Recorded]:
    """All runs of a corpus, in the order of its labels."""
    requests = _by_trace(lzma.decompress((TRACES / f"{corpus}.binpb.xz").read_bytes()))
    for line in gzip.decompress((TRACES / f"{corpus}.labels.jsonl.gz").read_bytes()).splitlines():
        label = json.loads(line)
        yield Recorded(label, b"".join(requests[bytes.fromhex(trace)] for trace in label["trace_ids"]))


def _by_trace(body: bytes) -> dict[bytes, bytes]:
    """The request cut by trace; every group of spans in it is of one trace."""
    found: dict[bytes, bytes] = {}
    for group in ExportTraceServiceRequest.FromString(body).resource_spans:
        trace_id = group.scope_spans[0].spans[0].trace_id
        one = ExportTraceServiceRequest(resource_spans=[group]).SerializeToString()
        found[trace_id] = found.get(trace_id, b"") + one
    return found
