"""What in an answer rests on what: each claim with the step and JSON path that grounds it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from otelagent.diagnosis.recording import Recorded, Recording
from otelagent.model import Claim, Kind, Text, ToolResult
from otelagent.reading.claims import claims
from otelagent.reading.envelopes import unwrap
from otelagent.reading.grounding import Ledger
from otelagent.reading.values import specifics

PLACES: Final = 4
"""Places kept per value."""
NODES: Final = 4_000
"""Nodes of a result that are looked at for the path of a value."""


class Support(StrEnum):
    """How a claim stands to what the agents were given."""

    GROUNDED = "grounded"
    DERIVED = "derived"
    """It follows by simple arithmetic, or as a total of a column."""
    UNSUPPORTED = "unsupported"
    UNKNOWN = "unknown"
    """Content that could ground it was not captured."""


class Place(NamedTuple):
    """Where a value was given. `path`: the attribute and, after `#`, the JSON pointer."""

    span_id: bytes
    path: str
    kind: str
    """result, system or user."""
    when: int
    value: object


@dataclass(frozen=True)
class Held:
    """A claim of a completion, and what it rests on. `text`, `start` and `end` are of the completion."""

    kind: str
    text: str
    start: int
    end: int
    support: Support
    by_span_id: bytes | None = None
    by_path: str | None = None


class Grounds:
    """What was given, by value; filled in order of time. Ask for steps in order of their start."""

    def __init__(self, recording: Recording) -> None:
        self._pending = sorted(_given(recording.steps), key=lambda place: place.when, reverse=True)
        self._places: dict[int, list[Place]] = {}
        self._ledger = Ledger(limit=1 << 20, numbers=512)
        self._blind = any(
            s.step.withheld is not None or (s.source and s.result is None and s.step.reported_length is None)
            for s in recording.steps
            if s.source or s.step.kind is Kind.LLM
        )

    def judge(self, step: Recorded) -> tuple[Held, ...]:
        """The claims that a step's text makes."""
        self._until(step.step.start)
        found = claims(step.said)
        loose = {id(claim) for claim in self._ledger.ungrounded(found)} if found else set()
        return tuple(self._held(claim, step.said, id(claim) in loose) for claim in found)

    @property
    def values(self) -> int:
        """How many values the agents have been given by now."""
        return len(self._ledger)

    def at(self, when: int) -> int:
        """The same, at a time that isn't before the last one asked for."""
        self._until(when)
        return self.values

    def _held(self, claim: Claim, text: str, loose: bool) -> Held:
        shown = text[claim.start : claim.end]
        if loose:
            support = Support.UNKNOWN if self._blind or self._ledger.full else Support.UNSUPPORTED
            return Held(claim.kind, shown, claim.start, claim.end, support)
        places = [place for key in claim.keys for place in self._places.get(key, ())]
        if not places:
            return Held(claim.kind, shown, claim.start, claim.end, Support.DERIVED)
        best = next((place for place in places if place.kind == "result"), places[0])
        pointer = _pointer(best.value, frozenset(claim.keys))
        support = Support.DERIVED if pointer is None else Support.GROUNDED
        path = f"{best.path}#{pointer}" if pointer else best.path
        return Held(claim.kind, shown, claim.start, claim.end, support, best.span_id, path)

    def _until(self, when: int) -> None:
        while self._pending and self._pending[-1].when <= when:
            place = self._pending.pop()
            found = specifics(unwrap(place.value).value)
            self._ledger.add(found.hashes, found.numbers)
            for key in found.hashes:
                if len(known := self._places.setdefault(key, [])) < PLACES:
                    known.append(place)


def _given(steps: Sequence[Recorded]) -> Iterator[Place]:
    """Results at their end; messages when the first step that has them starts, the assistant's own aside."""
    seen: set[int] = set()
    for recorded in steps:
        step = recorded.step
        if recorded.source:
            if recorded.result is not None:
                yield Place(step.span_id, recorded.result_path, "result", step.end, recorded.result)
            continue
        for position, item in enumerate(recorded.history):
            if item.fingerprint in seen:
                continue
            seen.add(item.fingerprint)
            message = item.read()
            if message.role == "assistant":
                continue
            for part in message.parts:
                kind = "result" if isinstance(part, ToolResult) else message.role
                value = part.text if isinstance(part, Text) else getattr(part, "result", None)
                if value is not None:
                    yield Place(step.span_id, f"messages/{position}", kind, step.start, value)


def _pointer(value: object, keys: frozenset[int]) -> str | None:
    """JSON pointer of the first leaf that has one of the values; None where only the whole has it."""
    opened = unwrap(value)
    stack: list[tuple[str, object]] = [(opened.pointer, opened.value)]
    for _ in range(NODES):
        if not stack:
            return None
        pointer, node = stack.pop()
        if isinstance(node, Mapping):
            stack += [(f"{pointer}/{_escaped(str(k))}", v) for k, v in reversed(list(node.items()))]
        elif isinstance(node, list | tuple):
            stack += [(f"{pointer}/{i}", v) for i, v in reversed(list(enumerate(node)))]
        elif node is not None and not isinstance(node, bool) and keys & specifics(node).hashes:
            return pointer
    return None


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
