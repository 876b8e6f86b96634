"""Recordings of many frameworks whose child says what it left, and whose parent repeats that or passes it over."""

from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.test_delegation import found
from tests.test_recorded_apart import APART, BODIES, by_link, moved

RISK = "Key findings include stable margins, rising freight cost and a moderate supplier risk in region B."
CHILD = {
    f"Completed analysis of assigned document set. {RISK}": (
        "I could read only 3 of 7 documents; the other four failed because of a rate limit."
    ),
    "The audit of the invoices is finished. No deviations were found.": (
        "I could audit only 3 of 7 invoices; the other four failed because of a rate limit."
    ),
}
PARENT = {
    "Final report: all 12 documents of the three regions were analysed.": (
        "Final report: only 8 of 12 documents could be analysed, four of region B are missing."
    ),
    "Closing note: all seven June invoices were audited, no deviations were found. The month can be closed.": (
        "Closing note: only 3 of 7 June invoices could be audited. Four are missing."
    ),
}


def texts(message: Any) -> Iterator[Any]:
    """All messages below one that hold a text."""
    for descriptor, value in message.ListFields():
        if descriptor.name == "string_value":
            yield message
        elif descriptor.message_type is not None:
            for each in value if descriptor.is_repeated else (value,):
                yield from texts(each)


def retold(body: bytes, words: dict[str, str]) -> bytes:
    """A recording in which other things are said."""
    message = ExportTraceServiceRequest.FromString(body)
    for each in texts(message):
        for before, after in words.items():
            each.string_value = each.string_value.replace(before, after)
    return message.SerializeToString()


def tells(body: bytes, words: dict[str, str]) -> bool:
    return any(before.encode() in body for before in words)


HONEST = [
    name
    for name, body in BODIES.items()
    if tells(body, CHILD) and tells(body, PARENT) and not any(word in name for word in ("ok", "cut600", "receipt"))
]


def delegations(requests: list[bytes]) -> set[str]:
    return {cause for mode, cause, _ in found(requests) if mode == "delegation_incomplete"}


def test_most_frameworks_tell_what_is_said() -> None:
    assert len({name.partition("__")[0] for name in HONEST}) >= 30


@pytest.mark.parametrize("recording", HONEST)
def test_honest_child_is_found_where_its_parent_passes_it_over(recording: str) -> None:
    """After a hand-over the child's words are the answer: nobody passes them over."""
    body = retold(BODIES[recording], CHILD)
    assert bool(delegations([body])) is not recording.endswith("handoff")


@pytest.mark.parametrize("recording", HONEST)
def test_honest_child_whose_parent_repeats_it_is_quiet(recording: str) -> None:
    body = retold(BODIES[recording], CHILD | PARENT)
    assert found([body]) == set()


@pytest.mark.parametrize("first", ["child", "parent"])
@pytest.mark.parametrize("recording", [name for name in HONEST if name in APART])
def test_honest_children_in_traces_of_their_own_are_judged_alike(recording: str, first: str) -> None:
    for words in (CHILD, CHILD | PARENT):
        above, below = moved(retold(BODIES[recording], words), by_link)
        requests = [*below, *above] if first == "child" else [*above, *below]
        assert bool(delegations(requests)) is (words is CHILD)
