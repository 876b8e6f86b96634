"""`otelagent report`: what went wrong in the last while."""

import json
import sys
import time
from dataclasses import replace
from pathlib import Path

import click

from otelagent.commands import stored
from otelagent.diagnosis import render_report
from otelagent.diagnosis.report import Report, as_json, report, reread
from otelagent.errors import OtelagentError
from otelagent.history import History, HistoryUnusable, Settled, Told
from otelagent.store import StoreUnusable, TraceStore


@click.command(short_help="Report on the last while: failures, success, cost")
@click.option("--since", default="24h", show_default=True, help="How far back: 90m, 24h, 7d.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "markdown", "json"]),
    default="table",
    help="Form of the result; markdown is for tickets and chats.",
)
@stored.option("the trace store")
def command(since: str, form: str, store: Path | None) -> None:
    """Report on the last while from the trace store: failure modes, agents, tools, the share of pipelines that
    succeeded beside what their leaves say, incidents, the tokens that failures cost, and the trend.

    Exit code 0: nothing found, 1: findings, 2: could not run.
    """
    try:
        made = _made(stored.traces(store), time.time(), stored.age(since))
    except OtelagentError as error:
        click.echo(f"otelagent report: {error}", err=True)
        sys.exit(2)
    if form == "json":
        click.echo(json.dumps(as_json(made), indent=2))
    elif form == "markdown":
        click.echo(render_report.markdown(made))
    else:
        render_report.terminal(made)
    sys.exit(1 if made.findings else 0)


def _made(directory: Path, now: float, back: float) -> Report:
    earliest = now - 2 * back
    told, settled = _history(directory, earliest)
    unread = 0
    try:
        kept = TraceStore(directory)
    except StoreUnusable:
        if not told and not settled:
            raise
    else:
        try:
            more, unread = reread(kept, kept.all(since=earliest), told)
            told = [*told, *more]
        finally:
            kept.close()
    return replace(report(told, settled, now - back, now), unread=unread)


def _history(directory: Path, since: float) -> tuple[list[Told], list[Settled]]:
    """Nothing where there is none: a store may hold imported traces only."""
    try:
        history = History(directory)
    except HistoryUnusable:
        return [], []
    try:
        return history.told(since), history.settled(since)
    finally:
        history.close()
