"""A request's way through the fold: what is added where, what is told, and what never changes."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from otelagent import assembly, dialects
from otelagent.annotate import finding_id
from otelagent.diagnosis.scan import Report
from otelagent.errors import Rejected
from otelagent.pipeline import Pipeline, Settings
from otelagent.settings import AgentFailures
from otelagent.trace import Closed
from otelagent.traces import Limits
from tests import builders

FABRICATION: dict[str, Any] = {
    "user": "What does research say?",
    "steps": [
        {"tool": "search", "arguments": {"query": "onboarding"}, "result": {"results": []}},
        {"say": "67% of respondents were productive within 4.2 months (Hartmann et al., 2021)."},
    ],
}


class Ear(Report):
    """Counts what is told, beside what a scan's report keeps."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []
        self.reasons: list[Closed] = []
        self.unread_reasons: list[str] = []

    def found(self, finding: Any, run: Any, trace: Any, first: bool) -> None:
        super().found(finding, run, trace, first)
        self.told += [finding.mode] if first else []

    def closed(self, trace: Any, reason: Closed) -> None:
        super().closed(trace, reason)
        self.reasons.append(reason)

    def unread(self, reason: str) -> None:
        self.unread_reasons.append(reason)


def played(bodies: Iterable[bytes], pipeline: Pipeline | None = None) -> tuple[dict[str, dict[str, Any]], list[Any]]:
    """Attributes of ours by span name (the last of a name counts), and all finding events."""
    pipeline = pipeline or Pipeline()
    ours: dict[str, dict[str, Any]] = {}
    events = []
    for now, body in enumerate(bodies):
        annotated = pipeline.traces(body, float(now))
        for span in spans_of(annotated.body):
            ours[span.name] = own(span)
        events += records(annotated.events)
    return ours, events + records(pipeline.settle(1e3))


def spans_of(body: bytes) -> list[Span]:
    request = ExportTraceServiceRequest.FromString(body)
    return [s for rs in request.resource_spans for ss in rs.scope_spans for s in ss.spans]


def records(body: bytes | None) -> list[Any]:
    request = ExportLogsServiceRequest.FromString(body or b"")
    return [r for rl in request.resource_logs for sl in rl.scope_logs for r in sl.log_records]


def own(span: Span) -> dict[str, Any]:
    return {a.key: plain(a.value) for a in span.attributes if a.key.startswith("otelagent.")}


def plain(value: Any) -> Any:
    kind = value.WhichOneof("value")
    return [plain(v) for v in value.array_value.values] if kind == "array_value" else getattr(value, kind)


def test_finding_is_on_the_completion_the_agent_and_in_an_event() -> None:
    spans = builders.spans(FABRICATION)
    ours, events = played(builders.request([s]) for s in spans)
    tool, completion, agent = spans[1], spans[2], spans[3]
    assert ours["execute_tool search"] == {"otelagent.tool.outcome": "empty", "otelagent.keep": True}
    for carrier in (ours["chat gpt-4o"], ours["invoke_agent atlas"]):
        assert carrier["otelagent.failure.modes"] == ["empty_result_fabrication"]
        assert carrier["otelagent.failure.causes"] == ["empty"]
        assert carrier["otelagent.failure.layer"] == "tool"
        assert carrier["otelagent.failure.evidence.span_ids"] == [tool.span_id.hex(), completion.span_id.hex()]
        assert carrier["otelagent.failure.first_divergence.span_id"] == tool.span_id.hex()
        assert carrier["otelagent.failure.last_good.span_id"] == spans[0].span_id.hex()
        assert carrier["otelagent.keep"] is True
    assert ours["invoke_agent atlas"]["otelagent.pipeline.outcome"] == "degraded"
    assert ours["invoke_agent atlas"]["otelagent.pipeline.failure_count"] == 1
    assert [(e.event_name, e.span_id, e.trace_id) for e in events] == [
        ("otelagent.failure.finding", completion.span_id, agent.trace_id)
    ]


def test_healthy_run_gets_its_outcome_and_nothing_else() -> None:
    script = {"user": "Hello?", "steps": [{"say": "Hello."}]}
    ours, events = played([builders.request(builders.spans(script))])
    assert ours["invoke_agent atlas"] == {"otelagent.pipeline.outcome": "success"}
    assert not any(name.startswith("otelagent.failure") for name in ours["chat gpt-4o"])
    assert events == []


def test_repeated_spans_get_the_same_annotation_again_and_count_once() -> None:
    ear = Ear()
    pipeline = Pipeline(ears=(ear,))
    body = builders.request(builders.spans(FABRICATION))
    first, again = pipeline.traces(body, 1.0), pipeline.traces(body, 2.0)
    assert again.body == first.body != body
    assert again.events is None
    assert ear.told == ["empty_result_fabrication"]


def test_spans_repeated_after_their_trace_has_settled_still_count_once() -> None:
    ear = Ear()
    pipeline = Pipeline(ears=(ear,))
    body = builders.request(builders.spans(FABRICATION))
    first = pipeline.traces(body, 1.0)
    pipeline.tick(100.0)
    assert ear.reasons == [Closed.SETTLED]
    assert pipeline.traces(body, 101.0).body == first.body
    assert ear.told == ["empty_result_fabrication"]


def test_event_carries_the_resource_of_its_span_and_a_stable_id() -> None:
    pipeline = Pipeline(ears=(ear := Ear(),))
    events = pipeline.traces(builders.request(builders.spans(FABRICATION), service="shop"), 1.0).events
    resource = ExportLogsServiceRequest.FromString(events or b"").resource_logs[0].resource
    assert [(a.key, a.value.string_value) for a in resource.attributes] == [("service.name", "shop")]
    finding = next(iter(ear.findings.values()))
    attributes = {a.key: plain(a.value) for a in records(events)[0].attributes}
    assert attributes["otelagent.finding.id"] == finding_id(finding)
    assert attributes["gen_ai.agent.name"] == "atlas"
    assert attributes["gen_ai.tool.name"] == "search"


def test_captured_content_is_in_nothing_that_we_add() -> None:
    script = {
        "user": "canary-user",
        "steps": [
            {
                "tool": "search",
                "arguments": {"query": "canary-argument"},
                "result": {"results": [], "note": "canary-result"},
            },
            {"say": "canary-answer: 67% within 4.2 months (Hartmann et al., 2021)."},
        ],
    }
    pipeline = Pipeline()
    annotated = pipeline.traces(builders.request(builders.spans(script)), 1.0)
    added = str([own(span) for span in spans_of(annotated.body)]) + str(records(annotated.events))
    assert "canary" not in added
    assert "Hartmann" not in added


def test_mistake_of_ours_forwards_the_request_unchanged_and_counts_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(span: Any) -> Any:
        raise RuntimeError("a bug")

    monkeypatch.setattr(dialects, "read", broken)
    ear = Ear()
    body = builders.request(builders.spans(FABRICATION))
    annotated = Pipeline(ears=(ear,)).traces(body, 1.0)
    assert (annotated.body, annotated.events) == (body, None)
    assert ear.unread_reasons == ["internal_error"]


def test_malformed_request_is_rejected() -> None:
    with pytest.raises(Rejected):
        Pipeline().traces(b"\x0a\xff", 1.0)
    with pytest.raises(Rejected):
        Pipeline().logs(b"\x0a\xff", 1.0)


def bare(name: str, own_id: int, parent: int | None, start: int = 0, end: int = 1, **attributes: Any) -> Span:
    return builders.span(
        name,
        attributes,
        trace_id=b"t" * 16,
        span_id=own_id.to_bytes(8, "big"),
        parent_id=b"" if parent is None else parent.to_bytes(8, "big"),
        start=builders.BEGIN + start,
        end=builders.BEGIN + end,
    )


@pytest.mark.parametrize(
    "spans",
    [
        pytest.param([bare("own parent", 1, 1)], id="a span that is its own parent"),
        pytest.param([bare("a", 1, 2), bare("b", 2, 1)], id="a cycle of two"),
        pytest.param([bare("a", 1, 2), bare("b", 2, 3), bare("c", 3, 1)], id="a cycle of three"),
        pytest.param([bare("a", 1, 99)], id="a parent that never comes"),
        pytest.param([bare("late", 1, None, start=10, end=5)], id="an end before its start"),
        pytest.param([bare("a", n, n + 1) for n in range(1, 600)], id="a chain deeper than any limit"),
        pytest.param([bare("a", 1, None), bare("other", 1, 5)], id="two spans with one id"),
        pytest.param(
            [
                bare("execute_tool x", 2, 2, **{"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "x"}),
                bare("chat", 3, 2, **{"gen_ai.operation.name": "chat"}),
                bare("invoke_agent a", 4, 4, **{"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "a"}),
            ],
            id="steps that are their own parents",
        ),
    ],
)
def test_broken_trees_are_read_and_forwarded(spans: list[Span]) -> None:
    ear = Ear()
    pipeline = Pipeline(ears=(ear,))
    for body in (builders.request(spans), *(builders.request([s]) for s in spans)):
        assert len(spans_of(pipeline.traces(body, 1.0).body)) == len(spans_of(body))
    pipeline.settle(2.0)
    assert ear.unread_reasons == []


VALUES = st.sampled_from(["x", "", 7, -1, 1.5, True, b"\xff\xfe", ["a", 1], {"k": {"k": []}}, None, "[" * 500])
KEYS = st.sampled_from(
    [
        "gen_ai.operation.name",
        "gen_ai.tool.name",
        "gen_ai.tool.call.id",
        "gen_ai.tool.call.arguments",
        "gen_ai.tool.call.result",
        "gen_ai.input.messages",
        "gen_ai.output.messages",
        "gen_ai.usage.input_tokens",
        "gen_ai.agent.name",
        "openinference.span.kind",
        "input.value",
        "output.value",
        "llm.input_messages.0.message.role",
        "http.response.status_code",
    ]
)
OPERATIONS = st.sampled_from(["chat", "execute_tool", "invoke_agent", "LLM", "TOOL", "AGENT", "CHAIN", 3])


@st.composite
def hostile(draw: st.DrawFn) -> list[Span]:
    spans = []
    for _ in range(draw(st.integers(1, 5))):
        attributes = draw(st.dictionaries(KEYS, VALUES, max_size=6))
        for key in ("gen_ai.operation.name", "openinference.span.kind"):
            if draw(st.booleans()):
                attributes[key] = draw(OPERATIONS)
        ids = st.integers(0, 4)
        spans.append(
            bare("s", draw(ids), draw(st.none() | ids), draw(st.integers(0, 9)), draw(st.integers(0, 9)), **attributes)
        )
    return spans


@given(hostile())
@settings(deadline=None, max_examples=150)
def test_no_span_whatever_it_holds_is_a_mistake_of_ours(spans: list[Span]) -> None:
    ear = Ear()
    pipeline = Pipeline(ears=(ear,))
    body = builders.request(spans)
    after = spans_of(pipeline.traces(body, 1.0).body)
    pipeline.settle(2.0)
    assert ear.unread_reasons == []
    for span, before in zip(after, spans, strict=True):
        del span.attributes[len(before.attributes) :]
        assert span == before


def test_limits_close_the_oldest_traces_with_a_reason() -> None:
    ear = Ear()
    pipeline = Pipeline(Settings(limits=Limits(traces=2, idle_s=50, age_s=200)), ears=(ear,))
    for n in range(3):
        spans = builders.spans(FABRICATION, seed=str(n))[:1]
        pipeline.traces(builders.request(spans), float(n))
    assert ear.reasons == [Closed.COUNT]
    pipeline.tick(30.0)
    assert len(pipeline.live) == 2
    pipeline.tick(60.0)
    assert ear.reasons == [Closed.COUNT, Closed.IDLE, Closed.IDLE]
    assert pipeline.live.spans == 0


def test_a_trace_that_wakes_while_others_are_closed_stays() -> None:
    ear = Ear()
    pipeline = Pipeline(Settings(limits=Limits(idle_s=50)), ears=(ear,))
    first, second = (builders.spans(FABRICATION, seed=seed) for seed in "ab")
    for own in (first, second):
        pipeline.traces(builders.request(own[:1]), 0.0)
    sweep = pipeline.sweep(60.0)
    next(sweep)
    assert [ear.reasons, len(pipeline.live)] == [[Closed.IDLE], 1]
    pipeline.traces(builders.request(second[1:2]), 60.0)
    assert list(sweep) == []
    assert pipeline.live.get(second[0].trace_id) is not None


def test_trace_that_never_rests_is_closed_by_its_age() -> None:
    ear = Ear()
    pipeline = Pipeline(Settings(limits=Limits(idle_s=50, age_s=200)), ears=(ear,))
    spans = builders.spans({"user": "?", "steps": [{"say": "Hello."}] * 20})
    for n, span in enumerate(spans[:-1]):
        pipeline.traces(builders.request([span]), n * 20.0)
        pipeline.tick(n * 20.0)
    assert Closed.AGE in ear.reasons


def test_spans_limit_holds_over_all_traces() -> None:
    ear = Ear()
    pipeline = Pipeline(Settings(limits=Limits(spans=10)), ears=(ear,))
    for n in range(6):
        pipeline.traces(builders.request(builders.spans(FABRICATION, seed=str(n))), float(n))
    assert set(ear.reasons) == {Closed.SPANS}
    assert pipeline.live.spans <= 10


@pytest.mark.parametrize(
    ("limits", "reason"), [(Limits(traces=3), Closed.COUNT), (Limits(spans=12), Closed.SPANS)], ids=["traces", "spans"]
)
def test_of_the_oldest_traces_the_heaviest_leaves_where_there_are_too_many(limits: Limits, reason: Closed) -> None:
    """Each has more to say than the one before, but for the second, which has most of all."""
    ear = Ear()
    pipeline = Pipeline(Settings(limits=limits), ears=(ear,))
    turns = [builders.spans({"user": "?", "steps": [{"say": "Hello."}] * n}, seed=str(n)) for n in (1, 6, 2, 3)]
    for n, spans in enumerate(turns):
        pipeline.traces(builders.request(spans), float(n))
    assert ear.reasons == [reason]
    assert [pipeline.live.get(spans[0].trace_id) is None for spans in turns] == [False, True, False, False]


def test_trace_that_has_just_come_does_not_leave_for_being_one_too_many() -> None:
    pipeline = Pipeline(Settings(limits=Limits(traces=1)))
    light, heavy = (builders.spans({"user": "?" * n, "steps": [{"say": "Hello."}]}, seed=str(n)) for n in (1, 9_000))
    for spans in (light, heavy):
        pipeline.traces(builders.request(spans), 0.0)
    assert pipeline.live.get(heavy[0].trace_id) is not None


def test_of_the_oldest_traces_the_heaviest_leaves_where_there_are_too_many_bytes() -> None:
    ear = Ear()
    sizes = (1, 40, 3, 2)
    requests = [
        builders.request(builders.spans({"user": "x" * 1000 * size, "steps": [{"say": "Hello."}]}, seed=str(size)))
        for size in sizes
    ]
    pipeline = Pipeline(Settings(limits=Limits(bytes=sum(map(len, requests)) - 20_000)), ears=(ear,))
    for n, request in enumerate(requests):
        pipeline.traces(request, float(n))
    assert ear.reasons == [Closed.BYTES]
    assert len(pipeline.live) == len(sizes) - 1
    assert 0 < pipeline.live.bytes < sum(map(len, requests)) - 40_000
    pipeline.settle(9.0)
    assert pipeline.live.bytes == 0


def test_muted_detector_finds_nothing() -> None:
    ear = Ear()
    pipeline = Pipeline(Settings(detectors={"empty_result_fabrication": "off"}), ears=(ear,))
    pipeline.traces(builders.request(builders.spans(FABRICATION)), 1.0)
    assert ear.told == []


def test_finding_is_also_told_as_the_result_of_an_evaluation() -> None:
    pipeline = Pipeline(assembly.pipeline_settings(AgentFailures()))
    spans = builders.spans(FABRICATION)
    events = records(pipeline.traces(builders.request(spans), 1.0).events)
    finding, evaluation = events
    assert (finding.event_name, evaluation.event_name) == ("otelagent.failure.finding", "gen_ai.evaluation.result")
    assert (evaluation.trace_id, evaluation.span_id) == (finding.trace_id, finding.span_id)
    told = {pair.key: plain(pair.value) for pair in evaluation.attributes}
    assert told.pop("gen_ai.evaluation.explanation") == finding.body.string_value
    assert told == {
        "gen_ai.evaluation.name": "empty_result_fabrication",
        "gen_ai.evaluation.score.label": "fail",
        "gen_ai.evaluation.score.value": next(
            plain(pair.value) for pair in finding.attributes if pair.key == "otelagent.failure.confidence"
        ),
    }


def test_evaluation_events_can_be_turned_off() -> None:
    pipeline = Pipeline(assembly.pipeline_settings(AgentFailures(evaluation_events=False)))
    events = records(pipeline.traces(builders.request(builders.spans(FABRICATION)), 1.0).events)
    assert [event.event_name for event in events] == ["otelagent.failure.finding"]
