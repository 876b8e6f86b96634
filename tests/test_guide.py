"""Every command of the guides runs as it stands there."""

import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from otelagent.cli import main

ROOT = Path(__file__).parent.parent
PAGES = [(ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("guide.md", "reproduce.md")]
STORE = "/tmp/otelagent-guide"  # noqa: S108  # as the guide has it; the tests put another in its place


def blocks(language: str) -> list[str]:
    parts = [page.split(f"```{language}\n")[1:] for page in PAGES]
    assert all(parts)
    return [part.partition("```")[0] for page in parts for part in page]


COMMANDS = [line.removeprefix("$ ") for block in blocks("console") for line in block.splitlines()]


def test_commands_of_the_guides_run_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    for line in COMMANDS:
        name, *arguments = shlex.split(line.replace(STORE, str(tmp_path)))
        assert name == "otelagent"
        result = CliRunner().invoke(main, arguments)
        assert result.exit_code in (0, 1), (line, result.output)
        assert "Error" not in result.stderr, line


def test_python_of_the_guide_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    for block in blocks("python"):
        exec(compile(block, "docs", "exec"), {})  # noqa: S102  # our own page


def test_what_the_guide_tells_is_what_the_commands_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    shown = {
        line: CliRunner().invoke(main, shlex.split(line)[1:]).output for line in COMMANDS if "diagnose tests" in line
    }
    empty, delegated, healthy = shown.values()
    for told in ("unsupported: 67%", "unsupported: 4.2 months", "unsupported: 91%", '{"results":[]}', "tool failure"):
        assert told in empty
    for told in ("rate_limited", "ask_analyst_b", "3 of 7", "orchestration failure"):
        assert told in delegated
    assert "nothing found; most suspicious" in healthy
