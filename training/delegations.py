"""Of `make eval`: what is found of delegations, with receipts and without, by how emitters show them."""

from collections import Counter
from collections.abc import Iterable, Iterator

from otelagent.diagnosis.scan import scan
from tests.delegations import RUNS, plays
from tests.encodings import bodies
from training.tables import interval, percent, table

MODE = "delegation_incomplete"
RECEIPTS = ("reported", "structured", "left", "text")
"""Evidence that counts: what the child reports in fields or words. All else is inferred from calls and last words."""

Judged = tuple[str, str, bool]
"""Where it was played; receipt, narrative or complete; whether it is told."""


def made() -> Iterator[Judged]:
    """`tests/delegations/runs.json` in every encoding."""
    for case in RUNS:
        kind = "receipt" if case["evidence"] in RECEIPTS else "narrative"
        for group, _, spans in plays(case):
            found = scan(bodies(spans)).findings.values()
            causes = {f.cause for f in found if f.mode == MODE}
            if case.get("honest") == "parent":
                causes.discard("items_missing")  # the child says nothing of it
            yield f"made, {group}", kind if case["found"] else "complete", bool(causes)


def by_receipt(judged: Iterable[Judged]) -> str:
    """Recall with and without receipts, and false findings on complete delegations."""
    counts = Counter(judged)
    rows = []
    for place in dict.fromkeys(place for place, *_ in counts):
        row: list[object] = [place]
        for kind in ("receipt", "narrative", "complete"):
            told, quiet = counts[place, kind, True], counts[place, kind, False]
            row += [told + quiet, *([told] if kind == "complete" else [percent(told, told + quiet)])]
            if kind != "complete":
                row.append(interval(told, told + quiet))
        rows.append(row)
    return table("played|with receipt|found, %|95 %|narrative|found, %|95 %|complete|false", rows)
