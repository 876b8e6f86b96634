"""Lists that stand on lines of their own: bullets, numbered entries, rows of tables."""

from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Final

from otelagent.reading.lexicon import compiled
from otelagent.reading.naming import MAX_ITEMS

_BULLET: Final = compiled(
    r"^[ \t]*(?:(?:[-*•‣–—+]|[(（]?(?:\d{1,3}|[a-z]|[ivx]{2,4})[.):、）])[ \t]+(?:\[[ x]?\][ \t]+)?"
    r"|(?:[・●○■▪◦①-⑳]|[(（]?(?:\d{1,3}|[一二三四五六七八九十]{1,3})[、．）])[ \t]*)(\S.{0,299})$"
)
_LINE: Final = compiled(
    r"^[ \t]*[^\s|<>{}\[\]#=,.:;!?*•-][^|<>{}\[\]#=,;!?：。，；]{0,47}[^\s|<>{}\[\]#=,.:;!?：。，；！？]\r?$"
)
_FEW_LINES: Final = 3
"""Lines without a mark, so short that they are no prose, that make a list."""

_RULE: Final = compiled(r"^[ \t]*\|?[ \t:|=+-]*--[ \t:|=+-]*$")
_MOST_COLUMNS: Final = 12


def blocks(data: bytes) -> Iterator[tuple[list[str], int]]:
    """Entries of each list and table, by what they are about, and where it begins (bytes)."""
    gathered: dict[str, list[str]] = {kind: [] for kind in _MAKE}
    begins = dict.fromkeys(_MAKE, 0)
    at = 0
    for line in (*data.split(b"\n"), b"."):
        kind, text = _kind(line)
        for other, lines in gathered.items():
            if lines and other != kind and (line.strip() or other != "entry"):
                yield from _MAKE[other](lines, begins[other])
                gathered[other] = []
        if kind:
            begins[kind] = begins[kind] if gathered[kind] else at
            gathered[kind].append(text.decode(errors="replace"))
        at += len(line) + 1


def _kind(line: bytes) -> tuple[str, bytes]:
    bullet = _BULLET.match(line)
    if bullet is not None:
        return "entry", bullet.group(1)
    if line.count(b"|") >= 2:
        return "row", line
    return ("line", line.strip()) if _LINE.match(line) else ("", b"")


def _listed(entries: Sequence[str], at: int) -> Iterator[tuple[list[str], int]]:
    if 2 <= len(entries) <= MAX_ITEMS:
        heads = [entry_head(entry) for entry in entries]
        yield (heads if len(set(heads)) == len(entries) else list(entries)), at


def _bare(lines: Sequence[str], at: int) -> Iterator[tuple[list[str], int]]:
    if len(lines) >= _FEW_LINES:
        yield from _listed(lines, at)


def _table(lines: Sequence[str], at: int) -> Iterator[tuple[list[str], int]]:
    """The first column that names its rows: not a running number, each value once."""
    ruled = next((i for i, line in enumerate(lines) if _RULE.match(line.encode(errors="replace"))), None)
    rows = [_cells(line) for line in (lines if ruled is None else lines[ruled + 1 :])][:MAX_ITEMS]
    if len(rows) < 2 or ruled is None:
        return
    for column in range(min(map(len, rows))):
        names = [row[column] for row in rows]
        running = names in ([str(n) for n in range(1, len(rows) + 1)], [f"{n}." for n in range(1, len(rows) + 1)])
        if all(names) and len(set(names)) == len(names) and not running:
            yield names, at
            return


_MAKE: Final = {"entry": _listed, "row": _table, "line": _bare}


def tables(text: str) -> Iterator[tuple[list[str], list[list[str]]]]:
    """Heads and rows of the Markdown tables of a text."""
    lines = text.split("\n") if "|" in text else []
    for at, line in enumerate(lines[1:-1], 1):
        if "|" in line and "|" in lines[at - 1] and _RULE.match(line.encode(errors="replace")):
            rows = takewhile(lambda row: "|" in row, lines[at + 1 : at + 1 + MAX_ITEMS])
            yield _cells(lines[at - 1]), [_cells(row) for row in rows]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")][:_MOST_COLUMNS]


def entry_head(entry: str) -> str:
    """What an entry is about: up to a colon, dash or parenthesis."""
    for mark in (": ", " - ", " – ", " — ", " (", "："):
        entry = entry.partition(mark)[0]
    return entry
