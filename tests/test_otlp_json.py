"""OTLP/JSON is read by the mapping of OTLP, which differs from protobuf's own."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otelagent.errors import Rejected
from otelagent.otlp_json import to_protobuf

SPAN: dict[str, Any] = {
    "traceId": "5B8EFFF798038103D269B633813FC60C",
    "spanId": "eee19b7ec3c1b174",
    "name": "n",
    "kind": 3,
    "startTimeUnixNano": "1544712660000000000",
    "endTimeUnixNano": 1544712661000000000,
    "attributes": [
        {"key": "i", "value": {"intValue": "7"}},
        {"key": "d", "value": {"doubleValue": 1.5}},
        {"key": "l", "value": {"arrayValue": {"values": [{"stringValue": "x"}, {"boolValue": True}]}}},
        {"key": "b", "value": {"bytesValue": "aGk="}},
    ],
    "status": {"code": 2},
}


def request(span: dict[str, Any]) -> bytes:
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()


def read(span: dict[str, Any]) -> Any:
    return (
        ExportTraceServiceRequest.FromString(to_protobuf(request(span), "traces"))
        .resource_spans[0]
        .scope_spans[0]
        .spans[0]
    )


def test_ids_are_hex_enums_integers_and_64_bit_integers_strings_or_numbers() -> None:
    span = read(SPAN)
    assert span.trace_id.hex() == "5b8efff798038103d269b633813fc60c"
    assert span.span_id.hex() == "eee19b7ec3c1b174"
    assert (span.kind, span.status.code) == (3, 2)
    assert (span.start_time_unix_nano, span.end_time_unix_nano) == (1544712660000000000, 1544712661000000000)
    values = {a.key: a.value for a in span.attributes}
    assert (values["i"].int_value, values["d"].double_value, values["b"].bytes_value) == (7, 1.5, b"hi")
    assert values["l"].array_value.values[1].bool_value is True


def test_unknown_and_snake_case_names_are_ignored() -> None:
    span = read({"spanId": "eee19b7ec3c1b174", "trace_id": "5b8efff798038103d269b633813fc60c", "later": {"x": 1}})
    assert span.trace_id == b""


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "SPAN_KIND_CLIENT"},
        {"traceId": "W47/95gDgQPSabYzgT/GDA=="},
        {"spanId": 7},
        {"attributes": {}},
        {"status": []},
        {"startTimeUnixNano": -1},
        {"startTimeUnixNano": 2**64},
        {"startTimeUnixNano": "soon"},
        {"name": 1},
        {"attributes": [{"key": "x", "value": {"bytesValue": "%"}}]},
    ],
)
def test_wrong_values_are_rejected_without_their_content(change: dict[str, Any]) -> None:
    with pytest.raises(Rejected) as raised:
        to_protobuf(request({**SPAN, **change}), "traces")
    assert "W47" not in str(raised.value)
    assert "soon" not in str(raised.value)


def test_deep_nesting_is_rejected() -> None:
    value: dict[str, Any] = {"stringValue": "x"}
    for _ in range(120):
        value = {"arrayValue": {"values": [value]}}
    with pytest.raises(Rejected):
        to_protobuf(request({**SPAN, "attributes": [{"key": "k", "value": value}]}), "traces")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["resourceSpans", "scopeSpans", "spans", "attributes", "value", "key"]), inner
        )
    ),
    max_leaves=20,
)


@given(JSON)
@settings(deadline=None)
def test_any_json_is_read_or_rejected(plain: Any) -> None:
    with contextlib.suppress(Rejected):
        to_protobuf(json.dumps(plain), "traces")
