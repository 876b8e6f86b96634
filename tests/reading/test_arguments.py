"""Which calls and results count as equal, alike or near."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otelagent.reading.arguments import canonical, fingerprint, near, similar, similar_result, size, terms
from otelagent.reading.parsing import parse
from tests.reading.test_envelopes import VALUES


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1, "b": [2]}, '{"b":[2],\n "a":1}'),
        ({"query": "x"}, "x"),
        ({"query": "x"}, '{"query": "x"}'),
        ({"query": "x", "n": 5}, {"n": 5.0, "query": "x"}),
        ({"query": "x", "n": 5}, {"args": [], "kwargs": {"query": "x", "n": 5}}),
        (
            {"query": "x y"},
            {"input_str": "{'query': 'x y'}", "metadata": {"langgraph_step": 1}, "inputs": {"query": "x y"}},
        ),
        ({"limit": 5}, "5"),
    ],
    ids=str,
)
def test_equal_arguments_have_one_hash(one: object, other: object) -> None:
    assert canonical(one) == canonical(other) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [({"q": "a"}, {"q": "A"}), ({"q": "a", "page": 1}, {"q": "a", "page": 2}), ({"q": "a"}, {"q": "a", "n": 1})],
)
def test_different_arguments_differ(one: object, other: object) -> None:
    assert canonical(one) != canonical(other)


@pytest.mark.parametrize("unknown", [None, "__REDACTED__", '{"query": "heat pu'])
def test_arguments_that_are_not_known_have_no_hash(unknown: object) -> None:
    assert canonical(unknown) is None
    assert similar(unknown) is None
    assert terms(unknown) == frozenset()


UUID = "3f2b8c1e-9f3a-4c2d-8b7a-5e6f7a8b9c0d"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"query": "Heat Pumps, Denmark"}, {"query": "heat pumps denmark"}),
        ({"query": "x", "request_id": "1"}, {"query": "x", "request_id": "2"}),
        ({"query": "x", "timestamp": 1}, {"query": "x", "timestamp": 2}),
        ({"query": "x", "thought": "again"}, {"query": "x", "thought": "once more"}),
        ({"query": f"status of the export as of 2024-01-05T10:00:01Z run {UUID}"},) * 2,
        (
            {"query": "status of the export at 2024-01-05T10:00:01Z"},
            {"query": "status of the export at 2024-01-05T10:00:09Z"},
        ),
    ],
    ids=str,
)
def test_case_punctuation_and_volatile_members_do_not_tell_calls_apart(one: object, other: object) -> None:
    assert similar(one) == similar(other) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"id": UUID}, {"id": UUID.replace("3", "4")}),
        ({"q": "x", "page": 1}, {"q": "x", "page": 2}),
        ({"q": "x", "cursor": "a"}, {"q": "x", "cursor": "b"}),
        ({"date": "2024-01-05"}, {"date": "2024-01-06"}),
        ({"since": "2024-01-05T10:00:00Z"}, {"since": "2024-01-05T11:00:00Z"}),
    ],
)
def test_what_is_asked_for_is_never_volatile(one: object, other: object) -> None:
    assert similar(one) != similar(other)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Scatman", "Scatman John", True),
        ("Scatman John", "Scatman John singer", True),
        ("heat pump sales Denmark", "heat pump sales in Denmark", True),
        ("丹麦热泵市场", "丹麦热泵市场销量", True),
        ("weather London", "weather Paris", False),
        ("weather London 2024-01-05", "weather London 2024-01-06", False),
        ("heat pump sales Denmark 2023", "heat pump subsidy Denmark 2024", False),
        ({"q": "a b", "page": 1}, {"q": "a b", "page": 2}, False),
        ({"q": "a b"}, {"q": "a b", "page": 2}, False),
        ("x", None, False),
        ({"id": 8841, "phone": "600 123 456"}, {"id": 8841, "phone": "+34600123456"}, True),
        ({"id": 8841, "phone": "600 123 456"}, {"id": 8841, "phone": "+34600123457"}, False),
        ({"id": 8841, "from": "2026-04-05"}, {"id": 8841, "from": "2026-04-06"}, False),
    ],
)
def test_near_queries_share_most_words_and_no_number_changes(one: object, other: object, expected: bool) -> None:
    assert near(terms(one), terms(other)) is expected


def test_results_are_compared_without_their_envelopes() -> None:
    body = json.dumps({"results": [1, 2]})
    one = {"type": "tool", "data": {"content": body, "tool_call_id": "c1", "id": "m1"}}
    other = {"type": "tool", "data": {"content": body, "tool_call_id": "c2", "id": "m2"}}
    assert fingerprint(json.dumps(one)) == fingerprint(parse(json.dumps(other))) == fingerprint(body) is not None
    assert fingerprint({"progress": "25%"}) != fingerprint({"progress": "50%"})
    assert similar_result({"at": "x", "trace_id": 1}) == similar_result({"at": "X", "trace_id": 2})
    assert fingerprint("__REDACTED__") is None
    assert fingerprint('{"results": [1, ') is None
    assert fingerprint("") is not None


def test_size_is_that_of_the_result_alone() -> None:
    assert size({"result": "äb"}) == 3
    assert size('{"result": [1, 2]}') == 5
    assert size("__REDACTED__") is None


@given(VALUES, st.text(max_size=50))
def test_comparing_never_raises(value: object, text: str) -> None:
    for read in (canonical, similar, terms, fingerprint, similar_result, size):
        read(value)
        read(text)
    assert near(terms(value), terms(text)) is near(terms(text), terms(value))
