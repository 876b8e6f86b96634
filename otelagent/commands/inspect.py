"""`otelagent inspect FILE...`: recorded traces as they were understood."""

import json
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from otelagent.diagnosis.inspect import Agent, Deed, Inspection, inspect, walk
from otelagent.diagnosis.load import Unreadable, requests


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--tree", "only_agents", is_flag=True, help="Only agents and what they delegated, with receipts.")
@click.option("--tools", is_flag=True, help="Only calls of tools, as a table.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "mermaid"]), default="text", help="Form of the result."
)
def command(files: tuple[Path, ...], only_agents: bool, tools: bool, form: str) -> None:
    """Show recorded traces as they were understood: agents, delegations, steps, outcomes, and where each came from.

    Exit code 0: shown, 2: could not run.
    """
    try:
        inspection = inspect(body for path in files for body in requests(path))
    except Unreadable as error:
        click.echo(f"otelagent inspect: {error}", err=True)
        sys.exit(2)
    if form == "json":
        click.echo(json.dumps(inspection.as_json(), indent=2))
    elif form == "mermaid":
        click.echo(inspection.mermaid())
    else:
        _print(inspection, only_agents, tools)


def _print(inspection: Inspection, only_agents: bool, tools: bool) -> None:
    out = Console(highlight=False)
    if not inspection.pipes:
        Console(stderr=True).print("no agents in these traces; `otelagent explain` lists what is looked for")
    for pipe in inspection.pipes:
        if tools:
            out.print(tools_table(pipe.agents))
            continue
        title = Text(f"trace {pipe.trace_id[:8]} {_shown(pipe.workflow)} {pipe.outcome}")
        tree = Tree(title)
        for agent in pipe.agents:
            _grow(tree, agent, only_agents)
        out.print(tree)


def _grow(tree: Tree, agent: Agent, only_agents: bool) -> None:
    branch = tree.add(Text(_line(agent)))
    for finding in agent.findings:
        raised = " (raised)" if finding.raised else ""
        branch.add(Text(f"! {finding.mode}: {finding.cause}, {finding.confidence:.0%}{raised}", style="bold red"))
    if not only_agents:
        for step in agent.steps:
            branch.add(Text(_step(step)))
    for child in agent.children:
        _grow(branch, child, only_agents)


def _line(agent: Agent) -> str:
    parts = [_shown(agent.name) or "agent", agent.outcome]
    if agent.method:
        parts.append(f"by {agent.method}")
    if agent.receipt is not None:
        parts.append(f"{agent.receipt.processed} of {agent.receipt.assigned} items ({agent.receipt.method})")
    return "  ".join([*parts, f"[{agent.span_id}]"])


def _step(step: Deed) -> str:
    parts = [step.kind, _shown(step.tool or step.model or step.name)]
    if step.outcome:
        why = ", ".join(w for w in (step.note, step.outcome_from) if w)
        parts.append(f"{step.outcome}{f' ({_shown(why)})' if why else ''}")
    if step.input_tokens is not None:
        parts.append(f"{step.input_tokens}+{step.output_tokens or 0} tokens")
    return "  ".join([*parts, "from messages" if step.rebuilt else step.dialect, f"[{step.span_id}]"])


def tools_table(agents: tuple[Agent, ...]) -> Table:
    """Every call of a tool: who, what, how it ended, and what decided that."""
    table = Table()
    for column in ("agent", "tool", "outcome", "decided by", "seconds", "span"):
        table.add_column(column, overflow="fold")
    for agent in (each for top in agents for each in walk(top)):
        for step in agent.steps:
            if step.outcome is not None:
                why = ", ".join(w for w in (step.note, step.outcome_from) if w)
                row = (agent.name, step.tool or step.name, step.outcome, why, f"{step.seconds:g}", step.span_id)
                table.add_row(*(Text(_shown(cell)) for cell in row))
    return table


def _shown(text: str | None) -> str:
    """Text from a span without control characters: it must not drive the terminal."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text or "")
