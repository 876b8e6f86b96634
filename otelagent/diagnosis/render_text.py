"""A diagnosis for the terminal and for an issue: captured content can drive neither."""

from collections.abc import Iterator
from typing import Final

from rich.console import Console
from rich.text import Text

from otelagent.diagnosis.sections import Line, Section
from otelagent.diagnosis.shown import printable

_STYLES: Final = {"good": "green", "bad": "red", "unknown": "yellow", "": ""}


def to_terminal(found: list[Section], out: Console) -> None:
    """Write the sections; colours only where the console has them."""
    for section in found:
        out.print(Text(section.title, style="bold"))
        for line in section.lines:
            out.print(_line(line))
        out.print()


def _line(line: Line) -> Text:
    text = Text("  ")
    text.append(printable(line.text), style=_STYLES[line.mood])
    if line.quoted is not None:
        text.append(": ")
        text.append(printable(line.quoted), style="italic")
    return text


def to_markdown(found: list[Section], title: str) -> str:
    """The same for an issue or a chat; captured content stands in code spans and fences that it can't leave."""
    return "\n".join((f"# {_escaped(printable(title))}", "", *(row for section in found for row in _markdown(section))))


def _markdown(section: Section) -> Iterator[str]:
    yield f"## {section.title}"
    yield ""
    for line in section.lines:
        text = _escaped(printable(line.text))
        yield f"- {text}: {_code(line.quoted)}" if line.quoted is not None else f"- {text}"
    yield ""


def _escaped(text: str) -> str:
    """Names in our sentences come from spans: no markup, no mention, no link."""
    for mark in "\\`*_[]<>#|~!":
        text = text.replace(mark, f"\\{mark}")
    return text.replace("@", "@\u200b").replace("://", ":\u200b//").replace("www.", "www\u200b.")


def _code(quoted: str) -> str:
    """A code span whose fence is longer than any run of backticks in it."""
    text = printable(quoted)
    longest = max((len(run) for run in _runs(text)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {text} {fence}"


def _runs(text: str) -> Iterator[str]:
    run = ""
    for char in text:
        if char == "`":
            run += char
        elif run:
            yield run
            run = ""
    if run:
        yield run
