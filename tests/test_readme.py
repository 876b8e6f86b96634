"""README says what the program does today."""

import re
from pathlib import Path

from click.testing import CliRunner

from otelagent.cli import COMMANDS, main
from otelagent.detectors import builtin

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def test_first_commands_are_make_run_and_make_test() -> None:
    commands = re.findall(r"^make \w+", README, re.MULTILINE)
    assert commands[:2] == ["make run", "make test"]


def test_every_mode_is_listed_with_its_layer() -> None:
    listed = dict(re.findall(r"^\| \[`(\w+)`\]\(docs/detectors/\w+\.md\) \| .* \| (\w+) \|$", README, re.MULTILINE))
    assert listed == {kind.mode: str(kind.layer) for kind in builtin()}


def test_links_lead_somewhere() -> None:
    targets = [t for t in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in t]
    assert targets
    assert [t for t in targets if not (ROOT / t).exists()] == []


def test_commands_that_it_names_exist() -> None:
    named = set(re.findall(r"^otelagent ([a-z-]+)", README, re.MULTILINE))
    assert named
    assert named <= set(COMMANDS)
    for name in named:
        assert CliRunner().invoke(main, [name, "--help"]).exit_code == 0
