"""One delegation in each way in which emitters show that one agent works for another.

Each takes the child's script (of `tests/builders.py`), what its parent says last, and what the parent does between.
Where control passes to the child for good, the parent has no more to say or do.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests import builders

Script = dict[str, Any]
Encoding = Callable[..., list[Span]]

REPORT = "Final report: all documents were analysed."
TRACE = b"encodings of one"
ROOT = b"theroot1"


def own(span: Span, key: str, text: Any) -> None:
    span.attributes.append(KeyValue(key=key, value=builders.value(text)))


def one(spans: Sequence[Span], name: str) -> Span:
    return next(s for s in spans if s.name == name)


def run_of(spans: Sequence[Span], script: Script) -> Span:
    """The span of the agent that plays a script."""
    return one(spans, f"invoke_agent {script['agent']}")


def answer(script: Script) -> str:
    return str(script["steps"][-1].get("say", ""))


def ask(script: Script) -> Script:
    """A call of an agent as a tool."""
    return {"agent": script, "arguments": {"task": script["user"]}, "result": answer(script)}


def parent(*calls: Script, say: str = REPORT) -> Script:
    return {"agent": "coordinator", "user": "Write the report.", "steps": [*calls, {"say": say}]}


def triage(script: Script, *steps: Script) -> Script:
    return {"agent": "coordinator", "user": script["user"], "steps": list(steps)}


# --- control comes back ---------------------------------------------------------------------------------------------


def agent_as_tool(script: Script, say: str = REPORT, *between: Script) -> list[Span]:
    return builders.spans(parent(ask(script), *between, say=say))


def nested(script: Script, say: str = REPORT, *between: Script) -> list[Span]:
    spans = agent_as_tool(script, say, *between)
    tool = one(spans, f"execute_tool ask_{script['agent']}")
    run_of(spans, script).parent_span_id = tool.parent_span_id
    return [s for s in spans if s is not tool]


def bare_child_span(script: Script, say: str = REPORT, *between: Script) -> list[Span]:
    """The agent's span has no children; what it did hangs from a plain span beside it."""
    spans = agent_as_tool(script, say, *between)
    agent = run_of(spans, script)
    body = builders.span(
        f"{script['agent']}.run",
        {},
        trace_id=agent.trace_id,
        span_id=b"thebody1",
        parent_id=agent.parent_span_id,
        start=agent.start_time_unix_nano + 1,
        end=agent.end_time_unix_nano - 1,
    )
    for s in spans:
        if s.parent_span_id == agent.span_id:
            s.parent_span_id = body.span_id
    spans.insert(spans.index(agent), body)
    return spans


RETURNING: tuple[Encoding, ...] = (nested, agent_as_tool, bare_child_span)


# --- control passes to the child ------------------------------------------------------------------------------------


def root(spans: Sequence[Span], name: str = "run", **attributes: str) -> Span:
    end = max(s.end_time_unix_nano for s in spans) + 1
    return builders.span(name, attributes, trace_id=TRACE, span_id=ROOT, end=end)


def beside(giver: Script, script: Script) -> tuple[list[Span], list[Span], Span]:
    """A giver, and afterwards the child, both under one root."""
    first, second = builders.spans(giver, "giver"), builders.spans(script, "taker")
    late = max(s.end_time_unix_nano for s in first) - builders.BEGIN
    for s in second:
        s.start_time_unix_nano += late
        s.end_time_unix_nano += late
    for s in (*first, *second):
        s.trace_id = TRACE
    first[-1].parent_span_id = second[-1].parent_span_id = ROOT
    return first, second, root([*first, *second])


def over(script: Script) -> Script:
    return triage(script, {"say": f"Over to the {script['agent']}."})


def sibling_after_transfer(script: Script) -> list[Span]:
    transfer = {"tool": f"transfer_to_{script['agent']}", "arguments": {}, "result": "ok"}
    first, second, top = beside(triage(script, transfer), script)
    return [*first, *second, top]


def handoff_span(script: Script) -> list[Span]:
    first, second, top = beside(over(script), script)
    end = first[-1].end_time_unix_nano
    known = {"openinference.span.kind": "TOOL", "input.value": "coordinator", "output.value": script["agent"]}
    handoff = builders.span(
        f"handoff to {script['agent']}",
        known,
        trace_id=TRACE,
        span_id=b"handoff1",
        parent_id=first[-1].span_id,
        start=end - 2,
        end=end - 1,
    )
    return [*first[:-1], handoff, first[-1], *second, top]


def node_parent_id(script: Script) -> list[Span]:
    first, second, top = beside(over(script), script)
    own(second[-1], "openinference.span.kind", "AGENT")
    own(second[-1], "agent.name", script["agent"])
    own(second[-1], "graph.node.id", script["agent"])
    own(second[-1], "graph.node.parent_id", "coordinator")
    return [*first, *second, top]


def caller_and_transfer_attributes(script: Script) -> list[Span]:
    first, second, top = beside(over(script), script)
    own(second[-1], "gen_ai.caller.name", "coordinator")
    own(second[-1], "gen_ai.caller.type", "agent")
    return [*first, *second, top]


def span_links(script: Script) -> list[Span]:
    """Executors of a workflow: that of the child refers to the message that the giver's sent."""
    first, second, _ = beside(over(script), script)
    spans = []
    for number, steps in enumerate((first, second), 1):
        executor = builders.span(
            f"executor.process {number}",
            {"executor.id": str(number)},
            trace_id=TRACE,
            span_id=b"executo%d" % number,
            parent_id=ROOT,
            start=steps[-1].start_time_unix_nano,
            end=steps[-1].end_time_unix_nano + 2,
        )
        send = builders.span(
            "message.send",
            {"message.source_id": str(number)},
            trace_id=TRACE,
            span_id=b"message%d" % number,
            parent_id=executor.span_id,
            start=executor.end_time_unix_nano - 1,
            end=executor.end_time_unix_nano,
        )
        steps[-1].parent_span_id = executor.span_id
        spans += [*steps, send, executor]
    spans[-1].links.add(trace_id=TRACE, span_id=b"message1")
    return [*spans, root(spans, "workflow.run", **{"workflow.id": "w"})]


PASSING: tuple[Encoding, ...] = (
    *(sibling_after_transfer, handoff_span, node_parent_id),
    *(caller_and_transfer_attributes, span_links),
)

IN_SPANS = (*RETURNING, *PASSING)


# --- the child is a trace of its own ---------------------------------------------------------------------------------


def call_span(spans: Sequence[Span]) -> Span:
    return next(s for s in spans if s.name.startswith("execute_tool ask_"))


def traceparent(span: Span) -> str:
    return f"00-{span.trace_id.hex()}-{span.span_id.hex()}-01"


def by_link(above: list[Span], below: list[Span]) -> list[Span]:
    tool = call_span(above)
    below[-1].links.add(trace_id=tool.trace_id, span_id=tool.span_id)
    return below


def by_link_above(above: list[Span], below: list[Span]) -> list[Span]:
    server = builders.span(
        "process message", {}, trace_id=below[-1].trace_id, span_id=b"consumer", end=below[-1].end_time_unix_nano
    )
    server.links.add(trace_id=above[0].trace_id, span_id=call_span(above).span_id)
    below[-1].parent_span_id = server.span_id
    return [*below, server]


def by_context(above: list[Span], below: list[Span]) -> list[Span]:
    own(below[-1], "traceparent", traceparent(call_span(above)))
    return below


def by_mcp_metadata(above: list[Span], below: list[Span]) -> list[Span]:
    arguments = {"name": "analyst", "_meta": {"traceparent": traceparent(call_span(above)), "progressToken": 1}}
    known = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "analyst"}
    server = builders.span(
        "tools/call analyst",
        {**known, "gen_ai.tool.call.arguments": json.dumps(arguments)},
        trace_id=below[-1].trace_id,
        span_id=b"mcpserve",
        end=below[-1].end_time_unix_nano + 1,
    )
    below[-1].parent_span_id = server.span_id
    return [*below, server]


def by_a2a_metadata(above: list[Span], below: list[Span]) -> list[Span]:
    message = {"kind": "message", "metadata": {"traceparent": traceparent(call_span(above))}}
    parts = [{"role": "user", "parts": [{"type": "text", "content": json.dumps(message)}]}]
    own(below[-1], "gen_ai.input.messages", json.dumps(parts))
    return below


def by_call_id(above: list[Span], below: list[Span]) -> list[Span]:
    call_id = next(x.value.string_value for x in call_span(above).attributes if x.key == "gen_ai.tool.call.id")
    own(below[-1], "gen_ai.tool.call.id", call_id)
    return below


def by_conversation(above: list[Span], below: list[Span]) -> list[Span]:
    for s in (call_span(above), below[-1]):
        own(s, "gen_ai.conversation.id", "thread-1")
    outlast(above, call_span(above), below)
    return below


def outlast(above: Sequence[Span], call: Span, below: Sequence[Span]) -> None:
    """The call takes as long as what it has done, and all after it comes later."""
    ended = call.end_time_unix_nano
    later = max(0, below[-1].end_time_unix_nano + 1 - ended)
    for s in above:
        s.start_time_unix_nano += later if s.start_time_unix_nano >= ended else 0
        s.end_time_unix_nano += later if s.end_time_unix_nano >= ended else 0


WAYS = (by_link_above, by_context, by_mcp_metadata, by_a2a_metadata, by_call_id, by_conversation)


def apart(script: Script, say: str = REPORT, *between: Script) -> tuple[list[Span], list[Span]]:
    """A parent, and its child as a trace of its own, with nothing in common."""
    call = {"tool": "ask_analyst", "arguments": {"task": "x"}, "result": answer(script), "id": "call_8d3f01c2"}
    return builders.spans(parent(call, *between, say=say), "above"), builders.spans(script, "below")


# --- the child has no spans ------------------------------------------------------------------------------------------


def call_of(script: Script, tool: str, arguments: Script, say: str, between: Iterable[Script]) -> Script:
    return parent({"tool": tool, "arguments": arguments, "result": answer(script)}, *between, say=say)


def coworker_without_spans(script: Script, say: str = REPORT, *between: Script) -> list[Span]:
    arguments = {"coworker": script["agent"], "task": script["user"]}
    return builders.spans(call_of(script, "Delegate work to coworker", arguments, say, between))


def flat_run_with_messages(script: Script, say: str = REPORT, *between: Script) -> list[Span]:
    call = call_of(script, f"ask_{script['agent']}", {"task": script["user"]}, say, between)
    return builders.spans({**call, "tool_spans": False})


# --- no agent has a span ---------------------------------------------------------------------------------------------


def flat_conversations(script: Script, say: str = REPORT, *between: Script) -> list[Span]:
    """Calls of models only, all below one request: an SDK is instrumented, and the agents are written by hand."""
    spans = agent_as_tool(script, say, *between)
    turns = [s for s in spans if s.name.startswith("chat ")]
    for s in turns:
        s.trace_id, s.parent_span_id = TRACE, ROOT
        kept = [x for x in s.attributes if x.key != "gen_ai.agent.name"]
        del s.attributes[:]
        s.attributes.extend(kept)
    return [*turns, root(turns, "POST /ask")]


# --- requests -------------------------------------------------------------------------------------------------------


def bodies(spans: Sequence[Span]) -> list[bytes]:
    """A request each, with the scope of who writes such attributes."""
    scopes = {"openinference": "openinference.instrumentation.openai_agents", "executor": "agent_framework"}
    heads = [{x.key.partition(".")[0] for x in s.attributes} for s in spans]
    known = [next((scopes[h] for h in sorted(own_) if h in scopes), "opentelemetry.util.genai") for own_ in heads]
    return [builders.request([s], scope=scope) for s, scope in zip(spans, known, strict=True)]
