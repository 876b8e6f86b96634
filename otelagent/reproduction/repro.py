"""From a finding to a reproduction: reduced, redacted, failing without the guard and passing with it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from otelagent.cases.case import Case, Target, calls, runs
from otelagent.cases.elements import case_of, count, document
from otelagent.cases.predicate import failing, findings
from otelagent.errors import OtelagentError
from otelagent.guards import BY_MODE, Guard, ShapeGate
from otelagent.mocks import MockTools
from otelagent.model import Finding
from otelagent.reproduction.play import play
from otelagent.reproduction.redact import redacted
from otelagent.reproduction.reduce import DoesNotFail, Search, minimal

ROUNDS = 4
"""Of redaction and reduction: each may make room for the other."""


class NoReproduction(OtelagentError):
    """The failure can't be made into a test that a guard makes pass; says why."""


@dataclass(frozen=True)
class Fix:
    """A guard and what it is made with; called, it gives a new one."""

    guard: type[Guard]
    arguments: tuple[Any, ...] = ()

    def __call__(self) -> Guard:
        return self.guard(*self.arguments)

    @property
    def source(self) -> str:
        """As it stands in Python."""
        return f"{self.guard.__name__}({', '.join(map(repr, self.arguments))})"


@dataclass(frozen=True)
class Reproduction:
    """A minimal case with what its test needs. `finding` is what it gives without the guard."""

    case: Case
    finding: Finding
    guard: Fix
    before: int
    after: int
    tests: int
    redacted: bool


def outcome(case: Case, tools: MockTools, guards: Callable[[], list[Guard]] = list) -> Finding | None:
    """The case's failure when it is played with these tools and guards; None where it is gone.

    With guards, any finding of the target's mode counts, whatever its cause.
    """
    target = case.target
    if target is None:
        raise NoReproduction("the case names no failure")
    played = play(case, tools, guards)
    if not guards():
        return failing(played, target)
    return next((finding for finding in findings(played) if finding.mode == target.mode), None)


def reproduce(
    case: Case, target: Target, *, redact: bool = True, search: Callable[..., Search] = Search
) -> Reproduction:
    """Raises DoesNotFail, NoReproduction or LimitReached. `search` is made with the predicate."""
    if target.mode not in BY_MODE:
        raise NoReproduction(f"no guard is known for {target.mode}: `otelagent reduce` gives the minimal case")
    if not reproduces(replace(case, target=target)):
        raise _why(case, target)
    made, tests = _smallest(case, target, search(lambda tried: failing(tried, target) is not None), redact)
    if not reproduces(made):  # what was left out mattered to the guard: keep that
        searched = search(lambda tried: reproduces(replace(tried, target=target)))
        made, more = _smallest(case, target, searched, redact)
        tests += more
    finding = outcome(made, MockTools.from_case(made))
    if finding is None:
        raise NoReproduction("the reduced case fails no more")
    return Reproduction(made, finding, fix(made), count(document(case)), count(document(made)), tests, redact)


def _smallest(case: Case, target: Target, search: Search, redact: bool) -> tuple[Case, int]:
    """Reduced and redacted until neither makes room for the other."""
    smallest = minimal(document(case), search)
    for _ in range(ROUNDS if redact else 0):
        before = smallest
        smallest = minimal(redacted(smallest, search), search)
        if smallest == before:
            break
    return replace(case_of(smallest), target=target), search.tests


def reproduces(case: Case) -> bool:
    """It fails as its target says without the guard, and doesn't with it."""
    if outcome(case, MockTools.from_case(case)) is None:
        return False
    guard = fix(case)
    return outcome(case, MockTools.from_case(case), lambda: [guard()]) is None


def fix(case: Case) -> Fix:
    """The guard against the case's failure; what it must know of the tools, they say themselves in the case."""
    assert case.target is not None  # noqa: S101 - the callers set it
    guard = BY_MODE[case.target.mode]
    if guard is not ShapeGate:
        return Fix(guard)
    told: dict[str, Any] = {call.tool: call.description for run in case.runs for call in calls(run) if call.description}
    told |= {o.name: o.output or o.description for run in runs(case) for o in run.tools if o.output or o.description}
    return Fix(guard, (told,))


def _why(case: Case, target: Target) -> OtelagentError:
    if failing(case, target) is None:
        return DoesNotFail(
            f"{target.mode} ({target.cause}) isn't found when the whole trace is played again: nothing was reduced"
        )
    name = BY_MODE[target.mode].__name__
    return NoReproduction(f"{name} doesn't prevent {target.mode} in this trace; `otelagent reduce` still works")
