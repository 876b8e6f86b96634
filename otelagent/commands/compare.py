"""`otelagent compare GOOD BAD`: where two runs of one task part."""

import json
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from otelagent.diagnosis.compare import TELLING, Comparison, Difference, Pair, as_json, compare
from otelagent.diagnosis.load import Unreadable, requests
from otelagent.diagnosis.recording import Recorded, Recording, record
from otelagent.diagnosis.render_text import printable


@click.command()
@click.argument("good", type=click.Path(path_type=Path))
@click.argument("bad", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", help="Form of the result.")
def command(good: Path, bad: Path, form: str) -> None:
    """Set two recorded runs of one task side by side, aligned by step, and name the first divergence.

    Other words of a completion and other content of a good result are shown, and don't count as divergence.

    Exit code 0: they don't diverge, 1: they do, 2: could not run.
    """
    try:
        made = compare(_recorded(good), _recorded(bad))
    except Unreadable as error:
        click.echo(f"otelagent compare: {error}", err=True)
        sys.exit(2)
    if form == "json":
        click.echo(json.dumps(as_json(made), indent=2))
    else:
        _print(made)
    sys.exit(1 if made.parts_at is not None and made.parts_at.difference in TELLING else 0)


def _recorded(file: Path) -> Recording:
    recording = record(requests(file))
    if not recording.steps:
        raise Unreadable(f"{file}: no step of an agent in it")
    return recording


def _print(made: Comparison) -> None:
    out = Console(highlight=False)
    table = Table()
    for name in ("good", "bad", "difference"):
        table.add_column(name, overflow="fold")
    for pair in made.pairs:
        mark = " <- first" if pair is made.parts_at else ""
        table.add_row(Text(_cell(pair.good)), Text(_cell(pair.bad)), _coloured(pair, mark))
    out.print(table)
    if made.parts_at is None or made.parts_at.difference not in TELLING:
        out.print("the runs do the same; at most words and contents differ")


def _coloured(pair: Pair, mark: str) -> Text:
    style = "red" if pair.difference in TELLING else "dim" if pair.difference is Difference.SAME else "yellow"
    return Text(f"{pair.difference}{mark}", style=style)


def _cell(at: Recorded | None) -> str:
    if at is None:
        return "-"
    outcome = f": {at.step.call.outcome.status}" if at.source and at.step.call else ""
    return printable(f"{at.index + 1}. {at.step.kind} {at.name}{outcome}")
