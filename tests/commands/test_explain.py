"""`otelagent explain`."""

import dataclasses

import pytest
from click.testing import CliRunner

from otelagent.cli import main
from otelagent.detectors import builtin


@pytest.mark.parametrize("kind", builtin(), ids=lambda k: k.mode)
def test_page_of_a_mode_has_all_sections_and_thresholds(kind: type) -> None:
    result = CliRunner().invoke(main, ["explain", kind.mode])  # type: ignore[attr-defined]
    assert result.exit_code == 0
    for section in ("What it looks for", "Why it matters", "Stays quiet when", "What to do", "Thresholds"):
        assert f"## {section}\n" in result.stdout
    for field in dataclasses.fields(kind):
        assert f"{field.name} = {field.default}" in result.stdout


def test_without_a_mode_all_are_listed() -> None:
    result = CliRunner().invoke(main, ["explain"])
    assert all(kind.mode in result.stdout for kind in builtin())


def test_thresholds_are_those_of_the_configuration() -> None:
    sets = ["--set", "processors.agent_failures.detectors.reasoning_loop.repeats=5"]
    sets += ["--set", "processors.agent_failures.detectors.cascade=off"]
    listed = CliRunner().invoke(main, ["explain", *sets]).stdout
    assert "    repeats = 5  Equal calls in a row that make a loop. (default: 3)" in listed
    assert "cascade (off): " in listed
    assert "reasoning_loop (off)" not in listed
    assert "- repeats = 5 " in CliRunner().invoke(main, ["explain", "reasoning_loop", *sets]).stdout


def test_unknown_threshold_is_a_mistake() -> None:
    result = CliRunner().invoke(
        main, ["explain", "--set", "processors.agent_failures.detectors.reasoning_loop.repeat=5"]
    )
    assert result.exit_code == 2
    assert "did you mean 'repeats'?" in result.stderr


def test_unknown_mode_names_the_nearest() -> None:
    result = CliRunner().invoke(main, ["explain", "reasoning_lop"])
    assert result.exit_code == 2
    assert "did you mean 'reasoning_loop'?" in result.stderr
