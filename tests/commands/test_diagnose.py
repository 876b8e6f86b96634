"""`otelagent diagnose` as its user meets it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from otelagent.cli import main
from tests import builders

FAILING = builders.CAPTURES / "pydantic-ai__native-default__empty_result.binpb.gz"
HEALTHY = builders.CAPTURES / "pydantic-ai__native-default__ok.binpb.gz"

HOSTILE = (
    "\x1b[2J\x1b]8;;http://evil.example\x07click\x1b]8;;\x07",
    "`` `<img src=x onerror=alert(1)>` ``",
    "</script><script>alert(1)</script>",
    "[click](javascript:alert(1)) https://evil.example @everyone",
    "\u202egnp.exe\u2028next",
)


def diagnose(*args: str | Path) -> Result:
    return CliRunner().invoke(main, ["diagnose", *map(str, args)])


def hostile_trace(path: Path) -> Path:
    text = "\n".join(HOSTILE)
    steps = [
        {"tool": HOSTILE[0], "arguments": {"q": text}, "result": []},
        {"say": f"67% of 4711 units, says Hartmann (2024). {text}"},
    ]
    path.write_bytes(builders.request(builders.spans({"user": text, "agent": HOSTILE[2], "steps": steps})))
    return path


def test_six_sections_lead_from_the_output_to_the_fix() -> None:
    result = diagnose(FAILING)
    titles = [line for line in result.stdout.splitlines() if line[:1].isdigit()]
    assert titles == [
        "1. The output and its claims",
        "2. Last known-good step",
        "3. Tool boundary",
        "4. Context state",
        "5. Isolate",
        "6. Classification",
    ]
    assert "unsupported: 67%" in result.stdout


def test_exit_codes() -> None:
    assert diagnose(FAILING).exit_code == 1
    assert diagnose(HEALTHY).exit_code == 0
    assert diagnose("no such file").exit_code == 2


def test_only_the_named_modes_fail() -> None:
    assert diagnose("--fail-on", "reasoning_loop", FAILING).exit_code == 0
    assert diagnose("--fail-on", "reasoning_loop", "--fail-on", "empty_result_fabrication", FAILING).exit_code == 1
    unknown = diagnose("--fail-on", "loop", FAILING)
    assert unknown.exit_code == 2
    assert "reasoning_loop" in unknown.stderr


def test_trace_id_that_is_not_in_the_file_is_refused() -> None:
    assert diagnose("--trace", "00" * 16, FAILING).exit_code == 2
    assert diagnose("--trace", "xyz", FAILING).exit_code == 2


def test_json_goes_to_stdout_or_to_a_file(tmp_path: Path) -> None:
    shown = json.loads(diagnose("--format", "json", FAILING).stdout)
    path = tmp_path / "diagnosis.json"
    assert diagnose("--format", "json", "-o", path, FAILING).stdout == ""
    assert json.loads(path.read_text()) == shown


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_captured_content_drives_neither_terminal_nor_page(form: str, tmp_path: Path) -> None:
    shown = diagnose("--format", form, hostile_trace(tmp_path / "trace")).stdout
    assert not set("\x1b\x07\u202e\u2028") & set(shown)


def test_markdown_keeps_captured_content_in_code_spans(tmp_path: Path) -> None:
    shown = diagnose("--format", "markdown", hostile_trace(tmp_path / "trace")).stdout
    lines = [line for line in shown.splitlines() if "onerror" in line]
    assert lines
    for line in lines:
        quoted = line[line.index("```") :]
        assert quoted.startswith("``` ")
        assert quoted.endswith(" ```")
        assert "```" not in quoted[3:-3]
