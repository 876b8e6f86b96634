"""Requests leave as they came, but for what we add."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otelagent import otlp
from otelagent.errors import Rejected
from tests import builders

IDS = st.binary(min_size=0, max_size=20)
TEXT = st.text(max_size=12)
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | TEXT
    | st.binary(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


def unknown(number: int, payload: bytes) -> bytes:
    """A length-delimited field that no schema of ours has."""
    tag = (number << 3) | 2
    assert len(payload) < 128
    return bytes([(tag & 0x7F) | 0x80, tag >> 7, len(payload)]) + payload


UNKNOWN = st.builds(unknown, st.integers(100, 1000), st.binary(max_size=20))


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    spans = [
        builders.span(
            draw(TEXT),
            draw(st.dictionaries(TEXT, PLAIN, max_size=5)),
            trace_id=draw(IDS),
            span_id=draw(IDS),
            parent_id=draw(IDS),
            start=draw(st.integers(0, 2**64 - 1)),
            end=draw(st.integers(0, 2**64 - 1)),
            kind=draw(st.integers(0, 5)),
            status=draw(st.integers(0, 2)),
        )
        for _ in range(draw(st.integers(0, 4)))
    ]
    for one in spans:
        one.MergeFromString(draw(UNKNOWN | st.just(b"")))
    message = ExportTraceServiceRequest.FromString(builders.request(spans))
    message.resource_spans[0].MergeFromString(draw(UNKNOWN | st.just(b"")))
    message.resource_spans[0].scope_spans[0].MergeFromString(draw(UNKNOWN | st.just(b"")))
    return message.SerializeToString() + draw(UNKNOWN | st.just(b""))


def without_ours(body: bytes, before: bytes) -> ExportTraceServiceRequest:
    """The annotated request with what was appended to each span taken off again."""
    after, origin = ExportTraceServiceRequest.FromString(body), ExportTraceServiceRequest.FromString(before)
    for rs, rs0 in zip(after.resource_spans, origin.resource_spans, strict=True):
        for ss, ss0 in zip(rs.scope_spans, rs0.scope_spans, strict=True):
            for one, one0 in zip(ss.spans, ss0.spans, strict=True):
                del one.attributes[len(one0.attributes) :]
    return after


@given(requests(), st.integers(0, 3))
@settings(deadline=None)
def test_output_minus_our_attributes_equals_input(body: bytes, which: int) -> None:
    request = otlp.TraceRequest(body)
    assert request.serialise() is body
    for span in request.spans[which:]:
        request.append(span, otlp.delta({"otelagent.keep": True, "otelagent.list": ["a", 1, 2.5]}))
    left = without_ours(request.serialise(), body)
    assert left == ExportTraceServiceRequest.FromString(body)
    assert left.SerializeToString(deterministic=True) == (
        ExportTraceServiceRequest.FromString(body).SerializeToString(deterministic=True)
    )


@given(requests(), requests())
@settings(deadline=None)
def test_joined_requests_read_as_both(first: bytes, second: bytes) -> None:
    both = otlp.TraceRequest(first + second)
    apart = [*otlp.TraceRequest(first).spans, *otlp.TraceRequest(second).spans]
    assert [s.span_id for s in both.spans] == [s.span_id for s in apart]


@pytest.mark.parametrize("body", [b"\x0a\xff", b"\x0a\x05ab", b"garbage!"])
def test_malformed_envelope_is_rejected(body: bytes) -> None:
    with pytest.raises(Rejected):
        otlp.TraceRequest(body)


def test_span_that_cannot_be_parsed_is_forwarded_unread() -> None:
    message = ExportTraceServiceRequest.FromString(builders.request([]))
    broken = b"\x12\x02\x0a\xff"  # ScopeSpans.spans: a span whose trace id claims more bytes than there are
    inner = message.resource_spans[0].scope_spans[0].SerializeToString() + broken
    outer = message.resource_spans[0]
    outer.ClearField("scope_spans")
    body = outer.SerializeToString() + b"\x12" + bytes([len(inner)]) + inner
    body = b"\x0a" + bytes([len(body)]) + body
    request = otlp.TraceRequest(body)
    assert (request.spans, request.unread) == ([], 1)
    assert request.serialise() == body


@given(PLAIN)
def test_values_are_decoded_as_they_were_written(plain: otlp.Value) -> None:
    span = builders.span("s", {"k": plain}, trace_id=b"t" * 16, span_id=b"s" * 8)
    read = otlp.TraceRequest(builders.request([span])).spans[0]
    assert read.attributes.get("k") == plain
    assert "k" in read.attributes
    assert read.attributes.get("other") is None


def test_key_that_is_no_utf8_hides_no_wanted_key() -> None:
    raw = builders.span("s", {"good": "1"}, trace_id=b"t" * 16, span_id=b"s" * 8).SerializeToString()
    broken = raw + b"\x4a\x08\x0a\x02\xff\xfe\x12\x02\x10\x01"
    attributes = otlp.Attributes(otlp.LiteSpan.FromString(broken).attributes)
    assert attributes.get("good") == "1"
    assert attributes.keys() == ("good",)


def test_a_request_of_traces_is_told_from_one_of_logs() -> None:
    assert not otlp.holds_logs(builders.request(builders.spans({"user": "Hello", "steps": [{"say": "Hello."}]})))
    assert not otlp.holds_logs(b"")
    logs = ExportLogsServiceRequest()
    logs.resource_logs.add().scope_logs.add().log_records.add(time_unix_nano=1, event_name="gen_ai.user.message")
    assert otlp.holds_logs(logs.SerializeToString())
