"""The state of a run at one step, to run that step again: `load_trace_snapshot`."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from otelagent.diagnosis.context import context
from otelagent.diagnosis.dataflow import Dataflow, before
from otelagent.diagnosis.grounds import Grounds
from otelagent.diagnosis.load import requests
from otelagent.diagnosis.recording import Recorded, Recording, record
from otelagent.errors import OtelagentError
from otelagent.model import Kind, Message, Receipt, Text, ToolCall
from otelagent.store import TraceStore

SCHEMA_VERSION: Final = 1
"""Of a snapshot; fields are only added within a version. Described in docs/guide.md."""
_ID_DIGITS: Final = 16
"""Hex digits of a span id, which may all be decimal."""


class NoSuchStep(OtelagentError):
    """The trace has no such step, or the store no such trace; says which."""


def load_trace_snapshot(trace_id: str, step: int | str, *, source: str | Path) -> dict[str, Any]:
    """What the run knew when a step began.

    `source` is a trace store's directory or a recorded file. `step` is a number as `diagnose` shows it, from 1, or a
    span id. The state is that of an LLM step; of a tool's step that of the LLM step which read its result.
    `missing` says what wasn't captured. Raises NoSuchStep, or StoreUnusable or Unreadable.
    """
    recording = record(bodies(Path(source), trace_id), trace=_id(trace_id))
    return snapshot(recording, _at(recording, step))


def snapshot(recording: Recording, at: Recorded) -> dict[str, Any]:
    """The same of a recording; JSON types only."""
    at = _reader(recording, at)
    messages, rebuilt = _messages(recording.steps, at)
    earlier = before(recording.steps, at.step.start)
    missing = [] if messages else [f"messages: {at.step.withheld or 'not captured'}"]
    if not at.offers:
        missing.append("tools: not captured")
    if not at.parameters:
        missing.append("parameters: not captured")
    missing += [f"result of step {s.index + 1}: not captured" for s in earlier if s.source and s.result is None]
    return {
        "version": SCHEMA_VERSION,
        "trace_id": at.step.trace_id.hex(),
        "span_id": at.span_id.hex(),
        "step": at.index + 1,
        "agent": at.agent,
        "model": at.step.model,
        "parameters": at.parameters,
        "messages": [message_json(message) for message in messages],
        "messages_rebuilt": rebuilt,
        "tools": [{"name": offer.name, "description": offer.description} for offer in at.offers],
        "tool_history": [_call(s) for s in earlier if s.source],
        "working_memory": _memory(recording, at, earlier),
        "completion": [message_json(message) for message in at.completion],
        "missing": missing,
    }


def message_json(message: Message) -> dict[str, Any]:
    """A message in the shape of the GenAI conventions."""
    return {"role": message.role, "parts": [_part(part) for part in message.parts]}


def _part(part: object) -> dict[str, Any]:
    if isinstance(part, Text):
        return {"type": "reasoning" if part.reasoning else "text", "content": part.text}
    if isinstance(part, ToolCall):
        return {"type": "tool_call", "id": part.id, "name": part.name, "arguments": _plain(part.arguments)}
    return {
        "type": "tool_call_response",
        "id": getattr(part, "id", None),
        "response": _plain(getattr(part, "result", None)),
    }


def _messages(steps: Sequence[Recorded], at: Recorded) -> tuple[list[Message], bool]:
    """As the step received them. Where histories share nothing, each shows what was new: earlier ones come before."""
    own = [item.read() for item in at.history]
    chain: list[list[Message]] = []
    shown = {item.fingerprint for item in at.history}
    for earlier in reversed(steps[: at.index]):
        same = earlier.agent == at.agent and earlier.step.trace_id == at.step.trace_id
        if earlier.step.kind is not Kind.LLM or not same or not earlier.history:
            continue
        fingerprints = {item.fingerprint for item in earlier.history}
        if shown & fingerprints or not at.history:
            break
        chain.append([*(item.read() for item in earlier.history), *earlier.completion])
        shown |= fingerprints
    return [message for part in reversed(chain) for message in part] + own, bool(chain)


def _call(at: Recorded) -> dict[str, Any]:
    outcome = at.step.call.outcome if at.step.call else None
    return {
        "step": at.index + 1,
        "span_id": at.span_id.hex(),
        "tool": at.name,
        "agent": at.agent,
        "call_id": at.step.call_id,
        "arguments": _plain(at.arguments),
        "result": _plain(at.result),
        "outcome": str(outcome.status) if outcome else "unknown",
    }


def _memory(recording: Recording, at: Recorded, earlier: Sequence[Recorded]) -> dict[str, Any]:
    """What was known: how many values were given, which constraints stood, what receipts said."""
    known = {s.span_id for s in earlier} | {at.span_id}
    state = context([*(s for s in earlier if s is not at), at])
    receipts = ((s, r) for s in earlier for r in (s.step.receipt, s.step.call.receipt if s.step.call else None) if r)
    return {
        "values_given": Grounds(recording).at(at.step.start),
        "constraints": [
            {
                "kind": rule.kind,
                "role": rule.role,
                "text": rule.text,
                "given_span_id": rule.given_span_id.hex(),
                "displaced": at.span_id in rule.displaced_span_ids,
                "lifted": rule.lifted_span_id is not None,
            }
            for rule in state.rules
            if rule.given_span_id in known
        ],
        "receipts": [_receipt(s, receipt) for s, receipt in receipts],
    }


def _receipt(at: Recorded, receipt: Receipt) -> dict[str, Any]:
    return {"span_id": at.span_id.hex(), "assigned": receipt.assigned, "processed": receipt.processed}


def _plain(value: object) -> Any:
    """As recorded, where JSON can hold it."""
    return json.loads(json.dumps(value, default=str))


def _reader(recording: Recording, at: Recorded) -> Recorded:
    if at.step.kind is Kind.LLM:
        return at
    flow = Dataflow(recording)
    later = recording.steps[at.index :]
    found = next((s for s in later if s.step.kind is Kind.LLM and at in flow.inputs(s)), None)
    if found is None:
        raise NoSuchStep(f"step {at.index + 1} is no LLM step, and none read its result")
    return found


def _at(recording: Recording, step: int | str) -> Recorded:
    if isinstance(step, str) and (len(step) == _ID_DIGITS or not step.isdecimal()):
        found = recording.at(_id(step))
    else:
        number = int(step)
        found = recording.steps[number - 1] if 0 < number <= len(recording.steps) else None
    if found is None:
        raise NoSuchStep(f"no step {step} in the trace; it has {len(recording.steps)} steps")
    return found


def reader(recording: Recording, step: int | str) -> Recorded:
    """The LLM step that a number or span id stands for: itself, or the one which read its result. Raises NoSuchStep."""
    return _reader(recording, _at(recording, step))


def _id(written: str) -> bytes:
    try:
        return bytes.fromhex(written)
    except ValueError as error:
        raise NoSuchStep(f"{written!r} is no id: hex digits are expected") from error


def bodies(source: Path, trace_id: str | None) -> Iterable[bytes]:
    """The requests of a file, or of one trace of a trace store's directory."""
    if not source.is_dir():
        return requests(source)
    if trace_id is None:
        raise NoSuchStep(f"{source} is a trace store: name the trace")
    store = TraceStore(source)
    try:
        if bodies := store.load(_id(trace_id)):
            return bodies
    finally:
        store.close()
    raise NoSuchStep(f"{source}: the store has no trace {trace_id}")
