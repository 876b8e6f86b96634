"""Spring AI (Micrometer): an observation kind of its own; prompts and completions on span events or old keys."""

from typing import Final

from otelagent.dialects.places import Answer, Listed
from otelagent.dialects.table import NO_STEP, Dialect, Verdict
from otelagent.model import Kind
from otelagent.otlp import Span

_KIND: Final = "spring.ai.kind"
_KINDS: Final[dict[str, Verdict]] = {
    "chat_client": Kind.WORKFLOW,
    "tool_call": Kind.TOOL,
    "advisor": NO_STEP,
    "vector_store": Kind.RETRIEVAL,
}


def _kind(span: Span) -> Verdict | None:
    kind = span.attributes.text(_KIND)
    return None if kind is None else _KINDS.get(kind.lower(), NO_STEP)


DIALECT: Final = Dialect(
    name="spring_ai",
    scopes=("org.springframework.ai*",),
    markers=(_KIND,),
    values=(("gen_ai.system", "spring_ai"),),
    base=("otel_genai",),
    kind=_kind,
    fields={
        "tool": ("spring.ai.tool.definition.name", "db.collection.name"),
        "tool_description": ("spring.ai.tool.definition.description",),
        "call_id": ("spring.ai.tool.call.id",),
        "conversation": ("spring.ai.chat.client.conversation.id",),
    },
    arguments=("spring.ai.tool.call.arguments", "db.vector.query.content"),
    result=("spring.ai.tool.call.result", "db.vector.query.response.documents"),
    input=(Listed("spring.ai.model.request.messages"), Listed("spring.ai.chat.client.input")),
    completion=(Answer("spring.ai.model.response.messages"), Answer("spring.ai.chat.client.output")),
    hint="spring.ai.tools.observations.include-content=true; prompts and completions go to its log only",
)
