"""Delta debugging: from a document that fails to one from which nothing more can be left out.

`ddmin` is the algorithm of A. Zeller and R. Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", IEEE
Transactions on Software Engineering 28(2), 2002, in its form that tests complements only. `hierarchical` applies it
level by level, after G. Misherghi and Z. Su, "HDD: Hierarchical Delta Debugging", ICSE 2006, repeated until nothing
changes (HDD*), so that the result is 1-minimal over the elements of all levels. See
docs/decisions/ for why no library does this.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

Part = TypeVar("Part")
Document = TypeVar("Document")

Search = Callable[[Sequence[Document]], int | None]
"""Which of these candidates is the first that still fails; None where none does. It may test several at a time."""


def ddmin(parts: Sequence[Part], build: Callable[[Sequence[Part]], Document], search: Search[Document]) -> list[Part]:
    """The parts that can be left out together; leaving out any single further one makes the failure go.

    `build` makes the document without the given parts.
    """
    left_out: list[Part] = []
    rest = list(parts)
    size = len(rest)
    while rest and size:
        removed = _pass(rest, size, left_out, build, search)
        if size > 1:
            size = min(size // 2, max(1, len(rest)))
        elif not removed:
            size = 0
    return left_out


def _pass(
    rest: list[Part],
    size: int,
    left_out: list[Part],
    build: Callable[[Sequence[Part]], Document],
    search: Search[Document],
) -> bool:
    """Try to leave out each chunk of this size, what is found out before counting for what comes after."""
    removed, at = False, 0
    while at < len(rest):
        chunks = [rest[i : i + size] for i in range(at, len(rest), size)]
        found = search([build([*left_out, *chunk]) for chunk in chunks])
        if found is None:
            break
        left_out += chunks[found]
        del rest[at + found * size : at + found * size + len(chunks[found])]
        at += found * size
        removed = True
    return removed


def hierarchical(
    document: Document,
    levels: Callable[[Document], Sequence[Sequence[Part]]],
    without: Callable[[Document, Sequence[Part]], Document],
    search: Search[Document],
) -> Document:
    """Reduce level after level until a round over all levels leaves nothing out."""
    while True:
        before = document
        depth = 0
        while depth < len(found := levels(document)):
            current = document
            left_out = ddmin(found[depth], lambda parts, whole=current: without(whole, parts), search)  # type: ignore[misc]
            document = without(document, left_out) if left_out else document
            depth += 1
        if document == before:
            return document
