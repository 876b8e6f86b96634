"""Turns that are traces of their own: what earlier ones gave and told counts in later ones, once."""

from collections.abc import Iterable
from itertools import permutations
from typing import Any

import pytest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from otelagent.conversations import AGE, MAX_CONVERSATIONS, Conversation, Conversations
from otelagent.diagnosis.scan import Report
from otelagent.pipeline import Pipeline, Settings
from otelagent.reading.given import Budget, Given
from otelagent.traces import Limits
from tests import builders

TURN = 1_000 * builders.MILLISECOND
RULE = "Only use notes dated after 2024-01-01. What does site 0 report?"
KEPT = {"user": RULE, "steps": [{"say": "Site 0 reports stable output (note n-0, dated 2024-02-11)."}]}
BROKEN = {
    "user": "And the unit cost?",
    "steps": [
        {"tool": "read_note", "arguments": {"id": "n-9"}, "result": {"date": "2019-06-15", "text": "420 EUR per kWh"}},
        {"say": "The unit cost is 420 EUR per kWh (note n-9, dated 2019-06-15)."},
    ],
    "tokens": [100_000, 118_000],
}
LIFTED = {"user": "Ignore the date rule, any note will do from now on.", "steps": [{"say": "Understood."}]}
FOUND = {
    "user": "What does research say?",
    "steps": [
        {"tool": "search", "arguments": {"q": "onboarding"}, "result": "A survey of 1,240 teams: 67% in 4.2 months."},
        {"say": "I have read a survey."},
    ],
}
EMPTY = {
    "user": "And on retention?",
    "steps": [
        {"tool": "search", "arguments": {"q": "retention"}, "result": {"results": []}},
        {"say": "67% of the teams were productive within 4.2 months."},
    ],
}


def turns(*scripts: dict[str, Any], conversation: str | None = "talk-1", apart: int = TURN) -> list[list[Span]]:
    """Each script as a trace of its own, one after the other, in one conversation."""
    return [
        _in_talk(builders.spans(script, f"turn {at}"), conversation, at * apart) for at, script in enumerate(scripts)
    ]


def _in_talk(spans: list[Span], conversation: str | None, later: int) -> list[Span]:
    for span in spans:
        span.start_time_unix_nano += later
        span.end_time_unix_nano += later
        if conversation:
            span.attributes.append(KeyValue(key="gen_ai.conversation.id", value=builders.value(conversation)))
    return spans


def found(
    traces: Iterable[list[Span]], pause: float = 1.0, service: str = "test", limits: Limits | None = None
) -> list[tuple[str, bool]]:
    """Modes of the findings that stand at the end, and whether they are made on a partial view."""
    report = Report()
    pipeline = Pipeline(Settings(limits=limits or Limits()), (report,))
    now = 0.0
    for spans in traces:
        for span in spans:
            pipeline.traces(builders.request([span], service=service), now)
        now += pause
        pipeline.tick(now)
    pipeline.settle(now)
    return sorted((f.mode, f.partial_view) for f in report.findings.values())


AMNESIA = [("context_amnesia", True)]
INVENTED = "empty_result_fabrication"


@pytest.mark.parametrize("pause", [1.0, 60.0])
def test_rule_of_an_earlier_turn_counts_whether_it_has_left_memory_or_not(pause: float) -> None:
    assert found(turns(KEPT, BROKEN), pause) == AMNESIA


@pytest.mark.parametrize("order", [*permutations(range(3))])
def test_turns_may_arrive_in_any_order(order: tuple[int, ...]) -> None:
    traces = turns(KEPT, FOUND, BROKEN)
    assert found([traces[at] for at in order]) == AMNESIA


def test_rule_that_a_turn_between_lifts_is_no_rule() -> None:
    assert found(turns(KEPT, LIFTED, BROKEN)) == []


def test_without_a_conversation_nothing_is_known_of_earlier_turns() -> None:
    assert found(turns(KEPT, BROKEN, conversation=None)) == []


def test_turn_after_the_conversation_was_let_go_knows_nothing() -> None:
    assert found(turns(KEPT, BROKEN), AGE + 200) == []


def test_another_conversation_is_another_matter() -> None:
    assert found([*turns(KEPT), *turns(LIFTED, BROKEN, conversation="talk-2")[1:]]) == []


def test_two_users_at_once_under_one_id_are_no_conversation() -> None:
    assert found(turns(KEPT, BROKEN, apart=1)) == []


def test_turns_of_another_agent_tell_this_one_nothing() -> None:
    assert found(turns({**KEPT, "agent": "scribe"}, BROKEN)) == []


def test_conversation_that_begins_anew_under_the_same_id_has_no_earlier_rules() -> None:
    first = [builders._message("user", builders._text(RULE))]
    again = [
        *first,
        builders._message("assistant", builders._text("Yes.")),
        builders._message("user", builders._text("More?")),
    ]
    longer = {"steps": [{"say": "More of the same.", "sees": again}]}
    assert found(turns(KEPT, longer, BROKEN)) == []


def test_values_of_an_earlier_turn_ground_a_later_answer() -> None:
    assert [mode for mode, _ in found(turns(EMPTY))] == [INVENTED]
    for pause in (1.0, 60.0):
        assert found(turns(FOUND, EMPTY), pause) == []
    assert found(reversed(turns(FOUND, EMPTY))) == []
    assert [mode for mode, _ in found(turns(FOUND, EMPTY, conversation=None))] == [INVENTED]


def test_child_with_an_id_of_its_own_leaves_the_parents_conversation_alone() -> None:
    child = {"agent": "helper", "user": "Look it up.", "steps": [{"say": "It is stable."}]}
    parent = {**KEPT, "steps": [{"agent": child, "arguments": {"q": "x"}, "result": "It is stable."}, *KEPT["steps"]]}
    traces = turns(parent, BROKEN)
    for span in traces[0]:
        own = {a.key: a for a in span.attributes}
        if own["gen_ai.agent.name"].value.string_value == "helper":
            own["gen_ai.conversation.id"].value.string_value = "talk-of-the-child"
    assert found(traces) == AMNESIA


def test_conversations_are_bounded_in_number_and_age() -> None:
    talks = Conversations()
    pipeline = Pipeline()
    turn = pipeline.live.open(b"t" * 16, 0.0)
    for number in range(MAX_CONVERSATIONS + 5):
        talks.join("test", str(number), turn, float(number))
    assert len(talks) == MAX_CONVERSATIONS
    talks.tick(AGE + MAX_CONVERSATIONS)
    assert len(talks) == 4


@pytest.mark.parametrize(("room", "known"), [(10_000, 2), (300, 1), (10, 0)])
def test_where_there_is_no_room_for_all_the_conversation_that_was_left_last_is_remembered(
    room: int, known: int
) -> None:
    scripts = (KEPT, KEPT, BROKEN, BROKEN)
    a, b = (turns(*scripts, conversation=name) for name in "ab")
    traces = [a[0], b[1], b[2], a[3]]
    assert found(traces, 60.0, limits=Limits(talked=room)) == AMNESIA * known


def test_equal_messages_of_a_conversations_turns_are_kept_once() -> None:
    pipeline = Pipeline()
    left = pipeline.live._conversations._budget.left
    for number, spans in enumerate(turns(KEPT, KEPT, KEPT)):
        pipeline.traces(builders.request(spans), number * 100.0)
        pipeline.tick(number * 100.0 + 50)
    assert left - pipeline.live._conversations._budget.left <= 2 * len(RULE + KEPT["steps"][0]["say"])  # given and told


def test_conversation_that_is_let_go_while_a_turn_lives_gives_its_room_back() -> None:
    talks, pipeline = Conversations(1_000), Pipeline()
    turn = pipeline.live.open(b"t" * 16, 0.0)
    turn.given.take("A text. " * 10)
    talk = talks.join("test", "talk", turn, 0.0)
    talks.leave(talk, turn)
    assert talks._budget.left == 920
    talks.join("test", "talk", turn, 0.0)
    talks.tick(AGE + 1)
    talks.leave(talk, turn)
    assert talks._budget.left == 1_000


SENT = {
    "user": "Mail the report to Ann.",
    "steps": [
        {"tool": "send_email", "arguments": {"to": "ann"}, "result": {"status": "sent", "id": "m-7781"}},
        {"say": "Done."},
    ],
}
CLAIMED = {
    "user": "Is it out?",
    "steps": [
        {"tool": "get_calendar", "arguments": {"day": "monday"}, "result": {"events": ["review at noon"]}},
        {"say": "I have sent the email to Ann, and the review is at noon."},
    ],
}


@pytest.mark.parametrize("pause", [1.0, 60.0])
def test_what_a_tool_of_an_earlier_turn_has_done_may_be_told(pause: float) -> None:
    assert [mode for mode, _ in found(turns(CLAIMED))] == ["unsupported_action_claim"]
    assert found(turns(SENT, CLAIMED), pause) == []
    assert [mode for mode, _ in found(turns(SENT, CLAIMED, conversation=None))] == ["unsupported_action_claim"]


def test_finding_in_a_conversation_that_the_provider_keeps_says_that_part_was_not_seen() -> None:
    (spans,) = turns(EMPTY, conversation=None)
    first = next(s for s in spans if s.name.startswith("chat"))
    first.attributes.append(KeyValue(key="gen_ai.request.previous_response.id", value=builders.value("resp_0")))
    assert found([spans]) == [(INVENTED, True)]
    assert [partial for _, partial in found(turns(EMPTY, conversation=None))] == [False]


def test_texts_of_conversations_are_bounded_by_the_budget_and_what_has_no_room_is_no_ground() -> None:
    budget = Budget(100)
    talk = Conversation(budget, 0.0)
    pipeline = Pipeline()
    for number in range(3):
        turn = pipeline.live.open(bytes([number]) * 16, 0.0)
        turn.given = Given(Budget(1_000))
        turn.given.take(f"Site {number} reports. " * 3)
        talk.leave(turn)
    assert 0 <= budget.left < 100
    assert talk.given.full
    talk.release()
    assert budget.left == 100
