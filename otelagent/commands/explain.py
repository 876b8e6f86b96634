"""`otelagent explain [MODE]`: a detector's page and thresholds."""

import dataclasses
import inspect
import sys
from difflib import get_close_matches
from typing import Any

import click

from otelagent.commands.configured import complain, load, options
from otelagent.detectors import available, build
from otelagent.detectors.detector import Detector
from otelagent.errors import BadConfig


@click.command(short_help="What a detector looks for, when it stays quiet, what to do")
@click.argument("mode", required=False)
@options
def command(mode: str | None, sources: tuple[str, ...], sets: tuple[str, ...]) -> None:
    """What a detector looks for, why it matters, when it stays quiet, what to do; without MODE a list of all.

    Thresholds are those in effect with the configuration that the options name.
    """
    try:
        chosen = load(sources, sets).agent_failures.detectors
    except BadConfig as error:
        complain("explain", error, 2)
        return
    kinds, built = available(), {detector.mode: detector for detector in build(chosen)}
    if mode is None:
        for name, kind in sorted(kinds.items()):
            click.echo(f"{name}{'' if name in built else ' (off)'}: {summary(kind)}")
            for line in thresholds(kind, built.get(name)):
                click.echo(f"    {line}")
    elif mode in kinds:
        click.echo(page(kinds[mode], built.get(mode)))
    else:
        close = get_close_matches(mode, kinds, n=1)
        click.echo(f"otelagent explain: no such mode; there are: {', '.join(sorted(kinds))}", err=True)
        if close:
            click.echo(f"did you mean '{close[0]}'?", err=True)
        sys.exit(2)


def summary(kind: type[Detector]) -> str:
    """The first line of a detector's page."""
    return (inspect.getdoc(kind) or "").partition("\n")[0]


def thresholds(kind: type[Detector], built: Detector | None) -> list[str]:
    """A line for each threshold: name, value in effect, help, and the default where another is in effect."""
    return [_threshold(field, built) for field in dataclasses.fields(kind) if "help" in field.metadata]


def _threshold(field: dataclasses.Field[Any], built: Detector | None) -> str:
    value = getattr(built, field.name, field.default)
    default = "" if value == field.default else f" (default: {field.default})"
    return f"{field.name} = {value}  {field.metadata['help']}{default}"


def page(kind: type[Detector], built: Detector | None) -> str:
    """A detector's page as Markdown."""
    lines = [
        f"# {kind.mode}",
        "",
        f"layer: {kind.layer} · severity: {kind.severity} · causes: {', '.join(kind.causes)}",
        "",
        inspect.getdoc(kind) or "",
        "",
        "## Thresholds",
        *(f"- {line}" for line in thresholds(kind, built)),
    ]
    return "\n".join(lines)
