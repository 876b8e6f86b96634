"""Bad input: each kind has a decided reading, raises nothing, goes on as it came, and is counted."""

import json
from collections import Counter
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from otelagent.diagnosis.scan import Report
from otelagent.model import Kind, Odd, Step
from otelagent.pipeline import Pipeline
from tests import builders

TRACE, OTHER = b"t" * 16, b"u" * 16
SECOND = 1_000_000_000


class Ear(Report):
    """Keeps what was counted, and the steps."""

    def __init__(self) -> None:
        super().__init__()
        self.odds: Counter[Odd] = Counter()
        self.steps: list[Step] = []
        self.outcomes: list[str] = []
        self.runs: list[set[str | None]] = []

    def odd(self, reason: Odd, count: int) -> None:
        self.odds[reason] += count

    def step(self, step: Step, run: Any, trace: Any) -> None:
        super().step(step, run, trace)
        self.steps.append(step)

    def closed(self, trace: Any, reason: Any) -> None:
        super().closed(trace, reason)
        self.outcomes.append(trace.outcome)
        self.runs.append({run.agent for run in trace.runs.values()})

    def unread(self, reason: str) -> None:
        raise AssertionError(reason)


def agent(number: int, parent: int = 0, *, trace_id: bytes = TRACE, start: int = 0, end: int = SECOND) -> Span:
    attributes = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": f"agent {number}"}
    return _span(f"invoke_agent {number}", attributes, number, parent, trace_id, start, end)


def tool(
    number: int, parent: int = 0, *, trace_id: bytes = TRACE, start: int = 0, end: int = SECOND, result: Any = "fine"
) -> Span:
    attributes = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": f"tool_{number}"}
    attributes |= {"gen_ai.tool.call.result": result}
    return _span(f"execute_tool {number}", attributes, number, parent, trace_id, start, end)


def _span(
    name: str, attributes: dict[str, Any], number: int, parent: int, trace_id: bytes, start: int, end: int
) -> Span:
    return builders.span(
        name,
        attributes,
        trace_id=trace_id,
        span_id=bytes([number]) * 8,
        parent_id=bytes([parent]) * 8 if parent else b"",
        start=builders.BEGIN + start,
        end=builders.BEGIN + end,
    )


def played(*requests: list[Span]) -> Ear:
    """What the pipeline tells; ids, times and foreign attributes of each span go on as they came."""
    ear = Ear()
    pipeline = Pipeline(ears=(ear,))
    for now, spans in enumerate(requests):
        sent = _spans(pipeline.traces(builders.request(spans), float(now)).body)
        assert [_foreign(s) for s in sent] == [_foreign(s) for s in spans]
    pipeline.settle(1e3)
    return ear


def _spans(body: bytes) -> list[Span]:
    message = ExportTraceServiceRequest.FromString(body)
    return [s for rs in message.resource_spans for ss in rs.scope_spans for s in ss.spans]


def _foreign(span: Span) -> Span:
    kept = Span()
    kept.CopyFrom(span)
    del kept.attributes[:]
    kept.attributes.extend(a for a in span.attributes if not a.key.startswith("otelagent."))
    return kept


def test_ordinary_trace_has_nothing_odd() -> None:
    ear = played([tool(2, 1), agent(1)])
    assert (ear.odds, ear.outcomes) == ({}, ["success"])


def test_end_before_start_lasts_no_time() -> None:
    ear = played([tool(2, 1, start=SECOND, end=0), agent(1)])
    assert ear.odds == {Odd.ENDS_BEFORE_START: 1}
    assert [s.tool for s in ear.steps] == ["tool_2", None]
    assert ear.runs == [{"agent 1"}]


@pytest.mark.parametrize("together", [True, False])
def test_child_before_its_parent_is_the_parents_all_the_same(together: bool) -> None:
    child, parent = tool(2, 1, start=-5 * SECOND, end=-4 * SECOND), agent(1)
    ear = played([child, parent]) if together else played([child], [parent])
    assert ear.odds == {Odd.STARTS_BEFORE_PARENT: 1}
    assert (ear.runs, ear.outcomes) == ([{"agent 1"}], ["success"])


def test_child_that_outlives_its_parent_is_nothing_odd() -> None:
    ear = played([agent(1), tool(2, 1, start=2 * SECOND, end=3 * SECOND)])
    assert (ear.odds, ear.runs) == ({}, [{"agent 1"}])


def test_of_one_id_with_two_contents_the_first_counts() -> None:
    ear = played([agent(1), tool(2, 1)], [tool(2, 1, start=5, end=9, result="other")])
    assert ear.odds == {Odd.ID_REUSED: 1}
    assert [s.end - builders.BEGIN for s in ear.steps if s.tool] == [SECOND]


def test_repeated_span_is_nothing_odd() -> None:
    ear = played([tool(2, 1), agent(1)], [tool(2, 1), agent(1)])
    assert ear.odds == {}
    assert len(ear.steps) == 2


def test_parent_in_another_trace_is_a_lost_parent() -> None:
    ear = played([agent(1, trace_id=OTHER)], [tool(2, 1)])
    assert ear.odds == {Odd.PARENT_ELSEWHERE: 1}
    assert sorted(ear.outcomes) == ["success", "unknown"]


def test_lost_parent_alone_is_nothing_odd() -> None:
    assert played([tool(2, 1)]).odds == {}


def test_span_that_is_its_own_parent_is_a_top_and_no_root() -> None:
    ear = played([tool(2, 1), agent(1, parent=1)])
    assert ear.odds == {Odd.OWN_PARENT: 1}
    assert (ear.runs, ear.outcomes) == ([{"agent 1"}], ["unknown"])


def test_parents_in_a_circle_are_a_run_whose_end_is_unknown() -> None:
    ear = played([tool(1, 3), tool(2, 1), tool(3, 2)])
    assert ear.odds[Odd.CYCLE] >= 1
    assert set(ear.odds) == {Odd.CYCLE}
    assert len(ear.steps) == 3
    assert ear.outcomes == ["unknown"]


def test_of_ten_megabytes_the_beginning_is_judged() -> None:
    result = json.dumps({"results": ["x" * 10_000_000]})
    ear = played([tool(2, 1, result=result), agent(1)])
    assert ear.odds == {Odd.LARGE: 1}
    (call,) = [s.call for s in ear.steps if s.tool]
    assert call is not None
    assert str(call.outcome.status) == "ok"
    assert call.size is not None
    assert call.size > 1_000_000


@pytest.mark.parametrize("result", [b"\xff\xfe{", b"", b"\x00" * 9, {"a": b"\xff"}, [b"\xc3"]])
def test_bytes_that_are_no_text_are_no_failure(result: Any) -> None:
    ear = played([tool(2, 1, result=result), agent(1)])
    assert ear.odds == {Odd.NOT_TEXT: 1}
    (call,) = [s.call for s in ear.steps if s.tool]
    assert call is not None
    assert str(call.outcome.status) in ("ok", "unknown", "empty")
    assert ear.findings == {}


def test_span_that_is_no_span_is_sent_on_unread() -> None:
    ear = Ear()
    body = b"\x0a\x06\x12\x04\x12\x02\x0a\xff"
    assert Pipeline(ears=(ear,)).traces(body, 0.0).body == body
    assert ear.odds == {Odd.UNPARSABLE: 1}


@pytest.mark.parametrize(
    ("value", "name", "odd"),
    [
        (7, "7", 1),
        (0.5, "0.5", 1),
        (True, "True", 1),
        (b"\xff", "\ufffd", 1),
        (["a", 1], "a", 1),
        ({"a": 1}, "2", 1),
        (None, "2", 0),
        ("", "2", 0),
    ],
)
def test_value_that_is_no_string_names_its_tool_by_its_text_or_the_span_does(value: Any, name: str, odd: int) -> None:
    spans = [tool(2, 1), tool(3, 1), agent(1)]
    for span in spans[:2]:
        next(a for a in span.attributes if a.key == "gen_ai.tool.name").value.CopyFrom(builders.value(value))
    ear = played(spans[:1] + spans[2:])
    assert ear.odds == +Counter({Odd.WRONG_TYPE: odd})
    assert played(spans).odds == +Counter({Odd.WRONG_TYPE: 2 * odd})  # also where the value was read before
    assert [s.tool for s in ear.steps if s.kind is Kind.TOOL] == [name]
    assert (ear.runs, ear.outcomes, ear.findings) == ([{"agent 1"}], ["success"], {})


@pytest.mark.parametrize(("depth", "odd"), [(32, 0), (33, 1), (45, 1)])
def test_nesting_of_native_values_is_no_failure(depth: int, odd: int) -> None:
    value: Any = "x"
    for _ in range(depth):
        value = [value]
    ear = played([tool(2, 1, result=value), agent(1)])
    assert ear.odds == +Counter({Odd.TOO_DEEP: odd})
    assert [s.tool for s in ear.steps if s.tool] == ["tool_2"]
    assert (ear.outcomes, ear.findings) == (["success"], {})


@pytest.mark.parametrize("length", [5, 200])
def test_text_that_is_no_utf8_is_read_with_replacement_characters(length: int) -> None:
    span = tool(2, 1, result="x" * length)
    body = builders.request([span, agent(1)]).replace(b"x" * length, b"x" * (length - 1) + b"\xff")
    ear = Ear()
    pipeline = Pipeline(ears=(ear,))
    assert b"x\xff" in pipeline.traces(body, 0.0).body
    pipeline.settle(1e3)
    assert ear.odds == {Odd.NOT_TEXT: 1}
    assert ear.outcomes == ["success"]


def test_codes_may_be_numbers() -> None:
    span = tool(2, 1)
    span.attributes.add(key="error.type").value.int_value = 404
    assert played([span, agent(1)]).odds == {}
