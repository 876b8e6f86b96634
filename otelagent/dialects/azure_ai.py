"""Azure AI Foundry SDKs and langchain-azure-ai: content on span events that are named as the GenAI attributes."""

from typing import Final

from otelagent.dialects.places import Events
from otelagent.dialects.table import NO_STEP, Dialect, Verdict
from otelagent.model import Kind
from otelagent.otlp import Span

_OPERATION: Final = "gen_ai.operation.name"
_BODY: Final = ("gen_ai.event.content",)
_OPERATIONS: Final[dict[str, Verdict]] = {
    "start_thread_run": Kind.AGENT,
    "process_thread_run": Kind.AGENT,
    "create_thread": NO_STEP,
    "create_message": NO_STEP,
    "list_messages": NO_STEP,
    "list_run_steps": NO_STEP,
    "submit_tool_outputs": NO_STEP,
    "get_thread_run": NO_STEP,
}


def _kind(span: Span) -> Verdict | None:
    operation = span.attributes.text(_OPERATION)
    return None if operation is None else _OPERATIONS.get(operation)


DIALECT: Final = Dialect(
    name="azure_ai",
    scopes=("azure.ai.*", "langchain_azure_ai*"),
    markers=("az.namespace", "gen_ai.thread.run.id", "gen_ai.agent.state", "gen_ai.thread.id"),
    values=(("gen_ai.system", "az.ai.agents"), ("gen_ai.provider.name", "azure.ai.agents")),
    base=("otel_genai",),
    kind=_kind,
    fields={
        "conversation": ("gen_ai.thread.id",),
        "target": ("metadata.langgraph.goto",),
        "reported_status": ("gen_ai.run_step.status",),
    },
    arguments=("gen_ai.retriever.query",),
    result=("gen_ai.retriever.results",),
    instructions=(Events({"gen_ai.system.instructions": "system"}, _BODY),),
    input=(Events({"gen_ai.input.messages": "user"}, (), _BODY),),
    completion=(Events({"gen_ai.output.messages": "assistant"}, (), _BODY),),
    hint="OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true",
)
