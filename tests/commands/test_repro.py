"""`otelagent repro` as its user meets it: the package that is written, and its test run by pytest."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from otelagent.cli import main
from otelagent.reproduction import package
from tests import builders, test_recorded

FAILING = builders.CAPTURES / "langgraph__openinference__rate_limit.binpb.gz"


def repro(*args: str | Path) -> Result:
    return CliRunner().invoke(main, ["repro", *map(str, args)])


def run(directory: Path, guard: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", directory],
        env={**os.environ, "REPRO_GUARD": guard},
        cwd=directory.parent,
        capture_output=True,
        text=True,
    )


def test_package_fails_for_the_named_reason_and_passes_with_its_guard_whatever_its_directory_is_called(
    tmp_path: Path,
) -> None:
    made = tmp_path / "my repro-1.a"  # no name of a Python package
    result = repro(FAILING, "-o", made)
    assert result.exit_code == 0, result.stderr
    assert "1 failed" in result.stdout
    assert "1 passed" in result.stdout
    names = {path.name for path in made.iterdir()}
    assert names == {"README.md", "__init__.py", "guard.py", "mocks.py", "snapshot.json", "test_repro.py"}
    assert [path.name for path in tmp_path.iterdir()] == [made.name]
    before, after = run(made, "0"), run(made, "1")
    assert before.returncode == 1
    assert "rate_limit_mid_chain (rate_limited)" in before.stdout
    assert after.returncode == 0
    page = (made / "README.md").read_text()
    for told in (
        "rate_limit_mid_chain",
        "StructuredErrors",
        "1 failed",
        "1 passed",
        "elements",
        f"pytest '{made.name}' ",
    ):
        assert told in page + (made / "guard.py").read_text()


@pytest.fixture
def _not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests run what is written; these look at it."""
    said = "rate_limit_mid_chain (rate_limited)"
    monkeypatch.setattr(package, "_run", lambda directory, guarded: (int(not guarded), said))


@pytest.mark.usefixtures("_not_run")
def test_page_shows_what_is_left_and_where_it_came_from(tmp_path: Path) -> None:
    assert repro(FAILING, "-o", tmp_path / "x", "--no-redact").exit_code == 0
    page = (tmp_path / "x" / "README.md").read_text()
    assert f"from: {FAILING.name}, trace " in page
    assert str(FAILING.parent) not in page
    shown = [line.strip() for line in page.splitlines() if line.startswith("    ")]
    assert "result/retry_after of web_search: 30" in shown


@pytest.mark.usefixtures("_not_run")
def test_content_that_came_in_logs_is_read_beside_the_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        package, "_run", lambda directory, guarded: (int(not guarded), "tool_error_ignored (fabricated)")
    )
    trace, logs = (test_recorded.RECORDED / f"openai-v2__raised{kind}.binpb.gz" for kind in ("", ".logs"))
    without = repro(trace, "-o", tmp_path / "x")
    assert without.exit_code == 2
    assert "no failure is found" in without.stderr
    result = repro(trace, "--logs", logs, "-o", tmp_path / "x")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("tool_error_ignored")


@pytest.mark.usefixtures("_not_run")
def test_content_is_redacted_unless_asked_for(tmp_path: Path) -> None:
    assert repro(FAILING, "-o", tmp_path / "a").exit_code == 0
    assert repro(FAILING, "-o", tmp_path / "b", "--no-redact").exit_code == 0
    words = "late deliveries"
    assert not any(words in path.read_text() for path in (tmp_path / "a").iterdir())
    assert any(words in path.read_text() for path in (tmp_path / "b").iterdir())


@pytest.mark.parametrize("name", ["pydantic-ai__native-default__ok", "pydantic-ai-nocontent__native__empty_result"])
def test_trace_without_a_failure_leaves_nothing_behind(name: str, tmp_path: Path) -> None:
    result = repro(builders.CAPTURES / f"{name}.binpb.gz", "-o", tmp_path / "x")
    assert result.exit_code == 2
    assert "no failure is found" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_directory_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("mine")
    result = repro(FAILING, "-o", tmp_path)
    assert result.exit_code == 2
    assert "is there already" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["notes"]


def test_test_that_does_not_do_what_it_should_is_not_handed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package, "_run", lambda directory, guarded: (0, "1 passed"))
    result = repro(FAILING, "-o", tmp_path / "x")
    assert result.exit_code == 2
    assert "doesn't fail with rate_limit_mid_chain" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_without_pytest_the_test_is_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "find_spec", lambda name: None)
    result = repro(FAILING, "-o", tmp_path / "x")
    assert result.exit_code == 0, result.stderr
    assert "failed: rate_limit_mid_chain (rate_limited)" in result.stdout
    assert "passed (pytest isn't installed: the test was called)" in result.stdout


def test_names_from_spans_can_not_break_out_of_the_files(tmp_path: Path) -> None:
    tool = 'search"""\nimport os; os.abort()\n"""`</script>'
    steps = [{"tool": tool, "arguments": {"q": "x"}, "result": []}, {"say": "67% of 4711 units, says Hartmann (2024)."}]
    trace = tmp_path / "trace"
    trace.write_bytes(builders.request(builders.spans({"user": "Look.", "agent": tool, "steps": steps})))
    result = repro(trace, "-o", tmp_path / "x")
    assert result.exit_code == 0, result.stderr
    for path in (tmp_path / "x").glob("*.py"):
        imported = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Import)]
        assert [name.name for node in imported for name in node.names] in ([], ["os"])
    assert "os.abort" not in ast.unparse(ast.parse((tmp_path / "x" / "guard.py").read_text()))
    assert "</script>" not in (tmp_path / "x" / "README.md").read_text()
