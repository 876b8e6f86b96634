"""One unit of an agent's run, and spans that are none."""

import msgspec

from otelagent.model.call import Call
from otelagent.model.content import Content, Item, Message
from otelagent.model.kind import Kind, Withheld
from otelagent.model.turn import Turn
from otelagent.model.work import Receipt


class Step(msgspec.Struct, kw_only=True, gc=False):
    """One unit of an agent's run. Ids are raw bytes, times nanoseconds since the epoch, tokens counts.

    The garbage collector doesn't look at steps and facts, of which there are many: nothing may lead from one in a
    circle to it.
    """

    trace_id: bytes
    span_id: bytes
    parent_id: bytes
    kind: Kind
    dialect: str
    name: str
    start: int
    end: int
    failed: bool = False
    """The span's status is ERROR; that alone never decides an outcome."""
    agent: str | None = None
    """Of an agent step its own name; of another the name that its dialect put beside it, which may be a parent's."""
    agent_id: str | None = None
    workflow: str | None = None
    conversation: str | None = None
    tool: str | None = None
    tool_type: str | None = None
    tool_description: str | None = None
    call_id: str | None = None
    model: str | None = None
    response_id: str | None = None
    continues: str | None = None
    """Id of the response whose conversation, kept by the provider, this model call goes on with."""
    finish: str | None = None
    """Finish reason as written by the emitter; means little, see CAPTURES."""
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    cost: float | None = None
    """US dollars, where the emitter tells."""
    context_limit: int | None = None
    context_used: float | None = None
    """Reported utilisation, 0 to 1."""
    http_status: int | None = None
    """Of a tool: its own or its last HTTP client span's status."""
    error_type: str | None = None
    reported_status: str | None = None
    """Explicit status of a hand-instrumented tool (`success_empty`, `timeout`)."""
    reported_length: int | None = None
    """Explicit length of a result, in characters."""
    target: str | None = None
    """Of a handoff: the agent that takes over. Of a tool: the co-worker that it names."""
    parent_agent: str | None = None
    """Name or id of the agent that this one was called by, where the dialect says so."""
    links: tuple[tuple[bytes, bytes], ...] = ()
    """Span links: trace id and span id."""
    context: tuple[bytes, bytes] | None = None
    """The span that a W3C context among its attributes or content names."""
    receipt: Receipt | None = None
    withheld: Withheld | None = None
    """Why content that this kind of step should have is missing."""
    capture_hint: str | None = None
    """The setting that would have this emitter record it."""
    service: str = ""
    environment: str = ""
    rebuilt: bool = False
    """No span of its own: rebuilt from the messages of the LLM step whose id it bears."""
    retold: bool = False
    """Rebuilt, and the messages of an earlier trace have shown the same call: it counts there."""
    asker: int = -1
    """Of what was rebuilt, the position of the completion that asked for it, in the history that shows it."""
    content: Content | None = None
    """Let go by reading."""
    call: Call | None = None
    turn: Turn | None = None

    @property
    def utilization(self) -> float | None:
        """Share of the context window that the input filled: reported, else by tokens; None where unknown."""
        if self.context_used is not None:
            return self.context_used
        if not self.context_limit or self.input_tokens is None:
            return None
        return self.input_tokens / self.context_limit


class Plain(msgspec.Struct, kw_only=True, gc=False):
    """A span that is no step but has its place in the tree: a turn, a graph node, an HTTP call, anything else."""

    trace_id: bytes
    span_id: bytes
    parent_id: bytes
    start: int
    end: int
    dialect: str | None = None
    """None: no dialect knows it."""
    kind: None = None
    """It is no step."""
    http_status: int | None = None
    """Of an HTTP client span."""
    agent: str | None = None
    """Name of the agent that a dialect put beside it."""
    receipt: Receipt | None = None
    links: tuple[tuple[bytes, bytes], ...] = ()
    """Span links: trace id and span id."""
    missed: bool = False
    """Looks like an agent's, and no dialect can say what it is."""
    creates: bool = False
    """An agent was created in it; runs of that agent may refer to it, though nobody asked for them there."""


class LogPart(msgspec.Struct, kw_only=True):
    """What a log record says of a span: messages, an error, a count of items, or a tool call of its own."""

    trace_id: bytes
    span_id: bytes
    time: int
    input: tuple[Item, ...] = ()
    output: tuple[Message, ...] = ()
    error: str | None = None
    error_type: str | None = None
    http_status: int | None = None
    receipt: Receipt | None = None
    step: Step | None = None
    """A tool call that has no span; it bears the id of the span that the record belongs to."""
