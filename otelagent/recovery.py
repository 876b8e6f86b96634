"""Who else dealt with what a run left undone: a later run, its parent, or a later call of its own."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, Protocol

from otelagent.answers import admits, is_loud, said, undone
from otelagent.coverage import BROKEN, OWN_CALLS, TRANSIENT, Coverage, work
from otelagent.model import Asked, Items, Kind, Status, Step
from otelagent.questions import meets
from otelagent.reading.brief import brief
from otelagent.run import AgentRun

MAX_BELOW: Final = 2_000
"""Runs below an agent that are looked at when it ends."""

MAX_LATER: Final = 64
"""Later children among which one is looked for that did the rest."""


class Assigned(Protocol):
    """Something that enumerates items."""

    @property
    def items(self) -> Items: ...
    @property
    def wording(self) -> str: ...
    def named(self, keys: frozenset[int]) -> list[str]: ...


def made_good(run: AgentRun, coverage: Coverage | None) -> bool:
    """A later run, one that shares its list, or the parent itself did the rest or all of it."""
    ended, trace = run.ended, run.trace
    if ended is None:
        return False
    beside = [s for s in trace.siblings(run) if s.ended is not None and not s.ended.failed]
    later = [s for s in beside if _follows(s, run)][:MAX_LATER]
    if coverage is not None and (coverage.receipt.method == "inferred" or coverage.missing):
        above = trace.enclosing(run)
        since = (_abroad(run) or ended).end
        own = _later(work(above), trace.called(run), above, since) if above is not None else ()
        shared = [s for s in beside[-MAX_LATER:] if s not in later and _shares(run, s)]
        steps = [*islice(own, MAX_LATER), *(step for s in (*later, *shared) for step in sources(s))]
        good = _dealt_with(run, coverage, steps)
        if good or coverage.receipt.method == "inferred":
            return good
    same = [s for s in later if s.agent == run.agent]
    if ended.failed:
        return bool(same) or any(_alike(run, s) for s in later)
    if coverage is None or coverage.receipt.assigned is None or coverage.receipt.processed is None:
        return False
    left = coverage.receipt.assigned - coverage.receipt.processed
    return any(_did(s, left) for s in same)


def _follows(other: AgentRun, run: AgentRun) -> bool:
    """It began once this one had ended; where that is in another trace, whose clock may differ, by their calls."""
    if other.ended is None or run.ended is None:
        return False
    own = _abroad(run)
    its = other.trace.called(other) if own is not None else None
    if own is not None and its is not None and own.trace_id == its.trace_id:
        return its.start >= own.end
    return other.ended.start >= run.ended.end


def _abroad(run: AgentRun) -> Step | None:
    """The call in another trace that asked for the run; None where that is known from messages, or not at all."""
    edge = run.trace.edge(run)
    call = run.trace.called(run) if edge is not None and edge.asked else None
    return call if call is not None and not call.rebuilt else None


def _did(other: AgentRun, left: int) -> bool:
    """It did as many items: as its receipt says, or all of its own, which are as many."""
    if other.receipt is not None:
        return not other.receipt.short and (other.receipt.processed or 0) >= left
    return not undone(other) and not admits(other) and any(enumerates(g, left) for g in given_by(other))


def enumerates(given: Assigned, count: int) -> bool:
    """It names as many items, or says their number."""
    return count in brief(given.wording).numbers or any(len(f.keys) == count for f in given.items.families)


def given_on(run: AgentRun) -> bool:
    """A later run of the same agent, with nothing left: what this one said is still to be done was given to it."""
    ended = run.ended
    later = (s for s in run.trace.siblings(run) if ended is not None and s.ended and s.ended.start >= ended.end)
    return any(
        s.agent == run.agent
        and said(s) is not None
        and not (s.ended and s.ended.failed)
        and not is_loud(s)
        and not undone(s)
        for s in islice(later, MAX_LATER)
    )


def _later(calls: Sequence[Step], own: Step | None, above: AgentRun, end: int) -> Iterator[Step]:
    """Calls of the run above that were asked for once the child had ended: after its own, where messages show both."""
    after = next((at for at, step in enumerate(calls) if step is own), -1) if own is not None and own.rebuilt else -1
    asked = own is not None and own.rebuilt and own.trace_id == above.trace.trace_id
    for at, step in enumerate(calls):
        if _asked(step, above) >= end and not (asked and step.rebuilt and at <= after):
            yield step


def _dealt_with(run: AgentRun, coverage: Coverage, steps: Sequence[Step]) -> bool:
    """These calls dealt with as many items as are missing: with those, where they are known by name."""
    left = (coverage.receipt.assigned or 0) - (coverage.receipt.processed or 0)
    if coverage.missing:
        return len({key for step in steps for key in dealt(step, coverage.missing)}) >= left
    tools = {s.tool for s in sources(run)}
    return len({s.call.arguments for s in steps if s.call and s.tool in tools and _is_good(s)}) >= left


def _asked(step: Step, run: AgentRun) -> int:
    """When a call began; of one that only messages show, when the model asked for it."""
    turns = (s for s in run.steps if step.rebuilt and s.turn is not None)
    return next((s.end for s in turns if s.turn and any(_is_of(c, step) for c in s.turn.asked)), step.start)


def _is_of(asked: Asked, step: Step) -> bool:
    """By its id; messages without ids tell calls apart by what they ask for."""
    if step.call_id or step.call is None or step.call.arguments is None:
        return bool(step.call_id) and asked.id == step.call_id
    return (asked.name, asked.arguments) == (step.tool, step.call.arguments)


def _alike(run: AgentRun, other: AgentRun) -> bool:
    """Both were given the same to do."""
    return any(a.families and a == b for a in _given(run) for b in _given(other))


def _shares(run: AgentRun, other: AgentRun) -> bool:
    """Both were given two or more of the same items, at one time or before: they divide a list."""
    own = {key for items in _given(run) for family in items.families for key in family.keys}
    return sum(key in own for items in _given(other) for family in items.families for key in family.keys) >= OWN_CALLS


def _given(run: AgentRun) -> list[Items]:
    return [given.items for given in given_by(run)]


def dealt(step: Step, keys: frozenset[int]) -> frozenset[int]:
    """Items with these keys that a good call names."""
    return keys.intersection(dealt_with(step))


def dealt_with(step: Step) -> Iterable[int]:
    """Keys of the items that a good call names."""
    like = step.call.like if _is_good(step) and step.call is not None else None
    return like.mentioned if like is not None else ()


def _is_good(step: Step) -> bool:
    return _status(step) in (Status.OK, Status.EMPTY)


def unresolved(run: AgentRun) -> list[Step]:
    """Calls that failed, that no later call made good, and after which the run answered."""
    answer = said(run)
    return failures(work(run), answer) if answer is not None else []


def failures(own: Sequence[Step], answer: Step) -> list[Step]:
    """Of these calls, those that failed before the answer, and that no later one made good."""
    if answer.turn is None or answer.turn.said is None:
        return []
    bad = [s for s in own if s.call and s.call.outcome.status in BROKEN and s.end <= max(answer.start, _end(answer))]
    complete = bool(bad) and answer.turn.said.complete
    return [s for s in bad if not _recovered(s, own) and (complete or _status(s) in TRANSIENT)]


def _end(answer: Step) -> int:
    return answer.end if answer.kind is Kind.AGENT else answer.start


def _status(step: Step) -> Status:
    return step.call.outcome.status if step.call else Status.UNKNOWN


def _recovered(bad: Step, sources: Sequence[Step]) -> bool:
    later = [s for s in sources if s.start >= bad.end and _status(s) is Status.OK]
    if any(meets(s, bad) for s in later):
        return True
    return _status(bad) is not Status.RATE_LIMITED and any(s.tool == bad.tool for s in later)


def given_by(run: AgentRun) -> Iterator[Assigned]:
    """What the run was given to do: the giver's last words, else its call's arguments and its first message; where it
    goes on with the giver's conversation, what that was given."""
    giver = run.trace.giver(run)
    if giver is not None and (words := _handed(giver, run)) is not None:
        yield words
        return
    call = run.trace.called(run)
    like = call.call.like if call is not None and call.call is not None else None
    task = next((s.turn.task for s in run.steps if s.turn is not None and s.turn.task is not None), None)
    if like is not None:
        yield like
    if task is not None and (like is None or task.fingerprint not in like.texts):
        yield task
    elif task is None and giver is not None:
        yield from (s.turn.task for s in giver.steps if s.turn is not None and s.turn.task is not None)


def _handed(giver: AgentRun, run: AgentRun) -> Assigned | None:
    """The giver's last words before the run began, where they enumerate what is to be done."""
    before = run.ended.start if run.ended is not None else 0
    last = next((s.turn.said for s in reversed(giver.steps) if s.turn and s.turn.said and s.start < before), None)
    return last if last is not None and last.items.families else None


def sources(run: AgentRun) -> list[Step]:
    """Calls of the run and of those below it."""
    return sorted((s for each in (run, *below(run)) for s in work(each)), key=lambda s: s.end)


def below(run: AgentRun) -> Iterator[AgentRun]:
    stack, seen = list(run.trace.children(run)), {id(run)}
    while stack and len(seen) <= MAX_BELOW:
        child = stack.pop()
        if id(child) not in seen:
            seen.add(id(child))
            yield child
            stack += child.trace.children(child)
