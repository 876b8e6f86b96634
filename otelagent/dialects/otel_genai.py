"""OpenTelemetry's GenAI conventions, 1.37 and later: JSON or native lists of messages with parts."""

from typing import Final

from otelagent.dialects.lookups import after
from otelagent.dialects.messages import completion, listing
from otelagent.dialects.offers import offered
from otelagent.dialects.places import Answer, Events, Listed, Whole, whole
from otelagent.dialects.table import NO_STEP, Dialect, Verdict
from otelagent.model import Kind, LogPart
from otelagent.otlp import Log, Span

OPERATION: Final = "gen_ai.operation.name"
_DETAILS: Final = "gen_ai.client.inference.operation.details"
_INSTRUCTIONS: Final = "gen_ai.system_instructions"
_INPUT: Final = "gen_ai.input.messages"
_OUTPUT: Final = "gen_ai.output.messages"
_MODEL: Final = ("gen_ai.request.model", "gen_ai.response.model")

OPERATIONS: Final[dict[str, Verdict]] = {
    "chat": Kind.LLM,
    "generate_content": Kind.LLM,
    "text_completion": Kind.LLM,
    "text_completions": Kind.LLM,
    "chat.completions": Kind.LLM,
    "text.completions": Kind.LLM,
    "completion": Kind.LLM,
    "realtime_inference": Kind.LLM,
    "llm_call": Kind.LLM,
    "responses": Kind.LLM,
    "retrieval": Kind.RETRIEVAL,
    "vector_db_retrieve": Kind.RETRIEVAL,
    "execute_tool": Kind.TOOL,
    "tool_call": Kind.TOOL,
    "mcp_tool_call": Kind.TOOL,
    "invoke_agent": Kind.AGENT,
    "agent_call": Kind.AGENT,
    "invoke_workflow": Kind.WORKFLOW,
    "invoke_swarm": Kind.WORKFLOW,
    "invoke_graph": Kind.WORKFLOW,
    "handoff": Kind.HANDOFF,
    "agent_handoff": Kind.HANDOFF,
} | dict.fromkeys(
    (
        "create_agent",
        "execute_task",
        "invoke_node",
        "agent_step",
        "execute_event_loop_cycle",
        "goto",
        "plan",
        "embeddings",
        "embedding",
        "guardrail_check",
        "run_guardrail",
        "moderation",
        "create_memory",
        "search_memory",
        "update_memory",
        "upsert_memory",
        "delete_memory",
        "create_memory_store",
        "delete_memory_store",
        "chain",
        "speech",
        "transcription",
        "system_prompt",
    ),
    NO_STEP,
)


def _guess(span: Span) -> Verdict | None:
    """A span without an operation: a tool's name makes a tool call, a model with usage or messages a model call."""
    attributes = span.attributes
    if OPERATION in attributes:
        return NO_STEP
    if "gen_ai.tool.name" in attributes or "gen_ai.tool.call.id" in attributes:
        return Kind.TOOL
    signs = ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", _INPUT, _OUTPUT, "gen_ai.response.id")
    if any(key in attributes for key in _MODEL) and any(key in attributes for key in signs):
        return Kind.LLM
    return None


def _handed(span: Span) -> Verdict | None:
    """A tool call that passes control for good is a hand-over; what returns to its caller is a tool."""
    mode = span.attributes.get("gen_ai.transfer.mode")
    return Kind.HANDOFF if mode == "pass_control" and span.attributes.get(OPERATION) == "execute_tool" else None


def _details(log: Log) -> LogPart:
    """The event that carries a call's messages where the span doesn't."""
    attributes = log.attributes
    given = listing(attributes.get(_INPUT), "user").items
    if _INSTRUCTIONS in attributes:
        given = [whole(attributes, _INSTRUCTIONS, "system"), *given]
    brought = completion(attributes.get(_OUTPUT)).items
    return LogPart(
        trace_id=log.trace_id,
        span_id=log.span_id,
        time=log.time,
        input=tuple(given),
        output=tuple(item.read() for item in brought),
    )


_CAPTURE: Final = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
_LATEST: Final = f"OTEL_SEMCONV_STABILITY_OPT_IN=gen_ai_latest_experimental {_CAPTURE}=SPAN_ONLY"
_HINTS: Final = {
    "opentelemetry.instrumentation.openai_v2": _LATEST,
    "opentelemetry.instrumentation.vertexai": _LATEST,
    "opentelemetry.instrumentation.botocore": f"{_CAPTURE}=true, and its log records sent here as well",
}

DIALECT: Final = Dialect(
    name="otel_genai",
    scopes=(
        "opentelemetry.util.genai*",
        "opentelemetry.instrumentation.genai*",
        "opentelemetry.instrumentation.openai_v2",
        "opentelemetry.instrumentation.openai_agents_v2",
        "opentelemetry.instrumentation.openai_agents.v2",
        "opentelemetry.instrumentation.google_genai",
        "opentelemetry.instrumentation.vertexai_v2",
    ),
    markers=(OPERATION, "gen_ai.provider.name", "gen_ai.system", *_MODEL, "gen_ai.tool.name"),
    names={
        "execute_tool ": Kind.TOOL,
        "invoke_agent ": Kind.AGENT,
        "invoke_workflow ": Kind.WORKFLOW,
        "create_agent ": NO_STEP,
    },
    base=("otel_genai_legacy_events", "otel_genai_legacy_attrs"),
    kinds=((OPERATION, OPERATIONS),),
    kind=_handed,
    guess=_guess,
    fields={
        "agent": ("gen_ai.agent.name", after("invoke_agent ")),
        "agent_id": ("gen_ai.agent.id",),
        "workflow": ("gen_ai.workflow.name",),
        "conversation": ("gen_ai.conversation.id",),
        "tool": ("gen_ai.tool.name", "gen_ai.data_source.id", after("execute_tool ")),
        "tool_type": ("gen_ai.tool.type",),
        "tool_description": ("gen_ai.tool.description",),
        "call_id": ("gen_ai.tool.call.id",),
        "model": ("gen_ai.response.model", "gen_ai.request.model"),
        "response_id": ("gen_ai.response.id",),
        "continues": ("gen_ai.request.previous_response.id",),
        "finish": ("gen_ai.response.finish_reasons",),
        "input_tokens": ("gen_ai.usage.input_tokens",),
        "output_tokens": ("gen_ai.usage.output_tokens",),
        "cached_tokens": ("gen_ai.usage.cache_read.input_tokens",),
        "cache_write": ("gen_ai.usage.cache_write.input_tokens", "gen_ai.usage.cache_creation.input_tokens"),
        "target": ("gen_ai.handoff.to_agent", "gen_ai.transfer.target.name"),
        "parent_agent": ("gen_ai.caller.name", "gen_ai.handoff.from_agent"),
    },
    arguments=("gen_ai.tool.call.arguments", "gen_ai.retrieval.query.text"),
    result=("gen_ai.tool.call.result", "gen_ai.retrieval.documents"),
    instructions=(Whole(_INSTRUCTIONS), Events({_DETAILS: "system"}, (_INSTRUCTIONS,))),
    input=(Listed(_INPUT), Events({_DETAILS: "user"}, (), (_INPUT,))),
    completion=(Answer(_OUTPUT), Events({_DETAILS: "assistant"}, (), (_OUTPUT,))),
    output=(_OUTPUT,),
    tools=(offered("gen_ai.tool.definitions"),),
    references=tuple(key + end for key in (_INSTRUCTIONS, _INPUT, _OUTPUT) for end in ("_ref", ".ref")),
    logs={_DETAILS: _details},
    hint=f"{_CAPTURE}=SPAN_ONLY",
    hints=_HINTS,
)
