"""A report as sections of tables: one description, shown on the terminal and as Markdown."""

import datetime
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from rich.console import Console
from rich.table import Table
from rich.text import Text

from otelagent.diagnosis.report import Line, Report
from otelagent.diagnosis.shown import number_of, printable

BARS: Final = " ▁▂▃▄▅▆▇█"


class Section(NamedTuple):
    """A table with its title; without rows it isn't shown."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def head(made: Report) -> list[str]:
    """The first lines."""
    change = f"{made.findings - made.before:+,d} against the same time before"
    lines = [
        f"{_time(made.since)} to {_time(made.until)}",
        f"{number_of(made.findings, 'finding')} ({change})",
        *([f"trend: {_bars(made.trend)}"] if any(made.trend) else []),
        f"cost of failures: {made.wasted:,d} tokens after a failure had begun" + _of_all(made),
    ]
    if made.kept_only:
        lines.append("pipelines were not counted in this time: success is not known, only what failed and was kept")
    if made.unread:
        lines.append(f"{made.unread:,d} kept traces were not read again; their findings are missing here")
    return lines


def _of_all(made: Report) -> str:
    said = f", of {made.tokens:,d} in all" if made.tokens else ""
    return said + (f" (reported cost of all: ${made.cost:,.2f})" if made.cost else "")


def sections(made: Report) -> Iterator[Section]:
    """In the order in which they are read."""
    yield Section("Workflows", _WORKFLOW, tuple(_workflow_rows(made)))
    for title, lines in (("Failure modes", made.modes), ("Agents", made.agents), ("Tools", made.tools)):
        yield Section(title, (title[:-1].lower(), "findings", "wasted tokens"), tuple(map(_row, lines)))
    yield Section("Incidents", _INCIDENT, _incident_rows(made))


_INCIDENT: Final = ("what", "where", "findings", "first seen", "last seen", "examples")
_SHORT: Final = frozenset({"ok", "leaves ok", "gap", "findings", "wasted tokens", "examples"})
"""Columns that are never folded."""
_OUTCOMES: Final = ("success", "degraded", "failed", "unknown")
_WORKFLOW: Final = ("workflow", "pipelines", "ok", "leaves ok", "gap", "why not")


def _workflow_rows(made: Report) -> Iterator[tuple[str, ...]]:
    for each in made.workflows:
        c = each.counts
        why = ", ".join(f"{reason} {count}" for reason, count in each.reasons)
        shares = (_share(c.pipeline_ratio), _share(c.leaf_ratio), _share(each.gap))
        came_to = ", ".join(f"{n:,d} {outcome}" for outcome in _OUTCOMES if (n := getattr(c, outcome)))
        yield (each.name or "-", came_to, *shares, why)


def _incident_rows(made: Report) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (
            i.subject.mode,
            i.subject.name,
            f"{i.count:,d}",
            _time(i.first),
            _time(i.last),
            ", ".join(trace.hex()[:16] for trace in i.examples),
        )
        for i in made.incidents
    )


def _row(line: Line) -> tuple[str, ...]:
    return line.name, f"{line.findings:,d}", f"{line.wasted:,d}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _bars(trend: Sequence[int]) -> str:
    most = max(trend) or 1
    return "".join(BARS[-(-count * (len(BARS) - 1) // most)] for count in trend)


def _time(at: float) -> str:
    return datetime.datetime.fromtimestamp(at, datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")


def terminal(made: Report) -> None:
    """Tables."""
    out = Console(highlight=False)
    for line in head(made):
        out.print(Text(line))
    for section in sections(made):
        if section.rows:
            table = Table(title=section.title, title_justify="left")
            for name in section.columns:
                table.add_column(name, overflow="fold", no_wrap=name in _SHORT)
            for row in section.rows:
                table.add_row(*(Text(printable(cell)) for cell in row))
            out.print(table)


def markdown(made: Report) -> str:
    """For a ticket or a chat."""
    lines = ["# Agent failures", "", *(f"- {line}" for line in head(made))]
    for section in sections(made):
        if section.rows:
            lines += ["", f"## {section.title}", "", _cells(section.columns), _cells("---" for _ in section.columns)]
            lines += [_cells(map(escaped, row)) for row in section.rows]
    return "\n".join(lines)


def _cells(row: Sequence[str] | Iterator[str]) -> str:
    return f"| {' | '.join(row)} |"


def escaped(text: str) -> str:
    """Names from spans must not end a cell or begin markup."""
    return "".join(f"\\{c}" if c in "\\|`*_<>[]" else c for c in printable(text).replace("\n", " "))
