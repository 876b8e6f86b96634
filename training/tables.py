"""Tables of numbers for docs/accuracy.md."""

from collections.abc import Iterable
from math import sqrt


def interval(hits: int, of: int) -> str:
    """Wilson's interval at 95 %, in percent."""
    if not of:
        return "-"
    z, share = 1.96, hits / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return f"{100 * max(0.0, middle - half):.1f} to {100 * min(1.0, middle + half):.1f}"


def percent(hits: int, of: int) -> str:
    return f"{100 * hits / of:.1f}" if of else "-"


def table(head: str, rows: Iterable[Iterable[object]]) -> str:
    columns = head.split("|")
    lines = [f"| {' | '.join(column.strip() for column in columns)} |", f"|{' --- |' * len(columns)}"]
    return "\n".join([*lines, *(f"| {' | '.join(map(str, row))} |" for row in rows)])
