"""`otelagent traces`: what the trace store holds."""

import contextlib
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from otelagent.commands import stored
from otelagent.diagnosis.load import Unreadable, requests
from otelagent.diagnosis.recording import record
from otelagent.diagnosis.sections import when
from otelagent.diagnosis.shown import number_of, printable
from otelagent.otlp import TraceRequest, only
from otelagent.run import SOURCES
from otelagent.store import Kept, Limits, StoreUnusable, TraceStore


@click.group(short_help="Look at the traces that were kept")
@stored.option("the trace store")
@click.pass_context
def command(ctx: click.Context, store: Path | None) -> None:
    """Look at the traces that were kept: those that failed, and a sample of good ones.

    Works beside a running otelagent. Exit code 2: could not run.
    """
    ctx.obj = store


@command.command("list")
@click.option("--mode", help="Only traces with this failure mode.")
@click.option("--agent", help="Only traces with this agent.")
@click.option("--tool", help="Only traces with this tool.")
@click.option("--since", metavar="AGE", help="Only traces kept within the last 30m, 12h or 7d.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", help="Form of the result.")
@click.pass_obj
def list_(
    named: Path | None, mode: str | None, agent: str | None, tool: str | None, since: str | None, form: str
) -> None:
    """List traces, newest first."""
    with _opened(named) as store:
        found = store.all(mode=mode, agent=agent, tool=tool, since=time.time() - stored.age(since) if since else 0.0)
    if form == "json":
        click.echo(json.dumps({"version": 1, "traces": [_facts(kept) for kept in found]}, indent=2))
    elif found:
        Console(highlight=False).print(_table(found))
    else:
        click.echo(f"no such traces in {store.path.parent}", err=True)


@command.command(short_help="Show what is known of one trace, as JSON")
@click.argument("trace")
@click.pass_obj
def show(named: Path | None, trace: str) -> None:
    """Show what is known of one trace, as JSON; `diagnose` leads through it."""
    with _opened(named) as store:
        kept = store.find(stored.trace_of(store, trace))
    if kept is not None:
        click.echo(json.dumps(_facts(kept), indent=2))


@command.command(short_help="Write a trace to a file")
@click.argument("trace")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def export(named: Path | None, trace: str, file: Path) -> None:
    """Write a trace to a file, as one OTLP protobuf request that `scan` and every OTLP receiver take."""
    with _opened(named) as store:
        body = b"".join(store.load(stored.trace_of(store, trace)))
    try:
        file.write_bytes(body)
    except OSError as error:
        _fail(f"{file}: {error.strerror}")


@command.command("import", short_help="Take recorded traces into the store")
@click.argument("files", nargs=-1, required=True)
@click.pass_obj
def import_(named: Path | None, files: tuple[str, ...]) -> None:
    """Take recorded traces into the store, judged as `scan` judges them; also from a Tempo or Jaeger, by
    http://HOST:PORT/TRACE."""
    count = 0
    try:
        store = TraceStore(stored.traces(named), create=True)
        for file in files:
            count += _take(store, list(requests(file)))
        store.close()
    except (StoreUnusable, Unreadable) as error:
        _fail(str(error))
    click.echo(f"{number_of(count, 'trace')} taken in", err=True)


@command.command()
@click.option("--max-age", metavar="AGE", default="14d", help="Older traces leave: 12h, 7d.", show_default=True)
@click.option("--max-size-mib", type=click.IntRange(0), default=512, help="Most disk space.", show_default=True)
@click.option("--max-count", type=click.IntRange(0), default=100_000, help="Most traces.", show_default=True)
@click.pass_obj
def prune(named: Path | None, max_age: str, max_size_mib: int, max_count: int) -> None:
    """Let traces go, the oldest first."""
    limits = Limits(max_bytes=max_size_mib << 20, max_age_s=stored.age(max_age), max_count=max_count)
    with _opened(named) as store:
        gone = store.prune(limits, time.time())
    click.echo(f"{gone} traces left the store", err=True)


# --- inside -------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _opened(named: Path | None) -> Iterator[TraceStore]:
    try:
        store = TraceStore(stored.traces(named))
        try:
            yield store
        finally:
            store.close()
    except StoreUnusable as error:
        _fail(str(error))


def _fail(why: str) -> None:
    click.echo(f"otelagent traces: {why}", err=True)
    sys.exit(2)


def _take(store: TraceStore, bodies: list[bytes]) -> int:
    ids = dict.fromkeys(span.trace_id for body in bodies for span in TraceRequest(body).spans)
    for trace_id in ids:
        own = [part for body in bodies if (part := only(body, trace_id))]
        steps = (recording := record(own, trace=trace_id)).steps
        kept = Kept(
            trace_id,
            time.time(),
            recording.report.spans_read,
            tuple(dict.fromkeys(finding.mode for finding in recording.findings)),
            tuple(dict.fromkeys(run.agent for run in recording.runs if run.agent)),
            tuple(dict.fromkeys(s.step.tool for s in steps if s.step.kind in SOURCES and s.step.tool)),
            next((s.step.service for s in steps if s.step.service), ""),
            next((s.step.workflow for s in steps if s.step.workflow), None),
        )
        store.delete([trace_id])
        store.keep(kept, own)
    return len(ids)


def _facts(kept: Kept) -> dict[str, Any]:
    return {
        "trace_id": kept.trace_id.hex(),
        "kept_at": kept.kept_at,
        "modes": list(kept.modes),
        "agents": list(kept.agents),
        "tools": list(kept.tools),
        "service": kept.service,
        "workflow": kept.workflow,
        "spans": kept.spans,
        "bytes": kept.size,
        "partial": kept.partial,
    }


def _table(found: list[Kept]) -> Table:
    table = Table()
    for name in ("trace", "kept", "modes", "agents", "spans"):
        table.add_column(name, overflow="fold", no_wrap=name in ("trace", "modes"))
    for kept in found:
        spans = f"{kept.spans}{', partial' if kept.partial else ''}"
        modes, agents = "\n".join(kept.modes) or "none", printable(", ".join(kept.agents))
        table.add_row(kept.trace_id.hex()[:12], when(int(kept.kept_at * 1e9)), modes, Text(agents), spans)
    return table
