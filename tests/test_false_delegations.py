"""Delegations that a hasty reader would call incomplete, and that are none."""

import random
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests import builders
from tests.encodings import ask, parent
from tests.test_delegation import DOCS, DONE, LIMITED, below, causes_of, child, found, read, singly

ALL = "Analyse these documents and report key findings: " + ", ".join(DOCS)


def worker(task: str, *steps: dict[str, Any], say: str = DONE, agent: str = "analyst") -> dict[str, Any]:
    return ask({"agent": agent, "user": task, "steps": [*steps, {"say": say}]})


def reading(docs: Iterable[str]) -> list[dict[str, Any]]:
    return [read(doc) for doc in docs]


def quiet(*calls: dict[str, Any], **more: Any) -> None:
    spans = builders.spans(parent(*calls, **more))
    assert found(singly(spans)) == set()
    assert found([builders.request(spans)]) == set()


def test_rest_is_done_by_a_child_of_another_name() -> None:
    first = worker(ALL, *reading(DOCS[:3]), read(DOCS[3], LIMITED))
    quiet(first, worker("Take over from the analyst.", *reading(DOCS[3:]), agent="substitute"))


def test_one_item_is_tried_again_by_another_child() -> None:
    first = worker(ALL, *reading(DOCS[:6]), read(DOCS[6], LIMITED))
    quiet(first, worker(f"Please read {DOCS[6]}.", read(DOCS[6]), agent="substitute"))


@pytest.mark.parametrize("overlap", [False, True])
def test_children_divide_a_list_that_each_of_them_was_given(overlap: bool) -> None:
    shares = (DOCS[:3], DOCS[3:5], DOCS[5:])
    workers = [worker(ALL, *reading(share), agent=f"worker {n}") for n, share in enumerate(shares)]
    quiet({"parallel": workers, "overlap": overlap})


@pytest.mark.parametrize("overlap", [False, True])
def test_children_of_one_name_divide_a_list(overlap: bool) -> None:
    workers = [worker(ALL, *reading(share)) for share in (DOCS[:4], DOCS[4:])]
    quiet({"parallel": workers, "overlap": overlap})


def test_child_is_told_which_part_of_the_list_is_its_own() -> None:
    task = f"The whole batch is {', '.join(DOCS)}. Your share: {DOCS[0]}, {DOCS[1]}, {DOCS[2]}. Others do the rest."
    quiet(worker(task, *reading(DOCS[:3])))


def test_items_were_done_before_by_an_earlier_child() -> None:
    quiet(
        worker("Analyse " + ", ".join(DOCS[:4]), *reading(DOCS[:4]), agent="first"),
        worker(ALL, *reading(DOCS[4:]), agent="second"),
    )


def test_assignment_names_items_in_several_spellings() -> None:
    twice = ", ".join([*DOCS[:3], *(doc.upper() for doc in DOCS[:3]), DOCS[3]])
    quiet(worker(f"Analyse each of these documents: {twice}", *reading(DOCS[:4])))


def test_best_three_of_seven_are_asked_for() -> None:
    task = f"Read only the three most recent of these documents: {', '.join(DOCS)}"
    quiet(worker(task, *reading(DOCS[4:]), say="The top 3 of 7 are summarised above."))


def test_goal_is_reached_before_the_list_ends() -> None:
    task = f"Go through {', '.join(DOCS)}. As soon as you know the termination date, report it and stop."
    quiet(worker(task, *reading(DOCS[:3]), say="The termination date is 4 May 2027."))


REST: tuple[dict[str, Any], ...] = (
    {"ids": DOCS[3:]},
    {"ids": ",".join(DOCS[3:])},
    {"from": DOCS[3], "to": DOCS[6]},
    {"range": f"{DOCS[3]}..{DOCS[6]}"},
    {"offset": 3, "limit": 4},
    {"sql": "SELECT * FROM documents WHERE id NOT IN ('doc-201', 'doc-202', 'doc-203')"},
    {"pattern": "doc-20*"},
    {"filter": "unread"},
)


@pytest.mark.parametrize("arguments", REST, ids=lambda a: next(iter(a)))
def test_rest_is_read_by_one_call(arguments: dict[str, Any]) -> None:
    rows = [{"doc_id": doc, "text": "ok"} for doc in DOCS[3:]]
    bulk = {"tool": "read_documents", "arguments": arguments, "result": rows}
    quiet(worker(ALL, *reading(DOCS[:3]), bulk))


def test_items_go_by_other_ids_in_calls() -> None:
    names = ["Acme Corp", "Borealis", "Cyan Ltd", "Delta Works", "Ember AG"]
    first = [{"tool": "profile", "arguments": {"company": name}, "result": {"rating": "A"}} for name in names[:2]]
    rest = [{"tool": "profile", "arguments": {"company": f"c-{n}"}, "result": {"rating": "A"}} for n in range(31, 34)]
    quiet(worker(f"Rate each of these companies: {', '.join(names)}.", *first, *rest))


def test_files_go_by_their_names_alone_in_calls() -> None:
    files = [f"/data/in/2025/report_{n}.csv" for n in range(1, 6)]
    calls = [{"tool": "load", "arguments": {"file": f"report_{n}.csv"}, "result": {"rows": 9}} for n in range(1, 6)]
    quiet(worker(f"Load each of these files: {', '.join(files)}.", *calls))


def test_addresses_lose_their_scheme_and_slash_in_calls() -> None:
    urls = [f"https://www.example.org/p{n}/" for n in range(1, 6)]
    calls = [{"tool": "get", "arguments": {"url": f"example.org/p{n}"}, "result": "ok"} for n in range(1, 6)]
    quiet(worker(f"Check each of these pages: {' '.join(urls)}", *calls))


def test_child_has_its_own_children_do_the_rest() -> None:
    rest = worker("Do the rest: " + ", ".join(DOCS[3:]), *reading(DOCS[3:]), agent="helper")
    quiet(worker(ALL, *reading(DOCS[:3]), rest))


def test_another_tool_makes_a_failed_call_good() -> None:
    other = {"tool": "download", "arguments": {"name": DOCS[3]}, "result": {"text": "ok"}}
    quiet(worker(ALL, *reading(DOCS[:3]), read(DOCS[3], LIMITED), other, *reading(DOCS[4:])))


def test_child_is_asked_again_and_goes_on() -> None:
    again = worker("Continue.", *reading(DOCS[3:]))
    quiet(worker(ALL, *reading(DOCS[:3]), say="Three are done. Shall I continue with the rest?"), again)


def with_progress(counts: Iterable[int]) -> list[Span]:
    """A complete child whose calls tell how far it has come."""
    spans = builders.spans(parent(ask(child(7))))
    calls = [s for s in spans if s.name == "execute_tool read_document"]
    for span, count in zip(calls, counts, strict=True):
        known = {"items_assigned": 7, "items_processed": count}
        span.attributes.extend(KeyValue(key=k, value=builders.value(v)) for k, v in known.items())
    return spans


@pytest.mark.parametrize("backwards", [False, True])
def test_progress_that_arrives_in_another_order_ends_where_it_ended(backwards: bool) -> None:
    spans = with_progress(range(1, 8))
    assert found(singly(spans[::-1] if backwards else spans)) == set()


def test_spans_that_come_after_their_agents_cause_no_early_finding() -> None:
    spans = builders.spans(parent(ask(child(7))))
    late = [s for s in spans if s.name == "execute_tool read_document"][3:]
    agent = next(s for s in spans if s.name == "invoke_agent analyst")
    early = [s for s in spans if s not in late]
    at = early.index(agent) + 1
    assert causes_of(singly([*early[:at], *late, *early[at:]])) == set()


def test_parallel_children_cause_no_early_finding() -> None:
    workers = [worker(ALL, *reading(share), agent=f"worker {n}") for n, share in enumerate((DOCS[:4], DOCS[4:]))]
    for overlap in (False, True):
        spans = builders.spans(parent({"parallel": workers, "overlap": overlap}))
        assert causes_of(singly(spans)) == set()


def kept(spans: list[Span], seed: int, share: float, *droppable: str) -> list[Span]:
    """What a sampler or a full queue leaves of the child's spans."""
    chance = random.Random(seed)
    inner = below(spans, {s.span_id for s in spans if s.name == "execute_tool ask_analyst"})
    return [s for s in spans if s.span_id not in inner or not s.name.startswith(droppable) or chance.random() > share]


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 10**6), share=st.sampled_from((0.2, 0.5, 0.8)))
def test_spans_that_a_sampler_dropped_are_nothing_undone(seed: int, share: float) -> None:
    """As long as the child's last turn is there, whose history shows what was done."""
    spans = builders.spans(parent(ask(child(7))))
    last = [s for s in spans if s.name.startswith("chat")][-2]
    left = kept(spans, seed, share, "execute_tool", "chat")
    assert found(singly([s for s in spans if s in left or s is last])) == set()


@pytest.mark.parametrize("dropped", ["execute_tool", "chat"])
@pytest.mark.parametrize("seed", range(8))
def test_dropped_spans_are_nothing_undone_where_messages_tell_no_history(dropped: str, seed: int) -> None:
    spans = builders.spans(parent(ask({**child(7), "history": False})))
    assert found(singly(kept(spans, seed, 0.5, dropped))) == set()
