"""The predicate of a reduction that asks a model: a share of replays must fail."""

from dataclasses import dataclass

from msgspec.structs import replace

from otelagent.cases.case import Case, runs
from otelagent.mocks import Match
from otelagent.reproduction.budget import Budget
from otelagent.reproduction.chat import tools
from otelagent.reproduction.distribution import OK, UNEXPECTED
from otelagent.reproduction.models import Model
from otelagent.reproduction.outcomes import Check, classified
from otelagent.reproduction.replay import Point, replay


@dataclass(frozen=True)
class LiveCheck:
    """Whether a model fails on a reduced input as it did on the whole; ends as soon as the share is decided."""

    point: Point
    model: Model
    budget: Budget
    check: Check | None
    mode: str | None
    runs: int
    threshold: float
    match: Match

    def __call__(self, case: Case) -> bool:
        """Raises CannotReplay or BudgetExhausted."""
        run = next((r for r in runs(case) if r.id == self.point.run.id), None)
        if run is None:
            return False
        point = replace_point(self.point, case, run.id)
        if not point.messages:
            return False
        failed = 0
        for done in range(self.runs):
            if failed >= self.threshold * self.runs or failed + self.runs - done < self.threshold * self.runs:
                break
            made = replay(point, self.model, point.mocks(self.match), budget=self.budget)
            failed += self._fails(classified(point, made, self.check, self.mode))
        return failed >= self.threshold * self.runs

    def _fails(self, outcome: str) -> bool:
        return outcome == self.mode if self.mode and self.check is None else outcome not in (OK, UNEXPECTED)


def replace_point(point: Point, case: Case, run_id: str) -> Point:
    """The same point in a smaller case: what was left out of the offers and the history is gone."""
    run = next(r for r in runs(case) if r.id == run_id)
    kept = {offer.name for offer in run.tools}
    known = {str(tool["function"]["name"]) for tool in tools(point.run)}
    offered = tuple(t for t in point.offered if t["function"]["name"] in kept or t["function"]["name"] not in known)
    turn = replace(point.turn, forgets=[])
    return Point(case, run, turn, point.rest, offered)
