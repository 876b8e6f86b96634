"""A decoded structure taken apart: its texts, its numbers, how long its lists are, its columns."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import msgspec

from otelagent.reading import numerals

NODES: Final = 4_000
"""Nodes of a structure that are looked at."""
_COLUMNS: Final = 32
_ROWS: Final = 128
_CELL: Final = 300


@dataclass(slots=True)
class Leaves:
    """What a value consists of. `cut`: it has more nodes than were looked at."""

    texts: list[str] = field(default_factory=list)
    numbers: list[float] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    columns: list[list[float]] = field(default_factory=list)
    cut: bool = False


def leaves(value: object) -> Leaves:
    """Take a value apart; a JSON text, also inside a structure, is what it says."""
    found = Leaves()
    texts, numbers = found.texts, found.numbers
    stack = [value]
    for _ in range(NODES):
        if not stack:
            return found
        node = stack.pop()
        if isinstance(node, str):
            if (decoded := _decoded(node)) is not node:
                stack.append(decoded)
            else:
                texts.append(node)
        elif isinstance(node, dict):
            texts.extend(key for key in node if isinstance(key, str))
            stack.extend(reversed(node.values()))
        elif isinstance(node, list | tuple):
            found.counts.append(len(node))
            found.columns.extend(_columns(node))
            stack.extend(node[NODES::-1])
        elif isinstance(node, int | float) and not isinstance(node, bool) and abs(node) < 1e18:
            numbers.append(float(node))
    found.cut = bool(stack)
    return found


def _decoded(value: str) -> object:
    if value[:1] in ("{", "[", '"', " ", "\n") and value.lstrip()[:1] in ("{", "[", '"'):
        try:
            return msgspec.json.decode(value)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return value
    return value


def _columns(rows: list[object] | tuple[object, ...]) -> Iterator[list[float]]:
    """Numbers at the same place of every row: in a field, or inside the short text of a field."""
    if not 2 <= len(rows) <= _ROWS:
        return
    if isinstance(first := rows[0], dict):
        for name in list(first)[:_COLUMNS]:
            yield from _places([_cell(row.get(name) if isinstance(row, dict) else None) for row in rows])
    else:
        yield from _places([_cell(row) for row in rows])


def _places(rows: list[list[float]]) -> Iterator[list[float]]:
    width = len(rows[0])
    if width and all(len(row) == width for row in rows):
        yield from ([row[place] for row in rows] for place in range(min(width, 8)))


def _cell(value: object) -> list[float]:
    if isinstance(value, str):
        prose = len(value) <= _CELL and value.count(" ") > 1
        return [n.readings[0] for _, _, n in numerals.numbers(value.encode(errors="replace"), 9)] if prose else []
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e18:
        return [float(value)]
    return []
