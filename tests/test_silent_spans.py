"""Silent spans keep a place and nothing more, until somebody works in their trace: then it is as if they were read."""

import gzip
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from otelagent import dialects, otlp
from otelagent.diagnosis.scan import Report
from otelagent.model import Odd
from otelagent.pipeline import Pipeline
from tests import builders

FOLDERS = [Path(__file__).parent / name for name in ("captures", "recorded")]
RECORDINGS = [p for f in FOLDERS for p in sorted(f.glob("*.binpb.gz")) if not p.name.endswith(".logs.binpb.gz")]
PLAIN = "opentelemetry.instrumentation.httpx"
SECOND = 1_000_000_000


class Ear(Report):
    """Keeps all that is counted."""

    def __init__(self) -> None:
        super().__init__()
        self.counted: dict[tuple[Any, ...], int] = {}

    def spans(self, dialect: str, kind: str, count: int) -> None:
        self._add(count, dialect, kind)

    def unrecognised(self, scope: str, count: int) -> None:
        self._add(count, scope)

    def odd(self, reason: Odd, count: int) -> None:
        self._add(count, reason)

    def _add(self, count: int, *what: Any) -> None:
        self.counted[what] = self.counted.get(what, 0) + count

    def unread(self, reason: str) -> None:
        raise AssertionError(reason)


def told(requests: list[bytes]) -> tuple[list[bytes], dict[tuple[Any, ...], int], list[Any]]:
    ear = Ear()
    pipeline = Pipeline(ears=(ear,))
    bodies = [pipeline.traces(body, float(now)).body for now, body in enumerate(requests)]
    pipeline.settle(1e3)
    return bodies, ear.counted, list(ear.findings.values())


def read_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialects, "silent", lambda group, unmarked: False)


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.name)
def test_recordings_give_the_same_as_if_all_were_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = gzip.decompress(path.read_bytes())
    requests = [*builders.one_by_one(body)]
    apart, whole = told(requests), told([body])
    read_all(monkeypatch)
    assert apart == told(requests)
    assert whole == told([body])


def http(number: int, parent: int, *, status: int = 200, trace: bytes = b"t", **attributes: Any) -> Span:
    return builders.span(
        "GET",
        {"http.request.method": "GET", "http.response.status_code": status, **attributes},
        trace_id=trace * 16,
        span_id=bytes([number]) * 8,
        parent_id=bytes([parent]) * 8 if parent else b"",
        end=builders.BEGIN + number,
        kind=Span.SPAN_KIND_CLIENT,
    )


def tool(number: int, parent: int = 0) -> Span:
    attributes = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "fetch", "gen_ai.tool.call.result": "{}"}
    return builders.span(
        "execute_tool fetch",
        attributes,
        trace_id=b"t" * 16,
        span_id=bytes([number]) * 8,
        parent_id=bytes([parent]) * 8 if parent else b"",
        end=builders.BEGIN + SECOND,
    )


def plain(*spans: Span) -> bytes:
    return builders.request(spans, scope=PLAIN)


CASES = {
    "status below a tool": [plain(http(1, 2, status=429)), plain(http(2, 9)), builders.request([tool(9)])],
    "in one request": [plain(http(1, 9, status=503)) + builders.request([tool(9)])],
    "agent first": [builders.request([tool(9)]), plain(http(1, 9, status=500))],
    "sent twice": [plain(http(1, 2)), plain(http(1, 2)), plain(http(1, 3))],
    "own parent": [plain(http(1, 1), http(2, 0), http(3, 8, trace=b"u"))],
    "odd status": [plain(http(1, 2, status=200, **{"http.status_code": [1]}))],
}


@pytest.mark.parametrize("requests", CASES.values(), ids=CASES)
def test_cases_give_the_same_as_if_all_were_read(requests: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    apart = told(requests)
    read_all(monkeypatch)
    assert apart == told(requests)


def changed(**fields: Any) -> Span:
    own = http(1, 2, status=429)
    for name, value in fields.items():
        setattr(own, name, value)
    return own


FORMS = {
    "as SDKs write them": changed(),
    "topmost": changed(parent_span_id=b""),
    "long name": changed(name="n" * 300),
    "no name": changed(name=""),
    "trace state": changed(trace_state="vendor=1"),
    "no kind": changed(kind=Span.SPAN_KIND_UNSPECIFIED),
    "no times": changed(start_time_unix_nano=0, end_time_unix_nano=0),
    "short ids": changed(trace_id=b"t", span_id=b"s"),
    "nothing else": Span(trace_id=b"t" * 16, span_id=b"s" * 8),
}


@pytest.mark.parametrize("own", FORMS.values(), ids=FORMS)
def test_ids_times_and_kind_are_read_however_a_span_is_written(own: Span) -> None:
    (group,) = otlp.TraceRequest(plain(own)).groups
    found: dict[bytes, list[otlp.Head]] = defaultdict(list)
    assert group.heads(found) == 1
    ((head,),) = found.values()
    times = own.start_time_unix_nano, own.end_time_unix_nano
    assert head[:6] == (own.trace_id, own.span_id, own.parent_span_id, *times, own.kind)


def test_a_status_in_an_event_is_none_of_the_span() -> None:
    own = http(1, 2)
    own.ClearField("attributes")
    own.events.add(name="retry").attributes.add(key="http.response.status_code").value.int_value = 429
    assert dialects.answered_in(own.SerializeToString()) is None


def test_a_trace_without_agents_leaves_when_nothing_has_come_for_a_while() -> None:
    pipeline = Pipeline()
    live = []
    for now, number in enumerate((1, 0, 0, 0, 0, 0, 0, 0, 2, *[0] * 12)):
        if number:
            pipeline.traces(plain(http(number, 0)), float(now))
        pipeline.tick(float(now))
        live.append(len(pipeline.live))
    assert live == [1] * 18 + [0] * 3


def test_a_trace_in_which_an_agent_begins_to_work_is_looked_at_each_second() -> None:
    pipeline = Pipeline()
    pipeline.traces(plain(http(1, 9)), 0.0)
    pipeline.traces(builders.request([tool(9)]), 9.0)
    live = []
    for now in range(10, 22):
        pipeline.tick(float(now))
        live.append(len(pipeline.live))
    assert live == [1] * 9 + [0] * 3


def test_a_link_counts_also_on_a_silent_span(monkeypatch: pytest.MonkeyPatch) -> None:
    own = http(1, 2)
    own.links.add(trace_id=b"u" * 16, span_id=b"v" * 8)
    requests = [plain(own), builders.request([tool(2)])]
    apart = told(requests)
    read_all(monkeypatch)
    assert apart == told(requests)


def test_the_status_of_a_silent_call_reaches_its_tool() -> None:
    statuses = []

    class Steps(Report):
        def step(self, step: Any, run: Any, trace: Any) -> None:
            statuses.append(step.http_status)

    pipeline = Pipeline(ears=(Steps(),))
    pipeline.traces(plain(http(1, 2, status=429), http(2, 9)), 0.0)
    pipeline.traces(builders.request([tool(9)]), 1.0)
    assert statuses == [200]


def test_what_is_silent_leaves_as_it_came() -> None:
    body = plain(http(1, 2), http(2, 0))
    assert Pipeline().traces(body, 0.0).body is body


def test_spans_that_come_after_their_trace_has_left_find_their_places() -> None:
    pipeline = Pipeline(ears=(ear := Ear(),))
    pipeline.traces(plain(http(1, 2)) + builders.request([tool(9)]), 0.0)
    pipeline.tick(1e4)
    assert not len(pipeline.live)
    pipeline.traces(plain(http(2, 9), http(1, 2)), 1e4)
    pipeline.traces(builders.request([tool(7, 9)]), 1e4 + 1)
    trace = pipeline.live.get(b"t" * 16)
    assert trace is not None
    assert trace.recalled
    assert len(trace.nodes) == 4
    assert (Odd.ID_REUSED,) not in ear.counted
