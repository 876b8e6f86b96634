"""Traceloop OpenLLMetry, both generations: flat indexed messages, and GenAI conventions with JSON.

Under LangChain and LangGraph the agent is the workflow or task span whose name is the agent's (`lc_agent_name`);
the `invoke_agent` span beside or above it is its twin. `goto` spans repeat the hand-over tools.
"""

from typing import Any, Final

from otelagent.dialects.lookups import quoted
from otelagent.dialects.offers import offers
from otelagent.dialects.otel_genai import OPERATION
from otelagent.dialects.places import Answer, Flat, Listed
from otelagent.dialects.table import ANY, NO_STEP, Dialect, Verdict
from otelagent.model import Kind, ToolOffer
from otelagent.otlp import Span

_KIND: Final = "traceloop.span.kind"
_ENTITY: Final = "traceloop.entity.name"
_INPUT: Final = "traceloop.entity.input"
_OUTPUT: Final = "traceloop.entity.output"
_TASK_INPUT: Final = "gen_ai.task.input"
_TASK_OUTPUT: Final = "gen_ai.task.output"
_LC_AGENT: Final = "traceloop.association.properties.lc_agent_name"
_GRAPH: Final = "gen_ai.workflow.nodes"
_ARGUMENTS: Final = "gen_ai.tool.call.arguments"
_RESULT: Final = "gen_ai.tool.call.result"

_CREW: Final = "crewai.crew.id"
_OPENAI_AGENTS: Final = "opentelemetry.instrumentation.openai_agents"
_LLAMA_INDEX: Final = "opentelemetry.instrumentation.llamaindex"

_INSTRUMENTED: Final = (
    "agno",
    "alephalpha",
    "anthropic",
    "bedrock",
    "chromadb",
    "cohere",
    "crewai",
    "google_generativeai",
    "groq",
    "haystack",
    "lancedb",
    "langchain",
    "langgraph",
    "llamaindex",
    "marqo",
    "mcp",
    "milvus",
    "mistralai",
    "ollama",
    "openai",
    "openai_agents",
    "pinecone",
    "qdrant",
    "replicate",
    "sagemaker",
    "together",
    "transformers",
    "vertexai",
    "voyageai",
    "watsonx",
    "weaviate",
    "writer",
)


_LANGCHAIN_JS: Final = "@traceloop/instrumentation-langchain"
_INNER: Final = ("RunnableSequence", "RunnableLambda", "RunnableMap", "RunnableParallel", "ChannelWrite")
"""Parts of a graph, which are called workflows in JavaScript."""
_CLASSES: Final = frozenset({"DynamicStructuredTool", "DynamicTool", "StructuredTool"})
"""Names of tools that are only their classes' there."""


def _method(span: Span) -> Verdict | None:
    """LlamaIndex's methods are all tasks: the one that runs a tool names it, the one that calls a model says so."""
    attributes = span.attributes
    if attributes.text(OPERATION) == "chat":
        return Kind.LLM
    if attributes.text(_KIND) == "workflow":
        return Kind.AGENT if span.name.partition(".")[0].endswith("Agent") else None
    return Kind.TOOL if "tool.name" in attributes and "tool.arguments" in attributes else None


def _kind(span: Span) -> Verdict | None:
    attributes = span.attributes
    kind = attributes.text(_KIND)
    if span.origin.scope.startswith(_LLAMA_INDEX) and (said := _method(span)) is not None:
        return said
    if kind in ("workflow", "task"):
        if (agent := attributes.text(_LC_AGENT)) is not None and agent == attributes.text(_ENTITY):
            return Kind.AGENT
        if kind == "workflow":
            return NO_STEP if span.origin.scope == _LANGCHAIN_JS and span.name.endswith(_INNER) else Kind.WORKFLOW
        return Kind.TOOL if attributes.text(OPERATION) == "execute_tool" else NO_STEP
    if attributes.text(OPERATION) == "invoke_agent" and _is_around_agents(span):
        return NO_STEP if span.parent_id and _GRAPH in attributes else Kind.WORKFLOW
    return None


def _is_around_agents(span: Span) -> bool:
    """A graph, a crew, or openai-agents' trace: what is called `invoke_agent` there runs agents."""
    attributes = span.attributes
    nameless = span.origin.scope == _OPENAI_AGENTS and not span.parent_id and "gen_ai.agent.name" not in attributes
    return _GRAPH in attributes or _CREW in attributes or (nameless and _KIND not in attributes)


def _refine(span: Span, kind: Kind, values: dict[str, Any]) -> None:
    name = span.attributes.text(_ENTITY)
    if kind is Kind.AGENT and name is not None and span.attributes.text(_LC_AGENT) == name:
        values["agent"] = name
    elif kind is Kind.AGENT:
        values.setdefault("agent", (name or span.name).removesuffix(".agent").removesuffix(".workflow"))
    elif kind in (Kind.TOOL, Kind.RETRIEVAL):
        values.setdefault("tool", name)
        if name in _CLASSES and (own := _tool_of(span)):
            values["tool"] = own


_tool_of = quoted(_OUTPUT, "name")


def _tools(span: Span) -> tuple[ToolOffer, ...]:
    return tuple(offers(Flat("llm.request.functions").objects(span)))


DIALECT: Final = Dialect(
    name="traceloop",
    scopes=(
        *(f"opentelemetry.instrumentation.{name}" for name in _INSTRUMENTED),
        *(f"opentelemetry.instrumentation.{name}.*" for name in _INSTRUMENTED),
        "traceloop.*",
        "@traceloop/*",
    ),
    markers=(_KIND, _ENTITY, "llm.request.type", "gen_ai.prompt.0.*", "gen_ai.completion.0.*"),
    base=("otel_genai",),
    kind=_kind,
    kinds=(
        (
            _KIND,
            {
                "agent": Kind.AGENT,
                "tool": Kind.TOOL,
                "handoff": Kind.HANDOFF,
                "workflow": Kind.WORKFLOW,
                ANY: NO_STEP,
            },
        ),
        (
            "llm.request.type",
            {"chat": Kind.LLM, "completion": Kind.LLM, "rerank": Kind.RETRIEVAL, "embedding": NO_STEP},
        ),
    ),
    refine=_refine,
    fields={
        "agent": (_LC_AGENT, "crewai.agent.role"),
        "agent_id": ("crewai.agent.id",),
        "workflow": ("traceloop.workflow.name", "crewai.crew.name"),
        "conversation": (
            "traceloop.association.properties.session_id",
            "traceloop.association.properties.thread_id",
            "traceloop.association.properties.conversation_id",
        ),
        "tool": ("tool.name",),
        "tool_description": ("tool.description",),
        "call_id": (
            quoted(_ARGUMENTS, "tool_call_id"),
            quoted(_RESULT, "tool_call_id"),
            quoted(_OUTPUT, "tool_call_id"),
        ),
        "finish": ("gen_ai.response.finish_reason", "llm.response.finish_reason", "gen_ai.response.stop_reason"),
        "total_tokens": ("gen_ai.usage.total_tokens", "llm.usage.total_tokens"),
        "cached_tokens": ("gen_ai.usage.cache_read_input_tokens",),
        "cache_write": ("gen_ai.usage.cache_creation_input_tokens",),
        "target": ("gen_ai.handoff.to_agent", "langgraph.command.goto_node"),
        "parent_agent": ("gen_ai.agent.handoff_parent",),
    },
    arguments=("tool.arguments", _INPUT, "mcp.request.argument", _TASK_INPUT),
    result=(_OUTPUT, "mcp.response.value", _TASK_OUTPUT),
    output=(_OUTPUT, _TASK_OUTPUT, "crewai.crew.result", "crewai.agent.result"),
    input=(Flat("gen_ai.prompt"), Listed(_INPUT), Listed(_TASK_INPUT)),
    completion=(Flat("gen_ai.completion"), Answer(_OUTPUT), Answer(_TASK_OUTPUT)),
    tools=(_tools,),
    hint="TRACELOOP_TRACE_CONTENT=true",
)
