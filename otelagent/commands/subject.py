"""The trace that a command is about: a file, or a trace in the store."""

import contextlib
import functools
import importlib
import inspect
import shlex
import sys
import traceback
from collections.abc import Awaitable, Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from otelagent.cases.case import Turn
from otelagent.cases.extract import Extract
from otelagent.commands import stored
from otelagent.detectors import available
from otelagent.diagnosis.diagnose import by_root_cause
from otelagent.diagnosis.load import Unreadable, signals
from otelagent.diagnosis.play import Request
from otelagent.diagnosis.recording import Recorded, Recording, record
from otelagent.diagnosis.shown import printable
from otelagent.diagnosis.snapshot import reader
from otelagent.errors import OtelagentError
from otelagent.model import Finding, Withheld
from otelagent.store import StoreUnusable, TraceStore

Command = TypeVar("Command", bound=Callable[..., Any])


class Unusable(OtelagentError):
    """What the command line names can't be used."""


def options(command: Command) -> Command:
    """TRACE|FILE, `--store`, `--trace` and `--logs`."""
    command = beside(command)
    command = click.option("--trace", metavar="ID", help="Of a file with several traces, this one (hex).")(command)
    return click.argument("subject", metavar="TRACE|FILE")(stored.option("the trace store")(command))


def beside(command: Command) -> Command:
    """`--logs`."""
    return click.option(
        "--logs",
        multiple=True,
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="OTLP logs that hold what the spans don't; may be repeated.",
    )(command)


def found(subject: str, store: Path | None, logs: tuple[Path, ...]) -> tuple[Iterable[Request], bytes | None]:
    """The requests of a file, or of a trace in the store and its id, and those of `logs`. Raises Unreadable or
    StoreUnusable."""
    traces, picked = _traces(subject, store)
    return chain(traces, *map(signals, logs)), picked


def _traces(subject: str, store: Path | None) -> tuple[Iterable[Request], bytes | None]:
    hexadecimal = len(subject) >= 4 and not set(subject.lower()) - set("0123456789abcdef")
    if Path(subject).exists() or not hexadecimal:
        return signals(subject), None
    opened = TraceStore(stored.traces(store))
    try:
        trace_id = stored.trace_of(opened, subject)
        return opened.load(trace_id), trace_id
    finally:
        opened.close()


def typed(subject: str, store: Path | None, trace: str | None, logs: tuple[Path, ...]) -> str:
    """The same as it stands on a command line."""
    chosen = [*(["--store", str(store)] if store else []), *(["--trace", trace] if trace else [])]
    chosen += [word for file in logs for word in ("--logs", str(file))]
    return shlex.join([subject, *chosen])


def recording(subject: str, store: Path | None, trace: str | None, logs: tuple[Path, ...]) -> Recording:
    """The recorded run; raises Unusable."""
    try:
        bodies, picked = found(subject, store, logs)
        made = record(bodies, trace=bytes.fromhex(trace) if trace else picked)
    except (Unreadable, StoreUnusable) as error:
        raise Unusable(str(error)) from error
    except ValueError as error:
        raise Unusable(f"--trace: {printable(trace or '')} is no trace id (32 hex digits)") from error
    if not made.steps:
        raise Unusable(f"{subject}: no step of an agent in it")
    return made


def finding(made: Recording, mode: str | None) -> Finding:
    """The failure that is meant: of this mode, else that with the earliest root cause. Raises Unusable."""
    if mode is not None and mode not in available():
        raise Unusable(f"--mode: no failure mode {mode!r}; known: {', '.join(sorted(available()))}")
    known = by_root_cause(made)
    chosen = next((f for f in known if mode in (None, f.mode)), None)
    if chosen is None:
        others = f"; found: {', '.join(dict.fromkeys(f.mode for f in known))}" if known else ""
        raise Unusable(f"no {mode or 'failure'} is found in this trace{others}")
    return chosen


def step_of(made: Recording, about: Finding | None, step: str | None) -> Recorded:
    """The model's turn that is meant: this step, else where the failure began. Raises Unusable or NoSuchStep."""
    named = step if step is not None else about.first_divergence.hex() if about is not None else None
    if named is None:
        raise Unusable("nothing is found in this trace: name the step with --step")
    return reader(made, named)


def turn_of(extracted: Extract, at: Recorded) -> Turn:
    """The same in the case; raises Unusable."""
    turn = extracted.turn_of.get(at.span_id)
    if at.step.withheld in (Withheld.CAPTURE_OFF, Withheld.REDACTED, Withheld.UPLOADED):
        hint = f"; {at.step.capture_hint}" if at.step.capture_hint else ""
        raise Unusable(f"the content of step {at.index + 1} wasn't captured ({at.step.withheld}){hint}")
    if turn is None:
        raise Unusable(f"step {at.index + 1} isn't in the failing trace")
    return turn


def extract(made: Recording, about: Finding | None) -> Extract:
    """The recording as a case."""
    return Extract(made, about)


def function(named: str, option: str) -> Callable[..., Any]:
    """`module:function` of the user, from the working directory too; raises Unusable."""
    module, _, name = named.partition(":")
    if not module or not name:
        raise Unusable(f"{option}: expected module:function, not {named!r}")
    sys.path.insert(0, "")
    try:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise Unusable(f"{option}: {named}: {error}") from error
    finally:
        sys.path.remove("")
    if not callable(found):
        raise Unusable(f"{option}: {named} can't be called")
    return _told(found, f"{option}: {named}")


def _told(theirs: Callable[..., Any], what: str) -> Callable[..., Any]:
    """The user's function; what it raises is told with the line that did."""

    @functools.wraps(theirs)
    def called(*positional: Any, **named: Any) -> Any:
        with _telling(what):
            given = theirs(*positional, **named)
        return awaited(given) if inspect.isawaitable(given) else given

    async def awaited(given: Awaitable[Any]) -> Any:
        with _telling(what):
            return await given

    return called


@contextlib.contextmanager
def _telling(what: str) -> Iterator[None]:
    try:
        yield
    except OtelagentError:
        raise
    except Exception as error:
        theirs = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
        at = f" at {Path(theirs[-1].filename).name}:{theirs[-1].lineno}" if theirs else ""
        raise Unusable(f"{what}: {type(error).__name__}{at}: {error}") from error


def give_up(command: str, why: object) -> NoReturn:
    """Say why and end with 2."""
    click.echo(f"otelagent {command}: {why}", err=True)
    sys.exit(2)
