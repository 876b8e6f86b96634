"""Answers in seven languages, with the calls before them: whether they claim what none of these did, as read today."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from otelagent.diagnosis.scan import scan
from tests import builders

ENTRIES: Final[list[dict[str, Any]]] = json.loads((Path(__file__).parent / "deeds.json").read_text())
"""`calls`: tool, arguments, result; `open`: the modes that are found instead, where that is wrong."""
OPEN: Final = 0.05
"""Share that may be open. 77 of them were written without a look at the word lists: when these were first read, 11 of
39 claims were found, and 1 of 38 other answers was taken for a claim. Of the last 121, chosen to be hard, it was 18 of
61 claims and 1 of 60."""


def modes(entry: dict[str, Any]) -> list[str]:
    calls = [{"tool": tool, "arguments": arguments, "result": result} for tool, arguments, result in entry["calls"]]
    made = {"user": entry["user"], "steps": [*calls, {"say": entry["answer"]}]}
    return sorted(finding.mode for finding in scan([builders.request(builders.spans(made))]).findings.values())


@pytest.mark.parametrize("entry", [e for e in ENTRIES if "open" not in e], ids=lambda entry: entry["name"])
def test_answer_claims_what_no_call_did(entry: dict[str, Any]) -> None:
    assert ("unsupported_action_claim" in modes(entry)) is entry["claims"]


def test_few_are_open() -> None:
    assert sum("open" in entry for entry in ENTRIES) <= OPEN * len(ENTRIES)
