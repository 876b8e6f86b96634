"""The files of a package as text: the test, the tools, the guard, and the page about them."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from otelagent.cases.case import calls, to_json
from otelagent.cases.elements import document
from otelagent.mocks import Raised, Status, Value
from otelagent.mocks.tools import answer_of
from otelagent.model import Finding
from otelagent.reproduction.repro import Reproduction
from otelagent.reproduction.words import listing

SWITCH: Final = "REPRO_GUARD"
"""Environment variable that puts the guard in place."""


@dataclass(frozen=True)
class Shown:
    """What the test said, without and with the guard."""

    without: str
    guarded: str


def files(made: Reproduction) -> Iterator[tuple[str, str]]:
    """Names and texts of all but the page."""
    mode, reason, fix = made.finding.mode, plain(made.finding.reason), plain(made.finding.fix)
    yield "__init__.py", ""
    yield "snapshot.json", msgspec.json.format(to_json(made.case), indent=2).decode() + "\n"
    yield "mocks.py", _mocks(made)
    yield "guard.py", _GUARD.format(guard=made.guard.guard.__name__, made=made.guard.source, mode=mode, fix=fix)
    yield "test_repro.py", _TEST.format(mode=mode, reason=reason, switch=SWITCH)


def page(made: Reproduction, name: str, source: str, shown: Shown) -> str:
    """The README. `name`: of the directory; `source`: where the trace came from."""
    finding = made.finding
    return _PAGE.format(
        mode=finding.mode,
        cause=finding.cause,
        layer=finding.layer,
        confidence=f"{finding.confidence:.0%}",
        reason=_sentence(finding),
        fix=finding.fix,
        source=plain(source),
        switch=SWITCH,
        name=shlex.quote(plain(name)),
        after=made.after,
        before=made.before,
        left="\n".join(f"    {plain(line)}" for line in listing(document(made.case), values=True)),
        content=_PLACEHOLDERS if made.redacted else _AS_RECORDED,
        guard=made.guard.guard.__name__,
        without=lines(shown.without),
        guarded=lines(shown.guarded),
    )


def plain(text: str) -> str:
    """Names in it come from spans: nothing that could end a string, or mean something in Markdown or HTML."""
    shown = "".join(c if c.isprintable() else " " for c in text)
    for mark, harmless in zip('"\\`<>', "'/'()", strict=True):
        shown = shown.replace(mark, harmless)
    return shown


def lines(text: str) -> str:
    """The same of several lines."""
    return "\n".join(map(plain, text.splitlines()))


def _sentence(finding: Finding) -> str:
    """Names of tools and agents keep their case."""
    reason = plain(finding.reason)
    named = any(name and finding.reason.startswith(name) for name in (finding.tool, finding.agent))
    return reason if named else reason[:1].upper() + reason[1:]


_TEST: Final = '''"""{mode}: {reason}.

Fails as long as the guard isn't in place. `{switch}=1` puts it there, and the test passes.
"""

import os
from pathlib import Path

from otelagent.reproduction import beside, load, outcome, told

CASE = load(Path(__file__).parent / "snapshot.json")
tools = beside(__file__, "mocks").tools
guards = beside(__file__, "guard").guards if os.environ.get("{switch}", "0") != "0" else list


def test_{mode}() -> None:
    failure = outcome(CASE, tools(), guards)
    if failure is not None:
        raise AssertionError(told(failure))
'''

_GUARD: Final = '''"""The guard that makes the test pass.

{fix}

In your orchestration, for each run of the agent:

    guard = guards()[0]
    guard.assigned(task)                             # what the agent is asked to do
    tool = guard.tool(tool)                          # around each tool
    reply = model(guard.before_model(messages))      # before each call of the model
    guard.check(reply.text, final=not reply.calls)   # before what it says goes on

It raises `Interrupted` where the run must not go on: tell the user, or hand it to a person.
"""

from otelagent.guards import {guard}, Guard


def guards() -> list[Guard]:
    """New ones for each run of an agent; against {mode}."""
    return [{made}]
'''

_PLACEHOLDERS: Final = (
    "Values were replaced by placeholders of the same shape, except where the failure goes with them."
)
_AS_RECORDED: Final = "Values stand as they were recorded: treat this directory as you treat your traces."

_PAGE: Final = """# {mode}

{reason}.

- mode `{mode}`, cause `{cause}`, layer {layer}, confidence {confidence}
- fix: {fix}
- from: {source}

## Run it

From the directory that holds this one:

```sh
pytest {name}                 # fails: {mode}
{switch}=1 pytest {name}   # passes: {guard} of guard.py is in place
```

No model and no network: the recorded model says what it said, whatever the guard adds, and the tools are mocks.

## What is left

{after} of {before} elements. Leaving out any one of them makes the failure go.

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
{without}
```

With it:

```
{guarded}
```
"""


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
