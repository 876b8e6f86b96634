"""`otelagent inspect FILE...`: recorded traces as they were understood."""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from typing import Any, Final

import click
from pydantic import TypeAdapter, ValidationError
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from otelagent import endpoint
from otelagent.commands import coverage_text
from otelagent.commands.scan import missing
from otelagent.diagnosis.emitters import Coverage, coverage
from otelagent.diagnosis.inspect import Agent, Deed, Inspection, inspect, walk
from otelagent.diagnosis.listen import listen as listen_to
from otelagent.diagnosis.load import Unreadable, signals
from otelagent.diagnosis.shown import printable
from otelagent.endpoint import Endpoint
from otelagent.errors import BadConfig
from otelagent.settings import Duration

WIDTH: Final = 160
"""Columns where the output is no terminal."""


NARROW: Final = 110
"""Columns below which a table leaves out what decided an outcome, and sizes."""


class _Seconds(click.ParamType[float]):
    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            return TypeAdapter(Duration).validate_python(value)
        except ValidationError:
            self.fail(f"{value!r} is no duration with a unit, like 30s or 5m", param, ctx)


class _Address(click.ParamType[Endpoint]):
    name = "host:port"

    def __init__(self, transport: str) -> None:
        self._transport = transport

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Endpoint:
        try:
            return endpoint.parse(str(value), self._transport)
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.command(short_help="Show recorded traces as they were understood")
@click.argument("files", nargs=-1)
@click.option("--tree", "only_agents", is_flag=True, help="Only agents and what they delegated, with receipts.")
@click.option("--tools", is_flag=True, help="Only calls of tools, as a table.")
@click.option(
    "--coverage", "covered", is_flag=True, help="What each emitter's spans allow to judge, and what is missing."
)
@click.option("--listen", "seconds", type=_Seconds(), help="Coverage of live traffic instead of files: 30s, 5m.")
@click.option(
    "--grpc", type=_Address("grpc"), default="localhost:4317", show_default=True, help="Where to listen to OTLP/gRPC."
)
@click.option(
    "--http", type=_Address("http"), default="localhost:4318", show_default=True, help="Where to listen to OTLP/HTTP."
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "mermaid"]), default="text", help="Form of the result."
)
def command(
    files: tuple[str, ...],
    only_agents: bool,
    tools: bool,
    covered: bool,
    seconds: float | None,
    grpc: Endpoint,
    http: Endpoint,
    form: str,
) -> None:
    """Show recorded traces as they were understood: agents, delegations, steps, outcomes, and where each came from.

    With --coverage: for each emitter the share of spans that are understood, which detectors can judge its runs, what
    is missing, and the setting that provides it. With --listen this is told of what arrives in the given time; it is
    acknowledged, and neither kept nor sent on.

    Exit code 0: shown, 2: could not run.
    """
    if bool(files) == (seconds is not None):
        raise click.UsageError("name files, or --listen to live traffic for a time")
    if only_agents + tools + covered > 1:
        raise click.UsageError("--tree, --tools and --coverage are views of their own: name one")
    if form == "mermaid" and (covered or seconds is not None):
        raise click.UsageError("coverage is shown as text or json")
    try:
        bodies = (body for file in files for body in signals(file))
        if seconds is not None:
            _print_coverage(_live(grpc, http, seconds), form)
        elif covered:
            _print_coverage(coverage(bodies), form)
        else:
            _print_as(inspect(bodies), form, only_agents, tools)
    except (Unreadable, BadConfig) as error:
        click.echo(f"otelagent inspect: {error}", err=True)
        sys.exit(2)


def _live(grpc: Endpoint, http: Endpoint, seconds: float) -> Coverage:
    """What comes until the time is over, or the user interrupts."""
    found = Coverage()
    try:
        asyncio.run(listen_to(found, grpc, http, seconds, lambda bound: _say(bound, seconds)))
    except KeyboardInterrupt:
        click.echo("interrupted; so far:", err=True)
    return found


def _say(bound: Sequence[Endpoint], seconds: float) -> None:
    places = " and ".join(f"{each.target} ({name})" for each, name in zip(bound, ("gRPC", "HTTP"), strict=True))
    click.echo(f"listening on {places} for {seconds:g} s; nothing is kept or sent on", err=True)


def _print_coverage(found: Coverage, form: str) -> None:
    if form == "json":
        click.echo(json.dumps(found.as_json(), indent=2))
        return
    out = Console(highlight=False)
    for line in coverage_text.lines(found):
        out.print(line, soft_wrap=True)


def _print_as(inspection: Inspection, form: str, only_agents: bool, tools: bool) -> None:
    if form == "json":
        click.echo(json.dumps(inspection.as_json(steps=not only_agents), indent=2))
    elif form == "mermaid":
        click.echo(inspection.mermaid())
    else:
        _print(inspection, only_agents, tools)


def _print(inspection: Inspection, only_agents: bool, tools: bool) -> None:
    out = Console(highlight=False, width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else WIDTH)
    if not inspection.pipes:
        Console(stderr=True).print("no agents in these traces; `otelagent explain` lists what is looked for")
    for pipe in inspection.pipes:
        title = Text(" ".join(filter(None, ("trace", pipe.trace_id[:8], printable(pipe.workflow), pipe.outcome))))
        if tools:
            out.print(title)
            calls = any(map(_calls, pipe.agents))
            out.print(tools_table(pipe.agents, out.width < NARROW) if calls else Text("  no calls of tools"))
            continue
        tree = Tree(title)
        for agent in pipe.agents:
            _grow(tree, agent, only_agents)
        out.print(tree)


def _grow(tree: Tree, agent: Agent, only_agents: bool) -> None:
    branch = tree.add(Text(_line(agent)))
    for finding in agent.findings:
        more = f"{' (raised)' if finding.raised else ''}{missing(finding)}"
        branch.add(Text(f"! {finding.mode}: {finding.cause}, {finding.confidence:.0%}{more}", style="bold red"))
    if not only_agents:
        for step in agent.steps:
            branch.add(Text(_step(step)))
    for child in agent.children:
        _grow(branch, child, only_agents)


def _line(agent: Agent) -> str:
    parts = [printable(agent.title), agent.outcome]
    if agent.method:
        parts.append(f"by {agent.method}" + (f" from trace {agent.asked_in[:8]}" if agent.asked_in else ""))
    if agent.receipt is not None:
        parts.append(f"{agent.receipt.processed} of {agent.receipt.assigned} items ({agent.receipt.method})")
    return "  ".join([*parts, f"[{agent.span_id}]"])


def _step(step: Deed) -> str:
    parts = [step.kind, printable(step.tool or step.model or step.name)]
    if step.outcome:
        why = ", ".join(w for w in (step.note, step.outcome_from) if w)
        parts.append(f"{step.outcome}{f' ({printable(why)})' if why else ''}")
    if step.input_tokens is not None:
        parts.append(f"{step.input_tokens}+{step.output_tokens or 0} tokens")
    return "  ".join([*parts, "from messages" if step.rebuilt else step.dialect, f"[{step.span_id}]"])


COLUMNS: Final = ("time", "agent", "tool", "arguments", "outcome", "decided by", "seconds", "bytes", "span")
WHOLE: Final = frozenset({"time", "arguments", "seconds", "bytes", "span"})
"""Columns that a narrow terminal doesn't break."""


def tools_table(agents: tuple[Agent, ...], narrow: bool = False) -> Table:
    """The log of tool calls: when, who, what, the hash of the arguments, how it ended and what decided that."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    columns = [name for name in COLUMNS if not (narrow and name in ("decided by", "bytes"))]
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column in WHOLE)
    for agent, step in sorted((call for top in agents for call in _calls(top)), key=lambda call: call[1].time):
        cells = dict(zip(COLUMNS, _row(agent, step), strict=True))
        table.add_row(*(Text(printable(cells[column])) for column in columns))
    return table


def _row(agent: Agent, step: Deed) -> tuple[str | None, ...]:
    return (
        step.time[11:-1],
        agent.name,
        step.tool or step.name,
        (step.arguments or "")[:8],
        step.outcome,
        ", ".join(w for w in (step.note, step.outcome_from) if w),
        f"{step.seconds:g}",
        "" if step.bytes is None else str(step.bytes),
        step.span_id,
    )


def _calls(top: Agent) -> list[tuple[Agent, Deed]]:
    return [(agent, step) for agent in walk(top) for step in agent.steps if step.outcome is not None]
