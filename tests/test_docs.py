"""Every page says what is there today: its links, tests, commands, options and series exist."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from otelagent.cli import main

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "deploy").rglob("*.md")])
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))
SERIES = set(re.findall(r"`(otel(?:agent|col)_\w+)`", (ROOT / "docs/metrics.md").read_text()))
pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@pages
def test_links_lead_somewhere(page: Path) -> None:
    prose = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    for target, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)", prose):
        if "://" in target:
            continue
        there = (page.parent / target).resolve() if target else page
        assert there.exists(), target
        if anchor and there.suffix == ".md":
            assert anchor in anchors(there), f"{target}#{anchor}"


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pages
def test_tests_that_it_names_exist(page: Path) -> None:
    for file, name in re.findall(r"\b(test_\w+\.py)(?:::(test_\w+))?", page.read_text()):
        files = [path for path in TESTS if path.name == file]
        assert files or not file, file
        assert any(re.search(rf"def {name}\b", path.read_text()) for path in files) or not name, f"{file}::{name}"


@pages
def test_tests_that_it_names_without_their_file_exist(page: Path) -> None:
    defined = {name for path in TESTS for name in re.findall(r"def (test_\w+)", path.read_text())}
    assert set(re.findall(r"`(test_\w+)`", page.read_text())) <= defined


@pages
def test_commands_and_options_that_it_names_exist(page: Path) -> None:
    text = re.sub(r"```mermaid.*?```", "", page.read_text(), flags=re.DOTALL)
    for line in re.findall(r"(?:^\s*(?:\$ )?|`)otelagent ([^`\n#]+)", text, re.MULTILINE):
        words = line.replace("|", " ").split()
        asked = {word.split("=")[0] for word in words if word.startswith("--")}
        assert asked <= {"--help", *options(words)}, line


def options(words: list[str]) -> Iterator[str]:
    """Of the command that these words call, and of the groups on the way to it."""
    command: click.Command | None = main
    for word in [*words, ""]:
        if command is not None:
            yield from (name for option in command.params for name in option.opts)
        if not isinstance(command, click.Group):
            return
        command = command.get_command(click.Context(command), word) or command


@pages
def test_series_that_it_names_exist(page: Path) -> None:
    named = set(re.findall(r"`(otelagent_\w+?)(?:\{[^`]*)?`", page.read_text()))
    assert named <= SERIES | {series + end for series in SERIES for end in ("_bucket", "_count", "_sum")}
