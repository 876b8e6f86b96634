"""A diagnosis as JSON: stable, versioned; fields are only added within a version. Described in docs/guide.md."""

from dataclasses import fields, is_dataclass
from typing import Any, Final

from otelagent.annotate import finding_id
from otelagent.diagnosis.boundary import shown
from otelagent.diagnosis.diagnose import Diagnosis
from otelagent.diagnosis.recording import Recorded

FORMAT_VERSION: Final = 1
EXCERPT: Final = 300
"""Characters shown of a value in the list of steps."""


def as_json(diagnosis: Diagnosis) -> dict[str, Any]:
    """The whole diagnosis; ids are hex, times nanoseconds since the epoch."""
    recording = diagnosis.recording
    by_id = {found["id"]: found for found in recording.report.as_json()["findings"]}
    return {
        "version": FORMAT_VERSION,
        "traces": [trace.hex() for trace in recording.traces],
        "other_traces": [trace.hex() for trace in recording.others],
        "spans": recording.report.spans_read,
        "findings": [by_id[finding_id(finding)] for finding in diagnosis.findings],
        "most_suspicious": plain(diagnosis.most_suspicious),
        "output": plain(diagnosis.output),
        "known_good": plain(diagnosis.known_good),
        "tool_boundary": {"calls": plain(diagnosis.boundaries), "tools": plain(diagnosis.tools)},
        "context": {**plain(diagnosis.context), "memory": plain(diagnosis.memory)},
        "isolate": plain(diagnosis.isolation),
        "classification": plain(diagnosis.classification),
        "agents": plain(recording.runs),
        "steps": [_step(at) for at in recording.steps],
        "abstentions": recording.report.as_json()["abstentions"],
    }


def plain(value: Any) -> Any:
    """Dataclasses and tuples as JSON has them; ids as hex."""
    if isinstance(value, bytes):
        return value.hex()
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, list | tuple):
        return [plain(member) for member in value]
    if isinstance(value, dict):
        return {str(key): plain(member) for key, member in value.items()}
    return str(value) if isinstance(value, str) else value


def _step(at: Recorded) -> dict[str, Any]:
    step = at.step
    outcome = step.call.outcome if step.call else None
    return {
        "index": at.index,
        "trace_id": step.trace_id.hex(),
        "span_id": step.span_id.hex(),
        "kind": str(step.kind),
        "name": at.name,
        "agent": at.agent,
        "start": step.start,
        "end": step.end,
        "outcome": str(outcome.status) if outcome else None,
        "failed": step.failed,
        "rebuilt": step.rebuilt,
        "input_tokens": step.input_tokens,
        "output_tokens": step.output_tokens,
        "utilization": step.utilization,
        "said": shown(at.said or None, EXCERPT),
        "calls": [call.name for call in at.asked],
        "arguments": shown(at.arguments, EXCERPT) if at.source else None,
        "result": shown(at.result, EXCERPT) if at.source else None,
    }
