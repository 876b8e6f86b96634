"""`otelagent reduce` as its user meets it."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from otelagent.cases.case import from_json
from otelagent.cli import main
from tests import builders
from tests.reproduction import scripted_server as server

FAILING = builders.CAPTURES / "pydantic-ai__native-default__empty_result.binpb.gz"
HEALTHY = builders.CAPTURES / "pydantic-ai__native-default__ok.binpb.gz"


def reduce(*args: str | Path) -> Result:
    return CliRunner().invoke(main, ["reduce", *map(str, args)])


def test_what_is_left_is_listed_and_the_last_removal_is_shown() -> None:
    result = reduce(FAILING)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0].endswith("elements, 3 matter:")
    assert "it doesn't fail; with it back it does" in result.stdout
    assert "67%" not in result.stdout


def test_case_is_written_as_json(tmp_path: Path) -> None:
    told = json.loads(reduce(FAILING, "--format", "json", "-o", tmp_path / "case.json").stdout)
    assert told["minimal"]
    assert told["after"] == 3
    case = from_json((tmp_path / "case.json").read_bytes())
    assert case.target is not None
    assert case.target.mode == "empty_result_fabrication"
    assert [path.name for path in tmp_path.iterdir()] == ["case.json"]


def test_limit_gives_what_there_is_with_1_and_resume_goes_on(tmp_path: Path) -> None:
    first = reduce(FAILING, "--max-tests", "6", "--resume", tmp_path / "known")
    assert first.exit_code == 1
    assert "isn't minimal yet" in first.stderr
    again = reduce(FAILING, "--resume", tmp_path / "known")
    assert again.exit_code == 0
    assert "3 matter" in again.stdout


@pytest.mark.parametrize(
    ("args", "why"),
    [
        ((HEALTHY,), "no failure is found"),
        ((FAILING, "--mode", "reasoning_loop"), "no reasoning_loop is found in this trace; found: empty_result"),
        ((FAILING, "--mode", "loop"), "no failure mode 'loop'; known: "),
        ((FAILING, "--check", "os:getcwd_"), "--check"),
        ((FAILING, "--trace", "zz"), "no trace id"),
        (("no such file",), "No such file"),
        ((FAILING, "-o", "nowhere/case.json"), "there is no directory nowhere"),
        ((FAILING, "--resume", "nowhere/known"), "there is no directory nowhere"),
    ],
)
def test_what_can_not_be_reduced_is_said(args: tuple[str | Path, ...], why: str) -> None:
    result = reduce(*args)
    assert result.exit_code == 2
    assert why in result.stderr


def test_own_check_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_check.py").write_text("def fails(case):\n    return 'Hartmann' in str(case)\n")
    monkeypatch.chdir(tmp_path)
    told = json.loads(reduce(FAILING, "--check", "own_check:fails", "--format", "json").stdout)
    assert told["after"] == 1
    (tmp_path / "own_check.py").write_text("def never(case):\n    return False\n")
    monkeypatch.delitem(__import__("sys").modules, "own_check")
    refused = reduce(FAILING, "--check", "own_check:never")
    assert refused.exit_code == 2
    assert "the whole trace doesn't fail" in refused.stderr


def test_live_model_is_asked_until_each_part_of_the_input_matters(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scripted model fabricates whenever an empty result stands in its input, two times of three."""
    monkeypatch.setenv("OPENAI_API_KEY", "any")

    def script(number: int, body: dict[str, Any]) -> dict[str, Any]:
        results = [m["content"] for m in body["messages"] if m["role"] == "tool"]
        fails = '{"results":[]}' in results and number % 3 != 2
        return server.said(server.FABRICATED if fails else server.HONEST)

    with server.serving(script) as endpoint:
        given = ("--model", "scripted", "--base-url", endpoint.url, "--step", "7", "--runs", "3", "--threshold", "0.6")
        result = reduce(FAILING, *given, "--format", "json")
        spent = reduce(FAILING, *given, "--budget-tokens", "2000")
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert told["after"] < told["before"] / 5
    assert '"results": []' in result.stdout
    assert spent.exit_code == 2
    assert "budget of 2000 tokens" in spent.stderr
