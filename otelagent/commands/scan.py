"""`otelagent scan FILE...`: findings in recorded traces."""

import json
import sys
from collections.abc import Mapping

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from otelagent.attributes import DELEGATION_MISSING
from otelagent.diagnosis.load import Unreadable, signals
from otelagent.diagnosis.scan import Report, scan
from otelagent.diagnosis.shown import number_of, printable
from otelagent.model import Finding


@click.command(short_help="Find silent failures in recorded traces")
@click.argument("files", nargs=-1, required=True)
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", help="Form of the result.")
@click.option("--why", is_flag=True, help="List also what was considered, and why it stayed quiet.")
def command(files: tuple[str, ...], form: str, why: bool) -> None:
    """Find silent failures in recorded traces: OTLP protobuf, OTLP JSON, or JSON lines of the Collector's file
    exporter, plain or gzipped, with logs where those hold the messages; or of a running Tempo or Jaeger, by http://HOST:PORT/TRACE.

    Exit code 0: nothing found, 1: findings, 2: could not run.
    """
    try:
        report = scan(body for file in files for body in signals(file))
    except Unreadable as error:
        click.echo(f"otelagent scan: {error}", err=True)
        sys.exit(2)
    if form == "json":
        click.echo(json.dumps(report.as_json(), indent=2))
    else:
        _print(report, why)
    sys.exit(1 if report.findings else 0)


def _print(report: Report, why: bool) -> None:
    out, talk = Console(highlight=False), Console(stderr=True, highlight=False)
    if report.findings:
        out.print(findings_table(report))
    if why:
        out.print(_considered(report))
    counts = number_of(len(report.findings), "finding"), number_of(len(report.traces), "trace")
    talk.print("{} in {}, {}".format(*counts, number_of(report.spans_read, "span")))
    for (mode, reason), count in sorted(report.abstentions.items()):
        talk.print(Text(f"not judged: {mode} in {number_of(count, 'run')} ({reason} not captured)"))
    for scope, count in sorted(report.missed.items()):
        talk.print(Text(f"not understood: {number_of(count, 'span')} of {printable(scope) or '(no scope)'}"))
    for odd, count in sorted(report.oddities.items()):
        talk.print(Text(f"odd, and read all the same: {odd.replace('_', ' ')} ({number_of(count, 'span')})"))


def findings_table(report: Report, names: Mapping[bytes, str] | None = None) -> Table:
    """A table of findings, one a row; `names` are shown instead of trace ids.

    Names from spans are shown unstyled and without control characters.
    """
    table = Table(show_lines=True)
    for column in ("run, agent", "mode, layer, cause", "evidence, fix"):
        table.add_column(column, overflow="fold")
    for finding in report.findings.values():
        run = (names or {}).get(finding.trace_id, f"trace {finding.trace_id.hex()[:8]}")
        agent = printable(report.agents.get(finding.identity)) or "unknown"
        table.add_row(
            Text(f"{run}\nagent {agent}"),
            Text(f"{finding.mode}\nlayer {finding.layer}\n{finding.cause}, {finding.confidence:.0%}"),
            Text(f"{printable(finding.reason)}{missing(finding)} (span {finding.about.hex()})\n-> {finding.fix}"),
        )
    return table


def missing(finding: Finding) -> str:
    """The names of the items that a delegated child left undone, where they are known."""
    named = finding.extra.get(DELEGATION_MISSING)
    return f"; missing: {printable(', '.join(named))}" if isinstance(named, list) else ""


def _considered(report: Report) -> Table:
    table = Table(title="considered, and quiet")
    for name in ("trace", "span", "mode", "tool", "why"):
        table.add_column(name, overflow="fold")
    for d in report.dismissals:
        table.add_row(d.trace_id.hex()[:8], d.span_id.hex(), d.mode, Text(printable(d.tool)), Text(d.why))
    return table
