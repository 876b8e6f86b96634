"""Texts that an instrumentation left out of messages, while their structure stayed."""

import json

import pytest

from otelagent import dialects, otlp
from otelagent.model import Withheld
from tests import builders

LONG = 30
"""Messages of 2 KB that make a history too long to be looked through from end to end."""


def withheld(bare: range, count: int) -> Withheld | None:
    """What is said of a model call whose history has `count` messages, those in `bare` without their text."""
    history = [
        {"role": "user", "parts": [{"type": "text"} if n in bare else {"type": "text", "content": f"{n} " * 1000}]}
        for n in range(count)
    ]
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.input.messages": json.dumps(history),
        "gen_ai.output.messages": json.dumps([{"role": "assistant", "parts": [{"type": "text", "content": "Done."}]}]),
    }
    chat = builders.span("chat gpt-4o", attributes, trace_id=b"t" * 16, span_id=b"s" * 8)
    (span,) = otlp.TraceRequest(builders.request([chat])).spans
    step = dialects.read(span)
    assert step is not None
    return step.withheld


@pytest.mark.parametrize("bare", [range(LONG), range(3), range(LONG - 3, LONG)])
def test_texts_that_were_left_out_are_missed_at_either_end_of_a_long_history(bare: range) -> None:
    assert withheld(bare, LONG) is Withheld.CAPTURE_OFF


def test_texts_that_were_left_out_are_missed_anywhere_in_a_short_history() -> None:
    assert withheld(range(1, 2), 3) is Withheld.CAPTURE_OFF


def test_a_history_that_is_whole_misses_nothing() -> None:
    assert withheld(range(0), LONG) is None
