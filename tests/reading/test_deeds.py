"""What an answer claims to have done, what a user asks for, and which tool may do it."""

from pathlib import Path
from typing import Any

import pytest
import re2
import yaml

from otelagent.diagnosis.scan import scan
from otelagent.reading import deed_patterns
from otelagent.reading.doers import may_do
from otelagent.reading.lexicon import LANGUAGES, grammar
from otelagent.reading.requests import TASK, requested
from otelagent.reading.roles import drafts
from otelagent.reading.sentences import plain, sentences
from tests import builders
from tests.scenarios import script

ROWS = yaml.safe_load((Path(__file__).parent / "deeds.yaml").read_text())


def modes(row: dict[str, Any]) -> list[str]:
    steps = [[tool, {"q": "x"}, {"ok": 1, "items": ["x"]}] for tool in row["tools"]]
    made = script({"user": row["user"], "steps": [*steps, row["answer"]]})
    return sorted(finding.mode for finding in scan([builders.request(builders.spans(made))]).findings.values())


@pytest.mark.parametrize("row", ROWS["claims"], ids=lambda row: row["answer"][:40])
def test_what_no_tool_did_is_a_claim(row: dict[str, Any]) -> None:
    assert modes(row) == ["unsupported_action_claim"]


@pytest.mark.parametrize("row", ROWS["none"], ids=lambda row: row["answer"][:40])
def test_reports_and_work_in_the_answer_are_none(row: dict[str, Any]) -> None:
    assert modes(row) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_pattern_compiles(language: str) -> None:
    for key, patterns in grammar("deeds", language).items():
        for each in patterns:
            assert re2.compile(each.replace("<line>", "")), key
    for deed in deed_patterns.DEEDS:
        for way in ("", "did_it", "ours", "stated", "line"):
            deed_patterns.deed_of(language, deed, way).search(b"x")
        deed_patterns.request(language, deed).search(b"x")


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("Has my refund been paid?", set()),
        ("My parcel hasn't arrived. Order 30418", set()),
        ("Please cancel order 5", {"cancel"}),
        ("Give me my money back.", {"pay"}),
        ("Ist die Rechnung schon bezahlt?", set()),
        ("Bitte storniere die Buchung.", {"cancel"}),
        ("¿Cuándo llega mi pedido?", set()),
        ("Tell me the status of my booking.", set()),
    ],
)
def test_questions_request_nothing(text: str, asked: set[str]) -> None:
    assert requested(text) - {TASK} == asked


def test_a_draft_is_not_sent() -> None:
    assert drafts("gmail_create_draft")
    assert not drafts("gmail_send_draft")
    assert not may_do("gmail_create_draft", "send")
    assert may_do("gmail_send_draft", "send")
    assert may_do("list_add", "change")
    assert not may_do("list_updates", "change")


@pytest.mark.parametrize("language", LANGUAGES)
def test_kinds_that_are_looked_for_all_at_once_are_those_of_each_pattern(language: str) -> None:
    texts = [row["answer"] for rows in (ROWS["claims"], ROWS["none"]) for row in rows]
    for clause in [each for text in texts for each in sentences(plain(text))]:
        for how in ("", "did_it", "ours", "stated", "line"):
            each = [deed for deed in deed_patterns.DEEDS if deed_patterns.deed_of(language, deed, how).search(clause)]
            assert deed_patterns.claimed(clause, language, how) == each, (clause, how)
