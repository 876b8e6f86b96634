"""The state of a run at a step, for running it again."""

import json
from pathlib import Path

import pytest

import otelagent
from otelagent.diagnosis.recording import record
from otelagent.diagnosis.snapshot import NoSuchStep, load_trace_snapshot, reader, snapshot
from otelagent.model import Kind
from otelagent.otlp import TraceRequest
from tests import builders

FAILING = "pydantic-ai__native-default__empty_result.binpb.gz"


def trace_id() -> str:
    return TraceRequest(builders.capture(FAILING)).spans[0].trace_id.hex()


def test_snapshot_holds_what_the_model_received() -> None:
    state = load_trace_snapshot(trace_id(), 7, source=builders.CAPTURES / FAILING)
    assert [message["role"] for message in state["messages"]][:2] == ["system", "user"]
    assert [(call["tool"], call["outcome"]) for call in state["tool_history"]] == [
        ("web_search", "ok"),
        ("web_search", "empty"),
        ("web_search", "ok"),
    ]
    assert state["model"] == "gpt-4o-2024-08-06"
    assert [tool["name"] for tool in state["tools"]] == ["web_search"]
    assert state["working_memory"]["values_given"] > 10
    assert not state["messages_rebuilt"]
    assert json.loads(json.dumps(state)) == state


def test_tool_step_stands_for_the_step_that_read_its_result() -> None:
    at_tool, at_reader = (load_trace_snapshot(trace_id(), step, source=builders.CAPTURES / FAILING) for step in (4, 5))
    assert at_tool == at_reader
    assert load_trace_snapshot(trace_id(), at_tool["span_id"], source=builders.CAPTURES / FAILING) == at_tool


def test_messages_are_rebuilt_where_only_what_was_new_is_recorded() -> None:
    def message(role: str, text: str) -> dict[str, object]:
        return {"role": role, "parts": [{"type": "text", "content": text}]}

    first, second = [message("system", "Be brief."), message("user", "One?")], [message("user", "Two?")]
    steps = [{"say": "1.", "sees": first}, {"say": "2.", "sees": second}]
    recording = record([builders.request(builders.spans({"agent": "atlas", "steps": steps}))])
    state = snapshot(recording, recording.steps[1])
    assert state["messages_rebuilt"]
    assert [m["parts"][0]["content"] for m in state["messages"]] == ["Be brief.", "One?", "1.", "Two?"]


def test_what_was_not_captured_is_said() -> None:
    script = {"agent": "atlas", "content": False, "steps": [{"tool": "search"}, {"say": "Done."}]}
    recording = record([builders.request(builders.spans(script))])
    missing = snapshot(recording, recording.steps[2])["missing"]
    assert missing[0] == "messages: capture_off"
    assert "result of step 2: not captured" in missing


def test_span_id_of_decimal_digits_is_no_number() -> None:
    request = builders.spans({"agent": "atlas", "steps": [{"say": "1."}, {"tool": "search"}, {"say": "2."}]})
    for number, span in enumerate(request, 1):
        span.span_id = bytes.fromhex(f"{number + 10:016d}")
    recording = record([builders.request(request)])
    turn = next(s for s in recording.steps if s.step.kind is Kind.LLM)
    assert reader(recording, turn.span_id.hex()) is turn


@pytest.mark.parametrize("step", [0, 99, "ffffffffffffffff", "xyz"])
def test_unknown_step_is_refused(step: int | str) -> None:
    with pytest.raises(NoSuchStep):
        load_trace_snapshot(trace_id(), step, source=builders.CAPTURES / FAILING)


def test_it_is_offered_by_the_package() -> None:
    assert otelagent.load_trace_snapshot is load_trace_snapshot
    with pytest.raises(AttributeError):
        otelagent.nowhere  # noqa: B018  # reading it is the test


def test_store_without_the_trace_is_said(tmp_path: Path) -> None:
    from otelagent.store import TraceStore

    TraceStore(tmp_path, create=True).close()
    with pytest.raises(NoSuchStep, match="no trace"):
        load_trace_snapshot("00" * 16, 1, source=tmp_path)
