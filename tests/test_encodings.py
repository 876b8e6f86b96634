"""Each way in which emitters show that one agent works for another, within one trace."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from otelagent.metrics import Metrics
from otelagent.model import Layer
from otelagent.pipeline import Pipeline
from otelagent.tally import Tally
from tests import builders
from tests.test_delegation import DONE, TASK, WAYS, apart, ask, child, found, parent
from tests.test_tally import counted, of

TRACE = b"encodings of one"
ROOT = b"theroot1"
MS = builders.MILLISECOND


def own(span: Span, key: str, text: str) -> None:
    span.attributes.append(KeyValue(key=key, value=builders.value(text)))


def one(spans: Sequence[Span], name: str) -> Span:
    return next(s for s in spans if s.name == name)


def root(spans: Sequence[Span], name: str = "run", **attributes: str) -> Span:
    end = max(s.end_time_unix_nano for s in spans) + 1
    return builders.span(name, attributes, trace_id=TRACE, span_id=ROOT, end=end)


def beside(giver: dict[str, Any], count: int) -> tuple[list[Span], list[Span], Span]:
    """A giver, and afterwards the child, both under one root."""
    first, second = builders.spans(giver, "giver"), builders.spans(child(count), "taker")
    late = max(s.end_time_unix_nano for s in first) - builders.BEGIN
    for s in second:
        s.start_time_unix_nano += late
        s.end_time_unix_nano += late
    for s in (*first, *second):
        s.trace_id = TRACE
    first[-1].parent_span_id = second[-1].parent_span_id = ROOT
    return first, second, root([*first, *second])


def triage(*steps: dict[str, Any]) -> dict[str, Any]:
    return {"agent": "coordinator", "user": TASK, "steps": list(steps)}


def nested(count: int) -> list[Span]:
    spans = builders.spans(parent(ask(child(count))))
    tool = one(spans, "execute_tool ask_analyst")
    one(spans, "invoke_agent analyst").parent_span_id = tool.parent_span_id
    return [s for s in spans if s is not tool]


def agent_as_tool(count: int) -> list[Span]:
    return builders.spans(parent(ask(child(count))))


def bare_child_span(count: int) -> list[Span]:
    """The agent's span has no children; what it did hangs from a plain span beside it."""
    spans = builders.spans(parent(ask(child(count))))
    agent = one(spans, "invoke_agent analyst")
    body = builders.span(
        "analyst.run",
        {},
        trace_id=agent.trace_id,
        span_id=b"thebody1",
        parent_id=agent.parent_span_id,
        start=agent.start_time_unix_nano + 1,
        end=agent.end_time_unix_nano - 1,
    )
    for s in spans:
        if s.parent_span_id == agent.span_id:
            s.parent_span_id = body.span_id
    spans.insert(spans.index(agent), body)
    return spans


def sibling_after_transfer(count: int) -> list[Span]:
    first, second, top = beside(triage({"tool": "transfer_to_analyst", "arguments": {}, "result": "ok"}), count)
    return [*first, *second, top]


def handoff_span(count: int) -> list[Span]:
    first, second, top = beside(triage({"say": "Over to the analyst."}), count)
    end = first[-1].end_time_unix_nano
    known = {"openinference.span.kind": "TOOL", "input.value": "coordinator", "output.value": "analyst"}
    handoff = builders.span(
        "handoff to analyst",
        known,
        trace_id=TRACE,
        span_id=b"handoff1",
        parent_id=first[-1].span_id,
        start=end - 2,
        end=end - 1,
    )
    return [*first[:-1], handoff, first[-1], *second, top]


def node_parent_id(count: int) -> list[Span]:
    first, second, top = beside(triage({"say": "Over to the analyst."}), count)
    own(second[-1], "openinference.span.kind", "AGENT")
    own(second[-1], "agent.name", "analyst")
    own(second[-1], "graph.node.id", "analyst")
    own(second[-1], "graph.node.parent_id", "coordinator")
    return [*first, *second, top]


def caller_and_transfer_attributes(count: int) -> list[Span]:
    first, second, top = beside(triage({"say": "Over to the analyst."}), count)
    own(second[-1], "gen_ai.caller.name", "coordinator")
    own(second[-1], "gen_ai.caller.type", "agent")
    return [*first, *second, top]


def span_links(count: int) -> list[Span]:
    """Executors of a workflow: that of the child refers to the message that the giver's sent."""
    first, second, _ = beside(triage({"say": "Over to the analyst."}), count)
    spans = []
    for number, steps in enumerate((first, second), 1):
        executor = builders.span(
            f"executor.process {number}",
            {"executor.id": str(number)},
            trace_id=TRACE,
            span_id=b"executo%d" % number,
            parent_id=ROOT,
            start=steps[-1].start_time_unix_nano,
            end=steps[-1].end_time_unix_nano + 2,
        )
        send = builders.span(
            "message.send",
            {"message.source_id": str(number)},
            trace_id=TRACE,
            span_id=b"message%d" % number,
            parent_id=executor.span_id,
            start=executor.end_time_unix_nano - 1,
            end=executor.end_time_unix_nano,
        )
        steps[-1].parent_span_id = executor.span_id
        spans += [*steps, send, executor]
    spans[-1].links.add(trace_id=TRACE, span_id=b"message1")
    return [*spans, root(spans, "workflow.run", **{"workflow.id": "w"})]


IN_SPANS = (
    *(nested, agent_as_tool, bare_child_span, sibling_after_transfer, handoff_span, node_parent_id),
    *(caller_and_transfer_attributes, span_links),
)


def call_of(count: int, tool: str, arguments: dict[str, Any], **script: Any) -> list[Span]:
    receipt = {"summary": DONE, "items_assigned": 7, "items_processed": count}
    return builders.spans({**parent({"tool": tool, "arguments": arguments, "result": json.dumps(receipt)}), **script})


def coworker_without_spans(count: int) -> list[Span]:
    return call_of(count, "Delegate work to coworker", {"coworker": "analyst", "task": TASK})


def flat_run_with_messages(count: int) -> list[Span]:
    return call_of(count, "ask_analyst", {"task": TASK}, tool_spans=False)


def transfer(count: int, mode: str) -> list[Span]:
    """Attributes of the proposal say to whom the call goes, and whether control comes back."""
    first, second, top = beside(triage({"tool": "consult", "arguments": {}, "result": "ok"}), count)
    call = one(first, "execute_tool consult")
    own(call, "gen_ai.transfer.target.name", "analyst")
    own(call, "gen_ai.transfer.mode", mode)
    return [*first, *second, top]


def bodies(spans: Sequence[Span]) -> list[bytes]:
    """A request each, with the scope of who writes such attributes."""
    scopes = {"openinference": "openinference.instrumentation.openai_agents", "executor": "agent_framework"}
    heads = [{x.key.partition(".")[0] for x in s.attributes} for s in spans]
    known = [next((scopes[h] for h in sorted(own_) if h in scopes), "opentelemetry.util.genai") for own_ in heads]
    return [builders.request([s], scope=scope) for s, scope in zip(spans, known, strict=True)]


def delegations(spans: Sequence[Span]) -> dict[tuple[str, str, str], float]:
    """Counted edges: parent, child, outcome."""
    edges = of("delegations", counted(*bodies(spans)))
    return {(parent_, child_, outcome): count for (child_, outcome, parent_), count in edges.items()}


@pytest.mark.parametrize("encoding", IN_SPANS)
def test_partial_child_is_found_on_its_span_and_its_edge_counted(encoding: Callable[[int], list[Span]]) -> None:
    spans = encoding(3)
    about = one(spans, "invoke_agent analyst").span_id.hex()
    assert ("delegation_incomplete", "items_missing", about) in found(bodies(spans))
    assert found(bodies(spans)) <= {
        ("delegation_incomplete", "items_missing", about),
        ("delegation_incomplete", "child_incomplete", one(spans, "invoke_agent coordinator").span_id.hex()),
    }
    assert delegations(spans) == {("coordinator", "analyst", "incomplete"): 1}


@pytest.mark.parametrize("encoding", IN_SPANS)
def test_complete_child_is_quiet_and_its_edge_counted(encoding: Callable[[int], list[Span]]) -> None:
    assert found(bodies(encoding(7))) == set()
    assert delegations(encoding(7)) == {("coordinator", "analyst", "complete"): 1}


@pytest.mark.parametrize("encoding", IN_SPANS)
def test_edge_is_the_same_when_spans_come_backwards(encoding: Callable[[int], list[Span]]) -> None:
    backwards = encoding(3)[::-1]
    assert {(m, c) for m, c, _ in found(bodies(backwards))} == {("delegation_incomplete", "items_missing")}
    assert delegations(backwards) == {("coordinator", "analyst", "incomplete"): 1}


@pytest.mark.parametrize("encoding", [coworker_without_spans, flat_run_with_messages])
def test_call_that_stands_for_an_agent_is_judged_by_its_result(encoding: Callable[[int], list[Span]]) -> None:
    assert {(m, c) for m, c, _ in found(bodies(encoding(3)))} == {("delegation_incomplete", "items_missing")}
    assert found(bodies(encoding(7))) == set()


def test_transfer_that_passes_control_is_a_hand_over() -> None:
    spans = transfer(3, "pass_control")
    about = one(spans, "invoke_agent analyst").span_id.hex()
    assert ("delegation_incomplete", "items_missing", about) in found(bodies(spans))
    assert delegations(spans) == {("coordinator", "analyst", "incomplete"): 1}
    assert found(bodies(transfer(7, "pass_control"))) == set()
    assert delegations(transfer(7, "pass_control")) == {("coordinator", "analyst", "complete"): 1}


def test_transfer_that_returns_to_its_caller_is_a_call_of_a_coworker() -> None:
    receipt = json.dumps({"items_assigned": 7, "items_processed": 3})
    spans = builders.spans(parent({"tool": "consult", "arguments": {"task": TASK}, "result": receipt}))
    own(one(spans, "execute_tool consult"), "gen_ai.transfer.target.name", "analyst")
    own(one(spans, "execute_tool consult"), "gen_ai.transfer.mode", "return_to_caller")
    assert {(m, c) for m, c, _ in found(bodies(spans))} == {("delegation_incomplete", "items_missing")}
    assert delegations(spans) == {("coordinator", "analyst", "incomplete"): 1}


@pytest.mark.parametrize(("count", "outcome"), [(3, "incomplete"), (7, "complete")])
def test_coworker_without_spans_has_an_edge(count: int, outcome: str) -> None:
    assert delegations(coworker_without_spans(count)) == {("coordinator", "analyst", outcome): 1}
    assert delegations(flat_run_with_messages(count)) == {("coordinator", "ask_analyst", outcome): 1}


@pytest.mark.parametrize("way", WAYS)
def test_call_that_another_trace_answers_has_one_edge(way: Callable[[list[Span], list[Span]], list[Span]]) -> None:
    above, inner = apart(child())
    assert delegations([*above, *way(above, inner)]) == {("coordinator", "analyst", "incomplete"): 1}


def test_coverage_of_delegations_is_a_histogram() -> None:
    metrics = Metrics({"delegation_incomplete": Layer.ORCHESTRATION})
    pipeline = Pipeline(ears=(Tally(metrics),))
    calls = {"parallel": [ask(child()), ask(child(7, "second"))], "overlap": True}
    for now, body in enumerate(bodies(builders.spans(parent(calls)))):
        pipeline.traces(body, float(now))
    pipeline.settle(1e3)
    metrics.flush()
    for _ in range(2):
        text = metrics.exposition(scraper="prometheus")[0].decode()
    sums = [line for line in text.splitlines() if line.startswith("otelagent_delegation_coverage_ratio_sum")]
    shares = {line.partition('child="')[2].partition('"')[0]: float(line.split()[1]) for line in sums}
    assert shares == {"analyst": pytest.approx(3 / 7), "second": 1.0}


@pytest.mark.parametrize("overlap", [False, True])
def test_parallel_delegations_are_edges_of_their_own(overlap: bool) -> None:
    calls = {"parallel": [ask(child()), ask(child(7, "second"))], "overlap": overlap}
    spans = builders.spans(parent(calls))
    assert delegations(spans) == {
        ("coordinator", "analyst", "incomplete"): 1,
        ("coordinator", "second", "complete"): 1,
    }


def test_repeated_delegations_to_one_agent_are_edges_of_their_own() -> None:
    other = [f"doc-30{i}" for i in range(1, 8)]
    spans = builders.spans(parent(ask(child()), ask(child(7, docs=other)), ask(child(7, docs=other))))
    assert delegations(spans) == {
        ("coordinator", "analyst", "incomplete"): 1,
        ("coordinator", "analyst", "complete"): 2,
    }


def test_handover_to_an_agent_that_never_ran_leaves_the_outcome_unknown() -> None:
    first, second, top = beside(triage({"tool": "transfer_to_analyst", "arguments": {}, "result": "ok"}), 7)
    for spans, outcome in (([*first, top], "unknown"), ([*first, *second, top], "success")):
        assert [kind for kind, *_ in of("pipelines", counted(*bodies(spans)))] == [outcome]
        assert found(bodies(spans)) == set()
