"""Answers in seven languages after a result that is none: those that say so are quiet, of the others most are found.

Each entry was written without a look at the word lists. `admits`: the answer says that something is missing, failed or
partial, or asks; `open`: what is found instead, where that is wrong.
"""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from otelagent.diagnosis.scan import scan
from tests import builders

ENTRIES: Final[list[dict[str, Any]]] = json.loads((Path(__file__).parent / "answers.json").read_text())
OPEN_ADMITTING: Final = 0.05
"""Share of the answers that admit it and may give a finding all the same."""
OPEN_GOING_ON: Final = 0.25
"""Share of those that go on as if nothing were missing and may stay unseen."""


def modes(entry: dict[str, Any]) -> list[str]:
    call = {"tool": entry["tool"], "arguments": entry["arguments"], "result": entry["result"]}
    script = {"user": entry["user"], "steps": [call, {"say": entry["answer"]}]}
    return sorted(finding.mode for finding in scan([builders.request(builders.spans(script))]).findings.values())


@pytest.mark.parametrize("entry", [e for e in ENTRIES if "open" not in e], ids=lambda entry: entry["name"])
def test_answer_is_taken_as_what_it_is(entry: dict[str, Any]) -> None:
    assert bool(modes(entry)) != entry["admits"]


@pytest.mark.parametrize(("admits", "most"), [(True, OPEN_ADMITTING), (False, OPEN_GOING_ON)])
def test_few_are_open(admits: bool, most: float) -> None:
    chosen = [entry for entry in ENTRIES if entry["admits"] is admits]
    assert sum("open" in entry for entry in chosen) <= most * len(chosen)
