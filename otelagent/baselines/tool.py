"""What a tool returns: outcomes, sizes, latencies, shapes. Sketches and counts, bounded; no values."""

import math
from collections.abc import Iterable
from typing import Any, Final, Self

from otelagent.baselines.aging import HEAVY, Aging
from otelagent.baselines.sketch import Sketch
from otelagent.baselines.usual import Usual
from otelagent.model import Call, Shape, Status, Step
from otelagent.reading.shape import classes

MAX_PLACES: Final = 160
"""Places (path and kind) of one tool."""
MAX_NOTES: Final = 12
"""Kinds of failures told apart, such as `status 401`."""
MAX_PENDING: Final = 32
"""Results whose shapes wait to be added up, and paths of all those shapes."""
MAX_SERVICES: Final = 8
"""Services whose results of a tool are counted apart; those of others aren't judged by what the tool gave before."""
STALE: Final = 64
"""Results after which what is usual is laid out anew."""
EACH: Final = 512
"""Results of which every one is learned; of a live tool's later ones one in eight is."""
ONE_IN: Final = 8
MAX_CUTOFFS: Final = 24
PLATEAU: Final = 3
"""Calls without a result that end alike before their duration is a timeout."""
LEAST_LATENCIES: Final = 20
"""Calls with a result that tell how long one takes."""
WITHIN_RUN: Final = 0.4
"""Correlation of the results of one run, assumed: with it random halves of recorded runs differ no more than stated."""
CUT_OFF: Final = frozenset({Status.EMPTY, Status.TIMEOUT, Status.NONCONFORMING})
"""Outcomes of calls that a timeout may have cut off."""


class ToolProfile:
    """One tool in one environment. Owned by `Baselines`, or by who reads a file.

    All numbers are weighted by age. Rates of calls are over `calls`, presence of a place over that of its parent.
    """

    __slots__ = (
        "_paths",
        "_pending",
        "_usual",
        "_waiting",
        "aging",
        "calls",
        "cutoffs",
        "fitting",
        "largest_runs",
        "latencies",
        "learned",
        "notes",
        "outcomes",
        "places",
        "races",
        "runs",
        "services",
        "shaped",
        "sizes",
    )

    def __init__(self, half_life: float = 0.0) -> None:
        self.aging = Aging(half_life)
        self.calls = 0.0
        self.learned = 0
        """Results whose shape was learned, unweighted; how sure a learned shape is."""
        self.services: dict[str, int] = {}
        """Of these, how many came from which service: tools of one name may be two."""
        self.runs: dict[str, list[float]] = {}
        """By outcome: sums over traces of x*x and x*m, m being the trace's calls and x those with the outcome."""
        self.largest_runs = 0.0
        """Sum over traces of m*m."""
        self.outcomes: dict[str, float] = {}
        self.notes: dict[str, float] = {}
        """What decided a bad outcome, such as `denied: status 401`."""
        self.cutoffs: dict[int, float] = {}
        """Durations of calls without a result, in steps of 3 %."""
        self.races = 0.0
        """Calls that the orchestrator's timeout cut off."""
        self.sizes = Sketch()
        """Bytes of good results."""
        self.latencies = Sketch()
        """Seconds, of calls with a result."""
        self.shaped = 0.0
        self.places: dict[tuple[str, str], float] = {}
        self.fitting: set[int] = set()
        """Marks of rows and shapes that were found to fit this tool's shape, or its staging profile's."""
        self._pending: dict[Shape, float] = {}
        self._waiting = self._paths = 0
        self._usual: Usual | None = None

    # --- learning ---------------------------------------------------------------------------------------------------

    def learn(self, shape: Shape, now: float, service: str = "") -> None:
        """A good result had this shape."""
        self.learned += 1
        self._of_service(service[:64], 1)
        if not self.learned % STALE:
            self._usual = None
        if self.aging.half_life and self.learned > EACH and self.learned % ONE_IN:
            return
        pending = self._pending
        if shape not in pending:
            self._paths += sum([len(row.kinds) for row in shape.rows])
        pending[shape] = pending.get(shape, 0.0) + self.aging.weight(now)
        self._waiting += 1
        if max(self._waiting, self._paths) >= MAX_PENDING:
            self.settle()

    def _of_service(self, service: str, results: int) -> None:
        known = self.services.get(service)
        if known is not None or len(self.services) < MAX_SERVICES:
            self.services[service] = (known or 0) + results

    def settle(self) -> None:
        """Add up the shapes that wait."""
        pending, self._pending = self._pending, {}
        self._waiting = self._paths = 0
        for shape, weight in pending.items():
            self.shaped += weight
            for place in shape.places:
                self._count(self.places, place, weight, MAX_PLACES)

    def add(self, calls: Iterable[Step], now: float) -> None:
        """All calls of this tool in one trace that has closed."""
        weight, counts, m = self.aging.weight(now), dict[Status, int](), 0
        for step in calls:
            call = step.call
            if call is None or (status := call.outcome.status) is Status.UNKNOWN:
                continue
            m += 1
            counts[status] = counts.get(status, 0) + 1
            if status is Status.OK:
                self._good(step, call, weight)
            else:
                self._bad(step, call, weight)
            if call.raced:
                self.races += weight
        self.calls += m * weight
        self.largest_runs += m * m * weight
        for status, x in counts.items():
            name = str(status)
            self.outcomes[name] = self.outcomes.get(name, 0.0) + x * weight
            sums = self.runs.setdefault(name, [0.0, 0.0])
            sums[0] += x * x * weight
            sums[1] += x * m * weight
        if weight > HEAVY:
            self._rebase(now)

    def _good(self, step: Step, call: Call, weight: float) -> None:
        if step.end > step.start and not step.rebuilt:
            self.latencies.add((step.end - step.start) / 1e9, weight)
        if call.size is not None:
            self.sizes.add(call.size, weight)

    def _bad(self, step: Step, call: Call, weight: float) -> None:
        status, note = call.outcome.status, call.outcome.note
        if status in CUT_OFF and step.end > step.start and not step.rebuilt:
            self._count(self.cutoffs, _bucket((step.end - step.start) / 1e9), weight, MAX_CUTOFFS)
        if status is Status.NONCONFORMING:
            if call.size is not None:
                self.sizes.add(call.size, weight)
        elif note:
            self._count(self.notes, f"{status}: {note[:48]}", weight, MAX_NOTES)

    def _count(self, among: dict[Any, float], key: Any, weight: float, most: int) -> None:
        if key in among or len(among) < most:
            among[key] = among.get(key, 0.0) + weight

    def _rebase(self, now: float) -> None:
        fresh = self.as_of(now)
        for name in self.__slots__:
            setattr(self, name, getattr(fresh, name))

    def as_of(self, now: float | None = None) -> Self:
        """The same in units of an observation at `now`, or at the last one: weights are numbers of recent calls."""
        fresh = type(self)(self.aging.half_life)
        fresh.aging.start = self.aging.latest if now is None else now
        fresh.merge(self)
        return fresh

    # --- reading ----------------------------------------------------------------------------------------------------

    @property
    def usual(self) -> Usual:
        """As of some results ago: it is read for every row that is new."""
        if self._usual is None:
            self._usual = Usual(self.kinds(), self.shaped)
        return self._usual

    def kinds(self) -> dict[str, dict[str, float]]:
        """JSON types by path, each with its weight."""
        return self._places(classed=False)

    def classes(self) -> dict[str, dict[str, float]]:
        """Classes of strings and lengths of arrays by path."""
        return self._places(classed=True)

    def _places(self, *, classed: bool) -> dict[str, dict[str, float]]:
        if self._pending:
            self.settle()
        found: dict[str, dict[str, float]] = {}
        for (path, kind), weight in self.places.items():
            if classes(kind) is classed:
                found.setdefault(path, {})[kind] = weight
        return found

    def plateau(self, seconds: float, now: float) -> bool:
        """Calls without a result end at this very duration, which none with a result has reached: a timeout."""
        at = _bucket(seconds)
        near = sum(self.cutoffs.get(at + step, 0.0) for step in (-1, 0, 1))
        unit = self.aging.weight(now)
        enough = near >= PLATEAU * unit and near >= 0.5 * sum(self.cutoffs.values())
        return enough and self.latencies.count >= LEAST_LATENCIES * unit and seconds > self.latencies.quantile(1.0)

    def share(self, status: str) -> float:
        """Share of the calls with this outcome."""
        return self.outcomes.get(status, 0.0) / self.calls if self.calls else 0.0

    def effect(self, status: str, p: float) -> tuple[float, float]:
        """Of the share of an outcome, taken to be `p`: its variance between traces, and that of independent calls."""
        xx, xm = self.runs.get(status, (0.0, 0.0))
        return max(xx - 2 * p * xm + p * p * self.largest_runs, 0.0), self.calls * p * (1 - p)

    @property
    def alike(self) -> float:
        """By how much fewer independent results the results are worth, where only the sizes of runs tell.

        The design effect of clusters with an assumed correlation within a run.
        """
        per_run = self.largest_runs / self.calls if self.calls else 1.0
        return 1.0 / (1.0 + WITHIN_RUN * max(per_run - 1.0, 0.0))

    # --- merging and writing ----------------------------------------------------------------------------------------

    def merge(self, other: "ToolProfile") -> None:
        """Take in all that another one holds, in this one's units of weight."""
        if self.aging.start is None:
            self.aging.start = other.aging.start
        scale = self.aging.scale_of(other.aging)
        other.settle()
        self.calls += other.calls * scale
        self.largest_runs += other.largest_runs * scale
        self.races += other.races * scale
        self.shaped += other.shaped * scale
        self.learned += other.learned
        for service, results in other.services.items():
            self._of_service(service, results)
        for status, sums in other.runs.items():
            own = self.runs.setdefault(status, [0.0, 0.0])
            own[0] += sums[0] * scale
            own[1] += sums[1] * scale
        for mine, theirs, most in (
            (self.outcomes, other.outcomes, len(Status)),
            (self.cutoffs, other.cutoffs, MAX_CUTOFFS),
            (self.notes, other.notes, MAX_NOTES),
            (self.places, other.places, MAX_PLACES),
        ):
            for key, weight in theirs.items():
                self._count(mine, key, weight * scale, most)
        self.sizes.merge(other.sizes, scale)
        self.latencies.merge(other.latencies, scale)

    def as_json(self) -> dict[str, Any]:
        """In units of the last observation."""
        now = self.as_of()
        return {
            "start": now.aging.start,
            "half_life": now.aging.half_life,
            "calls": _short(now.calls),
            "learned": now.learned,
            "services": now.services,
            "races": _short(now.races),
            "outcomes": {k: _short(v) for k, v in now.outcomes.items()},
            "notes": {k: _short(v) for k, v in now.notes.items()},
            "runs": {k: [_short(x) for x in sums] for k, sums in now.runs.items()},
            "largest_runs": _short(now.largest_runs),
            "cutoffs": [[at, _short(weight)] for at, weight in now.cutoffs.items()],
            "sizes": now.sizes.as_json(),
            "latencies": now.latencies.as_json(),
            "shaped": _short(now.shaped),
            "places": [[path, kind, _short(weight)] for (path, kind), weight in now.places.items()],
        }

    @classmethod
    def from_json(cls, written: Any) -> Self:
        """The profile that was written. Raises ValueError, TypeError or KeyError where it wasn't one."""
        made = cls(float(written["half_life"]))
        made.aging = Aging(made.aging.half_life, float(written["start"]))
        made.calls, made.races = float(written["calls"]), float(written["races"])
        made.shaped, made.largest_runs = float(written["shaped"]), float(written["largest_runs"])
        made.learned = int(written["learned"])
        made.services = {str(k)[:64]: int(v) for k, v in list(written.get("services", {}).items())[:MAX_SERVICES]}
        made.outcomes = {str(Status(k)): float(v) for k, v in written["outcomes"].items()}
        made.cutoffs = {int(at): float(weight) for at, weight in written["cutoffs"][:MAX_CUTOFFS]}
        made.notes = {str(k)[:64]: float(v) for k, v in list(written["notes"].items())[:MAX_NOTES]}
        made.runs = {str(Status(k)): [float(a), float(b)] for k, (a, b) in written["runs"].items()}
        made.sizes, made.latencies = Sketch.from_json(written["sizes"]), Sketch.from_json(written["latencies"])
        made.places = {(str(p), str(k)): float(w) for p, k, w in written["places"][:MAX_PLACES]}
        return made


def _bucket(seconds: float) -> int:
    return round(math.log(max(seconds, 1e-6)) / math.log(1.03))


def _short(number: float) -> float:
    return float(f"{number:.6g}")
