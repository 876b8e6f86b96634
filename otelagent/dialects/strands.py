"""AWS Strands Agents: GenAI operations with content on span events, one per message, or lists on one event."""

from typing import Final

from otelagent.dialects.lookups import on_event
from otelagent.dialects.table import NO_STEP, Dialect
from otelagent.model import Kind

_CYCLE: Final = "execute_agent_loop_cycle"
"""Of the SDK for TypeScript, whose scope is the service's name."""

DIALECT: Final = Dialect(
    name="strands",
    scopes=("strands.telemetry.tracer", "strands*"),
    markers=("event_loop.cycle_id", "agent_loop.cycle_id", "gen_ai.event.start_time"),
    values=(("gen_ai.system", "strands-agents"), ("gen_ai.provider.name", "strands-agents")),
    base=("otel_genai",),
    names={"invoke_swarm": Kind.WORKFLOW, "invoke_graph": Kind.WORKFLOW, "Cycle ": NO_STEP, _CYCLE: NO_STEP},
    fields={
        "conversation": ("session.id",),
        "reported_status": ("gen_ai.tool.status",),
        "total_tokens": ("gen_ai.usage.total_tokens",),
        "cached_tokens": ("gen_ai.usage.cache_read_input_tokens",),
        "cache_write": ("gen_ai.usage.cache_write_input_tokens",),
    },
    arguments=(on_event("gen_ai.tool.message", "content"),),
    result=(on_event("gen_ai.choice", "message"),),
    output=(on_event("gen_ai.choice", "message"),),
    hint="OTEL_SEMCONV_STABILITY_OPT_IN=gen_ai_latest_experimental",
)
