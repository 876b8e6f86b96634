"""How many pipelines succeed, by workflow over windows, beside how many of their leaves say that they did."""

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import msgspec

from otelagent.model import Kind, Step
from otelagent.run import SOURCES

WINDOWS: Final = {"1h": 3600.0, "24h": 86_400.0}
"""By label. Counted in steps of a minute and of an hour."""
SLOTS: Final = {"1h": 60.0, "24h": 3600.0}
MAX_WORKFLOWS: Final = 300


class Counts(msgspec.Struct):
    """Of one workflow in one stretch of time."""

    success: int = 0
    degraded: int = 0
    failed: int = 0
    unknown: int = 0
    leaf_ok: int = 0
    leaf_failed: int = 0

    def add(self, other: "Counts") -> None:
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def judged(self) -> int:
        """Pipelines whose outcome is known."""
        return self.success + self.degraded + self.failed

    @property
    def pipeline_ratio(self) -> float | None:
        """Share of the pipelines that succeeded, of those whose outcome is known."""
        return self.success / self.judged if self.judged else None

    @property
    def leaf_ratio(self) -> float | None:
        """Share of model and tool calls whose spans show no error: what is seen without looking at content."""
        leaves = self.leaf_ok + self.leaf_failed
        return self.leaf_ok / leaves if leaves else None


class Ratios(NamedTuple):
    """Of one workflow in one window."""

    workflow: str | None
    window: str
    pipeline: float
    leaf: float


def counted(outcome: str, steps: Iterable[Step]) -> Counts:
    """One pipeline with its leaves: model and tool calls whose spans end well, and those that don't."""
    ended = [step.failed for step in steps if (step.kind is Kind.LLM or step.kind in SOURCES) and not step.rebuilt]
    return Counts(**{outcome: 1}, leaf_ok=len(ended) - sum(ended), leaf_failed=sum(ended))


class Success:
    """Owned by the pipeline's task. Bounded: the workflow that was quiet longest is forgotten."""

    def __init__(self) -> None:
        self._slots: OrderedDict[str | None, dict[str, dict[int, Counts]]] = OrderedDict()

    def settled(self, workflow: str | None, counts: Counts, now: float) -> None:
        """A pipeline has settled; `counts` are its outcome and its leaves."""
        slots = self._slots.setdefault(workflow, {window: defaultdict(Counts) for window in WINDOWS})
        self._slots.move_to_end(workflow)
        for window, by_slot in slots.items():
            by_slot[int(now // SLOTS[window])].add(counts)
        while len(self._slots) > MAX_WORKFLOWS:
            self._slots.popitem(last=False)

    def ratios(self, now: float) -> Iterator[Ratios]:
        """Of all workflows that had a pipeline with a known outcome in the window."""
        for workflow, slots in self._slots.items():
            for window, by_slot in slots.items():
                first = int((now - WINDOWS[window]) // SLOTS[window])
                total = Counts()
                for slot in list(by_slot):
                    if slot <= first:
                        del by_slot[slot]
                    else:
                        total.add(by_slot[slot])
                if total.pipeline_ratio is not None and total.leaf_ratio is not None:
                    yield Ratios(workflow, window, total.pipeline_ratio, total.leaf_ratio)
