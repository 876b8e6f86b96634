"""Two runs of one task side by side: aligned by step, and where they first part."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any

from otelagent.diagnosis.boundary import shown
from otelagent.diagnosis.recording import Recorded, Recording
from otelagent.model import BAD, Kind, Status


class Difference(StrEnum):
    """What tells two aligned steps apart, the gravest that applies."""

    SAME = "same"
    OUTCOME = "outcome"
    """One of the two results is bad, or they are bad in different ways."""
    ARGUMENTS = "arguments"
    RESULT = "result"
    """Both are well, and their content differs."""
    WORDS = "words"
    """The completions say something else."""
    MISSING = "missing"
    """Only the good run has it."""
    ADDED = "added"
    """Only the bad run has it."""


TELLING = frozenset({Difference.OUTCOME, Difference.ARGUMENTS, Difference.MISSING, Difference.ADDED})
"""Differences that make runs part; other words and other content of good results are expected."""


@dataclass(frozen=True)
class Pair:
    """A step of the good run and that of the bad run which does the same."""

    good: Recorded | None
    bad: Recorded | None
    difference: Difference


@dataclass(frozen=True)
class Comparison:
    """All steps in order. `parts_at` is None where nothing telling differs."""

    good: Recording
    bad: Recording
    pairs: tuple[Pair, ...]
    parts_at: Pair | None


def compare(good: Recording, bad: Recording) -> Comparison:
    """Align by agent and tool, then by what was asked; the first telling difference is where they part."""
    pairs = list(_aligned(_told(good.steps), _told(bad.steps), (_exactly, _roughly)))
    return Comparison(good, bad, tuple(pairs), _parting(pairs))


_Keys = tuple[Callable[[Recorded], Hashable], ...]


def _aligned(left: Sequence[Recorded], right: Sequence[Recorded], keys: _Keys) -> Iterator[Pair]:
    """By the first key; what it leaves between equal steps, by the next."""
    key, rest = keys[0], keys[1:]
    matcher = SequenceMatcher(None, [key(at) for at in left], [key(at) for at in right], autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            yield from (Pair(x, y, _difference(x, y)) for x, y in zip(left[a:b], right[c:d], strict=True))
        elif rest:
            yield from _aligned(left[a:b], right[c:d], rest)
        else:
            yield from (Pair(x, None, Difference.MISSING) for x in left[a:b])
            yield from (Pair(None, y, Difference.ADDED) for y in right[c:d])


def as_json(made: Comparison) -> dict[str, Any]:
    """Stable; fields are only added within version 1."""
    return {
        "version": 1,
        "good": [trace.hex() for trace in made.good.traces],
        "bad": [trace.hex() for trace in made.bad.traces],
        "first_divergence": _pair(made.parts_at) if made.parts_at else None,
        "steps": [_pair(pair) for pair in made.pairs],
    }


def _pair(pair: Pair) -> dict[str, Any]:
    return {"difference": str(pair.difference), "good": _side(pair.good), "bad": _side(pair.bad)}


def _side(at: Recorded | None) -> dict[str, Any] | None:
    if at is None:
        return None
    return {
        "step": at.index + 1,
        "span_id": at.span_id.hex(),
        "kind": str(at.step.kind),
        "name": at.name,
        "agent": at.agent,
        "outcome": str(_status(at)) if at.source else None,
        "arguments": shown(at.arguments) if at.source else None,
        "result": shown(at.result if at.source else at.said or None),
    }


def _told(steps: Sequence[Recorded]) -> list[Recorded]:
    """Model turns, calls and hand-overs; spans that only wrap others say nothing of their own."""
    return [at for at in steps if at.source or at.step.kind in (Kind.LLM, Kind.HANDOFF)]


def _roughly(at: Recorded) -> Hashable:
    """What a step does, whatever its ids, times and words."""
    if at.step.kind is Kind.LLM:
        return "llm", at.agent, tuple(call.name for call in at.asked)
    return str(at.step.kind), at.agent, at.name


def _exactly(at: Recorded) -> Hashable:
    """The same with what was asked for."""
    asked = at.step.turn.asked if at.step.turn else ()
    return _roughly(at), at.step.call and at.step.call.arguments, tuple(call.arguments for call in asked)


def _difference(good: Recorded, bad: Recorded) -> Difference:
    if not good.source:
        return Difference.SAME if good.said == bad.said else Difference.WORDS
    one, other = _status(good), _status(bad)
    if one is not other and BAD & {one, other}:
        return Difference.OUTCOME
    x, y = good.step.call, bad.step.call
    if x and y and None not in (x.arguments, y.arguments) and x.arguments != y.arguments:
        return Difference.ARGUMENTS
    return Difference.SAME if x and y and x.result == y.result else Difference.RESULT


def _status(at: Recorded) -> Status:
    return at.step.call.outcome.status if at.step.call else Status.UNKNOWN


def _parting(pairs: Sequence[Pair]) -> Pair | None:
    """The first telling difference; else the first of any kind."""
    telling = [pair for pair in pairs if pair.difference in TELLING]
    return telling[0] if telling else next((p for p in pairs if p.difference is not Difference.SAME), None)
