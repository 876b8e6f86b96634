"""Counts that wait for a name: in several dialects an agent's name comes only with its last span."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

WAIT: Final = 15.0
"""Seconds that a count waits before it goes to `unknown`."""

MOST: Final = 10_000
"""Waiting counts; beyond that the longest waiting go to `unknown` at once."""


class Late(NamedTuple):
    """A name that is still to come, by whatever key its owner will give it (`Metrics.resolve`)."""

    key: bytes


Name: TypeAlias = str | Late | None
Labels: TypeAlias = tuple[Name, ...]


@dataclass(slots=True)
class Count:
    """What is to be counted once all labels have their names."""

    series: str
    labels: Labels
    amount: float
    trace_id: bytes | None

    def name(self, late: Late, name: str | None) -> None:
        self.labels = tuple(name if label == late else label for label in self.labels)

    def unnamed(self) -> set[Late]:
        return {label for label in self.labels if isinstance(label, Late)}


class Waiting:
    """Waiting counts by the names that they lack, the longest awaited first. Owned by the event loop."""

    def __init__(self) -> None:
        self._counts: dict[Late, list[Count]] = {}
        self._since: dict[Late, float] = {}
        self._size = 0

    def add(self, count: Count, now: float) -> None:
        for late in count.unnamed():
            self._counts.setdefault(late, []).append(count)
            self._since.setdefault(late, now)
            self._size += 1

    def resolve(self, late: Late, name: str | None) -> Iterator[Count]:
        """Those that have all their names now."""
        self._since.pop(late, None)
        for count in self._counts.pop(late, ()):
            self._size -= 1
            count.name(late, name)
            if not count.unnamed():
                yield count

    def overdue(self, now: float) -> Iterator[Late]:
        """Names that nobody waits for any longer: after `WAIT` seconds, or when too much waits."""
        while (late := self.first()) and (now - self._since[late] >= WAIT or self._size > MOST):
            yield late

    def first(self) -> Late | None:
        """The name awaited longest."""
        return next(iter(self._since), None)
