"""The package that `repro` writes: a test, the case, mocks, the guard and a page; written as a whole or not at all."""

import os
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from otelagent.errors import OtelagentError
from otelagent.reproduction.repro import Reproduction
from otelagent.reproduction.written import SWITCH, Shown, files, lines, page

TIMEOUT: Final = 120


class NotWritten(OtelagentError):
    """The package can't be written, or its test doesn't do what it should; nothing is left behind."""


def write(made: Reproduction, directory: Path, source: str) -> Shown:
    """Write the package, run its test both ways, and put it in place; raises NotWritten."""
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise NotWritten(f"{directory} is there already; name another directory, or remove it")
    parent = directory.absolute().parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".otelagent-", dir=parent))
    except OSError as error:
        raise NotWritten(f"{parent}: {error.strerror}") from error
    try:
        package = staging / "repro"
        package.mkdir()
        for name, text in files(made):
            (package / name).write_text(text, encoding="utf-8")
        shown = _both(package, made)
        (package / "README.md").write_text(page(made, directory.absolute().name, source, shown), encoding="utf-8")
        if directory.exists():
            directory.rmdir()
        package.rename(directory)
        return Shown(lines(shown.without), lines(shown.guarded))
    except OSError as error:
        raise NotWritten(f"{directory}: {error.strerror}") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


# --- both runs --------------------------------------------------------------------------------------------------------


def _both(package: Path, made: Reproduction) -> Shown:
    without, said = _run(package, guarded=False)
    guarded, said_guarded = _run(package, guarded=True)
    reason = f"{made.finding.mode} ({made.finding.cause})"
    if without != 1 or reason not in said:
        raise NotWritten(f"the test doesn't fail with {reason} before the fix:\n{said}")
    if guarded != 0:
        raise NotWritten(f"the test doesn't pass with the guard in place:\n{said_guarded}")
    return Shown(said, said_guarded)


def _run(package: Path, *, guarded: bool) -> tuple[int, str]:
    """Exit code and output of the test, by pytest; without pytest, by calling it."""
    if find_spec("pytest"):
        options = ["-q", "-p", "no:cacheprovider", "--rootdir", ".", "-o", "addopts=", "--tb=line", "-rN", "repro"]
        command = [sys.executable, "-m", "pytest", *options]
    else:
        command = [sys.executable, "-c", _WITHOUT_PYTEST]
    environment = {**os.environ, SWITCH: str(int(guarded)), "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("PYTEST_ADDOPTS", None)
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(package.parent), os.environ.get("PYTHONPATH"))))
    try:
        ran = subprocess.run(  # noqa: S603 - our own interpreter on the files that we have just written
            command, cwd=package.parent, env=environment, capture_output=True, text=True, timeout=TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise NotWritten(f"the test didn't end within {TIMEOUT} s") from error
    told = (ran.stdout + ran.stderr).replace(str(package.parent) + os.sep, "")
    return ran.returncode, "\n".join(line for line in told.splitlines() if line.strip())


_WITHOUT_PYTEST: Final = """
from repro import test_repro
tests = [f for n, f in vars(test_repro).items() if n.startswith("test_")]
try:
    for test in tests:
        test()
except AssertionError as failed:
    raise SystemExit(print("failed:", failed) or 1)
print("passed (pytest isn't installed: the test was called)")
"""
