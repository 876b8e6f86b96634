"""Overlapping runs in traces of their own that write to one resource: found where something joins the traces."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from otelagent import attributes as a
from otelagent.diagnosis.scan import scan
from otelagent.pipeline import Pipeline, Settings
from tests import builders
from tests.encodings import answer, bodies, by_context, own, parent
from tests.test_delegation import finding_attribute
from tests.test_pipeline import records

NAMED = Settings(detectors={"shared_state_conflict": {"reads": "read_page:page", "writes": "write_*:page:text"}})


def editor(name: str, text: str, page: str = "p1") -> dict[str, Any]:
    steps = [
        {"tool": "read_page", "arguments": {"page": page}, "result": {"text": "one"}},
        {"tool": "write_page", "arguments": {"page": page, "text": text}, "result": "ok"},
        {"say": "Revised."},
    ]
    return {"agent": name, "user": f"Revise {page} ({text}).", "steps": steps}


def turn(script: dict[str, Any], talk: str | None, late: int = 1, waits: int = 0) -> list[Span]:
    """A trace of its own that begins `late` ms later; `waits`: ms between its read and its write."""
    spans = builders.spans(script, script["agent"])
    for n, s in enumerate(spans):
        if talk is not None:
            own(s, "gen_ai.conversation.id", talk)
        s.start_time_unix_nano += (late + (waits if 2 <= n < len(spans) - 1 else 0)) * builders.MILLISECOND
        s.end_time_unix_nano += (late + (waits if n >= 2 else 0)) * builders.MILLISECOND
    return spans


def told(*traces: list[Span], settings: Settings | None = NAMED) -> set[tuple[str, str]]:
    """Mode and span of each finding, all traces one after the other."""
    found = scan(bodies([s for spans in traces for s in spans]), settings).findings.values()
    return {(f.mode, f.about.hex()) for f in found}


def write(spans: list[Span]) -> str:
    return next(s for s in spans if s.name == "execute_tool write_page").span_id.hex()


def two(talk: str | None = "t", other: str | None = "t", **second: Any) -> tuple[list[Span], list[Span]]:
    return turn(editor("a", "two"), talk), turn(
        editor("b", second.get("text", "three")), other, **second.get("at", {"late": 20})
    )


@pytest.mark.parametrize("first", [0, 1])
def test_lost_update_across_traces_of_one_conversation_is_found_on_the_write_that_won(first: int) -> None:
    traces = two()
    assert told(*(traces if first == 0 else traces[::-1])) == {("shared_state_conflict", write(traces[1]))}


def test_evidence_names_the_other_trace() -> None:
    first, second = two()
    (found,) = scan(bodies([*first, *second]), NAMED).findings.values()
    assert [(e.span_id.hex(), e.trace_id) for e in found.evidence] == [
        (write(first), first[0].trace_id),
        (write(second), b""),
    ]


def test_nothing_is_found_where_it_is_not_configured_or_nothing_joins_the_traces() -> None:
    assert told(*two(), settings=None) == set()
    assert told(*two("t", "u")) == set()
    assert told(*two(None, None)) == set()
    assert told(*two(text="two")) == set()
    assert told(*two(at={"late": 5_000})) == set()


def test_run_whose_trace_has_left_is_remembered_by_its_conversation() -> None:
    """The second run goes on for minutes after the first has settled."""
    first, second = two(at={"late": 20, "waits": 180_000})
    pipeline, events = Pipeline(NAMED), []
    for now, body in enumerate(bodies(first)):
        pipeline.traces(body, now / 10)
    events += records(pipeline.tick(100.0))
    assert pipeline.live.get(first[0].trace_id) is None
    for now, body in enumerate(bodies(second)):
        events += records(pipeline.traces(body, 200 + now / 10).events)
    assert [finding_attribute(e, a.FINDING_MODE) for e in events] == ["shared_state_conflict"]


def test_children_in_traces_of_their_own_that_one_parent_asked_for_are_compared() -> None:
    scripts = [editor("a", "two"), editor("b", "three")]
    calls = [
        {"tool": f"ask_{s['agent']}", "arguments": {"task": s["user"]}, "result": answer(s), "id": f"call_{n}"}
        for n, s in enumerate(scripts)
    ]
    above = builders.spans(parent({"parallel": calls, "overlap": True}), "above")
    asked = [s for s in above if s.name.startswith("execute_tool ask_")]
    below = [by_context([call], turn(s, None, 20 * n)) for n, (s, call) in enumerate(zip(scripts, asked, strict=True))]
    conflict = ("shared_state_conflict", write(below[1]))
    assert conflict in told(*below, above)
    assert conflict in told(above, *below)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_no_permutation_adds_a_finding_and_interleaving_changes_none(seed: int) -> None:
    first, second = two()
    ordered, chance = told(first, second), random.Random(seed)
    mixed, left = [], [list(first), list(second)]
    while any(left):
        mixed.append(chance.choice([q for q in left if q]).pop(0))
    assert told(mixed) == ordered
    chance.shuffle(mixed)
    assert told(mixed) <= ordered
