"""Assignments in many forms, and what children make of them: what is left undone is found, and nothing else is."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from otelagent import attributes as a
from otelagent.diagnosis.scan import scan
from otelagent.model import Finding
from tests import builders

HERE = Path(__file__).parent / "delegations"
ASSIGNMENTS = json.loads((HERE / "assignments.json").read_text())
CONTEXTS = json.loads((HERE / "contexts.json").read_text())
"""Assignments that name more than is to be dealt with, and the calls of a child that did all of it."""
ANSWERS = json.loads((HERE / "answers.json").read_text())
"""What a child says, of seven documents, after calls for some of them, and whether its parent is misled."""
COUNTED = [each for each in ASSIGNMENTS if each["name"] != "src_files"]
"""Without the one with an item that looks like a plain word ("and Makefile")."""

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


def findings(*steps: Any) -> list[Finding]:
    """Findings about delegations of a coordinator with these calls and, last, this answer."""
    script = {"agent": "coordinator", "user": "Write the report.", "steps": [*steps[:-1], {"say": steps[-1]}]}
    found = scan([builders.request([s]) for s in builders.spans(script)]).findings.values()
    return [f for f in found if f.mode == "delegation_incomplete"]


def counts(*calls: dict[str, Any]) -> list[tuple[Any, Any]]:
    """Assigned and processed of each finding about a delegation; of an unresolved failure none."""
    about = findings(*calls, "Final report: everything was handled and margins are stable.")
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


@pytest.mark.parametrize("each", CONTEXTS, ids=lambda each: each["name"])
def test_lists_that_are_no_work_are_quiet(each: dict[str, Any]) -> None:
    assert counts(child(each, steps(each))) == []


SEVEN = [f"doc-{n}" for n in range(1, 8)]


def document(name: str) -> dict[str, Any]:
    return {"tool": "read_document", "arguments": {"id": name}, "result": {"id": name, "text": "stable, 4 % growth"}}


def analyst(task: str, names: Iterable[str], say: str, **last: str) -> dict[str, Any]:
    script = {"agent": "analyst", "user": task, "steps": [*map(document, names), {"say": say, **last}]}
    return {"agent": script, "arguments": {"task": task}, "result": say}


@pytest.mark.parametrize("each", ANSWERS, ids=lambda each: each["name"])
def test_what_children_say_misleads_or_not(each: dict[str, Any]) -> None:
    task = each.get("task", f"Analyse {', '.join(SEVEN[:-1])} and {SEVEN[-1]} and report.")
    done, left = SEVEN[: each["did"]], SEVEN[each["did"] :]
    last = {"finish": each["finish"]} if "finish" in each else {}
    rest = {"parent": [*map(document, left)], "child": [analyst(f"Analyse {', '.join(left)}", left, "Done.")]}
    told = each.get("parent", "Final report: everything was handled and margins are stable.")
    found = findings(analyst(task, done, each["say"], **last), *rest.get(each.get("rest", ""), []), told)
    assert bool(found) is each["found"]
