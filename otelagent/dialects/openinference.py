"""OpenInference (Arize Phoenix and AX): flat indexed messages, content in input.value and output.value.

LangChain and LangGraph runs have no AGENT spans: there the agent is the CHAIN span named as `lc_agent_name` in its
metadata. The trace root of openai-agents is an AGENT without a name, around the run: a workflow.
"""

from collections.abc import Sequence
from typing import Any, Final

from otelagent.dialects.encoded import decoded
from otelagent.dialects.lookups import after, inside, quoted, span_name
from otelagent.dialects.offers import offers
from otelagent.dialects.places import Answer, Flat, Listed
from otelagent.dialects.table import NO_STEP, Dialect, Verdict
from otelagent.model import Captured, Kind, ToolOffer
from otelagent.otlp import Span

_KIND: Final = "openinference.span.kind"
_AGENT: Final = "agent.name"
_NODE: Final = "graph.node.id"
_INPUT: Final = "input.value"
_OUTPUT: Final = "output.value"
_METADATA: Final = "metadata"
_HANDOFF: Final = "handoff to "
_OPENAI_AGENTS: Final = "openinference.instrumentation.openai_agents"
_OPENAI_AGENTS_JS: Final = "@arizeai/openinference-instrumentation-openai-agents"
_LLAMA_INDEX: Final = "openinference.instrumentation.llama_index"
_METHODS: Final = (_LLAMA_INDEX, "openinference.instrumentation.haystack")
_SCHEMA_AS_PARAMETERS: Final = (
    "openinference.instrumentation.openai_agents",
    "openinference.instrumentation.smolagents",
)
_JSON_TYPES: Final = ("string", "integer", "number", "boolean", "array", "object", "null")
_WRAPPERS: Final = frozenset({"message", "message_content", "tool_call", "document", "prompt", "completion", "tool"})

_RESPONSE_IDS: Final = (b'"chatcmpl-', b'"resp_', b'"msg_')

_lc_agent = inside(_METADATA, "lc_agent_name")


def _method(span: Span, kind: str | None) -> Verdict | None:
    """LlamaIndex and Haystack spans are methods: of an agent, of a model, or around and before the model's own."""
    owner, _, method = span.name.partition(".")
    if kind == "CHAIN":
        return Kind.AGENT if owner.endswith("Agent") and method in ("run", "arun", "run_async") else None
    if kind != "LLM" or span.origin.scope != _LLAMA_INDEX:
        return None
    return NO_STEP if method.startswith("_") or _around_the_call(span) else None


def _around_the_call(span: Span) -> bool:
    """The span of the call itself has messages or a prompt from its start."""
    keys = span.attributes.keys()
    shown = any(key.startswith(("llm.input_messages.", "llm.prompts.", "llm.token_count.")) for key in keys)
    return _INPUT in keys and _OUTPUT not in keys and not shown and span.attributes.get(_INPUT) != "__REDACTED__"


def _kind(span: Span) -> Verdict | None:
    kind = span.attributes.text(_KIND)
    if span.origin.scope in _METHODS and (said := _method(span, kind)) is not None:
        return said
    if kind == "CHAIN":
        if (agent := _lc_agent(span)) is not None and agent == span.name:
            return Kind.AGENT
        return None if span.parent_id else Kind.WORKFLOW
    if kind == "AGENT" and _is_run_of_agents(span):
        return Kind.WORKFLOW
    if kind == "TOOL" and span.name.startswith(_HANDOFF):
        return Kind.HANDOFF
    return None


def _is_run_of_agents(span: Span) -> bool:
    """The trace root of openai-agents."""
    scope, attributes = span.origin.scope, span.attributes
    nameless = scope == _OPENAI_AGENTS_JS and not span.parent_id and _NODE not in attributes
    return _AGENT not in attributes and (scope == _OPENAI_AGENTS or nameless)


def _refine(span: Span, kind: Kind, values: dict[str, Any]) -> None:
    if kind is Kind.HANDOFF and span.name.startswith(_HANDOFF):
        values["target"] = span.attributes.text(_OUTPUT) or span.name.removeprefix(_HANDOFF)
        values["agent"] = span.attributes.text(_INPUT)
        values.pop("tool", None)
    elif kind is Kind.AGENT:
        values.setdefault("agent", span.name.removesuffix(".run").removesuffix(".arun"))
    elif _AGENT not in span.attributes and values.get("agent") == span.attributes.text(_NODE):
        values.pop("agent", None)  # its own place in the graph


def _response_id(span: Span) -> str | None:
    """The provider's id of the response, which several instrumentations of one call have in common."""
    raw = span.attributes.raw(_OUTPUT) or b""
    for head in _RESPONSE_IDS:
        start = raw.find(head) + 1
        end = raw.find(b'"', start, start + 128)
        if 0 < start < end:
            return raw[start:end].decode(errors="replace")
    return None


def _names_types(text: str) -> bool:
    """Each parameter is an object with a JSON type: DSPy writes a schema's properties alone."""
    if '"type"' not in text[:4096] or not isinstance(schema := decoded(text), dict):
        return False
    return all(isinstance(told, dict) and told.get("type") in _JSON_TYPES for told in schema.values())


def _call_arguments(span: Span) -> Captured | None:
    """Arguments in `tool.parameters`, which others fill with the tool's schema."""
    if "tool.parameters" not in span.attributes or span.origin.scope in _SCHEMA_AS_PARAMETERS:
        return None
    value = span.attributes.get("tool.parameters")
    if isinstance(value, str) and ('"properties"' in value[:4096] or _names_types(value)):
        return None
    return Captured(value, "tool.parameters")


def _would_have_result(span: Span) -> bool:
    """openai-agents leaves the output away when a tool returns None; arguments show that capture is on."""
    attributes = span.attributes
    return (
        span.origin.scope == _OPENAI_AGENTS
        and _INPUT in attributes
        and _OUTPUT not in attributes
        and not span.dropped_attributes
        and attributes.get(_INPUT) != "__REDACTED__"
    )


def _documents(span: Span) -> Captured | None:
    for prefix in ("retrieval.documents", "reranker.output_documents"):
        items = Flat(prefix, _WRAPPERS).objects(span)
        if items:
            return Captured(items, prefix)
    return None


def _tools(span: Span) -> Sequence[ToolOffer]:
    schemas = [item.get("json_schema", item) for item in Flat("llm.tools", _WRAPPERS).objects(span)]
    return offers(schemas)


DIALECT: Final = Dialect(
    name="openinference",
    scopes=("openinference.instrumentation.*", "openinference.*"),
    markers=(_KIND,),
    kinds=(
        (
            _KIND,
            {
                "llm": Kind.LLM,
                "agent": Kind.AGENT,
                "tool": Kind.TOOL,
                "retriever": Kind.RETRIEVAL,
                "reranker": Kind.RETRIEVAL,
            }
            | dict.fromkeys(
                ("chain", "embedding", "guardrail", "evaluator", "prompt", "decision", "unknown"),
                NO_STEP,
            ),
        ),
    ),
    kind=_kind,
    refine=_refine,
    fields={
        "agent": (_AGENT, "graph.node.name", _lc_agent, after("invoke_agent "), _NODE),
        "agent_id": (_NODE, "agno.agent.id", "agent_id"),
        "workflow": ("agno.workflow.id", "crew_key", "team_id"),
        "conversation": (
            "session.id",
            *(inside(_METADATA, f"{name}_id") for name in ("session", "conversation", "thread")),
        ),
        "tool": ("tool.name", span_name),
        "tool_description": ("tool.description",),
        "call_id": (
            "tool.id",
            "tool.call_id",
            "tool_call.id",
            quoted(_OUTPUT, "tool_call_id"),
        ),
        "model": (
            "llm.response.model_name",
            "llm.model_name",
            "llm.request.model_name",
            inside("llm.invocation_parameters", "model"),
        ),
        "response_id": (_response_id,),
        "finish": ("llm.finish_reason",),
        "input_tokens": ("llm.token_count.prompt",),
        "output_tokens": ("llm.token_count.completion",),
        "total_tokens": ("llm.token_count.total",),
        "cost": ("llm.cost.total",),
        "cached_tokens": ("llm.token_count.prompt_details.cache_read",),
        "cache_write": ("llm.token_count.prompt_details.cache_write",),
        "parent_agent": ("graph.node.parent_id",),
    },
    arguments=(_call_arguments, _INPUT),
    result=(_OUTPUT, _documents),
    output=(_OUTPUT,),
    input=(Flat("llm.input_messages", _WRAPPERS, empty=True), Flat("llm.prompts", _WRAPPERS), Listed(_INPUT)),
    completion=(Flat("llm.output_messages", _WRAPPERS), Flat("llm.choices", _WRAPPERS), Answer(_OUTPUT)),
    tools=(_tools,),
    none_is_missing=_would_have_result,
    hint="OPENINFERENCE_HIDE_INPUTS=false OPENINFERENCE_HIDE_OUTPUTS=false",
)
