"""Findings -> attributes on the spans in hand, and finding events."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, SeverityNumber

from otelagent import __version__
from otelagent import attributes as a
from otelagent.model import BAD, RANK, Finding, Kind, Severity, Step
from otelagent.otlp import Value
from otelagent.run import SOURCES, AgentRun
from otelagent.trace import Trace

MAX_PAIRS: Final = 1024
"""Attributes of events that are kept as messages."""

MAX_EVIDENCE: Final = 32
"""Evidence span ids on one span or event."""

_ENCLOSING: Final = frozenset({Kind.AGENT, Kind.WORKFLOW, Kind.TOOL})
"""Kinds of steps that a run may be inside of."""

LOG_SEVERITY: Final = {
    Severity.LOW: SeverityNumber.SEVERITY_NUMBER_INFO,
    Severity.MEDIUM: SeverityNumber.SEVERITY_NUMBER_WARN,
    Severity.HIGH: SeverityNumber.SEVERITY_NUMBER_ERROR,
    Severity.CRITICAL: SeverityNumber.SEVERITY_NUMBER_FATAL,
}


def attributes_of(step: Step, trace: Trace, about: Sequence[Finding]) -> dict[str, Value]:
    """What to add to a step's span; empty where there is nothing to say. `about`: findings that this span carries."""
    added: dict[str, Value] = {}
    kind = step.kind
    if kind is Kind.LLM:
        if (used := step.utilization) is not None:
            added[a.CONTEXT_UTILIZATION] = round(used, 4)
            if step.context_limit:
                added[a.CONTEXT_LIMIT] = step.context_limit
    elif kind in SOURCES and step.call is not None and step.call.outcome.status in BAD:
        added[a.TOOL_OUTCOME] = str(step.call.outcome.status)
        added[a.KEEP] = True
    own = trace.runs.get(step.span_id) if kind in _ENCLOSING else None
    if own is not None or kind is Kind.AGENT or kind is Kind.WORKFLOW:
        added |= _roll_up(step, trace)
    if not about and (own is None or not own.findings):
        return added
    return added | carried_by([*about, *(own.findings.values() if own is not None else ())])


def carried_by(findings: Iterable[Finding]) -> dict[str, Value]:
    """The attributes of the span that carries these findings; the gravest gives layer, reason and fix."""
    unique = {f.identity: f for f in findings}
    if not unique:
        return {}
    ranked = sorted(unique.values(), key=lambda f: (-RANK[f.severity], -f.confidence, f.mode))
    gravest = ranked[0]
    evidence: list[Value] = [*dict.fromkeys(e.span_id.hex() for f in ranked for e in f.evidence)]
    added: dict[str, Value] = {
        a.FAILURE_MODES: [f.mode for f in ranked],
        a.FAILURE_CAUSES: [f.cause for f in ranked],
        a.FAILURE_LAYER: str(gravest.layer),
        a.FAILURE_SEVERITY: str(gravest.severity),
        a.FAILURE_CONFIDENCE: gravest.confidence,
        a.FAILURE_REASON: gravest.reason,
        a.FAILURE_FIX: gravest.fix,
        a.FAILURE_EVIDENCE: evidence[:MAX_EVIDENCE],
        a.FAILURE_FIRST_DIVERGENCE: gravest.first_divergence.hex(),
        a.KEEP: True,
    }
    if gravest.last_good is not None:
        added[a.FAILURE_LAST_GOOD] = gravest.last_good.hex()
    if any(f.partial_view for f in ranked):
        added[a.FAILURE_PARTIAL_VIEW] = True
    return added | {name: value for f in ranked for name, value in _extra(f).items()}


def _extra(finding: Finding) -> dict[str, Value]:
    return {name: [*value] if isinstance(value, list) else value for name, value in finding.extra.items()}


def pipeline_outcome(span_id: bytes, trace: Trace, below: Sequence[Finding], *, failed: bool) -> tuple[str, str | None]:
    """success, degraded, failed or unknown, of a span's subtree as known by now, and the first reason for it.

    `below`: its findings.
    """
    first = min(below, key=lambda f: _when(f, trace), default=None)
    reason = first.reason if first is not None else None
    if failed:
        return "failed", reason or "its span has the status error"
    if first is not None:
        return "degraded", reason
    if trace.partial_view:
        return "unknown", "part of the trace was not seen"
    node = trace.nodes.get(span_id)
    if node is not None and not node.parent_id and trace.lineage.unseen:
        return "unknown", "an agent was given work or has run, and its span was not seen"
    return "success", None


def _when(finding: Finding, trace: Trace) -> tuple[int, bool]:
    node = trace.nodes.get(finding.first_divergence)
    return (node.end if node is not None else 0), finding.raised


def corrections(trace: Trace, now: float) -> list[LogRecord]:
    """Events for agent spans that left with another outcome than is known now; each change is told once."""
    told = []
    for span_id, (before, failed) in trace.outcomes.items():
        outcome, reason = pipeline_outcome(span_id, trace, trace.findings_below(span_id), failed=failed)
        if outcome != before:
            trace.outcomes[span_id] = (outcome, failed)
            told.append(_correction(trace, span_id, before, outcome, reason, now))
    return told


def _correction(trace: Trace, span_id: bytes, before: str, outcome: str, reason: str | None, now: float) -> LogRecord:
    run = trace.runs.get(span_id)
    values: dict[str, Value | None] = {
        a.PIPELINE_OUTCOME: outcome,
        a.PIPELINE_PREVIOUS: before,
        a.PIPELINE_REASON: reason,
        a.AGENT_NAME: run.agent if run is not None else None,
    }
    return LogRecord(
        time_unix_nano=int(now * 1e9),
        observed_time_unix_nano=int(now * 1e9),
        severity_number=SeverityNumber.SEVERITY_NUMBER_INFO,
        severity_text="INFO",
        event_name=a.OUTCOME_EVENT,
        body=AnyValue(string_value=f"the outcome of an agent's span is {outcome}; it left as {before}"),
        attributes=[_pair(k, v) for k, v in values.items() if v is not None],
        trace_id=trace.trace_id,
        span_id=span_id,
    )


def _roll_up(step: Step, trace: Trace) -> dict[str, Value]:
    below = trace.findings_below(step.span_id)
    outcome, reason = pipeline_outcome(step.span_id, trace, below, failed=step.failed)
    trace.outcomes = trace.outcomes or {}
    trace.outcomes[step.span_id] = (outcome, step.failed)
    added: dict[str, Value] = {a.PIPELINE_OUTCOME: outcome}
    if reason is not None:
        added[a.PIPELINE_REASON] = reason
    if below:
        added[a.PIPELINE_FAILURE_COUNT] = len({f.identity for f in below})
        added[a.KEEP] = True
    receipt = trace.receipt_below(step.span_id)
    if receipt is not None and receipt.assigned is not None and receipt.processed is not None:
        added[a.DELEGATION_ASSIGNED] = receipt.assigned
        added[a.DELEGATION_PROCESSED] = receipt.processed
        added[a.DELEGATION_RECEIPT] = receipt.method
    incomplete = {
        f.about for f in below if f.mode == "delegation_incomplete" and f.about != step.span_id and not f.raised
    }
    if incomplete:
        added[a.DELEGATION_INCOMPLETE_CHILDREN] = len(incomplete)
    return added


def finding_id(finding: Finding) -> str:
    """Stable: derived from mode, trace and root span."""
    raw = finding.mode.encode() + b"\0" + finding.trace_id + finding.root
    return hashlib.blake2b(raw, digest_size=8).hexdigest()


def told(finding: Finding, run: AgentRun) -> dict[str, Value]:
    """The attributes of a finding event."""
    evidence: list[Value] = [*dict.fromkeys(e.span_id.hex() for e in finding.evidence)]
    values: dict[str, Value] = {
        a.FINDING_ID: finding_id(finding),
        a.FINDING_MODE: finding.mode,
        a.FINDING_CAUSE: finding.cause,
        a.FAILURE_LAYER: str(finding.layer),
        a.FAILURE_SEVERITY: str(finding.severity),
        a.FAILURE_CONFIDENCE: finding.confidence,
        a.FAILURE_REASON: finding.reason,
        a.FAILURE_FIX: finding.fix,
        a.FAILURE_EVIDENCE: evidence[:MAX_EVIDENCE],
        a.FAILURE_FIRST_DIVERGENCE: finding.first_divergence.hex(),
        a.AGENT_NAME: finding.agent or run.agent,
        a.TOOL_NAME: finding.tool,
    }
    if finding.partial_view:
        values[a.FAILURE_PARTIAL_VIEW] = True
    return {k: v for k, v in (values | _extra(finding)).items() if v is not None}


def event(finding: Finding, values: Mapping[str, Value], now: float) -> LogRecord:
    """The finding as an OTLP log record with these attributes."""
    return LogRecord(
        time_unix_nano=int(now * 1e9),
        observed_time_unix_nano=int(now * 1e9),
        severity_number=LOG_SEVERITY[finding.severity],
        severity_text=finding.severity.upper(),
        event_name=a.FINDING_EVENT,
        body=AnyValue(string_value=finding.reason),
        attributes=[_known_pair(k, v) if isinstance(v, _SCALARS) else _pair(k, v) for k, v in values.items()],
        trace_id=finding.trace_id,
        span_id=finding.about,
    )


def withdrawal(finding: Finding, run: AgentRun | None, now: float) -> LogRecord:
    """The event that takes a finding back."""
    values: dict[str, Value | None] = {
        a.FINDING_ID: finding_id(finding),
        a.FINDING_MODE: finding.mode,
        a.FINDING_CAUSE: finding.cause,
        a.AGENT_NAME: finding.agent or (run.agent if run is not None else None),
    }
    return LogRecord(
        time_unix_nano=int(now * 1e9),
        observed_time_unix_nano=int(now * 1e9),
        severity_number=SeverityNumber.SEVERITY_NUMBER_INFO,
        severity_text="INFO",
        event_name=a.WITHDRAWN_EVENT,
        body=AnyValue(string_value="a finding no longer holds: what came later shows otherwise"),
        attributes=[_pair(k, v) for k, v in values.items() if v is not None],
        trace_id=finding.trace_id,
        span_id=finding.about,
    )


def evaluation(finding: Finding, now: float) -> LogRecord:
    """The finding as the result of an evaluation, as the conventions have it. Its score is the confidence."""
    values: dict[str, Value] = {
        a.EVALUATION_NAME: finding.mode,
        a.EVALUATION_LABEL: "fail",
        a.EVALUATION_SCORE: finding.confidence,
        a.EVALUATION_EXPLANATION: finding.reason,
    }
    return LogRecord(
        time_unix_nano=int(now * 1e9),
        observed_time_unix_nano=int(now * 1e9),
        event_name=a.EVALUATION_EVENT,
        attributes=[_pair(k, v) for k, v in values.items()],
        trace_id=finding.trace_id,
        span_id=finding.about,
    )


def events_request(records: Iterable[tuple[tuple[bytes, ...], LogRecord]]) -> bytes | None:
    """An ExportLogsServiceRequest of records, each with the serialised resource of its span; None without any."""
    request = ExportLogsServiceRequest()
    for raw_resource, record in records:
        item = request.resource_logs.add()
        item.resource.ParseFromString(b"".join(raw_resource))
        scope = item.scope_logs.add()
        scope.scope.name, scope.scope.version = a.SCOPE, __version__
        scope.log_records.append(record)
    return request.SerializeToString() if request.resource_logs else None


def _pair(key: str, value: Value) -> KeyValue:
    return KeyValue(key=key, value=_any(value))


_SCALARS: Final = (str, int, float)
_known_pair: Final = lru_cache(MAX_PAIRS, typed=True)(_pair)
"""Modes, causes, fixes and names of agents come again and again."""


def _any(value: Value) -> AnyValue:
    match value:
        case bool():
            return AnyValue(bool_value=value)
        case int():
            return AnyValue(int_value=value)
        case float():
            return AnyValue(double_value=value)
        case list():
            message = AnyValue()
            message.array_value.values.extend(map(_any, value))
            return message
    return AnyValue(string_value=str(value))
