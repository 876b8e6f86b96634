"""A history that goes on where the last one ended is what it is when all of it is taken apart."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otelagent.dialects import continued as subject
from otelagent.dialects.continued import LONG, MAX_HISTORIES, continued
from otelagent.dialects.messages import MAX_MESSAGES, listing
from otelagent.model import History

TRACE = b"t" * 16
SYSTEM = {"role": "system", "content": "You answer. " * (LONG // 12)}


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    subject._LAST.clear()
    yield
    subject._LAST.clear()


def turns(count: int, said: str = "turn") -> list[dict[str, object]]:
    return [SYSTEM, *({"role": "user" if n % 2 == 0 else "assistant", "content": f"{said} {n}"} for n in range(count))]


def is_same(text: str, trace: bytes = TRACE) -> bool:
    """What is found equals what is found without anything known; gives whether its beginning was looked up."""
    found, plain = continued(text, trace, "user"), listing(text, "user")
    assert found.cut == plain.cut
    assert History.prints_of(found.items) == [item.fingerprint for item in plain.items]
    assert [item.read() for item in found.items] == [item.read() for item in plain.items]
    return isinstance(found.items, History)


@pytest.mark.parametrize("indent", [None, 2])
def test_what_follows_is_taken_apart_alone(indent: int | None) -> None:
    assert not is_same(json.dumps(turns(4), indent=indent))
    assert is_same(json.dumps(turns(6), indent=indent))
    assert is_same(json.dumps(turns(6), indent=indent))
    assert is_same(json.dumps(turns(9), indent=indent) + "\n")


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(turns(3)),
        json.dumps([*turns(4)[:-1], {"role": "user", "content": "something else"}, *turns(7)[5:]]),
        json.dumps(turns(7, "other")),
        json.dumps(turns(7))[:-20],
        json.dumps(turns(4))[:-1] + ", {'role': 'user', 'content': 'in Python'}]",
        json.dumps(turns(4))[:-1] + "; and so on]",
        json.dumps([turns(7)]),
        str(turns(7)),
    ],
    ids=["shorter", "another message", "other", "cut", "repr", "no list", "nested", "printed"],
)
def test_any_other_text_is_read_as_ever(text: str) -> None:
    is_same(json.dumps(turns(4)))
    assert not is_same(text)


def test_what_was_no_json_is_no_beginning() -> None:
    assert not is_same(str(turns(4)))
    assert not is_same(str(turns(4))[:-1] + json.dumps(turns(7))[1:])


def test_conversations_of_other_traces_and_agents_are_others() -> None:
    reviewer = [{"role": "system", "content": "You review. " * LONG}]
    is_same(json.dumps(turns(4)))
    assert not is_same(json.dumps(turns(6)), b"u" * 16)
    assert not is_same(json.dumps(reviewer))
    assert is_same(json.dumps(turns(6)))
    assert is_same(json.dumps([*reviewer, *turns(1)]))


def test_few_conversations_are_known_and_no_endless_ones() -> None:
    for number in range(MAX_HISTORIES + 10):
        continued(json.dumps(turns(2)), number.to_bytes(16, "big"), "user")
    assert len(subject._LAST) == MAX_HISTORIES
    many = json.dumps([{"role": "user", "content": str(n)} for n in range(MAX_MESSAGES - 1)])
    is_same(many)
    assert is_same(many[:-1] + "".join(f', {{"role": "user", "content": "more {n}"}}' for n in range(3)) + "]")
    assert len(subject._LAST) == MAX_HISTORIES - 1


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.text(max_size=12), max_size=4), min_size=2, max_size=6), st.data())
def test_whatever_is_said(grows: list[list[str]], data: st.DataObject) -> None:
    said: list[dict[str, object]] = [SYSTEM]
    for texts in grows:
        said += [{"role": "user", "content": text} for text in texts]
        text = json.dumps(said, ensure_ascii=data.draw(st.booleans()))
        is_same(text[: data.draw(st.integers(LONG, len(text)))] if data.draw(st.booleans()) else text)
