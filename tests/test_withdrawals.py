"""What was told too early is taken back: in any order of arrival, what stands at the end is told in order, too."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from otelagent import attributes as a
from otelagent.detectors.delegation_incomplete import SAME, DelegationIncomplete
from otelagent.metrics import Metrics
from otelagent.model import Layer
from otelagent.pipeline import Pipeline
from otelagent.tally import Tally
from otelagent.terminal import Terminal
from tests import builders
from tests.delegations import RUNS, plays
from tests.encodings import IN_SPANS, WAYS, apart, ask, bare_child_span, bodies, parent, span_links
from tests.test_delegation import DOCS, child, created, finding_attribute
from tests.test_delegation_order import Queues, shuffled
from tests.test_false_delegations import reading, worker
from tests.test_pipeline import records

Event = tuple[str, str | None, str | None, bytes]
"""Finding id, mode, cause and span."""


def events(requests: Iterable[bytes], pipeline: Pipeline | None = None) -> list[Any]:
    pipeline, told = pipeline or Pipeline(), []
    for number, body in enumerate(requests):
        told += records(pipeline.traces(body, number / 10).events)
        told += records(pipeline.tick(number / 10 + 0.05))
    return [*told, *records(pipeline.settle(1e6))]


def named(event: Any) -> Event:
    known = (finding_attribute(event, name) for name in (a.FINDING_ID, a.FINDING_MODE, a.FINDING_CAUSE))
    return (*known, event.span_id)  # type: ignore[return-value]


def left(told: Iterable[Any]) -> set[Event]:
    """Findings that were told and not taken back; only what was told is taken back."""
    found: dict[tuple[str | None, bytes], Event] = {}
    for event in told:
        known = named(event)
        if event.event_name == a.FINDING_EVENT:
            found[known[0], event.span_id] = known
        elif event.event_name == a.WITHDRAWN_EVENT:
            assert found.pop((known[0], event.span_id), None), "nothing of that name was told"
    return set(found.values())


def standing(told: Iterable[Any]) -> set[Event]:
    """The same without the bad sources of a child that is found: they are its evidence now."""
    found = left(told)
    children = any(mode == DelegationIncomplete.mode for _, mode, *_ in found)
    return {each for each in found if not (children and each[1] in SAME)}


def divided() -> list[Span]:
    shares = (DOCS[:3], DOCS[3:5], DOCS[5:])
    task = "Analyse these documents and report key findings: " + ", ".join(DOCS)
    workers = [worker(task, *reading(share), agent=f"worker {n}") for n, share in enumerate(shares)]
    return builders.spans(parent({"parallel": workers, "overlap": True}))


def gone_on() -> list[Span]:
    return builders.spans(parent(ask(child(3)), worker("Continue.", *reading(DOCS[3:]))))


def creation() -> list[Span]:
    one, run = created()
    return [one, *run]


def made(case: dict[str, Any], place: int) -> Queues:
    played = [spans for _, _, spans in plays(case)]
    return [played[place % len(played)]]


def flat(case: dict[str, Any]) -> Queues:
    """All calls of models in one run, of which messages alone tell what is whose."""
    return [spans for group, _, spans in plays(case) if group == "without agents' spans"]


def two(way: int, count: int) -> Queues:
    above, below = apart(child(count))
    return [above, WAYS[way](above, below)]


counts = st.sampled_from((3, 7))
traffic = st.one_of(
    st.builds(lambda each, count: [each(child(count))], st.sampled_from(IN_SPANS), counts),
    st.builds(two, st.sampled_from(range(len(WAYS))), counts),
    st.builds(lambda each: [each()], st.sampled_from((divided, gone_on, creation))),
    st.builds(made, st.sampled_from(RUNS), st.integers(0, 30)),
)


@example(queues=[bare_child_span(child(3))], seed=239)  # its answer is told of first, and later its agent
@example(queues=[span_links(child(3))], seed=120)  # the child finds its place before the sender of its message
@example(queues=made(next(c for c in RUNS if c["name"] == "合同盖章跟进"), 0), seed=12)  # its child grounds an answer
@settings(max_examples=250, deadline=None)
@given(queues=traffic, seed=st.integers(0, 10**6))
def test_no_permutation_leaves_an_event_that_order_would_not_have_told(queues: Queues, seed: int) -> None:
    in_disorder(queues, seed)


FLAT = [flat(case) for case in RUNS]


def in_disorder(queues: Queues, seed: int) -> None:
    ordered = left(events(bodies([s for queue in queues for s in queue])))
    assert standing(events(bodies(shuffled(queues, seed)))) <= ordered


@example(queues=next(q for q, case in zip(FLAT, RUNS, strict=True) if case["name"] == "証明書更新の結果"), seed=1)
@example(queues=next(q for q, case in zip(FLAT, RUNS, strict=True) if case["name"] == "retried"), seed=4)
@example(queues=next(q for q, case in zip(FLAT, RUNS, strict=True) if case["name"] == "hoken-shinsa"), seed=3)
@settings(max_examples=100, deadline=None)
@given(queues=st.sampled_from([queues for queues in FLAT if queues]), seed=st.integers(0, 10**6))
def test_no_permutation_of_a_flat_run_leaves_a_finding_that_order_would_not_have_told(
    queues: Queues, seed: int
) -> None:
    in_disorder(queues, seed)


def early() -> list[Span]:
    """A run that refers to a span not seen yet, in which its agent was only created, as it turns out."""
    one, run = created()
    return [*run, one]


def test_finding_that_a_late_creation_refutes_is_taken_back_by_name() -> None:
    told = events(bodies(early()))
    found = [e for e in told if e.event_name == a.FINDING_EVENT]
    back = [e for e in told if e.event_name == a.WITHDRAWN_EVENT]
    assert [finding_attribute(e, a.FINDING_CAUSE) for e in found] == ["items_missing"]
    assert [named(e) for e in back] == [named(e) for e in found]
    assert (back[0].trace_id, back[0].span_id) == (found[0].trace_id, found[0].span_id)


def test_what_is_taken_back_is_counted_and_said_on_the_terminal() -> None:
    metrics, lines = Metrics({"delegation_incomplete": Layer.ORCHESTRATION}), []  # type: Metrics, list[str]
    events(bodies(early()), Pipeline(ears=(Tally(metrics), Terminal(lines.append))))
    metrics.flush()
    for _ in range(2):
        text = metrics.exposition(scraper="prometheus")[0].decode()
    assert 'otelagent_withdrawn_findings_total{mode="delegation_incomplete"} 1.0' in text
    assert [line.partition(":")[0].partition(" [")[0] for line in lines][-1] == "delegation_incomplete taken back"


@pytest.mark.parametrize("count", [3, 7])
def test_nothing_is_taken_back_where_one_trace_leaves_before_another(count: int) -> None:
    for way in WAYS:
        above, below = apart(child(count))
        told = events(bodies([*way(above, below), *above]))
        assert [e for e in told if e.event_name == a.WITHDRAWN_EVENT] == []
