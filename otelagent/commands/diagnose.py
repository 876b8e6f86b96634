"""`otelagent diagnose FILE`: from a failing trace to its root cause, in six steps."""

import io
import json
import sys
from pathlib import Path
from typing import Final, NoReturn

import click
from rich.console import Console

from otelagent.commands import stored
from otelagent.commands.subject import beside, found, typed
from otelagent.detectors import available
from otelagent.diagnosis.diagnose import Diagnosis, diagnose
from otelagent.diagnosis.load import Unreadable
from otelagent.diagnosis.render_html import to_html
from otelagent.diagnosis.render_json import as_json
from otelagent.diagnosis.render_text import to_markdown, to_terminal
from otelagent.diagnosis.sections import sections
from otelagent.diagnosis.shown import printable
from otelagent.store import StoreUnusable

FORMS: Final = ("text", "json", "markdown", "html")


@click.command(short_help="Lead from a failing trace to its root cause, in six steps")
@click.argument("subject", metavar="TRACE|FILE")
@stored.option("the trace store")
@click.option("--trace", metavar="ID", help="The trace to diagnose, where the file holds several (hex).")
@beside
@click.option("--format", "form", type=click.Choice(FORMS), default="text", help="Form of the result.")
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Write the result to this file.")
@click.option(
    "--fail-on", multiple=True, metavar="MODE", help="Only these failure modes make exit code 1; may be repeated."
)
def command(
    subject: str,
    store: Path | None,
    trace: str | None,
    logs: tuple[Path, ...],
    form: str,
    output: Path | None,
    fail_on: tuple[str, ...],
) -> None:
    """Diagnose a recorded trace in the six steps of the practice: output and claims, last known-good step, tool
    boundary, context, isolation, classification.

    FILE holds OTLP protobuf, JSON or JSON lines, or Jaeger's JSON, plain or gzipped. TRACE is the id of a
    trace in the trace store, or the beginning of one; or the address of a trace in a running Tempo or Jaeger,
    http://HOST:PORT/TRACE (headers for it come from OTELAGENT_BACKEND_HEADERS).

    Of several traces in the file that with the gravest finding is taken. No model is called.

    Exit code 0: nothing found, 1: findings, 2: could not run.
    """
    unknown = sorted(set(fail_on) - available().keys())
    if unknown:
        _give_up(f"--fail-on: no failure mode {unknown[0]!r}; known: {', '.join(sorted(available()))}")
    try:
        bodies, picked = found(subject, store, logs)
        made = diagnose(
            bodies, trace=_trace_id(trace) or picked, commands=_commands(), source=typed(subject, store, trace, logs)
        )
    except (Unreadable, StoreUnusable) as error:
        _give_up(str(error))
    if not made.recording.steps:
        _give_up(f"{subject}: no step of an agent in it" + (f" in trace {printable(trace)}" if trace else ""))
    _write(made, form, output, Path(subject).name)
    if others := len(made.recording.others):
        click.echo(f"{others} further traces in the file were left out; --trace picks one", err=True)
    modes = {finding.mode for finding in made.findings}
    sys.exit(1 if (modes & set(fail_on) if fail_on else modes) else 0)


def _commands() -> list[str]:
    """The commands that exist, so that only those are recommended."""
    root = click.get_current_context().find_root()
    return root.command.list_commands(root) if isinstance(root.command, click.Group) else []


def _trace_id(written: str | None) -> bytes | None:
    if written is None:
        return None
    try:
        return bytes.fromhex(written)
    except ValueError:
        _give_up(f"--trace: {printable(written)} is no trace id (32 hex digits)")


def _give_up(why: str) -> NoReturn:
    click.echo(f"otelagent diagnose: {why}", err=True)
    sys.exit(2)


def _write(made: Diagnosis, form: str, output: Path | None, title: str) -> None:
    if form == "text" and output is None:
        to_terminal(sections(made), Console(highlight=False, soft_wrap=True))
        return
    text = _rendered(made, form, title)
    if output is None:
        click.echo(text)
    else:
        output.write_text(text + "\n", encoding="utf-8")


def _rendered(made: Diagnosis, form: str, title: str) -> str:
    if form == "json":
        return json.dumps(as_json(made), indent=2)
    if form == "html":
        return to_html(made, title)
    if form == "markdown":
        return to_markdown(sections(made), f"Diagnosis of {title}")
    plain = Console(file=io.StringIO(), no_color=True, soft_wrap=True, highlight=False)
    with plain.capture() as written:
        to_terminal(sections(made), plain)
    return written.get()
