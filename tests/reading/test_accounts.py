"""What children say of their work, held against their assignments: part of it left or not, with the counts.

`tests/delegations/accounts.json`, a case each: the `task`, what the child `say`s, whether that tells of a part that is
left (`partial`), with its `counts` where they can be known. `open`: why it is read otherwise today; `miscounted`: why
its counts are others; `claims`: what of it is read as a claim of completion, which no honest parent makes good.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from otelagent.coverage import accounted
from otelagent.diagnosis.scan import scan
from otelagent.reading.completion import CompletionRead
from tests import encodings

ACCOUNTS = json.loads((Path(__file__).parent.parent / "delegations" / "accounts.json").read_text())
PARTIAL = [each for each in ACCOUNTS if each["partial"] and not {"open", "claims"} & each.keys()]
SILENT = "Everything that you asked for is done."
HONEST = "Only part of it could be done; the rest is still missing."


def said(each: dict[str, Any]) -> str:
    return each["say"] if isinstance(each["say"], str) else json.dumps(each["say"], ensure_ascii=False)


@pytest.mark.parametrize("each", ACCOUNTS, ids=lambda each: each["name"])
def test_answer_falls_short_of_its_assignment_or_not(each: dict[str, Any]) -> None:
    text = CompletionRead(said(each))
    found = accounted(text, [each["task"]], text.receipt)
    assert (found is not None and found.short) is (each["partial"] != ("open" in each))
    if "counts" in each and not {"open", "miscounted"} & each.keys():
        assert found is not None
        assert [found.assigned, found.processed] == each["counts"]


@pytest.mark.parametrize(("parent", "finds"), [(SILENT, True), (HONEST, False)])
@pytest.mark.parametrize("each", PARTIAL[::4], ids=lambda each: each["name"])
def test_parent_that_passes_it_over_is_found(each: dict[str, Any], parent: str, finds: bool) -> None:
    call = {"tool": "run_task", "arguments": {"job": "a"}, "result": "accepted and finished"}
    script = {"agent": "analyst", "user": each["task"], "steps": [call, {"say": said(each)}]}
    found = scan(encodings.bodies(encodings.RETURNING[0](script, parent))).findings.values()
    assert any(f.mode == "delegation_incomplete" for f in found) is finds
