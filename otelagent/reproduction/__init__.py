"""From a failing trace to a small test: replay, reduction, and the package that is written.

What a written package uses: `load`, `outcome`, `told`.
"""

from pathlib import Path

from otelagent.cases.case import BadCase, Case, from_json
from otelagent.model import Finding
from otelagent.reproduction.repro import outcome


def load(path: str | Path) -> Case:
    """The case in a file such as a package's `snapshot.json`; raises BadCase."""
    try:
        return from_json(Path(path).read_bytes())
    except OSError as error:
        raise BadCase(f"{path}: {error.strerror}") from error


def told(finding: Finding | None) -> str:
    """A failure in one line, without captured content."""
    if finding is None:
        return "no failure"
    return f"{finding.mode} ({finding.cause}), layer {finding.layer}: {finding.reason}"


__all__ = ["load", "outcome", "told"]
