"""From a failing trace to a small test: replay, reduction, and the package that is written.

What a written package uses: `beside`, `load`, `outcome`, `told`.
"""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from otelagent.cases.case import BadCase, Case, from_json
from otelagent.model import Finding
from otelagent.reproduction.repro import outcome


def load(path: str | Path) -> Case:
    """The case in a file such as a package's `snapshot.json`; raises BadCase."""
    try:
        return from_json(Path(path).read_bytes())
    except OSError as error:
        raise BadCase(f"{path}: {error.strerror}") from error


def beside(file: str, name: str) -> ModuleType:
    """The module `name` in the directory of a file, whatever that directory is called and wherever it lies."""
    path = Path(file).resolve().parent / f"{name}.py"
    spec = spec_from_file_location(f"_otelagent_repro_{name}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path}: no module")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def told(finding: Finding | None) -> str:
    """A failure in one line, without captured content."""
    if finding is None:
        return "no failure"
    return f"{finding.mode} ({finding.cause}), layer {finding.layer}: {finding.reason}"


__all__ = ["beside", "load", "outcome", "told"]
