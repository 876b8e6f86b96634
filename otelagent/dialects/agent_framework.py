"""Microsoft Agent Framework: GenAI conventions; workflows and their executors by span name."""

from typing import Final

from otelagent.dialects.table import NO_STEP, Dialect
from otelagent.model import Kind

DIALECT: Final = Dialect(
    name="agent_framework",
    scopes=("agent_framework", "agent_framework.*"),
    markers=("executor.id", "workflow_builder.name"),
    values=(("gen_ai.provider.name", "microsoft.agent_framework"),),
    names={
        "workflow.run": Kind.WORKFLOW,
        "workflow.build": NO_STEP,
        "executor.process": NO_STEP,
        "edge_group.process": NO_STEP,
        "message.send": NO_STEP,
    },
    base=("otel_genai",),
    fields={"workflow": ("workflow.name", "workflow_builder.name", "workflow.id")},
    hint="ENABLE_SENSITIVE_DATA=true",
)
