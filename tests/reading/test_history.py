"""What the new messages of a history tell."""

from otelagent.model import Instructions, Message, Role, Text
from otelagent.reading.history import MAX_PROMPTS, HistoryReader
from otelagent.reading.instructions import MAX_INSTRUCTIONS
from otelagent.reading.seen import Seen


def told(role: str, *texts: str) -> tuple[Instructions, list[object]]:
    """In a trace of its own."""
    reader = HistoryReader(lambda *_: Role.SOURCE, Seen())
    ((_, message),) = reader.take([(0, Message(role, tuple(map(Text, texts))))])
    return message, reader.given


def test_system_prompt_is_one_object_for_all_traces_that_are_told_the_same() -> None:
    first, given = told("system", "".join(["Answer ", "briefly."]))
    again, given_again = told("system", "".join(["Answer briefly", "."]))
    assert again is first
    assert given[0] is given_again[0]
    assert told("user", "Answer briefly.")[0] is not first
    for number in range(2 * MAX_PROMPTS):
        told("system", f"Answer number {number}.")
    assert told("system", "Answer briefly.")[0].mark == first.mark


def test_of_long_and_joined_prompts_the_parts_are_given_as_they_came() -> None:
    long = "Answer. " * MAX_INSTRUCTIONS
    message, given = told("system", long)
    assert (message.system, message.size, given) == (True, MAX_INSTRUCTIONS, [long])
    message, given = told("system", "One.", "Two.")
    assert (message.system, given) == (True, ["One.", "Two."])
    message, given = told("user", "One.", "Two.")
    assert (message.system, given) == (False, ["One.", "Two."])
