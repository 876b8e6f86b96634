"""The fixes as small wrappers for orchestration code: deterministic, at the boundary, whatever the model does.

    gate = EmptyResultGate()
    search = gate.tool(search)                       # around each tool
    reply = model(gate.before_model(messages))       # before each call of the model
    gate.check(reply.text, final=not reply.calls)    # before what it says goes on; raises Interrupted

A guard belongs to one run of one agent: make a new one for each. They judge results and texts as the detectors do.
"""

from typing import Final

from otelagent.guards.actions import ActionCheck
from otelagent.guards.content import RetrievedContent
from otelagent.guards.gates import CredentialGate, EmptyResultGate, ErrorGate, SourceGate, StructuredErrors
from otelagent.guards.guard import Guard, Interrupted
from otelagent.guards.loops import LoopBreaker, RetryLimit
from otelagent.guards.receipts import DelegationReceipt
from otelagent.guards.reminder import ConstraintReminder
from otelagent.guards.shapes import ShapeGate

BY_MODE: Final[dict[str, type[Guard]]] = {
    "empty_result_fabrication": EmptyResultGate,
    "context_amnesia": ConstraintReminder,
    "rate_limit_mid_chain": StructuredErrors,
    "delegation_incomplete": DelegationReceipt,
    "reasoning_loop": LoopBreaker,
    "prompt_injection": RetrievedContent,
    "tool_error_ignored": ErrorGate,
    "auth_misread": CredentialGate,
    "recovery_loop": RetryLimit,
    "unsupported_action_claim": ActionCheck,
    "cascade": SourceGate,
    "schema_drift": ShapeGate,
}
"""The guard that prevents each failure mode."""

__all__ = [
    "BY_MODE",
    "ActionCheck",
    "ConstraintReminder",
    "CredentialGate",
    "DelegationReceipt",
    "EmptyResultGate",
    "ErrorGate",
    "Guard",
    "Interrupted",
    "LoopBreaker",
    "RetrievedContent",
    "RetryLimit",
    "ShapeGate",
    "SourceGate",
    "StructuredErrors",
]
