"""Delegations in any order of arrival, across traces too, with clocks that differ and spans that never come."""

import random
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests import builders
from tests.encodings import IN_SPANS, WAYS, apart, ask, bodies, parent
from tests.test_delegation import DONE, below, child, found, identities, singly
from tests.test_tally import counted, of

Queues = list[list[Span]]

seeds = st.integers(0, 10**6)


def two_traces(way: int, count: int) -> Queues:
    """What the parent's process sends, and what the child's does."""
    above, inner = apart(child(count))
    return [above, WAYS[way](above, inner)]


def shuffled(queues: Queues, seed: int) -> list[Span]:
    spans = [s for queue in queues for s in queue]
    random.Random(seed).shuffle(spans)
    return spans


def interleaved(queues: Queues, seed: int) -> list[Span]:
    """The order of each process is kept."""
    chance, left, mixed = random.Random(seed), [list(q) for q in queues], []
    while any(left):
        mixed.append(chance.choice([q for q in left if q]).pop(0))
    return mixed


def in_batches(spans: list[Span], seed: int) -> Iterable[bytes]:
    chance, at = random.Random(seed), 0
    while at < len(spans):
        size = chance.randint(1, 8)
        yield builders.request(spans[at : at + size])
        at += size


ways = st.sampled_from(range(len(WAYS)))
counts = st.sampled_from((3, 7))


@settings(max_examples=60, deadline=None)
@given(way=ways, count=counts, seed=seeds)
def test_no_permutation_adds_a_finding_across_traces(way: int, count: int, seed: int) -> None:
    queues = two_traces(way, count)
    ordered = identities(singly([s for queue in queues for s in queue]))
    assert identities(singly(shuffled(queues, seed))) <= ordered


@settings(max_examples=60, deadline=None)
@given(way=ways, count=counts, seed=seeds)
def test_interleaving_and_batching_give_the_same_findings_across_traces(way: int, count: int, seed: int) -> None:
    queues = two_traces(way, count)
    ordered = identities(singly([s for queue in queues for s in queue]))
    assert identities(in_batches(interleaved(queues, seed), seed)) == ordered


@settings(max_examples=40, deadline=None)
@given(way=ways, count=counts, seed=seeds)
def test_unrelated_trace_changes_no_join(way: int, count: int, seed: int) -> None:
    queues, other = two_traces(way, count), builders.spans(parent(ask(child(3, "other"))), "unrelated")
    alone = identities(singly([s for queue in queues for s in queue])) | identities(singly(other))
    assert identities(singly(interleaved([*queues, other], seed))) == alone


@settings(max_examples=60, deadline=None)
@given(encoding=st.sampled_from(range(len(IN_SPANS))), count=counts, seed=seeds)
def test_no_permutation_of_an_encoding_adds_a_finding(encoding: int, count: int, seed: int) -> None:
    spans = IN_SPANS[encoding](child(count))
    assert identities(bodies(shuffled([spans], seed))) <= identities(bodies(spans))


@settings(max_examples=40, deadline=None)
@given(count=counts, skew=st.integers(-400, 400), seed=seeds)
def test_clock_of_the_child_may_differ(count: int, skew: int, seed: int) -> None:
    """The child seems to begin before its call, or to end after its parent."""
    spans = builders.spans(parent(ask(child(count))))
    tools = {s.span_id for s in spans if s.name == "execute_tool ask_analyst"}
    inner = below(spans, tools)
    expected = identities(singly(spans))
    for s in spans:
        if s.span_id in inner:
            s.start_time_unix_nano += skew * builders.MILLISECOND
            s.end_time_unix_nano += skew * builders.MILLISECOND
    queues = [[s for s in spans if s.span_id in inner], [s for s in spans if s.span_id not in inner]]
    assert identities(singly(interleaved(queues, seed))) == expected


def outcomes(spans: list[Span]) -> tuple[list[str], list[str]]:
    """Outcomes of the pipelines and of the delegations."""
    counts_ = counted(*singly(spans))
    return [kind for kind, *_ in of("pipelines", counts_)], [labels[1] for labels in of("delegations", counts_)]


@settings(max_examples=40, deadline=None)
@given(last=st.integers(1, 8), seed=seeds)
def test_killed_child_is_unknown_and_no_finding(last: int, seed: int) -> None:
    """The child's process dies: its last spans, that of its agent among them, never come, nor does its call's."""
    spans = builders.spans(parent(ask(child(7))))
    inner = [s for s in spans if s.span_id in below(spans, {t.span_id for t in spans if "ask_analyst" in t.name})]
    lost = {s.span_id for s in inner[-last:]}
    left = [s for s in spans if s.span_id not in lost]
    random.Random(seed).shuffle(left)
    assert found(singly(left)) == set()
    assert outcomes(left)[0] == ["unknown"]


@settings(max_examples=40, deadline=None)
@given(known=st.integers(1, 17), seed=seeds)
def test_root_that_never_comes_is_unknown_and_no_finding(known: int, seed: int) -> None:
    spans = builders.spans(parent(ask(child(7))))[:known]
    random.Random(seed).shuffle(spans)
    assert found(singly(spans)) == set()
    assert outcomes(spans)[0] == ["unknown"]


@pytest.mark.parametrize("count", [3, 7])
def test_spans_that_come_twice_are_counted_once(count: int) -> None:
    spans = builders.spans(parent(ask(child(count)), say=DONE))
    twice: list[Any] = [s for s in spans for _ in range(2)]
    assert outcomes(twice) == outcomes(spans)
    assert found(singly(twice)) == found(singly(spans))
