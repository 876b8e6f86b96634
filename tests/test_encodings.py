"""Each way in which emitters show that one agent works for another, within one trace."""

import json
from collections.abc import Callable, Sequence

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from otelagent.metrics import Metrics
from otelagent.model import Layer
from otelagent.pipeline import Pipeline
from otelagent.tally import Tally
from tests import builders
from tests.encodings import (
    IN_SPANS,
    WAYS,
    Encoding,
    Script,
    apart,
    ask,
    beside,
    bodies,
    coworker_without_spans,
    flat_run_with_messages,
    one,
    own,
    parent,
    triage,
)
from tests.test_delegation import DONE, TASK, child, found
from tests.test_tally import counted, of


def counting(count: int) -> Script:
    """A child of which only a receipt is seen."""
    receipt = {"summary": DONE, "items_assigned": 7, "items_processed": count}
    return {"agent": "analyst", "user": TASK, "steps": [{"say": json.dumps(receipt)}]}


def transfer(count: int, mode: str) -> list[Span]:
    """Attributes of the proposal say to whom the call goes, and whether control comes back."""
    script = child(count)
    first, second, top = beside(triage(script, {"tool": "consult", "arguments": {}, "result": "ok"}), script)
    call = one(first, "execute_tool consult")
    own(call, "gen_ai.transfer.target.name", "analyst")
    own(call, "gen_ai.transfer.mode", mode)
    return [*first, *second, top]


def delegations(spans: Sequence[Span]) -> dict[tuple[str, str, str], float]:
    """Counted edges: parent, child, outcome."""
    edges = of("delegations", counted(*bodies(spans)))
    return {(parent_, child_, outcome): count for (child_, outcome, parent_), count in edges.items()}


@pytest.mark.parametrize("encoding", IN_SPANS)
def test_partial_child_is_found_on_its_span_and_its_edge_counted(encoding: Encoding) -> None:
    spans = encoding(child(3))
    about = one(spans, "invoke_agent analyst").span_id.hex()
    assert ("delegation_incomplete", "items_missing", about) in found(bodies(spans))
    assert found(bodies(spans)) <= {
        ("delegation_incomplete", "items_missing", about),
        ("delegation_incomplete", "child_incomplete", one(spans, "invoke_agent coordinator").span_id.hex()),
    }
    assert delegations(spans) == {("coordinator", "analyst", "incomplete"): 1}


@pytest.mark.parametrize("encoding", IN_SPANS)
def test_complete_child_is_quiet_and_its_edge_counted(encoding: Encoding) -> None:
    assert found(bodies(encoding(child(7)))) == set()
    assert delegations(encoding(child(7))) == {("coordinator", "analyst", "complete"): 1}


@pytest.mark.parametrize("encoding", IN_SPANS)
def test_edge_is_the_same_when_spans_come_backwards(encoding: Encoding) -> None:
    backwards = encoding(child(3))[::-1]
    assert {(m, c) for m, c, _ in found(bodies(backwards))} == {("delegation_incomplete", "items_missing")}
    assert delegations(backwards) == {("coordinator", "analyst", "incomplete"): 1}


@pytest.mark.parametrize("encoding", [coworker_without_spans, flat_run_with_messages])
def test_call_that_stands_for_an_agent_is_judged_by_its_result(encoding: Encoding) -> None:
    assert {(m, c) for m, c, _ in found(bodies(encoding(counting(3))))} == {("delegation_incomplete", "items_missing")}
    assert found(bodies(encoding(counting(7)))) == set()


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
    assert delegations(coworker_without_spans(counting(count))) == {("coordinator", "analyst", outcome): 1}
    assert delegations(flat_run_with_messages(counting(count))) == {("coordinator", "ask_analyst", outcome): 1}


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
    script = child(7)
    giver = triage(script, {"tool": "transfer_to_analyst", "arguments": {}, "result": "ok"})
    first, second, top = beside(giver, script)
    for spans, outcome in (([*first, top], "unknown"), ([*first, *second, top], "success")):
        assert [kind for kind, *_ in of("pipelines", counted(*bodies(spans)))] == [outcome]
        assert found(bodies(spans)) == set()
