"""The model's final words may be the argument of a tool."""

import pytest

from otelagent.model import Role, ToolCall
from otelagent.reading.closing import closing_text
from otelagent.reading.roles import is_closing, role

ANSWER = "The Delft warehouse holds 1,940 units."


@pytest.mark.parametrize(
    "tool",
    ["final_answer", "final_result", "FinalAnswer", "submit_final_answer", "attempt_completion", "finalResponse"],
)
def test_tools_that_take_the_answer_are_closing_and_no_source(tool: str) -> None:
    assert is_closing(tool)
    assert role(tool, None, {}) is Role.NOTE


@pytest.mark.parametrize(
    "tool", [None, "get_final_results", "final_invoice_lookup", "answer", "search_answers", "final"]
)
def test_other_tools_are_not(tool: str | None) -> None:
    assert not is_closing(tool)


@pytest.mark.parametrize(
    "arguments",
    [
        {"answer": ANSWER},
        '{"answer": "The Delft warehouse holds 1,940 units."}',
        {"answer": ANSWER, "confidence": 0.4, "found": True, "id": "a-1"},
        ANSWER,
    ],
)
def test_prose_among_the_arguments_is_the_text(arguments: object) -> None:
    assert closing_text([ToolCall("c1", "final_answer", arguments)]) == ANSWER


def test_other_calls_and_structured_values_give_no_text() -> None:
    assert closing_text([ToolCall("c1", "send_email", {"body": ANSWER})]) == ""
    assert closing_text([ToolCall("c1", "final_result", {"total": 12, "ids": ["a", "b"]})]) == ""
    assert closing_text([ToolCall("c1", "final_answer", None)]) == ""
