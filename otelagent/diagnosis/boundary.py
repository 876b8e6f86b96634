"""Step three, the tool boundary: what was requested, what came back, how it was read."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from otelagent.diagnosis.dataflow import Dataflow
from otelagent.diagnosis.recording import Recorded, Recording
from otelagent.model import Kind, Role, Status
from otelagent.reading.envelopes import unwrap

SHOWN: Final = 600
"""Characters of captured content that a report shows of one value."""


@dataclass(frozen=True)
class Boundary:
    """One call. `requested`, `returned` and `read_as` are captured content, cut; None: not captured."""

    span_id: bytes
    tool: str
    agent: str | None
    requested: str | None
    returned: str | None
    returned_path: str
    returned_chars: int | None
    read_by_span_id: bytes | None
    read_as: str | None
    outcome: Status
    outcome_path: str
    outcome_note: str
    fields_missing: tuple[str, ...]
    """Fields that most other results of this tool have, and this one lacks."""
    fields_added: tuple[str, ...]


@dataclass(frozen=True)
class ToolUse:
    """All calls of one tool."""

    tool: str
    role: Role | None
    calls: int
    outcomes: Mapping[str, int]


def boundary(recording: Recording, flow: Dataflow, call: Recorded) -> Boundary:
    """The boundary at one tool or retrieval step."""
    outcome = call.step.call.outcome if call.step.call else None
    reader = next(
        (s for s in recording.steps[call.index :] if s.step.kind is Kind.LLM and call in flow.inputs(s)), None
    )
    usual = _usual(recording.steps, call)
    own = _fields(call.result)
    return Boundary(
        span_id=call.span_id,
        tool=call.name,
        agent=call.agent,
        requested=shown(call.arguments),
        returned=shown(call.result),
        returned_path=call.result_path,
        returned_chars=len(_text(call.result)) if call.result is not None else None,
        read_by_span_id=reader.span_id if reader else None,
        read_as=shown(reader.said or ", ".join(f"calls {c.name}" for c in reader.asked) or None) if reader else None,
        outcome=outcome.status if outcome else Status.UNKNOWN,
        outcome_path=outcome.path if outcome else "",
        outcome_note=outcome.note if outcome else "",
        fields_missing=tuple(sorted(usual - own)) if usual else (),
        fields_added=tuple(sorted(own - usual)) if usual and own else (),
    )


def tools(steps: Sequence[Recorded]) -> tuple[ToolUse, ...]:
    """How each tool was used, the most called first."""
    outcomes: dict[str, Counter[str]] = {}
    roles: dict[str, Role | None] = {}
    for at in steps:
        if at.source:
            call = at.step.call
            outcomes.setdefault(at.name, Counter())[str(call.outcome.status if call else Status.UNKNOWN)] += 1
            roles[at.name] = call.role if call else None
    used = (ToolUse(name, roles[name], sum(counts.values()), dict(counts)) for name, counts in outcomes.items())
    return tuple(sorted(used, key=lambda use: -use.calls))


def shown(value: object, limit: int = SHOWN) -> str | None:
    """Captured content as text, cut at `limit` characters; None where there is none."""
    if value is None:
        return None
    text = _text(value)
    return text if len(text) <= limit else f"{text[:limit]}... ({len(text)} characters)"


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    try:
        return msgspec.json.encode(value).decode()
    except (TypeError, ValueError, UnicodeError):
        return str(value)


def _usual(steps: Sequence[Recorded], call: Recorded) -> frozenset[str]:
    """Fields that more than half of the tool's other results have; empty with fewer than two of them."""
    others = [_fields(s.result) for s in steps if s.source and s.name == call.name and s is not call]
    counts = Counter(name for fields in others for name in fields)
    return frozenset(name for name, n in counts.items() if n > len(others) / 2) if len(others) > 1 else frozenset()


def _fields(result: object) -> frozenset[str]:
    return frozenset(_names(unwrap(result).value, "", 2))


def _names(value: object, above: str, depth: int) -> Iterator[str]:
    """Paths of fields, of lists those of their first element."""
    if isinstance(value, Mapping) and depth:
        for key, member in list(value.items())[:64]:
            yield f"{above}/{key}"
            yield from _names(member, f"{above}/{key}", depth - 1)
    elif isinstance(value, list) and value and depth:
        yield from _names(value[0], f"{above}/*", depth)
