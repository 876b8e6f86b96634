"""Every recording gives the steps of its scenario: the same for all emitters, but for the losses listed here."""

import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from otelagent import dialects, otlp
from otelagent.model import Kind, Plain, Step, ToolCall, ToolResult, Withheld
from otelagent.reading.arguments import canonical
from tests import builders

SCENARIOS = json.loads((Path(__file__).parent / "scenarios.json").read_text())
"""What happens in each scenario: user turns, and each agent's tool calls in order."""

ENTRIES = builders.manifest()
WITHOUT_CONTENT = [e for e in ENTRIES if "-nocontent" in e["emitter"]]
WITH_CONTENT = [e for e in ENTRIES if "-nocontent" not in e["emitter"]]

STOPPED_EARLY = {"loop_limit": 6}
"""Scenarios that the framework's own limit ends, and the calls that were made at least."""

SIDE_BY_SIDE = {"ok_parallel", "delegation_parallel"}
"""Calls of one turn start in any order."""

ARGUMENTS_CUT = "langgraph-cut600__traceloop"
"""The envelope around the arguments is longer than 600 characters: what is left is compared by name only."""

COMPLETIONS_LOST = {
    ("openai-agents__openinference", "amnesia_long_run"): "from call 18 on the SDK's attribute limit evicts them",
}
HISTORIES_CUT = "-cut600"
RAISED_WITHOUT_RESULT = ("google-adk__", "google-adk-cut600", "langgraph", "vercel-ai")
"""Frameworks that record no result of a tool that raised; the others record what the model was told."""

NAMED_AS_TOOL = "google-adk"
"""ADK's AgentTool takes the agent's name for the tool's, so there the children are called as the tools."""


class Recording:
    """The steps of a recording, and whose they are."""

    def __init__(self, entry: dict[str, Any]) -> None:
        self.spans = otlp.TraceRequest(builders.capture(entry["file"])).spans
        self.items = [dialects.read(span) for span in self.spans]
        self._by_id = {item.span_id: item for item in self.items}

    def steps(self, *kinds: Kind) -> list[Step]:
        found = [i for i in self.items if isinstance(i, Step) and i.kind in kinds]
        return sorted(found, key=lambda step: (step.start, step.end))

    def owner(self, item: Step | Plain) -> str | None:
        above = self._by_id.get(item.parent_id)
        while above is not None and not (isinstance(above, Step) and above.kind is Kind.AGENT):
            above = self._by_id.get(above.parent_id)
        return above.agent if isinstance(above, Step) else None

    def model_calls(self) -> list[Step]:
        """LLM steps, the twins of one call once."""
        seen: set[str] = set()
        steps = []
        for step in self.steps(Kind.LLM):
            if step.response_id is None or step.response_id not in seen:
                steps.append(step)
                seen.add(step.response_id or "")
        return steps


def agents(entry: dict[str, Any]) -> dict[str, list[Any]]:
    named = SCENARIOS[entry["scenario"]]["agents"]
    if entry["emitter"].startswith(NAMED_AS_TOOL) and entry["scenario"] != "delegation_handoff":
        return {name.replace("analyst_", "ask_analyst_"): calls for name, calls in named.items()}
    return dict(named)


def comparable(name: str, arguments: object) -> tuple[str, int | None]:
    """A call's name and the hash of its arguments; delegating tools name their one argument as they like."""
    if name.startswith("transfer_to_"):
        return name, None
    decoded = _decoded(arguments)
    if name.startswith("ask_") and isinstance(decoded, dict):
        decoded = next(iter(decoded.get("inputs", decoded).values()))
    return name, None if arguments is None else canonical(decoded)


def expected(entry: dict[str, Any]) -> dict[str, list[tuple[str, int | None]]]:
    return {agent: [comparable(*call) for call in calls] for agent, calls in agents(entry).items() if calls}


def agree(entry: dict[str, Any], observed: dict[str | None, list[tuple[str, int | None]]]) -> None:
    wanted = expected(entry)
    assert observed.keys() == wanted.keys()
    for agent, calls in wanted.items():
        found = observed[agent]
        if least := STOPPED_EARLY.get(entry["scenario"]):
            assert len(found) >= least
            calls = calls[: len(found)]
        if entry["scenario"] in SIDE_BY_SIDE:
            assert sorted(found, key=str) == sorted(calls, key=str)
        else:
            assert found == calls


def name_of(entry: dict[str, Any]) -> str:
    return str(entry["file"].removesuffix(".binpb.gz"))


@pytest.mark.parametrize("entry", ENTRIES, ids=name_of)
def test_every_span_of_an_agent_is_known(entry: dict[str, Any]) -> None:
    recording = Recording(entry)
    assert [
        span.name for span, item in zip(recording.spans, recording.items, strict=True) if item.dialect is None
    ] == []


@pytest.mark.parametrize("entry", ENTRIES, ids=name_of)
def test_agents_are_those_of_the_scenario_once_per_turn(entry: dict[str, Any]) -> None:
    found = [step.agent for step in Recording(entry).steps(Kind.AGENT)]
    assert sorted(found, key=str) == sorted([*agents(entry)] * SCENARIOS[entry["scenario"]]["turns"])


@pytest.mark.parametrize("entry", WITH_CONTENT, ids=name_of)
def test_tool_steps_are_the_calls_of_each_agent(entry: dict[str, Any]) -> None:
    recording = Recording(entry)
    observed = defaultdict(list)
    for step in recording.steps(Kind.TOOL, Kind.HANDOFF):
        name = step.tool if step.kind is Kind.TOOL else f"transfer_to_{step.target}"
        arguments = step.content.arguments() if step.content else None
        observed[recording.owner(step)].append(comparable(name or "", arguments.value if arguments else None))
    if entry["emitter"] == ARGUMENTS_CUT:
        assert {a: [n for n, _ in c] for a, c in observed.items()} == {
            a: [n for n, _ in c] for a, c in expected(entry).items()
        }
    else:
        agree(entry, observed)


@pytest.mark.parametrize("entry", WITH_CONTENT, ids=name_of)
def test_tool_steps_have_results_unless_the_tool_raised(entry: dict[str, Any]) -> None:
    steps = Recording(entry).steps(Kind.TOOL)
    lacking = [step for step in steps if step.content is not None and step.content.result() is None]
    raised = entry["scenario"].endswith("_raised") and entry["emitter"].startswith(RAISED_WITHOUT_RESULT)
    assert len(lacking) == (1 if raised else 0)
    assert all(step.failed for step in lacking)


@pytest.mark.parametrize("entry", WITH_CONTENT, ids=name_of)
def test_completions_ask_for_the_calls_of_each_agent(entry: dict[str, Any]) -> None:
    if (entry["emitter"], entry["scenario"]) in COMPLETIONS_LOST:
        pytest.skip(COMPLETIONS_LOST[entry["emitter"], entry["scenario"]])
    recording = Recording(entry)
    observed = defaultdict(list)
    for step in recording.model_calls():
        for call in _calls(step):
            name = call.name or ""
            if name == "transfer_to_agent" and isinstance(call.arguments, dict):
                name = f"transfer_to_{call.arguments['agent_name']}"
            observed[recording.owner(step)].append(comparable(name, call.arguments))
    agree(entry, observed)


@pytest.mark.parametrize("entry", [e for e in WITH_CONTENT if HISTORIES_CUT not in e["emitter"]], ids=name_of)
def test_each_result_stands_in_the_history_of_a_later_model_call(entry: dict[str, Any]) -> None:
    recording = Recording(entry)
    seen: set[str] = set()
    asked: list[str] = []
    for step in recording.model_calls():
        assert step.content is not None
        read = [item.read() for item in step.content.history()]
        seen |= {part.id or "" for message in read for part in message.parts if isinstance(part, ToolResult)}
        asked += [call.id or "" for call in _calls(step)]
        if step.withheld is None:
            assert read[0].role == "system"
            assert any(message.role == "user" and message.parts for message in read)
    unanswered = set(asked) - seen
    ended = entry["scenario"] in STOPPED_EARLY or entry["scenario"].endswith(("_raised", "llm_error_final"))
    evicted = any(step.withheld is Withheld.EVICTED for step in recording.model_calls())
    if not ended and not evicted:
        handed_over = unanswered if entry["scenario"] == "delegation_handoff" else set()
        assert unanswered == handed_over


@pytest.mark.parametrize("entry", WITHOUT_CONTENT, ids=name_of)
def test_recording_without_content_says_what_would_provide_it(entry: dict[str, Any]) -> None:
    recording = Recording(entry)
    for step in recording.steps(Kind.LLM, Kind.TOOL):
        assert step.withheld in (Withheld.CAPTURE_OFF, Withheld.REDACTED)
        assert step.capture_hint
        assert step.content is not None
        assert step.kind is Kind.LLM or step.content.result() is None
    names = [n for calls in expected(entry).values() for n, _ in calls]
    assert sorted(str(step.tool) for step in recording.steps(Kind.TOOL)) == sorted(names)


@pytest.mark.parametrize("entry", [e for e in ENTRIES if e["scenario"] == "amnesia_long_run"], ids=name_of)
def test_evicted_attributes_are_told_and_never_read_as_empty(entry: dict[str, Any]) -> None:
    flat = "__openinference" in entry["emitter"]
    steps = Recording(entry).steps(Kind.LLM)
    lost = [step.withheld is Withheld.EVICTED for step in steps]
    assert any(lost) == flat
    assert lost == sorted(lost)


@pytest.mark.parametrize("entry", ENTRIES, ids=name_of)
def test_tokens_are_those_of_single_calls(entry: dict[str, Any]) -> None:
    recording = Recording(entry)
    lossy = {span.span_id for span in recording.spans if span.dropped_attributes}
    for step in recording.steps(Kind.AGENT, Kind.WORKFLOW, Kind.TOOL):
        assert step.input_tokens is None
    for step in recording.steps(Kind.LLM):
        if not step.failed and step.span_id not in lossy:
            assert step.input_tokens


@pytest.mark.parametrize("entry", ENTRIES, ids=name_of)
def test_conversation_is_read_where_the_emitter_writes_it(entry: dict[str, Any]) -> None:
    nowhere = ("openai-agents", "vercel-ai-7", "pydantic-ai-1.0")
    found = {step.conversation for step in Recording(entry).steps(*Kind)} - {None}
    assert bool(found) != entry["emitter"].startswith(nowhere)


def _decoded(arguments: object) -> Any:
    try:
        return json.loads(arguments) if isinstance(arguments, str) and arguments[:1] == "{" else arguments
    except ValueError:
        return arguments


def _calls(step: Step) -> Iterable[ToolCall]:
    completion = step.content.completion() if step.content else ()
    return [part for message in completion for part in message.parts if isinstance(part, ToolCall)]
