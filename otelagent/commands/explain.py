"""`otelagent explain [MODE]`: a detector's page and thresholds."""

import dataclasses
import inspect
import sys
from difflib import get_close_matches

import click

from otelagent.detectors import available
from otelagent.detectors.detector import Detector


@click.command()
@click.argument("mode", required=False)
def command(mode: str | None) -> None:
    """What a detector looks for, why it matters, when it stays quiet, what to do; without MODE a list of all."""
    kinds = available()
    if mode is None:
        for name, kind in sorted(kinds.items()):
            click.echo(f"{name}: {summary(kind)}")
            for line in thresholds(kind):
                click.echo(f"    {line}")
    elif mode in kinds:
        click.echo(page(kinds[mode]))
    else:
        close = get_close_matches(mode, kinds, n=1)
        click.echo(f"otelagent explain: no such mode; there are: {', '.join(sorted(kinds))}", err=True)
        if close:
            click.echo(f"did you mean '{close[0]}'?", err=True)
        sys.exit(2)


def summary(kind: type[Detector]) -> str:
    """The first line of a detector's page."""
    return (inspect.getdoc(kind) or "").partition("\n")[0]


def thresholds(kind: type[Detector]) -> list[str]:
    """A line for each threshold: name, default, help."""
    return [f"{f.name} = {f.default}  {f.metadata['help']}" for f in dataclasses.fields(kind) if "help" in f.metadata]


def page(kind: type[Detector]) -> str:
    """A detector's page as Markdown."""
    lines = [
        f"# {kind.mode}",
        "",
        f"layer: {kind.layer} · severity: {kind.severity} · causes: {', '.join(kind.causes)}",
        "",
        inspect.getdoc(kind) or "",
        "",
        "## Thresholds",
        *(f"- {line}" for line in thresholds(kind) or ["none"]),
    ]
    return "\n".join(lines)
