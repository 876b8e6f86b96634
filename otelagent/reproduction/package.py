"""The package that `repro` writes: a test, the case, mocks, the guard and a page; written as a whole or not at all."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import msgspec

from otelagent.cases.case import calls, to_json
from otelagent.cases.elements import document
from otelagent.errors import OtelagentError
from otelagent.mocks import Raised, Status, Value
from otelagent.mocks.tools import answer_of
from otelagent.reproduction.repro import Reproduction
from otelagent.reproduction.words import listing

SWITCH: Final = "REPRO_GUARD"
"""Environment variable that puts the guard in place."""
TIMEOUT: Final = 120


class NotWritten(OtelagentError):
    """The package can't be written, or its test doesn't do what it should; nothing is left behind."""


@dataclass(frozen=True)
class Shown:
    """What the test said, without and with the guard."""

    without: str
    guarded: str


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
        for name, text in _files(made, source):
            (package / name).write_text(text, encoding="utf-8")
        shown = _both(package, made)
        (package / "README.md").write_text(_readme(made, source, shown), encoding="utf-8")
        if directory.exists():
            directory.rmdir()
        package.rename(directory)
        return Shown(_lines(shown.without), _lines(shown.guarded))
    except OSError as error:
        raise NotWritten(f"{directory}: {error.strerror}") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _files(made: Reproduction, source: str) -> Iterator[tuple[str, str]]:
    yield "__init__.py", ""
    yield "snapshot.json", msgspec.json.format(to_json(made.case), indent=2).decode() + "\n"
    yield "mocks.py", _mocks(made)
    yield (
        "guard.py",
        _GUARD.format(
            guard=made.guard.guard.__name__,
            made=made.guard.source,
            mode=made.finding.mode,
            fix=_plain(made.finding.fix),
        ),
    )
    yield "test_repro.py", _TEST.format(mode=made.finding.mode, reason=_plain(made.finding.reason), switch=SWITCH)


def _plain(text: str) -> str:
    """Names in it come from spans: nothing that could end a string, or mean something in Markdown or HTML."""
    shown = "".join(c if c.isprintable() else " " for c in text)
    for mark, harmless in zip('"\\`<>[]', "'/'()()", strict=True):
        shown = shown.replace(mark, harmless)
    return shown


def _lines(text: str) -> str:
    return "\n".join(map(_plain, text.splitlines()))


_TEST: Final = '''"""{mode}: {reason}.

Fails as long as the guard isn't in place. `{switch}=1` puts it there, and the test passes.
"""

import os
from pathlib import Path

from otelagent.reproduction import load, outcome, told

from .guard import guards
from .mocks import tools

CASE = load(Path(__file__).parent / "snapshot.json")
GUARDED = os.environ.get("{switch}", "0") != "0"


def test_{mode}() -> None:
    failure = outcome(CASE, tools(), guards if GUARDED else list)
    assert failure is None, told(failure)
'''

_GUARD: Final = '''"""The guard that makes the test pass.

{fix}

In your orchestration, for each run of the agent:

    guard = guards()[0]
    tool = guard.tool(tool)                             # around each tool
    reply = model(guard.before_model(messages))         # before each call of the model
    guard.check(reply.text, final=not reply.tool_calls) # before what it says goes on

It raises `Interrupted` where the run must not go on: tell the user, or hand it to a person.
"""

from otelagent.guards import {guard}, Guard


def guards() -> list[Guard]:
    """New ones for each run of an agent; against {mode}."""
    return [{made}]
'''


def _mocks(made: Reproduction) -> str:
    recorded = [_recorded(call) for run in made.case.runs for call in calls(run) if call.kind != "handoff"]
    names = {name for name in ("ANY", "Raised", "Status", "Value") if any(f"{name}" in line for line in recorded)}
    imported = ", ".join(sorted({"MockTools", *names, *(["Recorded"] if recorded else [])}, key=_as_sorted))
    body = "".join(f"    {line},\n" for line in recorded)
    return f'''"""The tools of this case: what was asked, in order, and what came back."""

from otelagent.mocks import {imported}

RECORDED = [
{body}]


def tools() -> MockTools:
    """Strict: the same calls in the same order; anything else is an UnexpectedCall."""
    return MockTools(RECORDED)
'''


def _as_sorted(name: str) -> tuple[bool, str]:
    """As ruff sorts what is imported: constants first."""
    return not name.isupper(), name


def _recorded(call: Any) -> str:
    arguments = "ANY" if call.arguments is msgspec.UNSET else repr(call.arguments)
    answer = answer_of(call)
    match answer:
        case Value(value):
            written = f"Value({value!r})"
        case Status(status):
            written = f"Status({status})"
        case Raised(error):
            written = f"Raised({type(error).__name__}({str(error)!r}))"
        case _:
            written = "Value(None)"
    return f"Recorded({call.tool!r}, {arguments}, {written})"


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
        options = ["-q", "-p", "no:cacheprovider", "--rootdir", ".", "-o", "addopts=", "--tb=line", "repro"]
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


def _readme(made: Reproduction, source: str, shown: Shown) -> str:
    finding = made.finding
    content = (
        "Values were replaced by placeholders of the same shape, except where the failure goes with them."
        if made.redacted
        else "Values stand as they were recorded: treat this directory as you treat your traces."
    )
    left = "\n".join(f"    {_plain(line)}" for line in listing(document(made.case)))
    reason = _plain(finding.reason)
    return f"""# {finding.mode}

{reason[:1].upper()}{reason[1:]}.

- mode `{finding.mode}`, cause `{finding.cause}`, layer {finding.layer}, confidence {finding.confidence:.0%}
- fix: {finding.fix}
- from: {_plain(source)}

## Run it

From the directory that holds this one:

```sh
pytest {{this directory}}                 # fails: {finding.mode}
{SWITCH}=1 pytest {{this directory}}      # passes: the guard of guard.py is in place
```

No model and no network: the recorded model says what it said, whatever the guard adds, and the tools are mocks.

## What is left

{made.after} of {made.before} elements. Leaving out any one of them makes the failure go.

{left}

{content}

| file | holds |
| --- | --- |
| `test_repro.py` | the test |
| `snapshot.json` | the case: messages, turns, calls and what came back |
| `mocks.py` | the tools, with the return values written out |
| `guard.py` | the guard, and where it goes in your orchestration |

## Both runs

Without the guard:

```
{_lines(shown.without)}
```

With it:

```
{_lines(shown.guarded)}
```
"""
