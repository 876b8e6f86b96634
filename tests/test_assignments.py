"""Assignments in many forms, and what children make of them: what is left undone is found, and nothing else is."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from otelagent import attributes as a
from otelagent.diagnosis.scan import scan
from tests import builders

ASSIGNMENTS = json.loads((Path(__file__).parent / "delegations" / "assignments.json").read_text())
COUNTED = [each for each in ASSIGNMENTS if each["name"] not in ("count_only", "src_files")]
"""Without the two in which the number of items can't be known from names."""

DONE = (
    "Completed analysis of the assigned set. Everything looks stable.",
    "I have gone through the material you gave me. Key findings: margins are stable and risk is low.",
    "Alles erledigt. Die Ergebnisse sind unauffällig.",
    "Tout est en ordre : les marges sont stables.",
    "He revisado el material; no hay riesgos relevantes.",
    "Trabalho concluído, sem anomalias.",
    "分析完成，整体情况稳定。",
    "確認が完了しました。問題ありません。",
)
LIMITED = {"error": "Too many requests", "status": 429}

every = pytest.mark.parametrize("each", ASSIGNMENTS, ids=lambda each: each["name"])
countable = pytest.mark.parametrize("each", COUNTED, ids=lambda each: each["name"])


def steps(each: dict[str, Any], first: int = 0, last: int | None = None, result: Any = None) -> list[dict[str, Any]]:
    return [
        {"tool": each["tool"], "arguments": args, "result": result or {"item": args, "text": "stable, 4 % growth"}}
        for args in each["arguments"][first:last]
    ]


def child(each: dict[str, Any], own: Iterable[dict[str, Any]], task: Any = None) -> dict[str, Any]:
    given = task or each["task"]
    say = DONE[len(each["name"]) % len(DONE)]
    text = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
    arguments = {"task": given} if isinstance(given, str) else given
    script = {"agent": "analyst", "user": text, "steps": [*own, {"say": say}]}
    return {"agent": script, "arguments": arguments, "result": say}


def counts(*calls: dict[str, Any]) -> list[tuple[Any, Any]]:
    """Assigned and processed of each finding about a delegation; of an unresolved failure none."""
    say = {"say": "Final report: everything was handled and margins are stable."}
    script = {"agent": "coordinator", "user": "Write the report.", "steps": [*calls, say]}
    found = scan([builders.request([s]) for s in builders.spans(script)]).findings.values()
    about = [f for f in found if f.mode == "delegation_incomplete"]
    return [(f.extra.get(a.DELEGATION_ASSIGNED), f.extra.get(a.DELEGATION_PROCESSED)) for f in about]


@countable
def test_child_that_stops_early_is_found_with_its_counts(each: dict[str, Any]) -> None:
    size = len(each["arguments"])
    assert counts(child(each, steps(each, 0, 3))) == [(size, 3)]
    assert counts(child(each, steps(each, 0, size - 1))) == [(size, size - 1)]


@countable
def test_child_whose_calls_fail_after_the_third_is_found_with_its_counts(each: dict[str, Any]) -> None:
    first, size = steps(each, 0, 3), len(each["arguments"])
    assert counts(child(each, [*first, *steps(each, 3, 4, LIMITED)])) == [(size, 3)]
    assert counts(child(each, [*first, *steps(each, 3, None, LIMITED)])) == [(size, 3)]
    assert counts(child(each, [{"parallel": [*first, *steps(each, 3, None, LIMITED)]}])) == [(size, 3)]


@every
def test_child_whose_calls_fail_is_found_whatever_the_assignment(each: dict[str, Any]) -> None:
    assert counts(child(each, [*steps(each, 0, 3), *steps(each, 3, 4, LIMITED)])) != []


@every
def test_complete_children_are_quiet(each: dict[str, Any]) -> None:
    every_one = steps(each)
    assert counts(child(each, every_one)) == []
    assert counts(child(each, every_one[::-1])) == []
    assert counts(child(each, [{"parallel": every_one}])) == []


@every
def test_children_that_try_again_are_quiet(each: dict[str, Any]) -> None:
    assert counts(child(each, [*steps(each, 0, 3), *steps(each, 3, 4, LIMITED), *steps(each, 3)])) == []
    assert counts(child(each, [*steps(each, 0, 3), *steps(each, 3, None, LIMITED), *steps(each, 3)])) == []


@every
def test_one_call_for_many_items_is_quiet(each: dict[str, Any]) -> None:
    values = [next(iter(args.values())) for args in each["arguments"]]
    rows = {"rows": [{"item": v, "text": "stable, 4 % growth"} for v in values]}
    bulk = {"tool": f"{each['tool']}_all", "arguments": {"ids": values}, "result": rows}
    rest = {"tool": f"{each['tool']}_all", "arguments": {"ids": values[3:]}, "result": rows}
    assert counts(child(each, [bulk])) == []
    assert counts(child(each, [*steps(each, 0, 3), rest])) == []


@every
def test_rest_that_another_does_is_quiet(each: dict[str, Any]) -> None:
    part = child(each, steps(each, 0, 3))
    assert counts(part, child(each, steps(each, 3), "Do the rest as well.")) == []
    assert counts(part, *steps(each, 3)) == []
