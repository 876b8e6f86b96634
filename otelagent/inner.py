"""Agents that were called as tools and have no span: their turns stand among those of whoever called them.

Where emitters record model calls only, all in one flat run, a child's conversation shows by its first message: the text
that a call gave it. What stands between that message and the call's result is what the child did.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from otelagent.coverage import OWN_CALLS, Coverage, accounted, inferred
from otelagent.model import Assignment, Kind, Role, Step
from otelagent.recovery import dealt, failures
from otelagent.run import SOURCES, AgentRun
from otelagent.stitching import may_delegate


class Inner(msgspec.Struct, frozen=True):
    """A child without a span."""

    call: Step
    """By which it was asked."""
    answer: Step
    """Its last turn."""
    task: Assignment
    sources: tuple[Step, ...]
    later: tuple[Step, ...]
    """Calls that whoever asked made, or had made, afterwards."""

    @property
    def coverage(self) -> Coverage | None:
        """How much of its assignment it did: what its answer reports, else what its calls show."""
        said = self.answer.turn.said if self.answer.turn is not None else None
        receipt = accounted(said, [self.task.wording], said.receipt) if said is not None else None
        found = inferred([self.task.items], self.sources, self.answer) if len(self.sources) >= OWN_CALLS else None
        if receipt is None or (receipt.method == "text" and found is not None and not found.receipt.short):
            return found
        same = found is not None and found.receipt.short and found.receipt.assigned == receipt.assigned
        if same and found is not None:
            return Coverage(receipt, 0.7, found.missing or frozenset(receipt.left), found.failed, self.answer.span_id)
        return Coverage(receipt, 0.7, frozenset(receipt.left), where=self.answer.span_id)

    @property
    def honest(self) -> bool:
        """It says itself that part is left."""
        said = self.answer.turn.said if self.answer.turn is not None else None
        receipt = accounted(said, [self.task.wording], said.receipt) if said is not None else None
        admits = said is not None and (said.admission.any or (receipt is not None and receipt.honest))
        return said is not None and admits and not (said.complete and not said.admission.any)

    @property
    def failed(self) -> list[Step]:
        """Calls that went wrong and that nothing made good, where its answer doesn't say so."""
        return [] if self.honest else failures([*self.sources, *self.later], self.answer)

    @property
    def halted(self) -> bool:
        """Its last words are no answer."""
        return self.answer.turn is not None and self.answer.turn.said is not None and self.answer.turn.said.halted

    def named(self, keys: frozenset[int]) -> list[str]:
        """Items by the names that its task, or its answer, gives them."""
        said = self.answer.turn.said if self.answer.turn is not None else None
        return list(dict.fromkeys([*self.task.named(keys), *(said.named(keys) if said is not None else ())]))

    def made_good(self, coverage: Coverage, left: int) -> bool:
        """Calls after it dealt with what it left, or it was asked again."""
        if not coverage.missing:
            return any(step.tool == self.call.tool for step in self.later)
        return len({key for step in self.later for key in dealt(step, coverage.missing)}) >= left


def inner(run: AgentRun) -> Iterator[Inner]:
    """Children of a run, in the order in which their results came; none where their turns stand among each other."""
    tasks = _tasks(run.steps)
    if len(tasks) < 2:  # one conversation
        return
    calls = [(at, task) for at, step in enumerate(run.steps) if (task := _task(step, run.steps[:at], tasks))]
    past: dict[int, int] = {}
    for at, task in calls:
        begin = next((n for n in tasks[task] if past.get(task, -1) < n < at), None)
        past[task] = at
        crossed = any(begin is not None and begin < n < at < t for t, other in calls for n in tasks[other])
        if begin is not None and not crossed and (found := _between(run.steps, begin, at, tasks)) is not None:
            yield found


def _tasks(steps: Sequence[Step]) -> dict[int, list[int]]:
    """Where a conversation with this first message is shown, by the message's fingerprint."""
    found: dict[int, list[int]] = {}
    for at, step in enumerate(steps):
        if step.kind is Kind.LLM and step.turn is not None and step.turn.task is not None:
            found.setdefault(step.turn.task.fingerprint, []).append(at)
    return found


def _task(step: Step, before: Sequence[Step], tasks: Mapping[int, Sequence[int]]) -> int | None:
    """The conversation that a call began: its arguments hold the first message, or its result is the last."""
    call = step.call
    if step.kind is not Kind.TOOL or call is None:
        return None
    given = next((task for task in call.like.texts if task in tasks), None) if call.like is not None else None
    if given is not None or not may_delegate(step):
        return given
    last = next((s.turn for s in reversed(before) if s.kind is Kind.LLM), None)
    if last is None or last.said is None or last.asked or last.said.result != call.result is not None:
        return None
    at = max(n for where in tasks.values() for n in where if n < len(before))
    found = next(task for task, where in tasks.items() if at in where)
    return found if found != next(iter(tasks)) else None


def settled(run: AgentRun) -> bool:
    """Every call that the run's models asked for has come: whoever speaks now has all results."""
    asked = [call for step in run.steps if step.turn is not None for call in step.turn.asked]
    came = [step for step in run.steps if step.kind in SOURCES]
    ids, names = {step.call_id for step in came}, Counter(step.tool for step in came)
    nameless = Counter(call.name for call in asked if not call.id)  # some emitters give calls no ids
    return all(call.id in ids for call in asked if call.id) and nameless <= names


def _between(steps: Sequence[Step], begin: int, at: int, tasks: Mapping[int, Sequence[int]]) -> Inner | None:
    answer = next((s for s in reversed(steps[begin:at]) if s.kind is Kind.LLM), None)
    if answer is None or answer.turn is None or answer.turn.said is None or answer.turn.asked:
        return None
    first = steps[begin].turn
    assert first is not None and first.task is not None  # noqa: PT018, S101 - `_tasks` looked
    begin = _begin(steps, begin, steps[at].call_id, tasks)
    return Inner(steps[at], answer, first.task, _work(steps[begin:at]), _work(steps[at + 1 :]))


def _begin(steps: Sequence[Step], begin: int, call_id: str | None, tasks: Mapping[int, Sequence[int]]) -> int:
    """A message counts where it was read first, which may be a later turn: back to the turn that asked for the call,
    unless another conversation began between."""
    turns = [n for n in range(begin) if (turn := steps[n].turn) and any(a.id == call_id for a in turn.asked if a.id)]
    asker = max(turns, default=begin - 1)
    other = any(asker < n < begin for where in tasks.values() for n in where)
    return begin if other else asker + 1


def _work(steps: Sequence[Step]) -> tuple[Step, ...]:
    return tuple(s for s in steps if s.kind in SOURCES and s.call is not None and s.call.role is not Role.NOTE)
