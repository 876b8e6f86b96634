"""Agents written by hand on a model's SDK: no span says who worked for whom, only messages do."""

import random
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from otelagent import attributes as a
from otelagent.diagnosis.scan import Report, scan
from otelagent.inner import inner
from otelagent.model import Finding, Step
from otelagent.pipeline import Pipeline
from otelagent.run import AgentRun
from otelagent.trace import Trace
from tests import builders
from tests.delegations import RUNS, plays
from tests.encodings import ROOT, TRACE, ask, bodies, flat_conversations, parent, root
from tests.test_delegation import DOCS, child
from tests.test_false_delegations import reading, worker


def told(spans: list[Span]) -> list[Finding]:
    return list(scan(bodies(spans)).findings.values())


def flat(*calls: dict[str, Any], say: str = "Final report: all documents were analysed.") -> list[Span]:
    turns = [s for s in builders.spans(parent(*calls, say=say)) if s.name.startswith("chat ")]
    for s in turns:
        s.trace_id, s.parent_span_id = TRACE, ROOT
    return [*turns, root(turns, "POST /ask")]


def test_child_that_only_messages_show_is_found_on_its_last_turn() -> None:
    spans = flat_conversations(child(3))
    (found,) = told(spans)
    assert (found.mode, found.cause, found.agent) == ("delegation_incomplete", "items_missing", "ask_analyst")
    assert (found.extra[a.DELEGATION_PROCESSED], found.extra[a.DELEGATION_ASSIGNED]) == (3, 7)
    assert found.extra[a.DELEGATION_MISSING] == DOCS[3:]
    assert found.about == spans[-3].span_id


def test_complete_child_is_quiet() -> None:
    assert told(flat_conversations(child(7))) == []


def test_child_that_says_so_is_found_where_its_parent_passes_that_over() -> None:
    script = child(limited=False)
    script["steps"][-1] = {"say": "I processed 3 of 7 documents; the rest could not be read."}
    assert [f.cause for f in told(flat_conversations(script))] == ["items_missing"]
    assert told(flat_conversations(script, "Only 3 of 7 documents could be read.")) == []


def test_rest_that_another_child_or_the_parent_does_is_quiet() -> None:
    first = ask(child(3, limited=False))
    assert told(flat(first, worker(f"Please read {', '.join(DOCS[3:])}.", *reading(DOCS[3:])))) == []
    assert told(flat(first, *reading(DOCS[3:]))) == []


def test_second_of_three_children_is_found() -> None:
    others = [[f"doc-{n}0{i}" for i in range(1, 4)] for n in (1, 3)]
    calls = [ask(child(3, docs=others[0])), ask(child(3)), ask(child(3, docs=others[1]))]
    assert [(f.extra[a.DELEGATION_PROCESSED], f.extra[a.DELEGATION_ASSIGNED]) for f in told(flat(*calls))] == [(3, 7)]


def test_one_conversation_with_several_messages_of_the_user_delegates_nothing() -> None:
    steps = [*reading(DOCS[:2]), {"say": "Both are stable."}, {"user": "And now " + ", ".join(DOCS)}]
    script = {"agent": "coordinator", "user": "Read two.", "steps": [*steps, *reading(DOCS[:3]), {"say": "Done."}]}
    turns = [s for s in builders.spans(script) if s.name.startswith("chat ")]
    assert told(turns) == []


def test_children_whose_turns_stand_among_each_other_are_not_judged() -> None:
    """Each turn would have to be told apart by what it goes on from."""
    calls = {"parallel": [ask(child(3)), ask(child(7, "second", docs=[f"doc-40{i}" for i in range(1, 8)]))]}
    spans = flat({**calls, "overlap": True})
    spans.sort(key=lambda s: s.end_time_unix_nano)
    assert [f for f in told(spans) if f.mode == "delegation_incomplete" and f.cause == "items_missing"] == []


@settings(max_examples=60, deadline=None)
@given(count=st.sampled_from((3, 7)), seed=st.integers(0, 10**6))
def test_no_permutation_adds_a_finding(count: int, seed: int) -> None:
    spans = flat_conversations(child(count))
    ordered = {f.identity for f in told(spans)}
    random.Random(seed).shuffle(spans)
    found = {f.identity for f in told(spans) if f.mode == "delegation_incomplete"}
    assert found <= ordered


@pytest.mark.parametrize("missing", ["gen_ai.input.messages", "gen_ai.output.messages"])
def test_without_messages_nothing_is_said(missing: str) -> None:
    spans = flat_conversations(child(3))
    for s in spans:
        kept = [x for x in s.attributes if x.key != missing]
        del s.attributes[:]
        s.attributes.extend(kept)
    assert [f for f in told(spans) if f.mode == "delegation_incomplete"] == []


COMPLETE = [case for case in RUNS if not case["found"] and case["say"] and case.get("honest") != "parent"]


@settings(max_examples=60, deadline=None)
@given(case=st.sampled_from(COMPLETE), seed=st.integers(0, 10**6))
def test_complete_children_are_quiet_in_any_order(case: dict[str, Any], seed: int) -> None:
    """A message counts where it was read first, which may be in a later turn."""
    spans = next(spans for _, name, spans in plays(case) if name == "flat_conversations")
    random.Random(seed).shuffle(spans)
    assert [f for f in told(spans) if f.mode == "delegation_incomplete"] == []


class Watched(list[Step]):
    """Counts how many of a run's steps are looked at."""

    looks = 0

    def __iter__(self) -> Iterator[Step]:
        for step in super().__iter__():
            self.looks += 1
            yield step

    def __getitem__(self, at: Any) -> Any:
        found = super().__getitem__(at)
        self.looks += len(found) if isinstance(at, slice) else 1
        return found


class Runs(Report):
    """Keeps the run of the last step."""

    def step(self, step: Step, run: AgentRun, trace: Trace) -> None:
        self.run = run


def children(count: int, *, answers: bool) -> list[Span]:
    """A flat run; `answers`: its agent answers after each child, and is asked for more."""
    calls = [
        ask(child(2, f"worker{n}", limited=False, docs=[f"doc-{n}0{i}" for i in range(1, 4)])) for n in range(count)
    ]
    talk = [{"say": "This part is done."}, {"user": "Now the next part."}] if answers else []
    return flat(*(step for call in calls for step in (call, *talk)))[:-1]


def looks(count: int) -> tuple[int, int]:
    ear = Runs()
    pipeline = Pipeline(ears=(ear,))
    for body in bodies(children(count, answers=False)):
        pipeline.traces(body, 0.0)
    steps = Watched(ear.run.steps)
    found = [*inner(SimpleNamespace(steps=steps))]  # type: ignore[arg-type]
    assert len(found) == count
    for each in found:
        assert each.coverage is not None
        assert not each.failed
        assert not each.made_good(each.coverage, 1)
    return len(steps), steps.looks


def test_looks_at_steps_grow_no_faster_than_the_run() -> None:
    (few, small), (many, large) = looks(4), looks(16)
    assert many > 3 * few
    assert large / many < 1.2 * small / few


def test_children_are_judged_by_the_first_answer_after_them_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    judged = []

    def watched(run: AgentRun, since: int = 0) -> Iterator[Any]:
        for found in inner(run, since):
            judged.append(found.call.tool)
            yield found

    monkeypatch.setattr("otelagent.detectors.delegation_incomplete.inner", watched)
    found = told(children(6, answers=True))
    assert judged == [f"ask_worker{n}" for n in range(6)]
    assert [f.agent for f in found if f.cause == "items_missing"] == judged
