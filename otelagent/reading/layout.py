"""Structure that a text only shows: headings with lists below them, lines of a name and a value, ticks, tables."""

from collections.abc import Iterator
from typing import Any, Final

from otelagent.reading.commas import between
from otelagent.reading.lexicon import compiled
from otelagent.reading.listing import tables

MAX_LINES: Final = 400
_HEAD: Final = compiled(
    r"^[ \t]*(?:#{1,6}[ \t]+|[-*•・][ \t]*)?[*_]{0,2}"
    r"([^\s:：|#*_`{}\[\]-][^:：|{}\[\]]{0,60}?)[*_]{0,2}\s*[:：][*_]{0,2}[ \t]*(\S.*)?$"
)
_TITLE: Final = compiled(r"^[ \t]*(?:#{1,6}[ \t]+(\S.{0,60}?)|\*\*([^*]{2,60})\*\*)[ \t]*$")
_ENTRY: Final = compiled(r"^[ \t]*(?:[-*•‣–・]|\d{1,3}[.)])[ \t]*(\S.*)$")
_TICK: Final = compiled(
    r"^[ \t]*(?:[-*•・][ \t]*)?"
    r"(✔|✓|☑|✅|○|◯|◎|×|✗|✘|✕|❌|☒|☐|⬜|⏳|⌛|⏭|\[[ xX]\])\x{fe0f}?[ \t]*(\S[^（(,:：—–]{0,60})"
)
_COLUMNS: Final = 8
_ROWS: Final = 2
_CELL: Final = 60
_INLINE: Final = compiled(r"^\[([^\[\]]{1,400})\]$")


def structures(text: str) -> Iterator[Any]:
    """Mappings and lists of records, as if they had been written in JSON."""
    for heads, rows in tables(text):
        if len(rows) >= 2:
            yield [dict(zip(heads, row, strict=False)) for row in rows]
    lines = text.split("\n")[:MAX_LINES]
    yield from _separated(lines)
    if ticked := _ticked(lines):
        yield ticked
    if headed := _headed(lines):
        yield headed


def _separated(lines: list[str]) -> Iterator[list[dict[str, str]]]:
    """Rows of values between commas, semicolons or tabs, below a row of names."""
    for mark in ",;\t":
        rows = [[cell.strip() for cell in line.split(mark)] for line in lines if line.strip()]
        width = len(rows[0]) if rows else 0
        even = 1 < width <= _COLUMNS and len(rows) > _ROWS and all(len(row) == width for row in rows)
        if even and all(0 < len(cell) <= _CELL for row in rows for cell in row) and _names(rows[0]):
            yield [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def _names(row: list[str]) -> bool:
    return len(set(row)) == len(row) and not any(c.isdigit() or c in ".!?" for cell in row for c in cell)


def _ticked(lines: list[str]) -> list[dict[str, str]]:
    found = [match for line in lines if (match := _TICK.match(line.encode(errors="replace")))]
    shown = [(m.group(1).decode(), m.group(2).decode(errors="replace").strip()) for m in found]
    marks = {"[x]": "✔", "[X]": "✔", "[ ]": "☐"}
    return [{"name": name, "state": marks.get(mark, mark)} for mark, name in shown] if len(shown) > 1 else []


def _headed(lines: list[str]) -> dict[str, Any]:
    """Of `head: value`, and of a head with entries below it, its list."""
    found: dict[str, Any] = {}
    open_: list[str] | None = None
    for line in lines:
        data = line.encode(errors="replace")
        entry = _ENTRY.match(data)
        head = _HEAD.match(data)
        counted = head is not None and (head.group(2) or b"").strip().isdigit()
        if open_ is not None and entry is not None and not counted:
            open_.append(entry.group(1).decode(errors="replace").strip())
        elif head is not None:
            name, value = (
                head.group(1).decode(errors="replace"),
                (head.group(2) or b"").decode(errors="replace").strip(),
            )
            open_ = None
            if value:
                found[name] = _value(value)
            else:
                found[name] = open_ = []
        elif (title := _TITLE.match(data)) is not None:
            found[(title.group(1) or title.group(2)).decode(errors="replace")] = open_ = []
        elif line.strip():
            open_ = None
    return found


def _value(text: str) -> Any:
    if text.isascii() and text.isdecimal() and len(text) < 8:
        return int(text)
    if inner := _INLINE.match(text.encode(errors="replace")):
        return [part.strip(" '\"") for part in inner.group(1).decode(errors="replace").split(",")]
    return text


def listed(value: str) -> list[str]:
    """The names of a line: "Marca y Soporte."."""
    names = [name.strip(" .。") for name in between(value)] or [value.strip(" .。")]
    return names if all(len(name) <= 60 for name in names) else []
