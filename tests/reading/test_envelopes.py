"""Envelopes of frameworks and protocols, with the pointer to what they hold."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otelagent.reading.envelopes import Unwrapped, unwrap, unwrap_arguments

INNER = {"items": [1]}
TEXT = json.dumps(INNER)
TOOL_MESSAGE = {"content": TEXT, "name": "search", "tool_call_id": "c1", "status": "success"}
CONSTRUCTOR = {"lc": 1, "type": "constructor", "id": ["langchain", "ToolMessage"], "kwargs": TOOL_MESSAGE}


@pytest.mark.parametrize(
    ("wrapped", "pointer"),
    [
        (TEXT, ""),
        (INNER, ""),
        ({"type": "tool", "data": TOOL_MESSAGE}, "/data/content"),
        (CONSTRUCTOR, "/kwargs/content"),
        ({"output": CONSTRUCTOR, "kwargs": {"tags": []}}, "/output/kwargs/content"),
        (json.dumps({"output": json.dumps(CONSTRUCTOR), "kwargs": {}}), "/output/kwargs/content"),
        (TOOL_MESSAGE, "/content"),
        ({"role": "tool", "content": TEXT}, "/content"),
        ({"result": INNER}, "/result"),
        ({"result": TEXT}, "/result"),
        ([{"text": TEXT}], "/0/text"),
        ([{"json": INNER}], "/0/json"),
        ([{"type": "text", "text": TEXT}], "/0/text"),
        ({"toolUseId": "t1", "status": "success", "content": [{"text": TEXT}]}, "/content/0/text"),
        ({"content": [{"type": "text", "text": TEXT}], "isError": False}, "/content/0/text"),
        (
            {"content": [{"type": "text", "text": "x"}], "structuredContent": INNER, "isError": False},
            "/structuredContent",
        ),
        ({"content": [{"type": "text", "text": TEXT}]}, "/content/0/text"),
        ({"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": TEXT}]}, "/content/0/text"),
        ({"type": "function_call_output", "call_id": "c1", "output": TEXT}, "/output"),
        ({"type": "tool_call_response", "id": "c1", "response": INNER}, "/response"),
        ({"type": "tool_call_response", "id": "c1", "result": TEXT}, "/result"),
        ({"type": "json", "value": INNER}, "/value"),
        ({"type": "tool-result", "toolCallId": "c1", "output": {"type": "json", "value": INNER}}, "/output/value"),
        ({"functionResponse": {"name": "search", "response": {"result": INNER}}}, "/functionResponse/response/result"),
        ({"blocks": [{"block_type": "text", "text": TEXT}], "tool_name": "s", "raw_output": None}, "/blocks/0/text"),
        ({"return_value": INNER, "content": None, "metadata": None, "kind": "tool-return"}, "/return_value"),
        ({"error": "", "response": INNER}, "/response"),
        ({"status_code": 200, "headers": {"a": "b"}, "body": TEXT}, "/body"),
    ],
    ids=lambda v: str(v)[:40],
)
def test_envelopes_come_off(wrapped: object, pointer: str) -> None:
    read = unwrap(wrapped)
    assert read.value == INNER
    assert read.pointer == pointer
    assert not read.error


def test_string_form_of_a_tool_message_is_read() -> None:
    text = "content='{\"items\": [1]}' name='search' id='x' tool_call_id='c1'"
    assert unwrap(text) == Unwrapped(INNER, "/content")
    failed = unwrap("content=\"it's gone\" name='search' tool_call_id='c1' status='error'")
    assert (failed.value, failed.error, failed.status) == ("it's gone", True, "error")


@pytest.mark.parametrize(
    "wrapped",
    [
        {"content": [{"type": "text", "text": "boom"}], "isError": True},
        {"type": "tool", "data": {"content": "boom", "status": "error"}},
        {"toolUseId": "t1", "status": "error", "content": [{"text": "boom"}]},
        {"type": "tool_result", "tool_use_id": "t", "content": "boom", "is_error": True},
        {"type": "error-text", "value": "boom"},
        {"content": "boom", "name": "f", "call_id": "c1", "is_error": True},
        {"blocks": [], "content": "boom", "tool_name": "s", "raw_output": "boom", "is_error": True},
    ],
    ids=lambda v: str(v)[:40],
)
def test_what_an_envelope_says_of_failure_is_kept(wrapped: object) -> None:
    read = unwrap(wrapped)
    assert read.error is True
    assert read.value == "boom"


@pytest.mark.parametrize(
    "value",
    [
        {"title": "Page", "content": "text", "url": "https://example.org"},
        {"type": "invoice", "value": 5, "currency": "EUR"},
        {"name": "Noah", "response": "yes", "age": 3},
        {"status": "ok", "content": "text"},
        {"output": "x", "score": 1},
        [{"text": "a", "score": 1}],
        [{"type": "image", "data": "aGk="}],
        {"error": "boom"},
    ],
    ids=str,
)
def test_answers_that_look_like_envelopes_stay(value: object) -> None:
    assert unwrap(value) == Unwrapped(value)


def test_several_blocks_are_joined_or_listed() -> None:
    assert unwrap([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]).value == "a\nb"
    assert unwrap([{"type": "text", "text": '{"n": 1}'}, {"type": "text", "text": '{"n": 2}'}]).value == [
        {"n": 1},
        {"n": 2},
    ]


def test_cut_behind_the_result_does_not_damage_it() -> None:
    whole = json.dumps({"data": {"content": TEXT, "id": "x" * 50}, "type": "tool"})
    assert unwrap(json.dumps({"type": "tool", "data": {"content": TEXT, "id": "x" * 50}})[:-20]).cut is False
    assert unwrap(whole[:30]).cut is True


ARGUMENTS = {"query": "heat pumps", "limit": 5}


@pytest.mark.parametrize(
    "wrapped",
    [
        ARGUMENTS,
        json.dumps(ARGUMENTS),
        str(ARGUMENTS),
        {"input_str": str(ARGUMENTS), "tags": [], "metadata": {"langgraph_step": 3}, "inputs": ARGUMENTS, "kwargs": {}},
        {"input_str": str(ARGUMENTS), "tags": [], "metadata": {"langgraph_step": 4}},
        {"args": [], "kwargs": ARGUMENTS},
        {"args": [ARGUMENTS], "kwargs": {}},
        {"name": "search", "arguments": json.dumps(ARGUMENTS)},
        {"type": "tool_call", "id": "c1", "name": "search", "args": ARGUMENTS},
    ],
    ids=lambda v: str(v)[:40],
)
def test_arguments_come_out_of_their_envelopes(wrapped: object) -> None:
    assert unwrap_arguments(wrapped).value == ARGUMENTS


def test_arguments_survive_where_only_what_follows_was_cut() -> None:
    text = json.dumps({"input_str": str(ARGUMENTS), "tags": ["a"], "metadata": {"langgraph_step": 3}})
    read = unwrap_arguments(text[:-10])
    assert (read.value, read.cut) == (ARGUMENTS, False)
    assert unwrap_arguments(json.dumps(ARGUMENTS)[:-4]).cut


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.binary(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["content", "data", "type", "kwargs", "lc", "output", "result", "text", "error", "status", "x"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(VALUES)
def test_unwrapping_never_raises_and_is_idempotent(value: object) -> None:
    read = unwrap(value)
    assert unwrap(read) is read
    unwrap_arguments(value)
