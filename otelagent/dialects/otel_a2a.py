"""Agent2Agent protocol (a proposal): sending a message to another agent calls it like a tool."""

from typing import Any, Final

from otelagent.dialects.table import NO_STEP, Dialect, Verdict
from otelagent.model import Kind
from otelagent.otlp import Span

_METHOD: Final = "a2a.method.name"
_CLIENT: Final = 3
_STATES: Final = {
    "TASK_STATE_COMPLETED": "completed",
    "TASK_STATE_FAILED": "error",
    "TASK_STATE_REJECTED": "error",
    "TASK_STATE_AUTH_REQUIRED": "unauthorized",
}
_SENDS: Final = frozenset({"sendmessage", "sendstreamingmessage", "message/send", "message/stream"})


def _kind(span: Span) -> Verdict | None:
    method = span.attributes.text(_METHOD)
    if method is None:
        return None
    return Kind.TOOL if span.kind == _CLIENT and method.lower() in _SENDS else NO_STEP


def _refine(span: Span, kind: Kind, values: dict[str, Any]) -> None:
    if kind is Kind.TOOL and _METHOD in span.attributes:
        values["target"] = values.pop("agent", None)
        values.setdefault("tool", span.attributes.text(_METHOD))
        values["reported_status"] = _STATES.get(span.attributes.text("a2a.task.state") or "")


DIALECT: Final = Dialect(
    name="otel_a2a",
    scopes=("a2a-python-sdk",),
    markers=(_METHOD, "a2a.task.id"),
    base=("otel_genai",),
    kind=_kind,
    refine=_refine,
)
