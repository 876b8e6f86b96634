"""Who works for whom: every way in which emitters show a delegation, one trace or several, in any order of arrival."""

import json
import random
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from otelagent import attributes as a
from otelagent.abroad import Abroad
from otelagent.diagnosis.scan import scan
from otelagent.model import Odd
from otelagent.pipeline import Pipeline, Settings
from otelagent.run import AgentRun
from otelagent.traces import Limits
from tests import builders
from tests.encodings import WAYS, apart, ask, by_context, call_span, parent
from tests.test_pipeline import played, records

DOCS = [f"doc-20{i}" for i in range(1, 8)]
TASK = "Analyse these 7 documents and report key findings: " + ", ".join(DOCS)
DONE = "Completed analysis of the assigned document set. Margins are stable."
LIMITED = {"status": "error", "http_status": 429, "message": "Too many requests, retry after 60 seconds"}


def read(doc: str, result: Any = None) -> dict[str, Any]:
    return {"tool": "read_document", "arguments": {"doc_id": doc}, "result": result or {"doc_id": doc, "text": "ok"}}


def child(count: int = 3, agent: str = "analyst", limited: bool = True, docs: Sequence[str] = DOCS) -> dict[str, Any]:
    steps = [read(d) for d in docs[:count]]
    if count < len(docs) and limited:
        steps.append(read(docs[count], LIMITED))
    task = "Analyse these documents and report key findings: " + ", ".join(docs)
    return {"agent": agent, "user": task, "steps": [*steps, {"say": DONE}]}


def found(requests: Iterable[bytes]) -> set[tuple[str, str, str]]:
    return {(f.mode, f.cause, f.about.hex()) for f in scan(requests).findings.values()}


def singly(spans: Iterable[Span]) -> list[bytes]:
    return [builders.request([s]) for s in spans]


def identities(requests: Iterable[bytes]) -> set[Any]:
    return set(scan(requests).findings)


# --- what leaves on the spans --------------------------------------------------------------------------------------


def test_child_span_carries_the_finding_and_its_ancestors_child_incomplete() -> None:
    ours, events = played(singly(builders.spans(parent(ask(child())))))
    carried = ours["invoke_agent analyst"]
    assert carried[a.FAILURE_MODES] == ["delegation_incomplete"]
    assert carried[a.FAILURE_CAUSES] == ["items_missing"]
    assert (carried[a.DELEGATION_ASSIGNED], carried[a.DELEGATION_PROCESSED]) == (7, 3)
    assert carried[a.DELEGATION_RECEIPT] == "inferred"
    above = ours["invoke_agent coordinator"]
    assert above[a.FAILURE_CAUSES] == ["child_incomplete"]
    assert above[a.PIPELINE_OUTCOME] == "degraded"
    assert above[a.PIPELINE_FAILURE_COUNT] == 1
    assert above[a.DELEGATION_INCOMPLETE_CHILDREN] == 1
    told = [e for e in events if e.event_name == a.FINDING_EVENT]
    assert {finding_attribute(e, a.FINDING_CAUSE) for e in told} >= {"items_missing", "child_incomplete"}


def finding_attribute(event: Any, name: str) -> Any:
    return next((x.value.string_value for x in event.attributes if x.key == name), None)


def test_parent_that_reports_the_shortfall_is_not_blamed() -> None:
    script = parent(ask(child()), say="Only 3 of 7 documents could be analysed; four are missing.")
    ours, _ = played(singly(builders.spans(script)))
    assert a.FAILURE_MODES not in ours["invoke_agent coordinator"]
    assert ours["invoke_agent analyst"][a.FAILURE_CAUSES] == ["items_missing"]


def test_complete_delegation_says_so_on_all_agent_spans() -> None:
    ours, events = played(singly(builders.spans(parent(ask(child(7))))))
    assert {ours[n][a.PIPELINE_OUTCOME] for n in ("invoke_agent analyst", "invoke_agent coordinator")} == {"success"}
    assert ours["invoke_agent coordinator"][a.DELEGATION_PROCESSED] == 7
    assert events == []


FIRMS = ["Acme Corp", "Borealis AG", "c.lee@example.org", "4915123456789", "FIRM-5"]


def named_on_the_span(docs: Sequence[str], **thresholds: bool) -> Any:
    """What the child's span, and the event about it, say of the missing items."""
    pipeline = Pipeline(Settings(detectors={"delegation_incomplete": thresholds}))
    ours, events = played(singly(builders.spans(parent(ask(child(docs=docs))))), pipeline)
    told = [e for e in events if e.span_id and finding_attribute(e, a.FINDING_CAUSE) == "items_missing"]
    span = ours["invoke_agent analyst"].get(a.DELEGATION_MISSING)
    lists = [x.value.array_value.values for e in told for x in e.attributes if x.key == a.DELEGATION_MISSING]
    pairs = [sorted(v.string_value for v in values) for values in lists]
    span = span and sorted(span)
    assert pairs == ([span] if span else [])
    return span


def test_missing_items_are_named_where_their_names_are_identifiers() -> None:
    assert named_on_the_span(DOCS) == DOCS[3:]
    assert named_on_the_span(DOCS, name_ids=False) is None
    assert named_on_the_span(["ITEM-1", "ITEM-2", "ITEM-3", *FIRMS]) == ["FIRM-5"]
    urls = [f"https://example.org/p/{n}" for n in ("1", "2", "3", "terms-4", "about")]
    assert named_on_the_span(urls) == ["terms-4"]


def test_all_missing_items_are_named_where_the_configuration_asks_for_it() -> None:
    assert named_on_the_span(["ITEM-1", "ITEM-2", "ITEM-3", *FIRMS], name_items=True) == sorted(FIRMS)


def test_whoever_scans_a_recording_sees_all_missing_items() -> None:
    report = scan(singly(builders.spans(parent(ask(child(docs=["ITEM-1", "ITEM-2", "ITEM-3", *FIRMS]))))))
    (found,) = report.as_json()["findings"]
    assert sorted(found["items"].pop("missing")) == sorted(FIRMS)
    assert found["items"] == {"assigned": 8, "processed": 3, "receipt": "inferred"}


def test_outcome_that_changes_after_a_span_has_left_goes_out_as_an_event() -> None:
    above, below = apart(child(), say="The report is attached.")
    below = by_context(above, below)
    pipeline, told = Pipeline(), []
    for now, body in enumerate([*singly(above), *singly(below)]):
        told += records(pipeline.traces(body, now / 10).events)
    changed = [e for e in told if e.event_name == a.OUTCOME_EVENT]
    assert [(e.span_id, finding_attribute(e, a.PIPELINE_OUTCOME)) for e in changed] == [(above[-1].span_id, "degraded")]
    assert finding_attribute(changed[0], a.PIPELINE_PREVIOUS) == "success"
    assert "left part of its work undone" in finding_attribute(changed[0], a.PIPELINE_REASON)


def test_outcome_says_its_first_reason() -> None:
    ours, _ = played(singly(builders.spans(parent(ask(child())))))
    assert "processed 3 of 7 items" in ours["invoke_agent coordinator"][a.PIPELINE_REASON]


# --- encodings ------------------------------------------------------------------------------------------------------


def agent_spans(script: dict[str, Any], seed: str) -> list[Span]:
    return builders.spans(script, seed)


def linked(call: str = "ask_analyst", position: str = "tool") -> tuple[list[Span], list[Span]]:
    """A parent whose tool call has no child span, and the child as a trace of its own with a link to it."""
    above = builders.spans(parent({"tool": call, "arguments": {"task": "x"}, "result": DONE}), "above")
    below = builders.spans(child(), "below")
    tool = next(s for s in above if s.name == f"execute_tool {call}")
    below[-1].links.add(trace_id=tool.trace_id, span_id=tool.span_id)
    return above, below


@pytest.mark.parametrize("first", ["child", "parent"])
def test_child_in_another_trace_is_joined_by_its_span_link(first: str) -> None:
    above, below = linked()
    spans = [*below, *above] if first == "child" else [*above, *below]
    pipeline, causes = Pipeline(), []
    for now, body in enumerate(singly(spans)):
        causes += [
            (finding_attribute(e, a.FINDING_CAUSE), e.span_id) for e in records(pipeline.traces(body, now).events)
        ]
    assert ("items_missing", below[-1].span_id) in causes
    assert ("child_incomplete", above[-1].span_id) in causes
    assert found(singly(spans)) == {("delegation_incomplete", "items_missing", below[-1].span_id.hex())}


def created() -> tuple[Span, list[Span]]:
    """The span in which an agent was created, and a run of it that refers to that span."""
    attributes = {"gen_ai.operation.name": "create_agent", "gen_ai.agent.name": "analyst"}
    creation = builders.span("create_agent analyst", attributes, trace_id=b"c" * 16, span_id=b"creation")
    below = builders.spans(child(limited=False), "below")
    below[-1].links.add(trace_id=creation.trace_id, span_id=creation.span_id)
    return creation, below


@pytest.mark.parametrize("first", ["creation", "run"])
def test_link_to_the_span_in_which_an_agent_was_created_is_no_delegation(first: str) -> None:
    creation, below = created()
    spans = [creation, *below] if first == "creation" else [*below, creation]
    assert found(singly(spans)) == set()


@pytest.mark.parametrize("first", ["creation", "run"])
@pytest.mark.parametrize("inside", [True, False])
def test_creation_beside_other_steps_asks_for_nobody(first: str, inside: bool) -> None:
    creation, below = created()
    other = builders.spans({"agent": "setup", "user": "Prepare.", "steps": [read("doc-9"), {"say": "Ready."}]}, "setup")
    creation.trace_id = below[-1].links[0].trace_id = other[0].trace_id
    creation.parent_span_id = other[-1].span_id if inside else b""
    above = [*other[:-1], creation, other[-1]]
    assert found(singly([*above, *below] if first == "creation" else [*below, *above])) == set()


def test_creation_is_remembered_when_its_place_is_forgotten_as_long_as_runs_refer_to_it() -> None:
    creation, below = created()
    pipeline = Pipeline(Settings(limits=Limits(past_spans=len(below))))
    told = []
    for number, body in enumerate((builders.request([creation]), *[builders.request(below)] * 3)):
        other = bytes([number]) * 16
        told += records(pipeline.traces(body.replace(below[0].trace_id, other), number * 1e3).events)
        told += records(pipeline.tick(number * 1e3 + 500))
    assert not [e for e in told if finding_attribute(e, a.FINDING_CAUSE) == "items_missing"]


def test_link_to_a_plain_span_of_an_agents_trace_that_has_left_is_a_delegation() -> None:
    above, below = linked()
    work = builders.span(
        "POST", {}, trace_id=above[0].trace_id, span_id=b"request1", parent_id=call_span(above).span_id
    )
    below[-1].links[0].span_id = work.span_id
    pipeline = Pipeline()
    pipeline.traces(builders.request([work, *above]), 0.0)
    pipeline.tick(500.0)
    told = records(pipeline.traces(builders.request(below), 600.0).events)
    assert "items_missing" in [finding_attribute(e, a.FINDING_CAUSE) for e in told]


@pytest.mark.parametrize("first", ["child", "parent"])
def test_child_in_another_trace_is_joined_by_the_delegated_text(first: str) -> None:
    script = child()
    call = {"tool": "ask_analyst", "arguments": {"task": script["user"]}, "result": DONE}
    above, below = builders.spans(parent(call), "above"), builders.spans(script, "below")
    for s in below:
        s.start_time_unix_nano += 80 * builders.MILLISECOND
        s.end_time_unix_nano += 80 * builders.MILLISECOND
    spans = [*below, *above] if first == "child" else [*above, *below]
    assert found(singly(spans)) == {("delegation_incomplete", "items_missing", below[-1].span_id.hex())}


@pytest.mark.parametrize("first", ["child", "parent"])
@pytest.mark.parametrize("way", WAYS)
def test_child_in_another_trace_is_joined(way: Any, first: str) -> None:
    above, below = apart(child())
    about = below[-1].span_id
    below = way(above, below)
    spans = [*below, *above] if first == "child" else [*above, *below]
    assert causes_of(singly(spans)) >= {("items_missing", about), ("child_incomplete", above[-1].span_id)}
    assert {(m, c) for m, c, _ in found(singly(spans))} == {("delegation_incomplete", "items_missing")}


@pytest.mark.parametrize("way", WAYS)
def test_complete_child_in_another_trace_is_quiet(way: Any) -> None:
    above, below = apart(child(7))
    assert found(singly([*way(above, below), *above])) == set()


@pytest.mark.parametrize("first", ["child", "parent"])
def test_honest_child_in_another_trace_is_found_only_where_its_parent_passes_it_over(first: str) -> None:
    for say, expected in (("All documents were analysed.", True), ("Only 3 of 7 documents could be read.", False)):
        script = child(limited=False)
        script["steps"][-1] = {"say": "I processed 3 of 7 documents; the rest could not be read."}
        above, below = apart(script, say)
        below = by_context(above, below)
        spans = [*below, *above] if first == "child" else [*above, *below]
        assert (("delegation_incomplete", "items_missing", below[-1].span_id.hex()) in found(singly(spans))) == expected


def causes_of(requests: Iterable[bytes], step: float = 0.2) -> set[tuple[Any, bytes]]:
    """Causes of finding events and the spans that they name; `step` seconds between requests."""
    pipeline, told = Pipeline(), []
    for number, body in enumerate(requests):
        now = number * step
        told += records(pipeline.traces(body, now).events)
        told += records(pipeline.tick(now + step / 2))
    told += records(pipeline.settle(1e6))
    return {(finding_attribute(e, a.FINDING_CAUSE), e.span_id) for e in told}


def test_child_waits_in_memory_for_a_parent_that_goes_on_for_a_minute() -> None:
    above, below = apart(child())
    below = by_context(above, below)
    told = causes_of([builders.request(below), *singly(above)], step=12.0)
    assert ("child_incomplete", above[-1].span_id) in told


def test_text_that_two_children_were_given_joins_neither() -> None:
    script = child()
    call = {"tool": "ask_analyst", "arguments": {"task": script["user"]}, "result": DONE}
    above = builders.spans(parent(call), "above")
    one, two = builders.spans(script, "one"), builders.spans(script, "two")
    for spans in ([*one, *two, *above], [*one, *above, *two], [*above, *one, *two]):
        assert all(mode != "delegation_incomplete" for mode, _, _ in found(singly(spans)))


def test_coworker_without_spans_is_judged_by_the_result_of_its_call() -> None:
    receipt = {"summary": DONE, "items_assigned": 7, "items_processed": 3}
    script = parent({"tool": "Delegate work to coworker", "arguments": {"coworker": "analyst"}, "result": receipt})
    spans = builders.spans(script)
    tool = next(s for s in spans if s.name.startswith("execute_tool"))
    assert found(singly(spans)) == {("delegation_incomplete", "items_missing", tool.span_id.hex())}


def test_flat_run_with_messages_only_is_judged_by_them() -> None:
    receipt = {"summary": DONE, "items_assigned": 7, "items_processed": 3}
    script = parent({"tool": "ask_analyst", "arguments": {"task": TASK}, "result": json.dumps(receipt)})
    spans = builders.spans({**script, "tool_spans": False})
    assert {(m, c) for m, c, _ in found(singly(spans))} == {("delegation_incomplete", "items_missing")}


def test_agent_without_a_span_of_its_own_is_the_tool_call_around_it() -> None:
    spans = [s for s in builders.spans(parent(ask(child()))) if s.name != "invoke_agent analyst"]
    tool = next(s for s in spans if s.name == "execute_tool ask_analyst")
    inner = next(s for s in builders.spans(parent(ask(child()))) if s.name == "invoke_agent analyst")
    for s in spans:
        if s.parent_span_id == inner.span_id:
            s.parent_span_id = tool.span_id
    assert found(singly(spans)) == {("delegation_incomplete", "items_missing", tool.span_id.hex())}


def test_killed_child_leaves_the_outcome_unknown_and_invents_nothing() -> None:
    spans = [s for s in builders.spans(parent(ask(child()))) if s.name not in ("invoke_agent analyst", "chat gpt-4o")]
    assert found(singly(spans)) == set()


def test_repeated_spans_change_nothing() -> None:
    spans = builders.spans(parent(ask(child()), ask(child(7, "other"))))
    assert identities(singly([*spans, *spans])) == identities(singly(spans))


# --- any order ------------------------------------------------------------------------------------------------------

SCRIPTS = [
    parent(ask(child())),
    parent(ask(child(7))),
    parent(ask(child(3, limited=False)), ask(child(7, "second"))),
    parent(ask(child()), ask({**child(4, docs=DOCS[3:])})),
    parent(ask(parent(ask(child()), say=DONE))),
    {"agent": "coordinator", "user": "Go.", "steps": [{"parallel": [ask(child()), ask(child(7, "b"))]}, {"say": DONE}]},
]


@settings(max_examples=60, deadline=None)
@given(which=st.sampled_from(range(len(SCRIPTS))), seed=st.integers(0, 10**6))
def test_no_permutation_of_arrival_adds_a_finding(which: int, seed: int) -> None:
    spans = builders.spans(SCRIPTS[which])
    ordered = identities(singly(spans))
    random.Random(seed).shuffle(spans)
    assert identities(singly(spans)) <= ordered


@settings(max_examples=60, deadline=None)
@given(which=st.sampled_from(range(len(SCRIPTS))), cuts=st.lists(st.integers(0, 60), max_size=8))
def test_batching_gives_the_same_findings(which: int, cuts: list[int]) -> None:
    spans = builders.spans(SCRIPTS[which])
    places = sorted({0, len(spans), *(c for c in cuts if c < len(spans))})
    batches = [builders.request(spans[i:j]) for i, j in pairwise(places)]
    assert identities(batches) == identities(singly(spans))


@settings(max_examples=60, deadline=None)
@given(which=st.sampled_from(range(len(SCRIPTS))), seed=st.integers(0, 10**6))
def test_interleaving_of_processes_gives_the_same_findings(which: int, seed: int) -> None:
    """The child's process sends its spans in its order, the parent's in its own."""
    spans = builders.spans(SCRIPTS[which])
    inner = below(spans, {s.span_id for s in spans if s.name.startswith("execute_tool ask_")})
    queues = [[s for s in spans if s.span_id in inner], [s for s in spans if s.span_id not in inner]]
    chance, mixed = random.Random(seed), []
    while any(queues):
        queue = chance.choice([q for q in queues if q])
        mixed.append(queue.pop(0))
    assert identities(singly(mixed)) == identities(singly(spans))


def below(spans: list[Span], tops: set[bytes]) -> set[bytes]:
    inside: set[bytes] = set()
    for _ in spans:
        inside |= {s.span_id for s in spans if s.parent_span_id in tops | inside}
    return inside


@settings(max_examples=40, deadline=None)
@given(which=st.sampled_from(range(len(SCRIPTS))), seed=st.integers(0, 10**6))
def test_an_unrelated_trace_changes_nothing(which: int, seed: int) -> None:
    spans, other = builders.spans(SCRIPTS[which]), builders.spans(SCRIPTS[(which + 1) % len(SCRIPTS)], "other")
    alone = identities(singly(spans)) | identities(singly(other))
    chance, mixed, queues = random.Random(seed), [], [spans, other]
    while any(queues):
        mixed.append(chance.choice([q for q in queues if q]).pop(0))
    assert identities(singly(mixed)) == alone


# --- cost: many traces of one conversation ---------------------------------------------------------------------------


def in_conversation(spans: list[Span], start: int) -> list[Span]:
    for s in spans:
        s.attributes.append(KeyValue(key="gen_ai.conversation.id", value=builders.value("thread-of-a-week")))
        s.start_time_unix_nano += start
        s.end_time_unix_nano += start
    return spans


def turns(number: int, call_id: str) -> list[list[Span]]:
    """A turn of a chat and the agent that it asks, a trace each; all turns belong to one conversation."""
    call = {"tool": "ask_analyst", "arguments": {"task": "x"}, "result": DONE, "id": call_id}
    script = child(2, docs=DOCS[:2])
    above, below = builders.spans(parent(call), f"above {number}"), builders.spans(script, f"below {number}")
    call_span(above).end_time_unix_nano = below[-1].end_time_unix_nano + 1
    start = number * 10**10
    return [in_conversation(below, start), in_conversation(above, start)]


@pytest.mark.parametrize("call_id", ["call_{:06d}", "call_000001", "thread-of-a-week"])
def test_judgements_grow_with_the_turns_of_a_conversation_and_no_faster(
    call_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged, looked = [0], [0]
    conclude, abroad = AgentRun.conclude, Abroad.workers

    def counted_conclude(self: AgentRun, detectors: Any) -> Any:
        judged[0] += 1
        return conclude(self, detectors)

    def counted_abroad(self: Abroad, run: AgentRun) -> Any:
        looked[0] += 1
        return abroad(self, run)

    monkeypatch.setattr(AgentRun, "conclude", counted_conclude)
    monkeypatch.setattr(Abroad, "workers", counted_abroad)
    pipeline, seen = Pipeline(), []
    for number in range(1_000):
        for spans in turns(number, call_id.format(number)):
            pipeline.traces(builders.request(spans), 1_000 + number * 0.001)
        if number % 250 == 249:
            seen.append((judged[0], looked[0]))
    assert len(pipeline.live) == 2_000
    first, last = (tuple(b - a for a, b in zip(*seen[at : at + 2], strict=True)) for at in (0, 2))
    assert last[0] <= first[0] + 8
    assert last[1] <= first[1] + 16
    assert judged[0] <= 12 * len(pipeline.live)


class Odds(list[Odd]):
    """Hears of oddities alone."""

    def __getattr__(self, _: str) -> Any:
        return lambda *_: None

    def odd(self, reason: Odd, count: int) -> None:
        self.extend([reason] * count)


def test_two_traces_never_work_for_each_other() -> None:
    odds = Odds()
    pipeline = Pipeline(None, (odds,))  # type: ignore[arg-type]
    call = {"tool": "ask_analyst", "arguments": {"task": "x"}, "result": DONE, "id": "thread-of-a-week"}
    for number in range(2):
        spans = in_conversation(builders.spans(parent(call), f"turn {number}"), 0)
        pipeline.traces(builders.request(spans), 1_000.0)
    above = [pipeline.live._abroad.employer(run) for trace in pipeline.live for run in trace.runs.values()]
    assert sum(run is not None for run in above) == 1
    assert odds == [Odd.CYCLE]


def test_runs_beyond_those_that_a_trace_can_have_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("otelagent.stitching.MAX_CHILDREN", 3)
    odds = Odds()
    pipeline = Pipeline(None, (odds,))  # type: ignore[arg-type]
    above, _ = linked()
    pipeline.traces(builders.request(above), 1_000.0)
    for number in range(5):
        below = builders.spans(child(), f"below {number}")
        below[-1].links.add(trace_id=above[0].trace_id, span_id=call_span(above).span_id)
        pipeline.traces(builders.request(below), 1_000.0)
    top = pipeline.live.get(above[0].trace_id)
    assert top is not None
    assert sum(len(top.children(run)) for run in top.runs.values()) == 3
    assert odds == [Odd.CROWDED, Odd.CROWDED]
