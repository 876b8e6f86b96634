"""Joins across traces by a conversation's id, under the names that frameworks give it, and ids that mean nothing."""

import json
import random
from collections.abc import Sequence
from typing import Any

import pytest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from otelagent.delegation import Edge
from otelagent.model import Kind, Step
from otelagent.pipeline import Pipeline
from otelagent.stitching import CONFIDENCE, Stitches, child_keys
from tests import builders
from tests.encodings import answer, apart, call_span, outlast, parent
from tests.test_delegation import child

GENAI = "opentelemetry.util.genai"
LANGCHAIN = "opentelemetry.instrumentation.langchain"
OPENINFERENCE = "openinference.instrumentation.langchain"

NAMES: tuple[tuple[str, str, Any], ...] = (
    (GENAI, "gen_ai.conversation.id", "thread-1"),
    (GENAI, "session.id", "thread-1"),
    (GENAI, "thread_id", "thread-1"),
    (GENAI, "langgraph.thread_id", "thread-1"),
    (GENAI, "conversation.id", "thread-1"),
    (GENAI, "a2a.context_id", "thread-1"),
    (LANGCHAIN, "traceloop.association.properties.thread_id", "thread-1"),
    (LANGCHAIN, "traceloop.association.properties.session_id", "thread-1"),
    (OPENINFERENCE, "metadata", json.dumps({"thread_id": "thread-1", "langgraph_node": "agent"})),
    ("langfuse-sdk", "langfuse.observation.metadata.thread_id", "thread-1"),
    ("langfuse-sdk", "langfuse.trace.metadata.thread_id", "thread-1"),
    ("gcp.vertex.agent", "gcp.vertex.agent.session_id", "thread-1"),
    ("@mastra/otel", "mastra.metadata.threadId", "thread-1"),
    ("ai", "ai.telemetry.metadata.sessionId", "thread-1"),
    ("ai", "ai.settings.context.threadId", "thread-1"),
    ("voltagent", "voltagent.conversation_id", "thread-1"),
)


def say(span: Span, name: str, text: Any) -> None:
    span.attributes.append(KeyValue(key=name, value=builders.value(text)))


def apart_in_time(tool: str = "ask_analyst") -> tuple[list[Span], list[Span]]:
    """A parent whose call lasts as long as its child, a trace of its own, with nothing else in common."""
    above, below = apart(child(3))
    if tool != "ask_analyst":
        above = builders.spans(parent({"tool": tool, "arguments": {"task": "x"}, "result": answer(child(3))}), "above")
    outlast(above, next(s for s in above if s.name == f"execute_tool {tool}"), below)
    return above, below


def edge_of(below: Sequence[Span], above: Sequence[Span], scope: str = GENAI) -> Edge | None:
    """How the child came about, as known when all spans have come, the child's first."""
    pipeline = Pipeline()
    for spans in (below, above):
        pipeline.traces(builders.request(spans, scope=scope), 1_000.0)
    trace = pipeline.live.get(below[-1].trace_id)
    assert trace is not None
    return trace.edge(trace.runs[below[-1].span_id])


@pytest.mark.parametrize(("scope", "name", "text"), NAMES, ids=[name for _, name, _ in NAMES])
def test_agents_of_one_conversation_are_joined_whatever_its_id_is_called(scope: str, name: str, text: Any) -> None:
    """Only the agents' own spans say it, that of the call doesn't."""
    above, below = apart_in_time()
    for spans in (above, below):
        say(spans[-1], name, text)
    edge = edge_of(below, above, scope)
    assert edge is not None
    assert (edge.method, edge.confidence, edge.asked) == ("conversation", 0.7, call_span(above).span_id)


@pytest.mark.parametrize("name", ["thread.id", "mcp.session.id", "langsmith.trace.session_name"])
def test_ids_of_threads_transports_and_projects_join_nothing(name: str) -> None:
    above, below = apart_in_time()
    for spans in (above, below):
        say(spans[-1], name, "12")
    edge = edge_of(below, above)
    assert edge is not None
    assert edge.method is None


@pytest.mark.parametrize(("tool", "method"), [("delegate_task", "conversation"), ("ask_writer", None)])
def test_call_joins_the_agent_that_it_names_or_any(tool: str, method: str | None) -> None:
    above, below = apart_in_time(tool)
    for spans in (above, below):
        say(spans[-1], "session.id", "thread-1")
    edge = edge_of(below, above)
    assert edge is not None
    assert edge.method == method


SECOND = 10**9


def step(kind: Kind, number: int, start: int, end: int, **said: Any) -> Step:
    own = number.to_bytes(8, "big")
    return Step.of(trace_id=own * 2, span_id=own, parent_id=b"", kind=kind, start=start, end=end, **said)


def joins(rate: float, seed: int, count: int = 4_000) -> int:
    """How many are joined of agents and calls of agents that have nothing to do with each other, all under one session
    id, so many a second; as in traffic they are told in order of their ends."""
    chance, stitches, at, told = random.Random(seed), Stitches(), 0, []
    for number in range(count):
        at += int(chance.expovariate(rate) * SECOND)
        lasts = chance.randrange(SECOND // 10, 4 * SECOND)
        if chance.random() < 0.5:
            told.append(step(Kind.TOOL, number, at, at + lasts, tool="ask_analyst"))
        else:
            told.append(step(Kind.AGENT, number, at, at + lasts // 2, agent="analyst"))
    for each in sorted(told, key=lambda each: each.end):
        if each.kind is Kind.TOOL:
            own = stitches.call(each, "default")
        else:
            own = stitches.child(each, "analyst", [], child_keys(each, "default", None))
        for stale in own[1]:
            stitches.part(stale)
        for join in own[0]:
            stitches.join(join)
    return len(stitches._above)


@pytest.mark.parametrize("rate", [0.2, 1, 50, 2_000])
def test_session_that_thousands_of_traces_share_joins_none_of_them(rate: float) -> None:
    """The first few may look as if they belonged together."""
    assert joins(rate, 1) <= 4


def test_stated_confidence_is_that_of_the_method() -> None:
    told = {"link": 0.9, "context": 0.9, "call_id": 0.9, "exchange": 0.9}
    assert {**told, "result": 0.7, "conversation": 0.7, "text": 0.6} == CONFIDENCE


def test_each_turn_of_a_long_conversation_joins_its_own_agent() -> None:
    stitches, joined = Stitches(), 0
    for number in range(2, 402, 2):
        start = number * SECOND
        run = step(Kind.AGENT, number, start + SECOND // 10, start + SECOND // 2, agent="analyst")
        call = step(Kind.TOOL, number + 1, start, start + SECOND, tool="ask_analyst")
        stitches.child(run, "analyst", [], child_keys(run, "thread-1", None))
        for join in stitches.call(call, "thread-1")[0]:
            assert join.child.span_id == run.span_id
            stitches.join(join)
            joined += 1
    assert joined == 200
