"""What `--help` lists."""

import pytest
from click.testing import CliRunner

from otelagent.cli import main


@pytest.mark.parametrize("group", [[], ["baseline"], ["traces"], ["spool"]])
def test_commands_are_told_whole_in_80_columns(group: list[str]) -> None:
    shown = CliRunner().invoke(main, [*group, "--help"], env={"COLUMNS": "80"})
    listed = shown.output.partition("Commands:")[2].splitlines()
    assert shown.exit_code == 0
    assert len(listed) > 3
    assert [line for line in listed if line.endswith("...") or len(line) > 80] == []
