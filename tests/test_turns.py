"""Model calls that are traces of their own, all that is sent: joined by what was given and what came back."""

import gzip
import random
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otelagent.diagnosis.inspect import Agent, inspect, walk
from otelagent.model import Kind
from otelagent.pipeline import Pipeline
from tests.test_delegation import found

HERE = Path(__file__).parent
IDS = ["doc-204", "doc-205", "doc-206", "doc-207"]
OF_ITS_OWN = ("agent.name", "conversation", "session")
"""Parts of names of attributes that such emitters don't send."""
EMITTERS = ("openai-agents__openinference", "langgraph__traceloop", "google-adk__native", "vercel-ai-7__native")


def recorded(name: str) -> bytes:
    return gzip.decompress((HERE / f"{name}.binpb.gz").read_bytes())


def model_calls(body: bytes) -> set[bytes]:
    pipeline = Pipeline()
    pipeline.traces(body, 1_000.0)
    return {span_id for trace in pipeline.live for span_id, node in trace.nodes.items() if node.kind is Kind.LLM}


def alone(body: bytes) -> list[bytes]:
    """The model calls of a recording, each a trace and a request, in order of their end."""
    made, own = [], model_calls(body)
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        for scope in resource.scope_spans:
            for span in (s for s in scope.spans if s.span_id in own):
                request = ExportTraceServiceRequest()
                home = request.resource_spans.add(resource=resource.resource)
                turn = home.scope_spans.add(scope=scope.scope).spans.add()
                turn.CopyFrom(span)
                turn.trace_id, turn.parent_span_id = span.span_id * 2, b""
                for told in [a for a in turn.attributes if any(part in a.key for part in OF_ITS_OWN)]:
                    turn.attributes.remove(told)
                made.append((span.end_time_unix_nano, request.SerializeToString()))
    return [request for _, request in sorted(made)]


def agents(requests: list[bytes]) -> list[Agent]:
    return [agent for pipe in inspect(requests).pipes for top in pipe.agents for agent in walk(top)]


def children(requests: list[bytes]) -> dict[str, tuple[str | None, int | None, int | None]]:
    """By the name of the call: how each child was joined, and its receipt."""
    return {
        agent.name or "": (agent.method, agent.receipt.assigned, agent.receipt.processed)
        for agent in agents(requests)
        if agent.method and agent.receipt is not None
    }


def test_children_of_litellm_are_joined_by_what_was_given_and_what_came_back() -> None:
    requests = [recorded("recorded/litellm-otel__delegation")]
    assert children(requests) == {
        "ask_analyst_a": ("exchange", 3, 3),
        "ask_analyst_b": ("exchange", 7, 3),
        "ask_analyst_c": ("exchange", 2, 2),
    }
    (missing,) = [f for agent in agents(requests) for f in agent.findings if not f.raised]
    assert missing.extra["otelagent.delegation.missing_items"] == IDS


def test_parents_answer_passes_the_child_over() -> None:
    raised = [f for a in agents([recorded("recorded/litellm-otel__delegation")]) for f in a.findings if f.raised]
    assert [f.cause for f in raised] == ["child_incomplete"]


def test_child_is_joined_by_its_result_where_messages_leave_out_what_was_given() -> None:
    """OpenLIT's later turns show the results of calls, and not what they were called with."""
    name = "recorded/llamaindex-openlit__delegation"
    assert children([recorded(name)])["ask_analyst_b"] == ("result", 7, 3)


@pytest.mark.parametrize("emitter", EMITTERS)
def test_child_that_left_items_is_found_by_model_calls_alone(emitter: str) -> None:
    requests = alone(recorded(f"captures/{emitter}__delegation_partial"))
    assert children(requests)["ask_analyst_b"] == ("exchange", 7, 3)
    assert {(mode, cause) for mode, cause, _ in found(requests)} == {("delegation_incomplete", "items_missing")}


@pytest.mark.parametrize("emitter", EMITTERS)
def test_children_that_did_all_are_quiet(emitter: str) -> None:
    requests = alone(recorded(f"captures/{emitter}__delegation_ok"))
    assert {method for method, _, _ in children(requests).values()} == {"exchange"}
    assert found(requests) == set()


@pytest.mark.parametrize("emitter", EMITTERS)
def test_no_order_of_arrival_finds_more(emitter: str) -> None:
    requests = alone(recorded(f"captures/{emitter}__delegation_partial"))
    for seed in range(5):
        shuffled = random.Random(seed).sample(requests, len(requests))
        assert found(shuffled) <= found(requests)


def test_answers_of_two_that_mean_one_call_join_nothing() -> None:
    """The child's last turn twice, under two ids: which of them the call started isn't known."""
    requests = alone(recorded("captures/openai-agents__openinference__delegation_partial"))
    copies = []
    for body in requests:
        message = ExportTraceServiceRequest.FromString(body)
        span = message.resource_spans[0].scope_spans[0].spans[0]
        span.span_id = span.span_id[::-1]
        span.trace_id = span.span_id * 2
        copies.append(message.SerializeToString())
    assert not any(agent.method for agent in agents([*requests, *copies]))


def test_calls_of_tools_that_return_what_they_like_join_nothing() -> None:
    """Only a call whose result is another trace's answer, or that was given its task and stands for an agent."""
    requests = alone(recorded("captures/openai-agents__openinference__ok"))
    assert len(requests) > 1
    assert not any(agent.method for agent in agents(requests))
