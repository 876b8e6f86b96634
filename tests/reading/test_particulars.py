"""What a question asks for, and what an answer gives of just that."""

import pytest

from otelagent.diagnosis.scan import scan
from otelagent.reading.particulars import asked_for, particulars
from tests import builders


@pytest.mark.parametrize(
    ("question", "kinds"),
    [
        ("Who manages the Lisbon account?", {"name"}),
        ("How many seats are left?", {"count"}),
        ("Welche Pumpen sind zertifiziert?", {"which"}),
        ("Combien de places reste-t-il ?", {"count"}),
        ("¿Quién lleva la cuenta?", {"name"}),
        ("里斯本账户由谁负责?", {"name"}),
        ("担当は誰ですか?", {"name"}),
        ("How do I undo a commit?", set()),
        ("Recommend a good database.", set()),
    ],
)
def test_a_question_asks_for_names_counts_or_things(question: str, kinds: set[str]) -> None:
    assert asked_for(question) >= kinds
    assert bool(asked_for(question)) is bool(kinds)


@pytest.mark.parametrize(
    ("kind", "answer", "found"),
    [
        ("name", "It's managed by Petra Lindholm.", 1),
        ("name", "Das Konto betreut A. Reis.", 1),
        ("name", "担当は田中太郎さんです。", 1),
        ("count", "There are 9 seats in economy and two in business.", 2),
        ("count", "See table 9.", 0),
        ("which", "The HP-40 and the HP-55.", 2),
        ("name", "Shall I ask Petra Lindholm?", 0),
    ],
)
def test_an_answer_gives_names_small_counts_or_models(kind: str, answer: str, found: int) -> None:
    assert len(particulars(answer, frozenset({kind}))) == found


def found(first: object, answer: str) -> list[str]:
    tools = [{"tool": "crm_lookup", "arguments": {"account": "lisbon"}, "result": first}]
    script = {"user": "Who manages the Lisbon account?", "steps": [*tools, {"say": answer}]}
    return [finding.mode for finding in scan([builders.request(builders.spans(script))]).findings.values()]


def test_the_name_that_was_asked_for_is_invented_where_nothing_was_received() -> None:
    assert found([], "Petra Lindholm manages it.") == ["empty_result_fabrication"]


def test_a_name_is_no_claim_where_something_was_received() -> None:
    assert found({"team": "Iberia", "since": 2019}, "Petra Lindholm manages it.") == []


def test_the_name_in_the_question_is_given() -> None:
    assert found([], "Lisbon Account Services manages it.") == []
