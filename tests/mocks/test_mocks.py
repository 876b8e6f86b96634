"""Mocks of tools: they fail as they are told, remember what they were asked, and refuse what wasn't recorded."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from otelagent.mocks import (
    ANY,
    Delay,
    MockTool,
    MockTools,
    Partial,
    Raised,
    RateLimited,
    Recorded,
    Reshaped,
    Status,
    Timeout,
    ToolFailed,
    ToolTimeout,
    UnexpectedCall,
    Value,
)
from tests import builders

USUAL = {"results": [{"title": "test", "snippet": "test content"}], "total": 1}
FAILING = builders.CAPTURES / "pydantic-ai__native-default__empty_result.binpb.gz"


def search(failure: Any = None) -> MockTool:
    mock = MockTool("web_search", returns=USUAL)
    return mock if failure is None else mock.fail(1, failure)


def test_the_example_of_the_article_is_three_lines() -> None:
    mock = MockTool("web_search", returns={"results": [{"title": "test", "snippet": "test content"}]})
    mock.fail(3, {"results": []})
    assert [len(mock(query=q)["results"]) for q in "abcd"] == [1, 1, 0, 1]
    assert [asked.arguments for asked in mock.calls] == [{"query": q} for q in "abcd"]


@pytest.mark.parametrize(
    ("failure", "returned"),
    [
        (Value(None), None),
        (Delay(0.0), USUAL),
        (Partial(0.5), json.dumps(USUAL, separators=(",", ":"))[:32]),
        (
            Reshaped(rename={"results": "items"}, drop=("snippet",), add={"page": 1}),
            {"items": [{"title": "test"}], "total": 1, "page": 1},
        ),
        (RateLimited(body={"results": []}, swallowed=True), {"results": []}),
    ],
)
def test_failure_that_returns(failure: Any, returned: Any) -> None:
    mock = search(failure)
    assert mock(query="x") == returned
    assert mock(query="x") == USUAL


@pytest.mark.parametrize(
    ("failure", "error", "status"),
    [
        (Status(503, {"error": "down"}), ToolFailed, 503),
        (RateLimited(retry_after=2), ToolFailed, 429),
        (Timeout(), ToolTimeout, None),
        (Raised(KeyError("id")), KeyError, None),
    ],
)
def test_failure_that_raises(failure: Any, error: type[Exception], status: int | None) -> None:
    with pytest.raises(error) as raised:
        search(failure)(query="x")
    assert getattr(raised.value, "status", None) == status
    assert isinstance(raised.value, TimeoutError) == (error is ToolTimeout)


def test_the_same_over_http() -> None:
    mock = search(RateLimited(retry_after=2, body={"results": []})).fail(2, Timeout()).fail(3, Partial(0.5))
    client = httpx.Client(transport=mock.transport(), base_url="http://tool")
    limited = client.get("/search", params={"query": "a"})
    assert (limited.status_code, limited.headers["Retry-After"], limited.json()) == (429, "2", {"results": []})
    with pytest.raises(httpx.ReadTimeout):
        client.get("/search")
    with pytest.raises(json.JSONDecodeError):
        client.post("/search", json={"query": "b"}).json()
    assert client.get("/search").json() == USUAL
    assert [asked.arguments for asked in mock.calls] == [{"query": "a"}, {}, {"query": "b"}, {}]


def test_arguments_come_named_as_one_object_or_in_order() -> None:
    mock = MockTool("add", returns=lambda arguments: sorted(arguments))
    assert mock({"a": 1, "b": 2}) == ["a", "b"]
    assert mock(1, 2) == ["args"]
    assert asyncio.run(mock.acall(a=1)) == ["a"]


RECORDED = [
    Recorded("search", {"q": "one", "n": 1}, Value(1)),
    Recorded("read", {"id": "x"}, Value(2)),
    Recorded("search", {"q": "two", "n": 1}, Value(3)),
]


@pytest.mark.parametrize(
    ("match", "calls", "answers"),
    [
        (
            "strict",
            [("search", {"n": 1, "q": "one"}), ("read", {"id": "x"}), ("search", {"q": "two", "n": 1})],
            [1, 2, 3],
        ),
        ("strict", [("read", {"id": "x"})], ["the next recorded call is of search"]),
        ("strict", [("search", {"q": "two", "n": 1})], ["its arguments weren't recorded"]),
        ("fifo", [("search", {}), ("read", {}), ("read", {})], [1, 2, "the next recorded call is of search"]),
        (
            "name",
            [("read", {}), ("search", {}), ("search", {}), ("search", {})],
            [2, 1, 3, "all recorded calls were used"],
        ),
        (
            "args",
            [("search", {"q": "two", "n": 1}), ("search", {"q": "two", "n": 1}), ("read", {"id": "x"})],
            [3, 3, 2],
        ),
        ("args", [("search", {"q": "three"})], ["its arguments weren't recorded"]),
        ("strict", [("send", {})], ["no such tool was called"]),
    ],
)
def test_which_recorded_call_answers(match: str, calls: list[tuple[str, Any]], answers: list[Any]) -> None:
    tools = MockTools(RECORDED, match)
    for (tool, arguments), answer in zip(calls, answers, strict=True):
        if isinstance(answer, str):
            with pytest.raises(UnexpectedCall, match=answer):
                tools.call(tool, arguments)
        else:
            assert tools.call(tool, arguments) == answer


def test_unexpected_call_shows_the_nearest_recorded_one() -> None:
    with pytest.raises(UnexpectedCall) as raised:
        MockTools(RECORDED, "args").call("search", {"q": "twos", "n": 1})
    assert raised.value.nearest == RECORDED[2]
    assert 'nearest recorded: search({"q":"two","n":1})' in str(raised.value)
    with pytest.raises(UnexpectedCall, match="no call is recorded"):
        MockTools([]).call("search", {})


def test_arguments_that_were_not_recorded_match_all() -> None:
    assert MockTools([Recorded("search", ANY, Value(1))]).call("search", {"q": "x"}) == 1


def test_mocks_of_a_trace_answer_as_its_tools_did() -> None:
    tools = MockTools.from_trace(FAILING, match="name")
    assert list(tools) == ["web_search"]
    results = [tools["web_search"](query="x") for _ in range(3)]
    assert [len(r["results"]) for r in results] == [1, 0, 1]
    with pytest.raises(UnexpectedCall):
        tools["web_search"](query="x")


def test_one_call_of_a_recorded_run_can_be_made_to_fail() -> None:
    tools = MockTools.from_trace(FAILING, match="name")
    tools["web_search"].fail(1, RateLimited(retry_after=5))
    with pytest.raises(ToolFailed):
        tools["web_search"](query="x")
    assert len(tools["web_search"](query="x")["results"]) == 0
