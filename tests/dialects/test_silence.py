"""A span is told to be silent only if reading it would say nothing."""

import gzip
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from otelagent import dialects, otlp
from otelagent.dialects import DIALECTS, hints, log_fields
from tests import builders

FOLDERS = [Path(__file__).parent.parent / name for name in ("captures", "recorded")]
RECORDINGS = [p for f in FOLDERS for p in sorted(f.glob("*.binpb.gz")) if not p.name.endswith(".logs.binpb.gz")]
SCOPE = "opentelemetry.instrumentation.asgi"
MARKERS = sorted({marker for dialect in DIALECTS for marker in dialect.markers})
HEADS = sorted({head for dialect in DIALECTS for head in dialect.names})
SCOPES = sorted({scope for dialect in DIALECTS for scope in dialect.scopes})


def span(name: str = "GET /v1/items", attributes: dict[str, Any] | None = None) -> Span:
    said = {"http.request.method": "GET", "http.response.status_code": 200, "user_agent.original": "curl", "n": 1}
    return builders.span(name, said | (attributes or {}), trace_id=b"t" * 16, span_id=b"s" * 8, kind=3)


def silent(*spans: Span, scope: str = SCOPE) -> bool:
    (group,) = otlp.TraceRequest(builders.request(spans, scope=scope)).groups
    return dialects.silent(group)


def test_a_service_without_agents_is_silent() -> None:
    database = span("SELECT orders", {"db.system.name": "postgresql", "db.query.text": "SELECT * FROM agents"})
    assert silent(span(), database, span("POST /tools", {"url.full": "https://agent.example.com/tools/llm.html"}))


@pytest.mark.parametrize("marker", MARKERS)
def test_a_key_that_shows_a_dialect_is_heard(marker: str) -> None:
    assert not silent(span(), span(attributes={marker.replace("*", "x"): "1"}))


@pytest.mark.parametrize("key", sorted({*log_fields.COUNTED, *hints.HEADS, *(f"{head}.x" for head in hints.HEADS)}))
def test_a_count_of_items_or_a_hint_at_agents_is_heard(key: str) -> None:
    assert not silent(span(), span(attributes={key: 7}))


@pytest.mark.parametrize("head", HEADS)
def test_a_name_that_shows_a_dialect_is_heard(head: str) -> None:
    assert not silent(span(f"{head}x"), span())


@pytest.mark.parametrize("scope", [*SCOPES, "my.agents", "LLM client"])
def test_a_scope_that_speaks_of_agents_is_heard(scope: str) -> None:
    assert not silent(span(), scope=scope.replace("*", "x"))


@pytest.mark.parametrize("name", sorted(log_fields.EVENTS))
def test_an_event_that_is_a_tool_call_is_heard(name: str) -> None:
    own = span()
    own.events.add(name=name)
    assert not silent(own)


def test_an_event_that_counts_items_is_heard() -> None:
    own = span()
    own.events.add(name="done").attributes.add(key="items_processed").value.int_value = 3
    assert not silent(own)


PAIRS = {
    "as usual": b"\x0a\x05event\x12\x00",
    "padded length": b"\x0a\x85\x00event\x12\x00",
    "padded tag": b"\x8a\x00\x05event\x12\x00",
    "value first": b"\x12\x00\x0a\x05event",
}


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_a_key_is_heard_however_it_is_encoded(pair: bytes) -> None:
    request = otlp.TraceRequest(builders.request([span()], scope=SCOPE))
    (group,) = request.groups
    assert dialects.silent(group)
    group.items[0] = group.items[0] + b"\x4a" + bytes([len(pair)]) + pair
    assert not dialects.silent(group)
    (read,) = request.read(group)
    assert "event" in read.attributes


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.name)
def test_what_is_silent_reads_as_a_place(path: Path) -> None:
    whole = ExportTraceServiceRequest.FromString(gzip.decompress(path.read_bytes()))
    for resource in whole.resource_spans:
        for scope in resource.scope_spans:
            for own in scope.spans:
                request = otlp.TraceRequest(builders.request([own], scope=scope.scope.name))
                (group,) = request.groups
                if dialects.silent(group):
                    (read,) = request.read(group)
                    assert dialects.read(read) == dialects.placed(read)
                    assert not dialects.calls(read)
