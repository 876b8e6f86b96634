"""A comparison of tools for people: on the terminal, and as Markdown for a pull request."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from otelagent.baselines.comparison import Change, Compared
from otelagent.diagnosis.render_report import escaped
from otelagent.diagnosis.shown import printable


def verdict(compared: Sequence[Compared]) -> str:
    """The sentence at the end."""
    changed, judged = [c for c in compared if c.changed], [c for c in compared if not c.skipped]
    if not judged:
        return "no tool has enough calls on both sides to be compared"
    if not changed:
        return f"none of {len(judged)} tools changed: what differs between the two sides is not what the tools return"
    return f"{len(changed)} of {len(judged)} tools changed: the tool changed, not the model"


def table(compared: Sequence[Compared]) -> None:
    """On the terminal."""
    out = Console(highlight=False)
    shown = Table()
    for name in ("tool", "calls", "what changed", "effect", "p"):
        shown.add_column(name, overflow="fold")
    for each in compared:
        calls = f"{each.calls[0]:,.0f} / {each.calls[1]:,.0f}"
        if each.skipped or not each.changes:
            note = f"not compared: {each.skipped}" if each.skipped else "same"
            shown.add_row(Text(printable(each.tool)), calls, Text(note, style="dim"), "", "")
        for place, change in enumerate(each.changes):
            head = (Text(printable(each.tool)), calls) if place == 0 else ("", "")
            shown.add_row(*head, Text(printable(change.text)), f"{change.effect:+.3g}", f"{change.p:.1g}")
    out.print(shown)
    out.print(verdict(compared))


def markdown(compared: Sequence[Compared]) -> str:
    """For a pull request."""
    lines = ["| tool | calls | what changed | effect | p |", "| --- | --- | --- | --- | --- |"]
    for each in compared:
        calls = f"{each.calls[0]:,.0f} / {each.calls[1]:,.0f}"
        if not each.changes:
            note = f"not compared: {each.skipped}" if each.skipped else "same"
            lines.append(f"| {escaped(each.tool)} | {calls} | {note} | | |")
        lines += [_row(each.tool, calls, change) for change in each.changes]
    return "\n".join([*lines, "", f"{verdict(compared)}."])


def _row(tool: str, calls: str, change: Change) -> str:
    return f"| {escaped(tool)} | {calls} | {escaped(change.text)} | {change.effect:+.3g} | {change.p:.1g} |"
