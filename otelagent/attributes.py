"""Every attribute name of ours, and the general names of OpenTelemetry that more than one part reads.

A name that belongs to one instrumentation stands in its dialect's file and nowhere else.
"""

from typing import Final

PREFIX: Final = "otelagent."
SCOPE: Final = "otelagent"
SCHEMA_URL: Final = ""

# on the span that carries findings: lists of equal length and order, then what belongs to the gravest
FAILURE_MODES: Final = "otelagent.failure.modes"
FAILURE_CAUSES: Final = "otelagent.failure.causes"
FAILURE_LAYER: Final = "otelagent.failure.layer"
FAILURE_SEVERITY: Final = "otelagent.failure.severity"
FAILURE_CONFIDENCE: Final = "otelagent.failure.confidence"
FAILURE_REASON: Final = "otelagent.failure.reason"
FAILURE_FIX: Final = "otelagent.failure.fix"
FAILURE_EVIDENCE: Final = "otelagent.failure.evidence.span_ids"
FAILURE_EVIDENCE_CONTENT: Final = "otelagent.failure.evidence.content"
"""How the content of each of these spans begins, empty where unknown; only where the configuration asks for it."""
FAILURE_FIRST_DIVERGENCE: Final = "otelagent.failure.first_divergence.span_id"
FAILURE_LAST_GOOD: Final = "otelagent.failure.last_good.span_id"
FAILURE_PARTIAL_VIEW: Final = "otelagent.failure.partial_view"

# on sources and LLM steps
TOOL_OUTCOME: Final = "otelagent.tool.outcome"
CONTEXT_UTILIZATION: Final = "otelagent.context.utilization"
CONTEXT_LIMIT: Final = "otelagent.context.limit"

# on agent spans, for their subtree as known when they pass
PIPELINE_OUTCOME: Final = "otelagent.pipeline.outcome"
PIPELINE_REASON: Final = "otelagent.pipeline.reason"
"""The first thing that went wrong below an agent, in words without captured content."""
PIPELINE_PREVIOUS: Final = "otelagent.pipeline.previous_outcome"
"""On the event that corrects it: the outcome that the span left with."""
PIPELINE_FAILURE_COUNT: Final = "otelagent.pipeline.failure_count"
DELEGATION_ASSIGNED: Final = "otelagent.delegation.items_assigned"
DELEGATION_PROCESSED: Final = "otelagent.delegation.items_processed"
DELEGATION_MISSING: Final = "otelagent.delegation.missing_items"
"""Names of items: those that look like identifiers, others where the configuration asks for them."""
DELEGATION_RECEIPT: Final = "otelagent.delegation.receipt"
DELEGATION_INCOMPLETE_CHILDREN: Final = "otelagent.delegation.incomplete_children"

KEEP: Final = "otelagent.keep"
"""True on every span of note, so that a stock tail-sampling policy keeps the trace."""

# finding events
EVALUATION_EVENT: Final = "gen_ai.evaluation.result"
EVALUATION_NAME: Final = "gen_ai.evaluation.name"
EVALUATION_LABEL: Final = "gen_ai.evaluation.score.label"
EVALUATION_SCORE: Final = "gen_ai.evaluation.score.value"
EVALUATION_EXPLANATION: Final = "gen_ai.evaluation.explanation"
FINDING_EVENT: Final = "otelagent.failure.finding"
WITHDRAWN_EVENT: Final = "otelagent.failure.withdrawn"
"""A finding that was told no longer holds: what came later shows otherwise. It names the finding by its id."""
OUTCOME_EVENT: Final = "otelagent.pipeline.outcome_changed"
FINDING_ID: Final = "otelagent.finding.id"
INCIDENT_ID: Final = "otelagent.incident.id"
"""Of the incident that the finding belongs to: group by it."""
FINDING_MODE: Final = "otelagent.failure.mode"
FINDING_CAUSE: Final = "otelagent.failure.cause"

# OpenTelemetry's own
AGENT_NAME: Final = "gen_ai.agent.name"
TOOL_NAME: Final = "gen_ai.tool.name"
SERVICE_NAME: Final = "service.name"
ENVIRONMENT_NAME: Final = "deployment.environment.name"
ENVIRONMENT: Final = "deployment.environment"
