"""What must not go on is taken out of everything that leaves or is kept, after the detectors have looked."""

import hashlib
import hmac
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
import zstandard
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from otelagent.config_text import merge
from otelagent.errors import Rejected
from otelagent.redaction import Redactor
from otelagent.settings import Redaction
from otelagent.sink import Sink
from otelagent.traffic import Signal
from tests.requests import MALFORMED
from tests.running import running
from tests.test_durability import spooled
from tests.test_privacy import Canaries, failing, log_records, send

CARD = "4111111111111111"
CARDS = {"allow_all_keys": True, "blocked_values": ["4[0-9]{12}(?:[0-9]{3})?"]}


def redactor(counts: Counter[str] | None = None, **settings: Any) -> Redactor:
    return Redactor(Redaction.model_validate(settings), Counter() if counts is None else counts)


def span(attributes: dict[str, Any], **settings: Any) -> Span:
    """The span after redaction."""
    request = ExportTraceServiceRequest()
    made = request.resource_spans.add().scope_spans.add().spans.add(name="n", trace_id=b"t" * 16, span_id=b"s" * 8)
    for key, value in attributes.items():
        fill(made.attributes.add(key=key).value, value)
    body = redactor(**settings).redact(Signal.TRACES, request.SerializeToString())
    return ExportTraceServiceRequest.FromString(body).resource_spans[0].scope_spans[0].spans[0]


def fill(into: Any, value: Any) -> None:
    match value:
        case str():
            into.string_value = value
        case int():
            into.int_value = value
        case list():
            for each in value:
                fill(into.array_value.values.add(), each)
        case dict():
            for key, each in value.items():
                fill(into.kvlist_value.values.add(key=key).value, each)


def plain(pairs: Any) -> dict[str, Any]:
    return {pair.key: value(pair) for pair in pairs}


def value(pair: KeyValue) -> Any:
    kind = pair.value.WhichOneof("value")
    if kind == "array_value":
        return [each.string_value for each in pair.value.array_value.values]
    if kind == "kvlist_value":
        return plain(pair.value.kvlist_value.values)
    return getattr(pair.value, kind or "string_value")


@pytest.mark.parametrize(
    ("settings", "before", "after"),
    [
        ({}, {"a": "x"}, {}),
        ({"allowed_keys": ["a"]}, {"a": "x", "b": "y", "otelagent.keep": "z"}, {"a": "x", "otelagent.keep": "z"}),
        ({"ignored_keys": ["a"], "blocked_values": ["."]}, {"a": "x", "b": "y"}, {"a": "x"}),
        ({"ignored_key_patterns": ["^safe_"], "blocked_values": ["."]}, {"safe_a": "x"}, {"safe_a": "x"}),
        (CARDS, {"a": f"card {CARD}, thanks"}, {"a": "card ****, thanks"}),
        (CARDS, {"a": [CARD, "b"], "c": {"d": CARD}}, {"a": ["****", "b"], "c": {"d": "****"}}),
        (CARDS, {"a": int(CARD)}, {"a": int(CARD)}),
        ({**CARDS, "redact_all_types": True}, {"a": int(CARD), "b": 5}, {"a": "****", "b": 5}),
        ({**CARDS, "allowed_values": ["^test "]}, {"a": f"test {CARD}"}, {"a": f"test {CARD}"}),
        (
            {"allow_all_keys": True, "blocked_key_patterns": ["(?i)token"]},
            {"api_TOKEN": "x", "a": {"token": ["x"]}, "b": "y"},
            {"api_TOKEN": "****", "a": {"token": "****"}, "b": "y"},
        ),
        ({**CARDS, "summary": "info"}, {"a": CARD}, {"a": "****", "redaction.masked.count": 1}),
        (
            {"allowed_keys": ["a"], "summary": "debug"},
            {"a": "x", "c": "z", "b": "y"},
            {"a": "x", "redaction.redacted.count": 2, "redaction.redacted.keys": "b,c"},
        ),
    ],
)
def test_attributes_as_the_collectors_processor_treats_them(
    settings: dict[str, Any], before: dict[str, Any], after: dict[str, Any]
) -> None:
    assert plain(span(before, **settings).attributes) == after


def test_a_keyed_hash_keeps_equal_values_equal_and_cannot_be_guessed_without_the_key() -> None:
    settings = {**CARDS, "hash_function": "hmac-sha256", "hmac_key": "secret"}
    digest = hmac.new(b"secret", CARD.encode(), hashlib.sha256).hexdigest()
    assert plain(span({"a": CARD, "b": f"my {CARD}"}, **settings).attributes) == {"a": digest, "b": f"my {digest}"}


def test_content_is_masked_wherever_it_can_stand() -> None:
    traces = ExportTraceServiceRequest()
    resource = traces.resource_spans.add()
    resource.resource.attributes.add(key="a").value.string_value = CARD
    scope = resource.scope_spans.add()
    scope.scope.attributes.add(key="a").value.string_value = CARD
    made = scope.spans.add(name=f"pay {CARD}")
    made.status.message = CARD
    made.attributes.add(key="a").value.bytes_value = CARD.encode()
    made.events.add(name=CARD).attributes.add(key="a").value.string_value = CARD
    made.links.add().attributes.add(key="a").value.string_value = CARD
    logs = ExportLogsServiceRequest()
    for body in (CARD, {"message": {"content": [CARD]}}):
        fill(logs.resource_logs.add().scope_logs.add().log_records.add().body, body)
    metrics = ExportMetricsServiceRequest()
    metric = metrics.resource_metrics.add().scope_metrics.add().metrics
    for kind in ("gauge", "sum", "histogram", "exponential_histogram", "summary"):
        point = getattr(metric.add(name=kind), kind).data_points.add()
        point.attributes.add(key="a").value.string_value = CARD
        if kind != "summary":
            point.exemplars.add().filtered_attributes.add(key="a").value.string_value = CARD
    counts: Counter[str] = Counter()
    for signal, request in ((Signal.TRACES, traces), (Signal.LOGS, logs), (Signal.METRICS, metrics)):
        before = request.SerializeToString()
        after = redactor(counts, **CARDS).redact(signal, before)
        assert before.count(CARD.encode()) == after.count(b"****")
        assert CARD.encode() not in after
        request.ParseFromString(after)
    assert counts["masked"] == 8 + 2 + 9


def test_the_body_of_a_log_keeps_only_allowed_keys_at_every_depth() -> None:
    logs = ExportLogsServiceRequest()
    fill(logs.resource_logs.add().scope_logs.add().log_records.add().body, {"a": {"a": "x", "b": "y"}, "b": "z"})
    body = redactor(allowed_keys=["a"]).redact(Signal.LOGS, logs.SerializeToString())
    record = ExportLogsServiceRequest.FromString(body).resource_logs[0].scope_logs[0].log_records[0]
    assert plain(record.body.kvlist_value.values) == {"a": {"a": "x"}}


def test_what_is_not_content_passes_as_it_came() -> None:
    body = failing(Canaries()).SerializeToString()
    before, after = ExportTraceServiceRequest.FromString(body), ExportTraceServiceRequest()
    after.ParseFromString(redactor(allow_all_keys=True).redact(Signal.TRACES, body))
    assert after == before


def test_text_that_is_no_utf8_is_redacted_like_any_other() -> None:
    request = ExportTraceServiceRequest()
    made = request.resource_spans.add().scope_spans.add().spans.add(name="n")
    made.attributes.add(key="a").value.string_value = f"{CARD}~"
    body = request.SerializeToString().replace(b"~", b"\xff")
    after = redactor(**CARDS).redact(Signal.TRACES, body)
    assert CARD.encode() not in after
    assert b"****" in after


@pytest.mark.parametrize("signal", list(Signal))
def test_what_cannot_be_looked_at_does_not_pass(signal: Signal) -> None:
    with pytest.raises(Rejected):
        redactor(allow_all_keys=True).redact(signal, MALFORMED)
    broken = ExportTraceServiceRequest()
    broken.resource_spans.add().scope_spans.add().spans.add(name="n" * 20)
    with pytest.raises(Rejected):
        redactor(allow_all_keys=True).redact(signal, broken.SerializeToString().replace(b"\x2a\x14", b"\x2a\x7f"))


def test_detectors_see_all_and_nobody_else_does(tmp_path: Path) -> None:
    """Findings come from what was redacted afterwards: downstream, spool and trace store hold none of it."""
    canary = Canaries()
    settings = merge(
        spooled(tmp_path / "spool"),
        {
            "processors": {"redaction": {"allow_all_keys": True, "blocked_values": ["canary[0-9a-f]+"]}},
            "extensions": {"trace_store": {"directory": str(tmp_path / "traces")}},
        },
    )
    with Sink() as sink, running(sink, settings) as service:
        send(service, Signal.TRACES, failing(canary).SerializeToString())
        send(service, Signal.LOGS, log_records(canary))
        sink.answer = lambda *_: grpc.StatusCode.UNAVAILABLE
        send(service, Signal.LOGS, log_records(canary))
        metrics = httpx.get(f"http://{service.endpoint('metrics')}/metrics").text
        service.stop()
    sent = b"".join(body for signal in Signal for body in sink.requests[signal])
    assert b"otelagent.failure.modes" in sent
    assert b"****" in sent
    assert canary.found(sent) == []
    kept = stored(tmp_path / "spool/spool.db", "waiting") + stored(tmp_path / "traces/traces.db", "part")
    assert len(kept) >= 2
    assert canary.found(b"".join(kept)) == []
    assert 'otelagent_redacted_values_total{action="masked"}' in metrics


def stored(path: Path, table: str) -> list[bytes]:
    """Bodies in a database of ours, unpacked."""
    with sqlite3.connect(path) as db:
        return [zstandard.decompress(body) for (body,) in db.execute(f"SELECT body FROM {table}")]  # noqa: S608
