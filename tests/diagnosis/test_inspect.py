"""`otelagent inspect`: what was understood, as a tree, as JSON and as a flowchart."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from otelagent.cli import main
from otelagent.commands.inspect import NARROW, tools_table
from otelagent.diagnosis.inspect import inspect, walk
from tests import builders
from tests.test_recorded_apart import by_link, moved

RECORDING = builders.CAPTURES / "pydantic-ai__native-default__delegation_partial.binpb.gz"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["inspect", str(RECORDING), *arguments], env={"COLUMNS": "200"})


def test_tree_shows_who_worked_for_whom_and_how_much_was_done() -> None:
    lines = run("--tree").output.splitlines()
    shown = [" ".join(line.split()) for line in lines]
    assert any("coordinator degraded" in line for line in shown)
    assert any("analyst_b degraded by tool 3 of 7 items (inferred)" in line for line in shown)
    assert any("delegation_incomplete: child_incomplete, 60% (raised)" in line for line in shown)
    assert not any("read_document" in line for line in shown)


def test_json_holds_every_step_and_where_its_outcome_came_from() -> None:
    shown: dict[str, Any] = json.loads(run("--format", "json").output)
    coordinator = shown["traces"][0]["agents"][0]
    child = next(c for c in coordinator["children"] if c["agent"] == "analyst_b")
    assert child["delegation"]["method"] == "tool"
    assert child["receipt"]["items_assigned"] == 7
    limited = [s for s in child["steps"] if s["outcome"] == "rate_limited"]
    assert [s["outcome_from"].partition("#")[0] for s in limited] == ["gen_ai.tool.call.result"]


def test_json_of_the_tree_leaves_out_steps_and_says_what_was_found() -> None:
    agents = json.loads(run("--tree", "--format", "json").output)["traces"][0]["agents"]
    coordinator = agents[0]
    assert "steps" not in coordinator
    assert [child["agent"] for child in coordinator["children"]] == ["analyst_a", "analyst_b", "analyst_c"]
    found = coordinator["children"][1]["findings"][0]
    assert (found["cause"], found["raised"]) == ("items_missing", False)
    assert "processed 3 of 7 items" in found["reason"]


def test_child_of_another_trace_says_where_it_was_asked_for(tmp_path: Path) -> None:
    above, below = moved(builders.capture(RECORDING.name), by_link)
    file = tmp_path / "apart.binpb"
    file.write_bytes(b"".join([*below, *above]))
    shown = CliRunner().invoke(main, ["inspect", str(file), "--tree"], env={"COLUMNS": "200"}).output
    home = inspect(above).pipes[0].trace_id[:8]
    assert f"analyst_b  degraded  by link from trace {home}  3 of 7 items" in shown


def test_agent_without_a_name_is_called_after_its_span() -> None:
    file = Path(__file__).parents[1] / "recorded" / "haystack__delegation.binpb.gz"
    shown = CliRunner().invoke(main, ["inspect", str(file), "--tree"], env={"COLUMNS": "200"}).output
    assert "haystack.agent.run  degraded  by tool  3 of 7 items" in shown


def test_flowchart_marks_agents_with_findings() -> None:
    chart = run("--format", "mermaid").output
    assert chart.startswith("flowchart TD")
    assert "analyst_b<br/>3 of 7, inferred<br/>delegation_incomplete: items_missing" in chart
    assert "-->|tool|" in chart


def test_tools_are_listed_with_what_decided_their_outcome() -> None:
    assert "rate_limited" in run("--tools").output


def test_file_that_is_no_recording_is_refused_with_the_next_thing_to_try(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("hello")
    result = CliRunner().invoke(main, ["inspect", str(path)])
    assert result.exit_code == 2
    assert "expected OTLP" in result.output


def test_views_exclude_each_other() -> None:
    assert run("--tree", "--tools").exit_code == 2


HANDED_OVER = [e for e in builders.manifest() if e["scenario"] in ("delegation_handoff", "delegation_parallel")]


@pytest.mark.parametrize("entry", HANDED_OVER, ids=lambda e: e["file"])
def test_every_child_of_a_recording_has_its_edge(entry: dict[str, Any]) -> None:
    pipes = inspect([builders.capture(entry["file"])]).pipes
    edges = {a.name: a.method for pipe in pipes for top in pipe.agents for a in walk(top) if a.method}
    wanted = "handoff" if entry["scenario"] == "delegation_handoff" else "tool"
    assert [m for n, m in edges.items() if n and n.endswith(("analyst_a", "analyst_b"))] == [wanted] * 2


@pytest.mark.parametrize(("columns", "decided"), [(80, False), (140, True)])
def test_log_of_tool_calls_keeps_ids_whole_in_a_narrow_terminal(columns: int, decided: bool) -> None:
    (pipe,) = inspect([builders.capture("pydantic-ai__native-default__ok.binpb.gz")]).pipes
    out = Console(width=columns, file=io.StringIO(), record=True)
    out.print(tools_table(pipe.agents, narrow=columns < NARROW))
    shown = out.export_text()
    calls = [step for agent in pipe.agents for step in agent.steps if step.outcome]
    assert len(calls) == 3
    assert all(step.span_id in shown and (step.arguments or "")[:8] in shown for step in calls)
    assert ("decided by" in shown) is decided
