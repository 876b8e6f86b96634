"""Microsoft AutoGen: GenAI operations without content, and messaging spans of its runtime."""

from typing import Final

from otelagent.dialects.table import NO_STEP, Dialect

DIALECT: Final = Dialect(
    name="autogen",
    scopes=("autogen-core", "autogen*"),
    markers=("recipient_agent_type", "sender_agent_type"),
    values=(("gen_ai.system", "autogen"),),
    names={"autogen ": NO_STEP},
    base=("otel_genai",),
    fields={"parent_agent": ("sender_agent_type",)},
    hint="openinference-instrumentation-autogen-agentchat: AutoGen's own spans carry no content",
)
