"""`otelagent traces` as its user meets it: import, list, show, export, prune, and `diagnose` of what is kept."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import otelagent
from otelagent.cli import main
from tests import builders

FAILING = builders.CAPTURES / "pydantic-ai__native-default__empty_result.binpb.gz"
HEALTHY = builders.CAPTURES / "pydantic-ai__native-default__ok.binpb.gz"


def call(*args: str | Path) -> Result:
    return CliRunner().invoke(main, [*map(str, args)])


@pytest.fixture
def store(tmp_path: Path) -> Path:
    directory = tmp_path / "traces"
    assert call("traces", "--store", directory, "import", FAILING, HEALTHY).exit_code == 0
    return directory


def listed(store: Path, *options: str) -> list[dict[str, object]]:
    result = call("traces", "--store", store, "list", "--format", "json", *options)
    assert result.exit_code == 0, result.stderr
    traces: list[dict[str, object]] = json.loads(result.stdout)["traces"]
    return traces


def test_kept_traces_are_listed_by_mode_agent_tool_and_age(store: Path) -> None:
    assert len(listed(store)) == 2
    (failing,) = listed(store, "--mode", "empty_result_fabrication", "--since", "1h")
    assert (failing["agents"], failing["tools"]) == (["atlas"], ["web_search"])
    assert listed(store, "--agent", "nobody") == []
    assert "empty_result_fabrication" in call("traces", "--store", store, "list").stdout


def test_trace_is_diagnosed_by_the_beginning_of_its_id(store: Path) -> None:
    (failing,) = listed(store, "--mode", "empty_result_fabrication")
    result = call("diagnose", "--store", store, "--format", "json", str(failing["trace_id"])[:12])
    assert result.exit_code == 1, result.stderr
    made, of_file = json.loads(result.stdout), json.loads(call("diagnose", "--format", "json", FAILING).stdout)
    assert made["findings"] == of_file["findings"]
    assert otelagent.load_trace_snapshot(str(failing["trace_id"]), step=7, source=store)["step"] == 7


def test_exported_trace_is_one_that_scan_takes(store: Path, tmp_path: Path) -> None:
    (failing,) = listed(store, "--mode", "empty_result_fabrication")
    file = tmp_path / "trace.binpb"
    assert call("traces", "--store", store, "export", str(failing["trace_id"]), file).exit_code == 0
    assert call("scan", file).exit_code == 1
    assert json.loads(call("traces", "--store", store, "show", str(failing["trace_id"])).stdout) == failing


def test_import_again_changes_nothing(store: Path) -> None:
    before = [{k: v for k, v in trace.items() if k != "kept_at"} for trace in listed(store)]
    assert call("traces", "--store", store, "import", FAILING, HEALTHY).exit_code == 0
    after = [{k: v for k, v in trace.items() if k != "kept_at"} for trace in listed(store)]
    assert sorted(map(str, after)) == sorted(map(str, before))


def test_prune_lets_the_rest_go(store: Path) -> None:
    assert call("traces", "--store", store, "prune", "--max-count", "1").stderr == "1 traces left the store\n"
    assert len(listed(store)) == 1


@pytest.mark.parametrize("args", [("show", "ffff"), ("show", "zz"), ("export", "ffff", "x")])
def test_what_is_not_there_could_not_run(args: tuple[str, ...], store: Path) -> None:
    assert call("traces", "--store", store, *args).exit_code == 2


def test_missing_store_could_not_run(tmp_path: Path) -> None:
    result = call("traces", "--store", tmp_path / "none", "list")
    assert result.exit_code == 2
    assert "no trace store there" in result.stderr
