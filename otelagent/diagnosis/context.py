"""Step four, context state: how full it was, and which constraints stood in it, were displaced or broken."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from otelagent.diagnosis.recording import Recorded
from otelagent.model import Earlier, Item, Kind, Text
from otelagent.reading.constraints import (
    EARLIER,
    Constraint,
    Violation,
    constraints,
    lifted,
    violated,
    violated_by_call,
)
from otelagent.reading.likeness import ArgumentsRead


@dataclass(frozen=True)
class Filled:
    """One LLM step's context. `present` and `displaced` count constraints; None: its messages weren't captured."""

    span_id: bytes
    agent: str | None
    messages: int | None
    input_tokens: int | None
    limit: int | None
    utilization: float | None
    present: int | None
    displaced: int | None


@dataclass(frozen=True)
class Rule:
    """A constraint that was given. `text` is captured content."""

    kind: str
    role: str
    text: str
    given_span_id: bytes
    lifted_span_id: bytes | None
    displaced_span_ids: tuple[bytes, ...]
    broken: tuple["Breach", ...]


@dataclass(frozen=True)
class Breach:
    """A step that breaks a constraint; `why` holds no captured content."""

    span_id: bytes
    why: str


@dataclass
class _Standing:
    constraint: Constraint
    holders: set[int]
    """Fingerprints of the messages that state it."""
    given: Recorded
    lifted: Recorded | None = None
    displaced: tuple[bytes, ...] = ()
    broken: tuple[Breach, ...] = ()


@dataclass(frozen=True)
class ContextState:
    """The curve over all LLM steps in order, and the constraints."""

    curve: tuple[Filled, ...]
    rules: tuple[Rule, ...]


def context(steps: Sequence[Recorded]) -> ContextState:
    """Follow the constraints of each agent through its LLM steps."""
    standing: dict[str | None, dict[int, _Standing]] = {}
    done: dict[str | None, deque[Earlier]] = {}
    seen: set[tuple[str | None, int]] = set()
    curve = []
    for at in steps:
        if at.step.kind is not Kind.LLM:
            continue
        rules = standing.setdefault(at.agent, {})
        _take(at, rules, seen)
        curve.append(_filled(at, [r for r in rules.values() if r.lifted is None]))
        _breaches(at, [r for r in rules.values() if r.lifted is None], done.setdefault(at.agent, deque(maxlen=EARLIER)))
    return ContextState(tuple(curve), tuple(_rule(r) for own in standing.values() for r in own.values()))


def _take(at: Recorded, rules: dict[int, _Standing], seen: set[tuple[str | None, int]]) -> None:
    for item in at.history:
        if (at.agent, item.fingerprint) in seen:
            continue
        seen.add((at.agent, item.fingerprint))
        for role, text in _instructions(item):
            stated = constraints(text, role)
            again = {constraint.kind for constraint in stated}
            if role == "user":
                for gone in lifted([r.constraint for r in rules.values() if r.lifted is None], text):
                    rules[gone.hash].lifted = None if gone.kind in again else at
            for constraint in stated:
                known = rules.setdefault(constraint.hash, _Standing(constraint, set(), at))
                known.holders.add(item.fingerprint)
                known.lifted = None


def _instructions(item: Item) -> Iterator[tuple[Literal["system", "user"], str]]:
    message = item.read()
    texts = [part.text for part in message.parts if isinstance(part, Text)]
    if message.role == "system":
        yield from (("system", text) for text in texts)
    elif message.role == "user":
        yield from (("user", text) for text in texts)


def _filled(at: Recorded, rules: list[_Standing]) -> Filled:
    step, held = at.step, {item.fingerprint for item in at.history}
    gone = [rule for rule in rules if held and not (rule.holders & held)]
    for rule in gone:
        rule.displaced = (*rule.displaced, at.span_id)
    return Filled(
        at.span_id,
        at.agent,
        len(at.history) if held else None,
        step.input_tokens,
        step.context_limit,
        round(step.utilization, 4) if step.utilization is not None else None,
        len(rules) - len(gone) if held else None,
        len(gone) if held else None,
    )


def _breaches(at: Recorded, rules: list[_Standing], earlier: deque[Earlier]) -> None:
    """`earlier`: the agent's calls and answers before, the latest first; this step's are added."""
    found: dict[int, Violation] = {}
    for call in at.asked:
        for place, rule in enumerate(rules):
            if why := violated_by_call(rule.constraint, call.name, call.arguments, earlier):
                found.setdefault(place, why)
        earlier.appendleft(Earlier(call.name, ArgumentsRead(call.arguments)))
    if not at.asked and at.said:
        told = {place: violated(rule.constraint, at.said, earlier) for place, rule in enumerate(rules)}
        found = {place: why for place, why in told.items() if why is not None}
        earlier.appendleft(Earlier(None))
    for place, why in found.items():
        rules[place].broken = (*rules[place].broken, Breach(at.span_id, why.why))


def _rule(rule: _Standing) -> Rule:
    made = rule.constraint
    lifted_by = rule.lifted.span_id if rule.lifted else None
    return Rule(made.kind, made.role, made.text, rule.given.span_id, lifted_by, rule.displaced, rule.broken)
