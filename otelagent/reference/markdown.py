"""The little of Markdown that the pages need."""

from collections.abc import Iterable, Sequence
from typing import Final

WRITTEN: Final = "<!-- Written by `python -m otelagent.reference` from the code: change it there. -->"


def page(title: str, *parts: str) -> str:
    """A page with its title, a note on where it comes from, and its parts set apart by empty lines."""
    return "\n\n".join([f"# {title}", WRITTEN, *(part.strip("\n") for part in parts if part)]) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Rows under a head."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell(value) for value in line) + " |" for line in lines)


def cell(text: str) -> str:
    """Text that stays within its cell."""
    return " ".join(text.split()).replace("|", "\\|")


def code(text: str) -> str:
    return f"`{text}`" if text else ""


def block(text: str, language: str = "") -> str:
    """A fenced block."""
    return f"```{language}\n{text.strip()}\n```"
