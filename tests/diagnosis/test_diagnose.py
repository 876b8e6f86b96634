"""From a recorded failure to its root cause, in the six steps."""

import json
from collections import Counter
from typing import Any

import pytest

from otelagent.diagnosis.diagnose import Diagnosis, diagnose
from otelagent.diagnosis.grounds import Support
from otelagent.diagnosis.render_json import as_json
from otelagent.model import Kind, Layer, Status
from tests import builders

FAILING = "pydantic-ai__native-default__empty_result.binpb.gz"
DELEGATED = "langgraph__openinference__delegation_partial.binpb.gz"
LAYERS = {
    "context_amnesia": "orchestration",
    "delegation_incomplete": "orchestration",
    "reasoning_loop": "orchestration",
    "recovery_loop": "orchestration",
}
"""All other modes of the recordings are the tool's fault."""


def recorded(name: str) -> Diagnosis:
    return diagnose([builders.capture(name)])


def played(steps: list[dict[str, Any]], **script: Any) -> Diagnosis:
    script = {"user": "Look it up.", "agent": "atlas", "steps": steps, **script}
    return diagnose([builders.request(builders.spans(script))])


def test_divergence_and_layer_are_those_of_the_recordings() -> None:
    tally: Counter[str] = Counter()
    for entry in builders.manifest():
        if not entry.get("expect_modes"):
            continue
        made = recorded(entry["file"])
        if not made.findings:
            continue
        diverged = made.known_good.first_divergence
        tally["failing"] += 1
        tally["step"] += diverged is not None and diverged.hex() in {e["span_id"] for e in entry["evidence"]}
        tally["layer"] += made.classification.layer in {LAYERS.get(mode, "tool") for mode in entry["expect_modes"]}
    assert tally["failing"] >= 170
    assert tally["step"] >= 0.95 * tally["failing"]
    assert tally["layer"] >= 0.95 * tally["failing"]


def test_each_claim_names_the_step_and_json_path_that_ground_it() -> None:
    made = recorded(FAILING)
    held = [(claim.text, claim.support, claim.by_path) for claim in made.output.claims]
    assert held[0] == ("2024", Support.GROUNDED, "gen_ai.tool.call.result#/results/0/published")
    assert [(text, support) for text, support, _ in held[1:4]] == [
        ("67%", Support.UNSUPPORTED),
        ("4.2 months", Support.UNSUPPORTED),
        ("91%", Support.UNSUPPORTED),
    ]


def test_sum_of_given_numbers_is_derived() -> None:
    made = played(
        [
            {"tool": "get_orders", "arguments": {}, "result": {"first": 143, "second": 312}},
            {"say": "Together they come to 455 units."},
        ]
    )
    assert [(c.text, c.support) for c in made.output.claims] == [("455", Support.DERIVED)]


def test_what_came_after_the_answer_grounds_nothing() -> None:
    made = played(
        [
            {"tool": "search", "arguments": {"q": "a"}, "result": {"n": 143}},
            {"say": "It holds 7781 units."},
            {"tool": "search", "arguments": {"q": "b"}, "result": {"n": 7781}},
            {"say": "Done."},
        ]
    )
    turns = [s for s in made.recording.steps if s.said.startswith("It holds")]
    assert [c.support for c in made.claims[turns[0].index]] == [Support.UNSUPPORTED]


def test_claims_are_unknown_where_results_were_not_captured() -> None:
    spans = builders.spans(
        {
            "agent": "atlas",
            "steps": [{"tool": "search", "arguments": {"q": "a"}}, {"say": "It holds 7781 units."}],
            "history": False,
        }
    )
    made = diagnose([builders.request(spans)])
    assert [c.support for c in made.output.claims] == [Support.UNKNOWN]


def test_chain_leads_from_the_last_good_step_through_the_child_to_the_output() -> None:
    made = recorded(DELEGATED)
    chain = [(link.kind, link.name) for link in made.known_good.chain]
    assert chain[0][0] is Kind.LLM
    assert chain[1:] == [
        (Kind.TOOL, "read_document"),
        (Kind.LLM, "gpt-4o-2024-08-06"),
        (Kind.AGENT, "analyst_b"),
        (Kind.TOOL, "ask_analyst_b"),
        (Kind.LLM, "gpt-4o-2024-08-06"),
        (Kind.LLM, "gpt-4o-2024-08-06"),
    ]
    assert made.known_good.chain[1].span_id == made.known_good.first_divergence
    assert made.known_good.chain[0].span_id == made.known_good.last_good


def test_boundary_shows_request_result_and_what_its_other_calls_had() -> None:
    (call,) = recorded(DELEGATED).boundaries
    assert (call.tool, call.outcome, call.requested) == ("read_document", Status.RATE_LIMITED, "doc-204")
    assert (call.read_as or "").startswith("Completed analysis")
    assert {"/text"} <= {*call.fields_missing}
    assert {"/http_status"} <= {*call.fields_added}


def test_constraint_that_left_the_context_is_shown_as_displaced() -> None:
    system = {"role": "system", "parts": [{"type": "text", "content": "Only use documents dated after 2024-01-01."}]}
    user = {"role": "user", "parts": [{"type": "text", "content": "Go on."}]}
    made = played(
        [
            {"tool": "search", "arguments": {"q": "a"}, "result": {"n": 1}, "sees": [system, user]},
            {"say": "Nothing to add.", "sees": [user]},
        ]
    )
    (rule,) = made.context.rules
    assert rule.text == "Only use documents dated after 2024-01-01."
    assert rule.displaced_span_ids == (made.context.curve[1].span_id,)
    assert [(f.present, f.displaced) for f in made.context.curve] == [(1, 0), (0, 1)]


def test_constraint_that_the_user_repeats_is_not_lifted() -> None:
    rules = recorded("pydantic-ai__native-default__amnesia.binpb.gz").context.rules
    assert [rule.lifted_span_id for rule in rules] == [None] * len(rules)
    assert [bool(rule.broken) for rule in rules if rule.kind == "date"] == [True] * 2


def test_constraint_that_the_user_lifts_is_shown_as_lifted() -> None:
    rules = recorded("pydantic-ai__native-default__amnesia_lifted.binpb.gz").context.rules
    assert all(rule.lifted_span_id for rule in rules if rule.kind == "date")


def test_step_without_messages_cannot_be_replayed_and_says_what_is_missing() -> None:
    made = played([{"say": "Done."}], content=False)
    assert not made.isolation.replayable
    assert made.isolation.missing


def test_healthy_run_still_gets_its_most_suspicious_step() -> None:
    made = recorded("pydantic-ai__native-default__ok.binpb.gz")
    assert made.findings == ()
    assert made.classification.layer is None
    assert made.most_suspicious is not None
    assert 0 < made.most_suspicious.confidence < 0.5
    assert made.most_suspicious.agent == "atlas"


def test_action_that_failed_is_suspected_before_a_lookup_that_was_repeated_with_success() -> None:
    made = played(
        [
            {"tool": "find_user", "arguments": {"id": "u1"}, "result": "Error: user not found"},
            {"tool": "find_user", "arguments": {"id": "u2"}, "result": {"name": "Ana"}},
            {"tool": "cancel_order", "arguments": {"id": "o1"}, "result": "Error: order is not pending"},
            {"say": "I could not cancel the order, because it is not pending."},
        ]
    )
    author = next(s for s in made.recording.steps if any(call.name == "cancel_order" for call in s.asked))
    assert made.findings == ()
    assert made.most_suspicious is not None
    assert made.most_suspicious.span_id == author.span_id


def test_run_that_a_raising_tool_ended_diverged_there() -> None:
    made = recorded("google-adk__native__rate_limit_raised.binpb.gz")
    diverged = made.recording.at(made.known_good.first_divergence)
    assert diverged is not None
    assert (diverged.name, diverged.step.failed) == ("web_search", True)
    assert made.classification.layer is Layer.TOOL


def test_error_that_the_answer_leaves_out_is_a_hypothesis_and_no_finding() -> None:
    made = recorded("openai-agents__openinference__auth_401_raised.binpb.gz")
    diverged = made.recording.at(made.known_good.first_divergence)
    assert made.findings == ()
    assert diverged is not None
    assert diverged.source
    assert (made.classification.layer, made.classification.confidence) == (Layer.TOOL, 0.3)


def test_findings_come_in_the_order_in_which_they_began() -> None:
    for entry in builders.manifest()[::7]:
        made = recorded(entry["file"])
        began = [s.index for f in made.findings if f.confidence >= 0.4 and (s := made.recording.at(f.first_divergence))]
        assert began == sorted(began)


def test_of_several_traces_that_with_the_gravest_finding_is_taken() -> None:
    bodies = [builders.capture(FAILING), builders.capture("pydantic-ai__native-default__ok.binpb.gz")]
    made = diagnose(bodies)
    assert made.recording.traces == recorded(FAILING).recording.traces
    assert len(made.recording.others) == 1


def test_one_trace_can_be_picked() -> None:
    healthy = recorded("pydantic-ai__native-default__ok.binpb.gz").recording.traces[0]
    bodies = [builders.capture(FAILING), builders.capture("pydantic-ai__native-default__ok.binpb.gz")]
    made = diagnose(bodies, trace=healthy)
    assert (made.recording.traces, made.findings) == ((healthy,), ())


def test_json_is_complete_and_plain() -> None:
    made = json.loads(json.dumps(as_json(recorded(FAILING))))
    assert made["version"] == 1
    (finding,) = made["findings"]
    assert finding["mode"] == "empty_result_fabrication"
    assert finding["first_divergence"]["span_id"] == made["known_good"]["first_divergence"]
    assert finding["last_good"]["span_id"] == made["known_good"]["last_good"]
    assert made["most_suspicious"]["span_id"] == finding["first_divergence"]["span_id"]
    assert made["classification"]["layer"] == Layer.TOOL
    assert [step["index"] for step in made["steps"]] == list(range(len(made["steps"])))


@pytest.mark.timeout(100)
@pytest.mark.parametrize("steps", [2_500])
def test_trace_of_thousands_of_steps_is_diagnosed(steps: int) -> None:
    calls = [{"tool": "search", "arguments": {"q": f"topic {n}"}, "result": {"n": n * 37}} for n in range(steps)]
    script = {"user": "Go.", "agent": "atlas", "history": False, "steps": [*calls, {"say": "All is in order."}]}
    body = builders.request(builders.spans(script))
    assert len(diagnose([body]).recording.steps) >= 2 * steps
