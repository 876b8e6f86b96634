"""Pages, rules and dashboards written from the code, so that they can't say anything else than it does.

`python -m otelagent.reference` writes them, `--check` tells which of them are out of date.
"""

from pathlib import Path
from typing import Final

from otelagent.reference import (
    case_schema,
    compose,
    configuration,
    dashboards,
    detector_pages,
    metric_pages,
    rules,
    runbooks,
)

ROOT: Final = Path(__file__).parents[2]
"""The checkout."""

OWNED: Final = ("docs/detectors", "docs/runbooks", "deploy/prometheus/tests", "deploy/grafana")
"""Folders in which nothing else may stand."""


def pages() -> dict[str, str]:
    """Text by path within the checkout."""
    writers = (metric_pages, configuration, detector_pages, rules, runbooks, dashboards, compose, case_schema)
    return {path: text for writer in writers for path, text in writer.pages().items()}


def outdated(root: Path = ROOT) -> list[str]:
    """Pages that are missing, differ, or should no longer be there."""
    wanted = pages()
    return sorted([path for path, text in wanted.items() if _read(root / path) != text] + _strays(root, wanted))


def write(root: Path = ROOT) -> list[str]:
    """Bring all pages up to date; which ones have changed."""
    wanted, changed = pages(), outdated(root)
    for path in changed:
        if path in wanted:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(wanted[path], encoding="utf-8")
        else:
            (root / path).unlink()
    return changed


def _strays(root: Path, wanted: dict[str, str]) -> list[str]:
    found = [path for owned in OWNED for path in (root / owned).rglob("*") if path.is_file()]
    return [name for path in found if (name := path.relative_to(root).as_posix()) not in wanted]


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
