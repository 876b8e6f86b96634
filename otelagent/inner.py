"""Agents that were called as tools and have no span: their turns stand among those of whoever called them.

Where emitters record model calls only, all in one flat run, a child's conversation shows by its first message: the text
that a call gave it. What stands between that message and the call's result is what the child did.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple

import msgspec

from otelagent.coverage import OWN_CALLS, Coverage, accounted, inferred
from otelagent.model import Assignment, Kind, Role, Step
from otelagent.recovery import MAX_LATER, dealt_with, failures
from otelagent.run import SOURCES, AgentRun
from otelagent.stitching import may_delegate


class _Talks(NamedTuple):
    """Where conversations are shown, by the fingerprints of their first messages."""

    turns: dict[int, list[int]]
    """By conversation: places among the run's steps."""
    places: list[int]
    """Of all of them, ascending."""
    talk: list[int]
    """At each of these places."""
    asked: dict[str, list[int]]
    """Where a call was asked for, by its id."""

    def between(self, begin: int, end: int) -> list[int]:
        """Conversations that are shown after one step and before another."""
        return self.talk[bisect_right(self.places, begin) : bisect_left(self.places, end)]


class _Work:
    """Calls that do something, by their places among the run's steps."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps = steps
        self._places = [at for at, step in enumerate(steps) if _is_work(step)]

    def between(self, begin: int, end: int) -> tuple[Step, ...]:
        """Those after one step and before another."""
        own = self._places[bisect_right(self._places, begin) : bisect_left(self._places, end)]
        return tuple(self.steps[at] for at in own)

    def after(self, place: int) -> list[Step]:
        """The next MAX_LATER."""
        first = bisect_right(self._places, place)
        return [self.steps[at] for at in self._places[first : first + MAX_LATER]]

    @cached_property
    def last_of(self) -> dict[str | None, int]:
        """Where each tool was called last."""
        return {self.steps[at].tool: at for at in self._places}

    @cached_property
    def last_dealt(self) -> dict[int, int]:
        """Where each item was dealt with last."""
        return {key: at for at in self._places for key in dealt_with(self.steps[at])}


class Inner(msgspec.Struct, frozen=True):
    """A child without a span."""

    call: Step
    """By which it was asked."""
    answer: Step
    """Its last turn."""
    task: Assignment
    sources: tuple[Step, ...]
    work: _Work
    """All calls of the run that do something."""
    place: int
    """Of its call among the run's steps."""

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
        if self.honest or not failures(self.sources, self.answer):
            return []
        return failures([*self.sources, *self.work.after(self.place)], self.answer)

    @property
    def halted(self) -> bool:
        """Its last words are no answer."""
        return self.answer.turn is not None and self.answer.turn.said is not None and self.answer.turn.said.halted

    @property
    def undone(self) -> bool:
        """It says that part of the work is still to be done."""
        return self.answer.turn is not None and self.answer.turn.said is not None and self.answer.turn.said.undone

    @property
    def asked_again(self) -> bool:
        """The same agent was called once more after it."""
        return self.work.last_of.get(self.call.tool, -1) > self.place

    def named(self, keys: frozenset[int]) -> list[str]:
        """Items by the names that its task, or its answer, gives them."""
        said = self.answer.turn.said if self.answer.turn is not None else None
        return list(dict.fromkeys([*self.task.named(keys), *(said.named(keys) if said is not None else ())]))

    def made_good(self, coverage: Coverage, left: int) -> bool:
        """Calls after it dealt with what it left, or it was asked again."""
        if not coverage.missing:
            return self.asked_again
        return sum(self.work.last_dealt.get(key, -1) > self.place for key in coverage.missing) >= left


def inner(run: AgentRun, since: int = 0) -> Iterator[Inner]:
    """Children of a run, in the order in which their results came; none where their turns stand among each other.

    `since`: those whose result came at that time or later.
    """
    steps, talks = run.steps, _talks(run.steps)
    if len(talks.turns) < 2:  # one conversation
        return
    calls = [*_calls(steps, talks)]
    if not calls:
        return
    for at, step in enumerate(steps):
        for call in step.turn.asked if step.turn is not None else ():
            talks.asked.setdefault(call.id or "", []).append(at)
    last, past, work = {task: at for at, task in calls}, dict[int, int](), _Work(steps)
    for at, task in calls:
        begin = _after(talks.turns[task], past.get(task, -1))
        past[task] = at
        if begin is None or begin >= at or steps[at].end < since:
            continue
        if any(last.get(talk, -1) > at for talk in talks.between(begin, at)):
            continue
        if (found := _between(steps, begin, at, talks, work)) is not None:
            yield found


def called_since(run: AgentRun, since: int) -> bool:
    """Whether a call that may stand for a child has ended at that time or later: it was given a text, or is named as an
    agent. Looks at the steps since then alone, however long the run is."""
    first = bisect_left(run.steps, since, key=attrgetter("end"))
    return any(_may_begin(step) for step in run.steps[first:])


def _may_begin(step: Step) -> bool:
    if step.kind is not Kind.TOOL or step.call is None:
        return False
    return bool(step.call.like is not None and step.call.like.texts) or may_delegate(step)


def _after(places: Sequence[int], place: int) -> int | None:
    at = bisect_right(places, place)
    return places[at] if at < len(places) else None


def _talks(steps: Sequence[Step]) -> _Talks:
    found = _Talks({}, [], [], {})
    for at, step in enumerate(steps):
        if step.kind is Kind.LLM and step.turn is not None and step.turn.task is not None:
            talk = step.turn.task.fingerprint
            found.turns.setdefault(talk, []).append(at)
            found.places.append(at)
            found.talk.append(talk)
    return found


def _calls(steps: Sequence[Step], talks: _Talks) -> Iterator[tuple[int, int]]:
    """Calls that began a conversation: their arguments hold its first message, or their result is its last."""
    last: Step | None = None
    first = _begun(steps, talks)
    for at, step in enumerate(steps):
        if step.kind is Kind.LLM:
            last = step
        elif step.kind is Kind.TOOL and step.call is not None:
            like = step.call.like
            given = next((task for task in like.texts if task in talks.turns), None) if like is not None else None
            if given is not None:
                yield at, given
            elif (place := bisect_left(talks.places, at)) and _is_result(step, last) and talks.talk[place - 1] != first:
                yield at, talks.talk[place - 1]


def _begun(steps: Sequence[Step], talks: _Talks) -> int:
    """The conversation of the run's first turn, by the user's message that stands first in it: where spans came out of
    order, a later turn was the first in which that was read."""
    opening = next((_opening(step) for step in steps if step.kind is Kind.LLM), None)
    same = (talk for talk, places in talks.turns.items() if opening == _opening(steps[places[0]]) is not None)
    return next(same, next(iter(talks.turns)))


def _opening(step: Step) -> int | None:
    standing = step.turn.standing if step.turn is not None else ()
    return next((message.mark for message in standing if not message.system), None)


def _is_result(step: Step, last: Step | None) -> bool:
    """The call returned what the model said last."""
    said = last.turn.said if last is not None and last.turn is not None and not last.turn.asked else None
    own = step.call.result if step.call is not None else None
    return said is not None and said.result == own is not None and may_delegate(step)


def settled(run: AgentRun) -> bool:
    """Every call that the run's models asked for has come: whoever speaks now has all results."""
    asked = [call for step in run.steps if step.turn is not None for call in step.turn.asked]
    came = [step for step in run.steps if step.kind in SOURCES]
    ids, names = {step.call_id for step in came}, Counter(step.tool for step in came)
    nameless = Counter(call.name for call in asked if not call.id)  # some emitters give calls no ids
    return all(call.id in ids for call in asked if call.id) and nameless <= names


def _between(steps: Sequence[Step], begin: int, at: int, talks: _Talks, work: _Work) -> Inner | None:
    answer = next((steps[n] for n in range(at - 1, begin - 1, -1) if steps[n].kind is Kind.LLM), None)
    if answer is None or answer.turn is None or answer.turn.said is None or answer.turn.asked:
        return None
    first = steps[begin].turn
    assert first is not None and first.task is not None  # noqa: PT018, S101 - `_talks` looked
    before = _asker(begin, steps[at].call_id, talks)
    return Inner(steps[at], answer, first.task, work.between(before, at), work, at)


def _asker(begin: int, call_id: str | None, talks: _Talks) -> int:
    """The step before the child's first. A message counts where it was read first, which may be a later turn: back to
    the turn that asked for the call, unless another conversation began between."""
    asked = talks.asked.get(call_id, []) if call_id else []
    place = bisect_left(asked, begin)
    asker = asked[place - 1] if place else begin - 1
    return begin - 1 if talks.between(asker, begin) else asker


def _is_work(step: Step) -> bool:
    return step.kind in SOURCES and step.call is not None and step.call.role is not Role.NOTE
