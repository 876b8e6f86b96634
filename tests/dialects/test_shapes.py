"""Calls and results in messages, and how results find the calls that they answer."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from otelagent.dialects import shapes
from otelagent.dialects.encoded import printed
from otelagent.dialects.shapes import message
from otelagent.ear import Ear
from otelagent.model import Kind, Message, Text, ToolCall, ToolResult
from otelagent.pipeline import Pipeline
from otelagent.run import SOURCES
from otelagent.trace import Closed, Trace
from tests import builders


@pytest.mark.parametrize(
    "text",
    [
        "ResponseFunctionToolCall(arguments='{\"q\": 1}', call_id='c1', name='search', type='function_call')",
        "FunctionCall(id='c1', arguments='{\"q\": 1}', name='search')",
        "ToolCall(tool_name='search', tool_kwargs={'q': 1}, call_id='c1')",
    ],
)
def test_call_that_was_printed_as_python_does_is_a_call(text: str) -> None:
    (part,) = message({"role": "assistant", "parts": [{"type": "text", "content": text}]}, "assistant").parts
    assert isinstance(part, ToolCall)
    assert (part.id, part.name, part.arguments in ({"q": 1}, '{"q": 1}')) == ("c1", "search", True)


@pytest.mark.parametrize("text", ["ToolCall( is a class", "ToolCall(role=<Role.USER: 'user'>)", "ToolCall()", "a = 1"])
def test_text_about_calls_stays_text(text: str) -> None:
    assert message({"role": "assistant", "content": [{"type": "text", "text": text}]}, "user") == Message(
        "assistant", (Text(text),)
    )


def test_objects_inside_a_printed_object_are_read_too() -> None:
    assert printed("A(x=[B(y=-1)], z={'k': (1, None)})") == {"x": [{"y": -1}], "z": {"k": [1, None]}}
    assert printed("A(" + "(" * 5000) is None


class Calls(Ear):
    """Keeps the source steps of a trace."""

    def __init__(self) -> None:
        self.seen: list[tuple[str | None, str | None, bool, bool]] = []

    def closed(self, trace: Trace, reason: Closed) -> None:
        for run in trace.runs.values():
            self.seen += [
                (s.tool, s.call_id, s.rebuilt, s.call is not None and s.call.arguments is not None)
                for s in run.steps
                if s.kind in SOURCES
            ]


def chat(number: int, history: list[dict[str, Any]], output: dict[str, Any], parent: bytes = b"p" * 8) -> builders.Span:
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.input.messages": json.dumps(history),
        "gen_ai.output.messages": json.dumps([output]),
    }
    start = builders.BEGIN + number * 1000
    ids = {"trace_id": b"t" * 16, "span_id": bytes([number]) * 8, "parent_id": parent}
    return builders.span("chat gpt-4o", attributes, start=start, end=start + 500, **ids)


def sources(*spans: builders.Span) -> list[tuple[str | None, str | None, bool, bool]]:
    calls = Calls()
    pipeline = Pipeline(None, ears=(calls,))
    pipeline.traces(builders.request(spans), 1.0)
    pipeline.settle(2.0)
    return calls.seen


USER = {"role": "user", "parts": [{"type": "text", "content": "Where is KL-204?"}]}
SAYS = {"role": "assistant", "parts": [{"type": "text", "content": "It is in hall 4."}]}


def asks(call_id: str | None, name: str = "find") -> dict[str, Any]:
    part: dict[str, Any] = {"type": "tool_call", "name": name, "arguments": {"ref": "KL-204"}}
    return {"role": "assistant", "parts": [part | ({"id": call_id} if call_id else {})]}


def answers(call_id: str | None, name: str | None = None) -> dict[str, Any]:
    part = {"type": "tool_call_response", "id": call_id, "response": {"hall": 4}}
    return {"role": "tool", "parts": [part | ({"name": name} if name else {})]}


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        (asks("c1"), answers("c1")),
        (asks("c1"), answers(None)),
        (asks("c1"), answers(None, "find")),
        (asks("c1"), answers("find_0")),
    ],
    ids=["by id", "by order", "by name", "its id was made up"],
)
def test_result_finds_its_call(asked: dict[str, Any], answered: dict[str, Any]) -> None:
    spans = chat(1, [USER], asked), chat(2, [USER, asked, answered], SAYS)
    assert sources(*spans) == [("find", "c1", True, True)]


def test_call_that_histories_leave_out_is_known_from_the_completion() -> None:
    said = {"role": "assistant", "parts": [{"type": "text", "content": "I'll look."}]}
    spans = chat(1, [USER], asks("c1")), chat(2, [USER, said, answers("c1")], SAYS)
    assert sources(*spans) == [("find", "c1", True, True)]


def test_result_without_an_id_isnt_counted_beside_the_tools_own_span() -> None:
    tool = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "find", "gen_ai.tool.call.id": "c1"}
    tool |= {"gen_ai.tool.call.arguments": '{"ref": "KL-204"}', "gen_ai.tool.call.result": '{"hall": 4}'}
    ids = {"trace_id": b"t" * 16, "span_id": b"x" * 8, "parent_id": b"p" * 8}
    ran = builders.span("execute_tool find", tool, start=builders.BEGIN + 1600, end=builders.BEGIN + 1700, **ids)
    unnamed = {"role": "tool", "parts": [{"type": "tool_call_response", "response": {"hall": 4}}]}
    spans = chat(1, [USER], asks("c1")), ran, chat(2, [USER, unnamed], SAYS)
    assert sources(*spans) == [("find", "c1", False, True)]


def test_calls_of_the_turn_are_read_where_the_answer_is_a_trace_of_its_own() -> None:
    history = [USER, asks("c1"), answers("c1"), asks("c2"), answers("c2")]
    assert [call_id for _, call_id, *_ in sources(chat(3, history, SAYS, parent=b""))] == ["c1", "c2"]
    assert [call_id for _, call_id, *_ in sources(chat(3, history, asks("c3"), parent=b""))] == ["c2"]


def test_call_of_a_model_within_a_call_of_a_model_is_one() -> None:
    kinds: list[Kind] = []

    class Models(Calls):
        def closed(self, trace: Trace, reason: Closed) -> None:
            kinds.extend(s.kind for run in trace.runs.values() for s in run.steps)

    inner, outer = chat(2, [USER], SAYS, parent=b"\x01" * 8), chat(1, [USER], SAYS)
    outer.end_time_unix_nano = inner.end_time_unix_nano + 10
    pipeline = Pipeline(None, ears=(Models(),))
    pipeline.traces(builders.request([inner, outer]), 1.0)
    pipeline.settle(2.0)
    assert kinds == [Kind.LLM]


_TEXT = st.sampled_from(["", "a", "ToolCall(name='x', arguments={})", "long " * 20])
_VALUE = st.one_of(
    _TEXT, st.none(), st.just({}), st.just({"type": "json", "value": [1]}), st.just({"type": [], "value": 1})
)
_PART = st.one_of(
    st.fixed_dictionaries({"type": st.just("text"), "content": _TEXT}, optional={"annotations": st.none()}),
    st.fixed_dictionaries({"type": st.just("tool_call"), "id": _VALUE, "name": _VALUE, "arguments": _VALUE}),
    st.fixed_dictionaries({"type": st.just("tool_call_response"), "id": _VALUE, "response": _VALUE}),
    st.fixed_dictionaries({"type": st.just("reasoning"), "content": _TEXT}),
    _TEXT,
)
_FUNCTION = st.fixed_dictionaries({"name": _VALUE, "arguments": _VALUE})
_CALLS = st.lists(st.one_of(st.fixed_dictionaries({"id": _VALUE, "function": _FUNCTION}), _TEXT), max_size=2)
_MESSAGE = st.fixed_dictionaries(
    {"role": st.sampled_from(["system", "user", "assistant", "tool", "model", "", None])},
    optional={
        "parts": st.lists(_PART, max_size=3),
        "content": _VALUE,
        "tool_calls": _CALLS,
        "tool_call_id": _VALUE,
        "name": _VALUE,
        "finish_reason": _VALUE,
    },
)


@example({"role": "tool", "content": "found", "name": "search"}, "user")
@given(_MESSAGE, st.sampled_from(["user", "tool"]))
def test_message_that_is_read_without_a_search_reads_the_same(value: dict[str, Any], role: str) -> None:
    found = message(value, role)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shapes, "_usual", lambda _: None)
        assert message(value, role) == found


def test_usual_messages_are_read_without_a_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "_parts", None)
    call = {"type": "tool_call", "id": "c", "name": "search", "arguments": {"q": 1}}
    result = {"type": "tool_call_response", "id": "c", "response": "found"}
    chat = {"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "search", "arguments": "{}"}}]}
    assert message({"role": "assistant", "parts": [call]}, "") == Message(
        "assistant", (ToolCall("c", "search", {"q": 1}),)
    )
    assert message({"role": "user", "parts": [result]}, "") == Message("tool", (ToolResult("c", None, "found"),))
    assert message(chat, "").parts == (ToolCall("c", "search", "{}"),)
    assert message({"role": "tool", "tool_call_id": "c", "content": "found"}, "").parts == (
        ToolResult("c", None, "found"),
    )
