"""`otelagent baseline`: what was learned about tools and tasks, as files to mount, move and join."""

import contextlib
import gzip
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click
import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from otelagent.baselines import profile_file
from otelagent.baselines.learned import ALL_INPUTS, Baselines
from otelagent.baselines.store import BaselineStore, key_of
from otelagent.commands import stored
from otelagent.diagnosis import profiles
from otelagent.diagnosis.shown import number_of, printable
from otelagent.errors import OtelagentError


@click.group(short_help="What is usual for tools and tasks")
def command() -> None:
    """What is usual for tools and tasks: show, export, import and merge it.

    A file of baselines holds counts and sketches: no arguments, no results, no names that are data.
    """


@contextlib.contextmanager
def _or_exit(verb: str) -> Iterator[None]:
    try:
        yield
    except OtelagentError as error:
        click.echo(f"otelagent baseline {verb}: {error}", err=True)
        sys.exit(2)


_output = click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="File to write (.gz packs it); else stdout."
)
_environment = click.option("--environment", help="Only tools and tasks of this deployment environment.")


@command.command("export", short_help="Write baselines as a file")
@click.argument("sources", nargs=-1)
@_environment
@_output
@stored.option("the baselines")
def export_command(sources: tuple[str, ...], environment: str | None, output: Path | None, store: Path | None) -> None:
    """Write baselines as a file, to mount as `baselines.staging` or to compare.

    SOURCES are recorded traces (OTLP), or directories of them; without any, what the sidecar has learned.
    """
    with _or_exit("export"):
        place = stored.baselines(store) if store is not None or not sources else Path()
        known = profiles.of(sources, place) if sources else profiles.stored(place)
        _write(_only(known, environment), output)


@command.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Forget what was known before.")
@stored.option("the baselines")
def import_command(files: tuple[Path, ...], replace: bool, store: Path | None) -> None:
    """Add files of baselines to what a sidecar has learned. The sidecar that owns the store must not run."""
    with _or_exit("import"):
        opened = BaselineStore(stored.baselines(store), owner=True)
        try:
            known = Baselines(profiles.KNOWN) if replace else opened.load(profiles.KNOWN)[0]
            for file in files:
                known.merge(profile_file.read(file))
            _save(opened, known)
        finally:
            opened.close()
    click.echo(f"known now: {number_of(len(known.tools), 'tool')} and {number_of(len(known.tasks), 'task')}", err=True)


def _save(opened: BaselineStore, known: Baselines) -> None:
    written = [("tool", profile_file.tool_as_json(key, profile)) for key, profile in known.tools.items()]
    written += [("task", profile_file.task_as_json(key, baseline)) for key, baseline in known.tasks.items()]
    rows = [(kind, key_of(each), orjson.dumps(each)) for kind, each in written]
    opened.save(rows, opened.keys() - {(kind, key) for kind, key, _ in rows}, time.time())


@command.command("merge")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@_output
def merge_command(files: tuple[Path, ...], output: Path | None) -> None:
    """Join files of baselines, as of several instances, into one."""
    with _or_exit("merge"):
        known = Baselines(profiles.KNOWN)
        for file in files:
            known.merge(profile_file.read(file))
        _write(known, output)


@command.command("show", short_help="Show what is usual")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@_environment
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", help="Form of the result.")
@stored.option("the baselines")
def show_command(file: Path | None, environment: str | None, form: str, store: Path | None) -> None:
    """Show what is usual, of a file of baselines or of what the sidecar has learned."""
    with _or_exit("show"):
        known = profile_file.read(file) if file else profiles.stored(stored.baselines(store))
        known = _only(known, environment)
    if form == "json":
        click.echo(json.dumps(_as_json(known), indent=2))
    else:
        _print(known)


def _only(known: Baselines, environment: str | None) -> Baselines:
    if environment is not None:
        for tool in [key for key in known.tools if key.environment != environment]:
            del known.tools[tool]
        for task in [key for key in known.tasks if key.environment != environment]:
            del known.tasks[task]
    return known


def _write(known: Baselines, output: Path | None) -> None:
    raw = profile_file.dump(known)
    if output is None:
        click.echo(raw.decode())
        return
    try:
        output.write_bytes(gzip.compress(raw, mtime=0) if output.suffix == ".gz" else raw)
    except OSError as error:
        raise OtelagentError(f"{output}: {error.strerror}") from error
    what = f"{number_of(len(known.tools), 'tool')} and {number_of(len(known.tasks), 'task')}"
    click.echo(f"{what} written to {output}", err=True)


def _as_json(known: Baselines) -> dict[str, object]:
    tools = [
        {
            "environment": key.environment,
            "tool": key.tool,
            "calls": round(p.calls, 1),
            "outcomes": {status: round(weight / p.calls, 4) for status, weight in p.outcomes.items() if p.calls},
            "median_bytes": round(p.sizes.quantile(0.5)),
            "median_seconds": round(p.latencies.quantile(0.5), 4),
            "timeout_race_share": round(p.races / p.calls, 4) if p.calls else 0.0,
            "shape": "known" if p.learned >= known.limits.least_results else "learning",
        }
        for key, profile in sorted(known.tools.items())
        for p in (profile.as_of(),)
    ]
    tasks = [
        {
            **key._asdict(),
            "runs": baseline.runs,
            "state": "known" if baseline.runs >= known.limits.least_runs else "learning",
            "tokens": {name: round(baseline.tokens.quantile(q)) for name, q in _QUANTILES},
            "median_model_calls": round(baseline.llm_calls.quantile(0.5), 1),
            "median_tool_calls": round(baseline.tools.quantile(0.5), 1),
            "median_seconds": round(baseline.seconds.quantile(0.5), 3),
            "median_cached_tokens": round(baseline.cached.quantile(0.5)),
            "median_cost": round(baseline.cost.quantile(0.5), 6) if baseline.cost.count else None,
        }
        for key, baseline in sorted(known.tasks.items())
    ]
    return {"version": 1, "tools": tools, "tasks": tasks}


_QUANTILES = (("p50", 0.5), ("p90", 0.9), ("p99", 0.99))


def _print(known: Baselines) -> None:
    out, least = Console(highlight=False), known.limits.least_results
    tools = Table(title="tools")
    for name in ("env", "tool", "calls", "outcomes", "size", "latency", "shape"):
        tools.add_column(name, overflow="fold")
    for key, profile in sorted(known.tools.items()):
        p = profile.as_of()
        shares = ", ".join(f"{s} {w / p.calls:.0%}" for s, w in sorted(p.outcomes.items(), key=lambda e: -e[1]))
        shape = f"paths: {len(p.kinds())}" if p.learned >= least else f"learning: {p.learned} of {least}"
        size, latency = f"{p.sizes.quantile(0.5):,.0f} B", f"{p.latencies.quantile(0.5):.3g} s"
        row = (key.environment or "-", key.tool, f"{p.calls:,.0f}", shares, size, latency, shape)
        tools.add_row(*(Text(printable(cell)) for cell in row))
    tasks = Table(title="tasks")
    for name in ("env", "service", "task", "input", "runs", "tokens p50 / p99", "model calls", "cost"):
        tasks.add_column(name, overflow="fold")
    for task, baseline in sorted(known.tasks.items()):
        runs = f"{baseline.runs}" if baseline.runs >= known.limits.least_runs else f"learning: {baseline.runs}"
        tokens = f"{baseline.tokens.quantile(0.5):,.0f} / {baseline.tokens.quantile(0.99):,.0f}"
        cost = f"{baseline.cost.quantile(0.5):.3g} $" if baseline.cost.count else "-"
        inputs = "all" if task.inputs == ALL_INPUTS else f"< {256 << int(task.inputs)} characters"
        calls = f"{baseline.llm_calls.quantile(0.5):.0f}"
        cells = (task.environment or "-", task.service, task.task, inputs, runs, tokens, calls, cost)
        tasks.add_row(*(Text(printable(cell)) for cell in cells))
    out.print(tools)
    out.print(tasks)
