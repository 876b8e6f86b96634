"""`otelagent compare`: two runs of one task, or the tools of staging and production."""

import json
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from otelagent.commands import stored
from otelagent.diagnosis.compare import TELLING, Comparison, Difference, Pair, as_json, compare
from otelagent.diagnosis.load import Unreadable, requests
from otelagent.diagnosis.recording import Recorded, Recording, record
from otelagent.diagnosis.shown import printable
from otelagent.errors import OtelagentError


@click.command()
@click.argument("good", required=False, type=click.Path(path_type=Path))
@click.argument("bad", required=False, type=click.Path(path_type=Path))
@click.option("--baseline", multiple=True, metavar="SOURCE", help="Tools as they should be: staging. May be repeated.")
@click.option("--candidate", multiple=True, metavar="SOURCE", help="Tools as they are: production. May be repeated.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "markdown"]),
    default="table",
    help="Form of the result; markdown is for tools only.",
)
@click.option(
    "--min-calls", type=click.IntRange(min=5), default=30, show_default=True, help="Calls per side that a tool needs."
)
@click.option(
    "--false-discovery-rate",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.05,
    show_default=True,
    help="Share of the reported changes that may be chance.",
)
@stored.option("the baselines")
def command(
    good: Path | None,
    bad: Path | None,
    baseline: tuple[str, ...],
    candidate: tuple[str, ...],
    form: str,
    min_calls: int,
    false_discovery_rate: float,
    store: Path | None,
) -> None:
    """Compare two runs, or the tools of two environments.

    \b
    otelagent compare GOOD BAD                               two recorded runs of one task
    otelagent compare --baseline SOURCE --candidate SOURCE   what tools return, staging against production

    Two runs are aligned by step, and the first divergence is named. Other words of a completion and other content of a
    good result are shown, and don't count as divergence.

    A SOURCE is a file of baselines (`otelagent baseline export`), recorded traces (OTLP), a directory of either, or an
    environment that the sidecar has seen. Per tool it says what changed in outcomes, sizes, latency and shape, by how
    much, and that it isn't chance. Needs scipy: pip install 'otelagent[compare]'.

    Exit code 0: same, 1: they differ, 2: could not run.
    """
    runs, tools = (good, bad), (baseline, candidate)
    try:
        if any(tools) and not any(runs):
            if not all(tools):
                raise OtelagentError("both --baseline and --candidate must be given")
            sys.exit(_tools(baseline, candidate, form, min_calls, false_discovery_rate, store))
        if good is None or bad is None or any(tools):
            raise OtelagentError("give two recorded runs, or --baseline and --candidate; see --help")
        if form == "markdown":
            raise OtelagentError("markdown is for --baseline and --candidate")
        sys.exit(_runs(good, bad, form))
    except OtelagentError as error:
        click.echo(f"otelagent compare: {error}", err=True)
        sys.exit(2)


def _tools(
    baseline: tuple[str, ...],
    candidate: tuple[str, ...],
    form: str,
    least_calls: int,
    rate: float,
    store: Path | None,
) -> int:
    from otelagent.baselines import comparison
    from otelagent.diagnosis import profiles, render_compared

    place = store or _default_store()
    before, after = (profiles.of(side, place).by_tool() for side in (baseline, candidate))
    made = comparison.compare(before, after, least_calls=least_calls, false_discoveries=rate)
    changed = any(each.changed for each in made)
    if form == "json":
        head = {"version": 1, "baseline": list(baseline), "candidate": list(candidate), "changed": changed}
        body = {"false_discovery_rate": rate, "tools": comparison.as_json(made)}
        click.echo(json.dumps(head | body, indent=2))
    elif form == "markdown":
        click.echo(render_compared.markdown(made))
    else:
        render_compared.table(made)
    if all(each.skipped for each in made):
        raise OtelagentError(f"no tool has {least_calls} calls on both sides; --min-calls sets another number")
    return 1 if changed else 0


def _default_store() -> Path:
    try:
        return stored.baselines(None)
    except OtelagentError:
        return Path("baselines")


def _runs(good: Path, bad: Path, form: str) -> int:
    made = compare(_recorded(good), _recorded(bad))
    if form == "json":
        click.echo(json.dumps(as_json(made), indent=2))
    else:
        _print(made)
    return 1 if made.parts_at is not None and made.parts_at.difference in TELLING else 0


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
