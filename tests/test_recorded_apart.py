"""Recordings of many frameworks whose children were moved to traces of their own: they are found as before.

A child that runs in another process is a trace of its own. Its spans are those that its framework sends in any case;
only what joins them to the call differs: a span link, or a W3C context that its server wrote down.
"""

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from otelagent.diagnosis.inspect import inspect, walk
from tests import builders
from tests.test_delegation import found

HERE = Path(__file__).parent
FILES = [
    *sorted(HERE.glob("captures/*delegation_*.binpb.gz")),
    *sorted(path for path in HERE.glob("recorded/*__delegation.binpb.gz")),
]


def spans_of(message: ExportTraceServiceRequest) -> Iterator[Span]:
    for resource in message.resource_spans:
        for scope in resource.scope_spans:
            yield from scope.spans


def children(body: bytes) -> list[bytes]:
    """Spans of agents inside a call of a tool, outermost ones."""
    spans = {s.span_id: s for s in spans_of(ExportTraceServiceRequest.FromString(body))}
    agents = [agent for pipe in inspect([body]).pipes for top in pipe.agents for agent in walk(top)]
    keys = [bytes.fromhex(agent.span_id) for agent in agents if agent.method == "tool"]
    inner = {a.span_id for agent in agents for a in agent.children}
    calls = {s.parent_span_id for s in spans.values()}
    return [k for k in keys if k in spans and spans[k].parent_span_id in spans and k.hex() in inner and k in calls]


def moved(body: bytes, join: Callable[[Span, bytes, bytes], None]) -> tuple[list[bytes], list[bytes]]:
    """Requests of a span each: of the traces above, and of the children's."""
    message = ExportTraceServiceRequest.FromString(body)
    spans = {s.span_id: s for s in spans_of(message)}
    tops = {key: spans[key].parent_span_id for key in children(body)}
    home: dict[bytes, bytes] = {}
    for key in spans:
        at, seen = key, set[bytes]()
        while at in spans and at not in tops and at not in seen:
            seen.add(at)
            at = spans[at].parent_span_id
        home[key] = at if at in tops else b""
    for key, top in home.items():
        if top:
            spans[key].trace_id = top + top
    for key, call in tops.items():
        spans[key].parent_span_id = b""
        join(spans[key], spans[call].trace_id, call)
    singles = list(builders.one_by_one(message.SerializeToString()))
    owners = [next(spans_of(ExportTraceServiceRequest.FromString(each))).span_id for each in singles]
    above = [each for each, key in zip(singles, owners, strict=True) if not home[key]]
    return above, [each for each, key in zip(singles, owners, strict=True) if home[key]]


def by_link(span: Span, trace_id: bytes, call: bytes) -> None:
    span.links.add(trace_id=trace_id, span_id=call)


def by_context(span: Span, trace_id: bytes, call: bytes) -> None:
    text = f"00-{trace_id.hex()}-{call.hex()}-01"
    span.attributes.append(KeyValue(key="a2a.message.metadata.traceparent", value=builders.value(text)))


def name(path: Path) -> str:
    return path.name.removesuffix(".binpb.gz")


BODIES = {name(path): gzip.decompress(path.read_bytes()) for path in FILES if ".logs." not in path.name}
APART = [each for each, body in BODIES.items() if children(body)]


def test_most_frameworks_have_children_that_can_be_moved() -> None:
    assert len({each.partition("__")[0] for each in APART}) >= 12


@pytest.mark.parametrize("join", [by_link, by_context])
@pytest.mark.parametrize("first", ["child", "parent"])
@pytest.mark.parametrize("recording", APART)
def test_children_in_traces_of_their_own_are_found_as_before(
    recording: str, first: str, join: Callable[[Span, bytes, bytes], None]
) -> None:
    body = BODIES[recording]
    above, below = moved(body, join)
    expected = found([body])
    assert found([*below, *above] if first == "child" else [*above, *below]) == expected
    # AutoGen's own spans carry no content, as those of emitters that were told to record none.
    silent = any(word in recording for word in ("delegation_ok", "nocontent", "autogen__"))
    assert bool(expected) is not silent
