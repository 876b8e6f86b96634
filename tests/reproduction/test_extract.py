"""Recordings told as cases: each completion, call and run once and in its place, however the emitter reports them."""

import pytest

from otelagent.cases.case import Call, Case, Note, Run, Turn, calls, runs, turns
from otelagent.cases.extract import Extract
from otelagent.cases.spans import request
from otelagent.diagnosis.recording import record
from otelagent.guards import StructuredErrors
from otelagent.reproduction.play import shown
from tests.reproduction import cases

SPLIT = ("openai-responses-genai__loop", "openai-agents__openinference__loop")
"""Histories in which text and calls of one completion are messages of their own."""
TOLD_LATER = ("llamaindex-otel__loop", "llamaindex-tl__loop")
"""Completions whose text or calls only later histories show."""


@pytest.mark.parametrize("name", SPLIT + TOLD_LATER)
def test_a_completion_and_the_messages_that_repeat_it_are_one_turn(name: str) -> None:
    case, _ = cases.first(f"{name}.binpb.gz")
    (run,) = case.runs
    assert all(turn.span for turn in turns(run))
    assert [call.tool for turn in turns(run) for call in turn.calls] == ["web_search"] * 5
    assert all(call.asked for call in calls(run))


def test_a_run_beside_its_caller_under_one_workflow_belongs_to_the_call_during_which_it_went_on() -> None:
    case, _ = cases.first("openai-agents-tl__delegation.binpb.gz")
    (coordinator,) = case.runs
    given = {call.tool: [run.agent for run in call.runs] for call in calls(coordinator) if call.runs}
    assert given == {f"ask_analyst_{x}": [f"analyst_{x}"] for x in "abc"}


HANDED_OVER = ("langgraph__openinference__delegation_handoff", "openai-agents__openinference__delegation_handoff")


@pytest.mark.parametrize("name", HANDED_OVER)
def test_calls_in_a_history_that_was_handed_over_are_those_of_the_run_that_made_them(name: str) -> None:
    case, _ = cases.first(f"{name}.binpb.gz")
    made = {call.id: call for run in runs(case) for turn in turns(run) if turn.span for call in turn.calls}
    past = [call for run in runs(case) for turn in turns(run) if not turn.span for call in turn.calls if not call.span]
    assert past
    assert all(
        (made[call.same].tool, made[call.same].arguments) == (call.tool, call.arguments) for call in past if call.same
    )
    assert [call.tool for call in past if call.same].count("read_document") > 1


def test_ids_that_come_again_after_they_were_answered_are_further_calls() -> None:
    asked = [Call(id=f"c{n}", tool="search", span=False, arguments={"q": n}, result=[n]) for n in (1, 2)]
    past = [Turn(id=f"t{n}", calls=[call], span=False) for n, call in enumerate(asked)]
    told = Case(
        runs=[Run(id="r1", span=False, steps=[Note(id="m1", role="user", text="Go"), *past, Turn(id="t9", text="ok")])]
    )
    body = request(told).replace(b"call_000000c2", b"call_000000c1")
    made = [call for run in runs(Extract(record([body])).case) for turn in turns(run) for call in turn.calls]
    assert [(call.arguments, call.result) for call in made] == [({"q": 1}, [1]), ({"q": 2}, [2])]


@pytest.mark.parametrize(
    "call",
    [
        Call(id="c1", tool="search", result={}, error="HTTP 429 Too Many Requests", error_type="ToolHTTPError"),
        Call(id="c1", tool="search", result="Error: HTTP 429 Too Many Requests", status="error"),
    ],
)
def test_guards_see_what_went_wrong_as_exactly_as_it_was_said(call: Call) -> None:
    answer = StructuredErrors().after_tool(call.tool, {}, shown(call))
    assert answer["error"]["type"] == "rate_limited"
