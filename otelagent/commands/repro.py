"""`otelagent repro TRACE -o DIR`: from a failing trace to a test that fails for the same reason."""

from functools import partial
from pathlib import Path

import click

from otelagent.cases.predicate import target_of
from otelagent.commands import subject as subjects
from otelagent.commands.progress import shown
from otelagent.diagnosis.recording import Recording
from otelagent.errors import OtelagentError
from otelagent.model import Finding
from otelagent.reproduction.package import write
from otelagent.reproduction.reduce import Limits, Search
from otelagent.reproduction.repro import reproduce
from otelagent.reproduction.written import SWITCH


@click.command(short_help="Write a package that reproduces a failure")
@subjects.options
@click.option("--output", "-o", required=True, type=click.Path(path_type=Path), help="Directory to make.")
@click.option("--mode", help="Of several failures, this one; else that with the earliest root cause.")
@click.option("--no-redact", is_flag=True, help="Keep values as recorded; else only those that carry the failure stay.")
@click.option("--max-seconds", type=click.FloatRange(0, min_open=True), help="Give up after so long.")
def command(
    subject: str,
    store: Path | None,
    trace: str | None,
    logs: tuple[Path, ...],
    output: Path,
    mode: str | None,
    no_redact: bool,
    max_seconds: float | None,
) -> None:
    """Write a package that reproduces a failure: a minimal case, mocks, a test that fails for the named reason, and the
    guard that makes it pass. The test is run both ways before the package is put in place.

    Exit code 0: written, 2: could not be made; nothing is left behind then.
    """
    try:
        made = subjects.recording(subject, store, trace, logs)
        about = subjects.finding(made, mode)
        case = subjects.extract(made, about).case
        with shown("reducing") as progress:
            search = partial(Search, limits=Limits(max_seconds), progress=progress)
            reproduction = reproduce(case, target_of(about), redact=not no_redact, search=search)
        ran = write(reproduction, output, _source(subject, made, about))
    except OtelagentError as error:
        subjects.give_up("repro", error)
    click.echo(f"{about.mode} ({about.cause}): {reproduction.after} of {reproduction.before} elements matter")
    click.echo(
        f"\nwithout the guard ({output}):\n{ran.without}\n\nwith {reproduction.guard.guard.__name__} ({SWITCH}=1):"
    )
    click.echo(ran.guarded)


def _source(subject: str, made: Recording, about: Finding) -> str:
    """Where the failure was seen, without directories of this machine."""
    file = f"{Path(subject).name}, " if Path(subject).exists() else ""
    at = made.at(about.about)
    step = f"step {at.index + 1}" if at is not None else f"span {about.about.hex()}"
    return f"{file}trace {about.trace_id.hex()}, {step}"
