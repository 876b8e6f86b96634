"""What each metric has counted, bounded: a table of points by label values.

Counting is a dict look-up and an addition (prometheus_client's own children cost ten times that); samples are made when
somebody scrapes. A table is written by the event loop only (those of `vitals` by the scrape). A scrape may read it
from another thread: it takes snapshots by calls that hold the interpreter lock.
"""

import itertools
import time
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from prometheus_client import Metric
from prometheus_client.samples import Exemplar

from otelagent.late import Labels
from otelagent.series import CAP, Series

OTHER: Final = "__other__"
UNKNOWN: Final = "unknown"
LABEL_BYTES: Final = 64


def label(value: str | None) -> str:
    """A value that anyone may have chosen, made fit for a label: NFC, printable, 64 bytes, never empty."""
    if not value:
        return UNKNOWN
    text = unicodedata.normalize("NFC", value[: 4 * LABEL_BYTES])
    text = "".join(char if char.isprintable() else "\ufffd" for char in text)
    return text.encode()[:LABEL_BYTES].decode(errors="ignore").strip() or UNKNOWN


Mark: TypeAlias = tuple[bytes, float, float]
"""The trace that counted last, for an exemplar: its id, what it counted, and when."""


class Point:
    """What one label set has counted. A counter is one cell, a histogram one for each bucket."""

    __slots__ = ("cells", "marks", "number", "shown", "total")

    def __init__(self, number: int, cells: int) -> None:
        self.number = number
        self.shown: float | None = None
        self.cells: list[float] = [0] * cells
        self.marks: list[Mark | None] = [None] * cells
        self.total = 0.0

    def count(self, n: float, trace_id: bytes | None) -> None:
        self.cells[0] += n
        if trace_id is not None:
            self.marks[0] = (trace_id, n, time.time())

    def observe(self, cell: int, value: float, trace_id: bytes | None) -> None:
        self.cells[cell] += 1
        self.total += value
        if trace_id is not None:
            self.marks[cell] = (trace_id, value, time.time())


Shows: TypeAlias = Callable[[Point], bool]
"""Whether a scrape gets the true value of a point, or 0."""


@dataclass(slots=True)
class Table:
    """All points of one metric. Owned by the event loop; `metric` may be called from elsewhere."""

    series: Series
    names: tuple[str, ...]
    """Label names in the order of values: those of the series, then those of gateway mode."""
    numbers: Iterator[int]
    """Creation numbers, shared by all tables."""
    overflowed: Callable[[str], None]
    points: dict[tuple[str, ...], Point] = field(default_factory=dict)
    known: dict[Labels, Point] = field(default_factory=dict)
    """Label values as they came, to spare normalising them again; bounded."""

    def __post_init__(self) -> None:
        if len(self.names) == len(self.series.closed):
            for values in self.series.values if self.series.closed else ((),):
                self._create(values)

    def record(self, labels: Labels, amount: float, trace_id: bytes | None) -> None:
        """Count `amount`, or observe it where the metric is a histogram."""
        point = self.known.get(labels) or self.admit(labels)
        self.add(point, amount, trace_id)

    def add(self, point: Point, amount: float, trace_id: bytes | None) -> None:
        """The same, for a point of this table."""
        if self.series.buckets:
            point.observe(bisect_left(self.series.buckets, amount), amount, trace_id)
        else:
            point.count(amount, trace_id)

    def put(self, labels: Labels, value: float) -> None:
        """Set a gauge, or a counter that is counted elsewhere."""
        point = self.known.get(labels) or self.admit(labels)
        point.cells[0] = value

    def admit(self, labels: Labels) -> Point:
        """The point of labels that `known` doesn't have, made if need be. Full: the open labels become `__other__`."""
        values = tuple(label(value if isinstance(value, str) else None) for value in labels)
        point = self.points.get(values)
        if point is None:
            if not self._room(1):
                return self._overflow(values)
            point = self._create(values)
            self._siblings(values)
        if len(self.known) >= 2 * CAP:
            self.known.clear()
        self.known[labels] = point
        return point

    def see(self, labels: Labels) -> None:
        """Have the series of these open labels exist at 0."""
        values = tuple(label(value if isinstance(value, str) else None) for value in labels)
        if self.series.values:
            self._siblings(("",) * len(self.series.closed) + values)
        elif values not in self.points and self._room(2):
            self._create(values)

    def _siblings(self, values: tuple[str, ...]) -> None:
        """Zeros for the other values of the closed labels; they may take half of the room, counts take the rest."""
        opened = values[len(self.series.closed) :]
        missing = [closed + opened for closed in self.series.values if closed + opened not in self.points]
        if self._room(2, len(missing)):
            for sibling in missing:
                self._create(sibling)

    def _room(self, share: int, wanted: int = 1) -> bool:
        """`__other__` must find room too, once for each value of the closed labels."""
        reserve = min(len(self.series.values) + 1, self.series.cap // 4)
        return len(self.points) + wanted <= (self.series.cap - reserve) // share

    def _overflow(self, values: tuple[str, ...]) -> Point:
        self.overflowed(self.series.name)
        closed = len(self.series.closed)
        values = values[:closed] + (OTHER,) * (len(values) - closed)
        if values not in self.points and len(self.points) >= self.series.cap:
            values = (OTHER,) * len(values)
        return self.points.get(values) or self._create(values)

    def _create(self, values: tuple[str, ...]) -> Point:
        point = self.points[values] = Point(next(self.numbers), len(self.series.buckets) + 1)
        return point

    def metric(self, shows: Shows) -> Metric:
        """The samples of a scrape."""
        metric = Metric(self.series.name.removesuffix("_total"), self.series.help, self.series.type)
        samples = _histogram if self.series.buckets else _single
        for values, point in list(self.points.items()):
            samples(metric, self.series, dict(zip(self.names, values, strict=True)), point, shows(point))
        return metric


def _single(metric: Metric, series: Series, labels: dict[str, str], point: Point, shown: bool) -> None:
    value = point.cells[0] if shown or series.type == "gauge" else 0
    metric.add_sample(series.name, labels, value, exemplar=_exemplar(point.marks[0]) if shown else None)


def _histogram(metric: Metric, series: Series, labels: dict[str, str], point: Point, shown: bool) -> None:
    cells: Sequence[float] = list(point.cells) if shown else [0] * len(point.cells)
    counts = list(itertools.accumulate(cells))
    for bound, count, mark in zip(_bounds(series), counts, list(point.marks), strict=True):
        exemplar = _exemplar(mark) if shown else None
        metric.add_sample(f"{series.name}_bucket", {**labels, "le": bound}, count, exemplar=exemplar)
    metric.add_sample(f"{series.name}_count", labels, counts[-1])
    metric.add_sample(f"{series.name}_sum", labels, point.total if shown else 0)


def _bounds(series: Series) -> list[str]:
    return [repr(float(bound)) for bound in series.buckets] + ["+Inf"]


def _exemplar(mark: Mark | None) -> Exemplar | None:
    return Exemplar({"trace_id": mark[0].hex()}, mark[1], mark[2]) if mark else None
