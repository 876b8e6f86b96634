"""`otelagent baseline`, `compare --baseline` and `report`: from recorded traces to an answer and an exit code."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from otelagent.cli import main
from otelagent.history import HOUR, History, Settled, Told
from otelagent.success import Counts
from tests.baselines.test_kept import traffic


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments])


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Recorded traces of staging and production, and the baselines of staging."""
    made = {name: tmp_path / f"{name}.binpb" for name in ("staging", "same", "prod")}
    made["staging"].write_bytes(b"".join(traffic(60)))
    made["same"].write_bytes(b"".join(traffic(60, seed="b", environment="prod")))
    made["prod"].write_bytes(b"".join(traffic(60, {"current": {"t": 21}, "unit": "C"}, "c", "prod")))
    made["profile"] = tmp_path / "staging.json.gz"
    assert run("baseline", "export", made["staging"], "-o", made["profile"]).exit_code == 0
    return made


@pytest.mark.parametrize("baseline", ["staging", "profile"])
def test_compare_gives_what_changed_and_an_exit_code(files: dict[str, Path], baseline: str) -> None:
    sides = ("compare", "--format", "json", "--baseline", files[baseline], "--candidate")
    same, changed = run(*sides, files["same"]), run(*sides, files["prod"])
    assert (same.exit_code, changed.exit_code) == (0, 1), changed.output
    (tool,) = json.loads(changed.stdout)["tools"]
    assert (tool["tool"], tool["changed"]) == ("get_weather", True)
    assert {"what": "renamed", "where": "/forecast", "baseline": "/forecast", "candidate": "/current"}.items() <= tool[
        "changes"
    ][0].items()
    (unchanged,) = json.loads(same.stdout)["tools"]
    assert (unchanged["changed"], unchanged["changes"]) == (False, [])


def test_compare_says_it_for_people(files: dict[str, Path]) -> None:
    sides = ("compare", "--baseline", files["profile"], "--candidate", files["prod"])
    assert "the tool changed, not the model" in run(*sides).stdout
    assert "| get\\_weather | 60 / 60 | renamed /forecast -\\> /current |" in run(*sides, "--format", "markdown").stdout


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--baseline", "x"], "both --baseline and --candidate"),
        ([], "give two recorded runs"),
        (["--baseline", "nowhere", "--candidate", "nowhere"], "no baselines there"),
    ],
)
def test_compare_that_cannot_run_says_why(arguments: list[str], why: str, tmp_path: Path) -> None:
    result = run("compare", *arguments, "--store", tmp_path)
    assert (result.exit_code, why in result.stderr) == (2, True), result.output


def test_too_few_calls_are_said(files: dict[str, Path], tmp_path: Path) -> None:
    few = tmp_path / "few.binpb"
    few.write_bytes(b"".join(traffic(10)))
    result = run("compare", "--baseline", files["profile"], "--candidate", few, "--format", "json")
    assert (result.exit_code, "no tool has 30 calls on both sides" in result.stderr) == (2, True)
    assert json.loads(result.stdout)["tools"][0]["skipped"] == "10 of 30 calls in the candidate"


def test_baselines_go_into_the_store_and_out_again(files: dict[str, Path], tmp_path: Path) -> None:
    store = tmp_path / "store"
    assert run("baseline", "import", files["profile"], "--store", store).exit_code == 0
    shown = json.loads(run("baseline", "show", "--format", "json", "--store", store).stdout)
    assert [(t["environment"], t["tool"], t["calls"], t["shape"]) for t in shown["tools"]] == [
        ("staging", "get_weather", 60, "known")
    ]
    assert {t["state"] for t in shown["tasks"]} == {"known"}
    sides = ("--baseline", "staging", "--candidate", files["same"], "--store", store)
    assert run("compare", *sides).exit_code == 0
    again = run("baseline", "export", "--store", store, "--environment", "staging")
    assert json.loads(again.stdout)["format"] == "otelagent-baselines"


def test_merge_adds_up(files: dict[str, Path], tmp_path: Path) -> None:
    both = tmp_path / "both.json"
    assert run("baseline", "merge", files["profile"], files["profile"], "-o", both).exit_code == 0
    assert json.loads(both.read_text())["tools"][0]["profile"]["calls"] == 120
    assert "get_weather" in run("baseline", "show", both).stdout


def test_what_is_no_file_of_baselines_is_refused(files: dict[str, Path], tmp_path: Path) -> None:
    result = run("baseline", "merge", files["staging"], "-o", tmp_path / "x.json")
    assert (result.exit_code, "otelagent baseline merge:" in result.stderr) == (2, True)


def told(mode: str, age: float, number: int = 0, **more: Any) -> Told:
    fields: dict[str, Any] = {
        "trace_id": number.to_bytes(16),
        "root": b"r" * 8,
        "at": time.time() - age,
        "mode": mode,
        "cause": "c",
        "layer": "tool",
        "severity": "high",
        "agent": "atlas",
        "tool": "search",
        "workflow": "refund",
        "service": "shop",
        "reason": "search returned nothing",
        "wasted": 100,
    }
    return Told(**(fields | more))


def test_report_tells_of_the_time_that_is_asked_for(tmp_path: Path) -> None:
    history = History(tmp_path, create=True)
    findings = [told("schema_drift", 60.0 * n, n) for n in range(1, 8)] + [told("cascade", 30 * 3600.0, 99)]
    hour = int(time.time() // HOUR)
    counts = Counts(success=3, degraded=7, leaf_ok=39, leaf_failed=1)
    history.add(findings, [Settled(hour, "shop", "refund", counts, 9_000)], oldest=0.0)
    history.close()
    result = run("report", "--since", "24h", "--store", tmp_path, "--format", "json")
    made = json.loads(result.stdout)
    assert result.exit_code == 1
    assert (made["findings"], made["findings_before"]) == (7, 1)
    assert made["modes"] == [{"name": "schema_drift", "findings": 7, "wasted_tokens": 700}]
    assert made["cost"] == {"tokens": 9_000, "wasted_tokens": 700, "dollars": 0}
    (workflow,) = made["workflows"]
    assert (workflow["pipeline_success"], workflow["leaf_success"]) == (0.3, 0.975)
    assert workflow["reasons"] == [{"reason": "schema_drift (search)", "findings": 7}]
    (incident,) = made["incidents"]
    assert (incident["tool"], incident["findings"], len(incident["examples"])) == ("search", 7, 3)
    markdown = run("report", "--store", tmp_path, "--format", "markdown").stdout
    assert "| refund | 3 success, 7 degraded | 30.0% | 97.5% | 67.5% | schema\\_drift (search) 7 |" in markdown
    assert "Incidents" in run("report", "--store", tmp_path).stdout


def test_report_reads_imported_traces(tmp_path: Path) -> None:
    capture = Path(__file__).parent.parent / "captures" / "openai-agents__openinference__empty_result.binpb.gz"
    assert run("traces", "--store", tmp_path, "import", capture).exit_code == 0
    made = json.loads(run("report", "--store", tmp_path, "--format", "json").stdout)
    assert [line["name"] for line in made["modes"]] == ["empty_result_fabrication"]
    assert made["successes_known"] is False


def test_report_without_a_store_says_so(tmp_path: Path) -> None:
    result = run("report", "--store", tmp_path)
    assert (result.exit_code, "no trace store there" in result.stderr) == (2, True)
    assert run("report", "--store", tmp_path, "--since", "soon").exit_code == 2
