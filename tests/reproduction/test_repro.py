"""A reproduction fails for the named reason, needs all that it holds, and passes with the guard."""

import copy
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from otelagent.cases.case import Case, Target, from_json, to_json
from otelagent.cases.elements import document
from otelagent.cases.spans import request
from otelagent.diagnosis.scan import scan
from otelagent.guards import BY_MODE
from otelagent.mocks import MockTools
from otelagent.reproduction import outcome, told
from otelagent.reproduction.reduce import DoesNotFail, LimitReached, Limits, Search
from otelagent.reproduction.repro import NoReproduction, Reproduction, reproduce
from tests.reproduction import cases

STATED = ("error", "error_type", "http_status", "status", "length", "failed", "seen")


def modes(plain: Any) -> set[tuple[str, str]]:
    """What the detectors find in a case's JSON."""
    found = scan([request(msgspec.convert(plain, Case))]).findings.values()
    return {(f.mode, f.cause) for f in found}


def smaller(plain: Any) -> Iterator[tuple[str, Any]]:
    """Each case with one thing less: an own walk over the JSON, which knows nothing of `elements`."""

    def without(path: list[Any]) -> Any:
        made = copy.deepcopy(plain)
        at = made
        for key in path[:-1]:
            at = at[key]
        del at[path[-1]]
        return made

    def values(value: Any, path: list[Any]) -> Iterator[list[Any]]:
        yield path
        for key, inner in (
            value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        ):
            yield from values(inner, [*path, key])

    def inside(run: Any, path: list[Any]) -> Iterator[list[Any]]:
        yield from ([*path, "tools", i] for i in range(len(run.get("tools", ()))))
        yield from ([*path, key] for key in ("output", "assigned", "processed") if key in run)
        for i, step in enumerate(run.get("steps", ())):
            at = [*path, "steps", i]
            yield at
            if step["type"] == "run":
                yield from inside(step, at)
            for n, call in enumerate(step.get("calls", ())):
                yield [*at, "calls", n]
                for key in ("arguments", "result"):
                    yield from values(call[key], [*at, "calls", n, key]) if key in call else ()
                yield from (
                    [*at, "calls", n, key]
                    for key in ("error", "error_type", "http_status", "status", "length")
                    if key in call
                )
                for m, inner in enumerate(call.get("runs", ())):
                    yield [*at, "calls", n, "runs", m]
                    yield from inside(inner, [*at, "calls", n, "runs", m])

    for i, run in enumerate(plain["runs"]):
        if len(plain["runs"]) > 1:
            yield f"run {i}", without(["runs", i])
        for path in inside(run, ["runs", i]):
            made = without(path)
            yield str(path), _pruned(made)


def _pruned(plain: Any) -> Any:
    """A turn that says and asks nothing any more is no turn, in whichever run."""
    for run in plain.get("runs", ()):
        run["steps"] = [s for s in run.get("steps", ()) if s["type"] != "turn" or s.get("text") or s.get("calls")]
        for step in run["steps"]:
            _pruned({"runs": [step]} if step["type"] == "run" else {})
            for call in step.get("calls", ()):
                _pruned(call)
    return plain


def check(made: Reproduction, target: Target) -> None:
    plain = document(made.case)
    cause = {target.cause, "obeyed"} if target.cause == "attempt" else {target.cause}
    failure = outcome(made.case, MockTools.from_case(made.case))
    assert failure is not None
    assert failure.mode == target.mode
    assert failure.cause in cause
    assert failure.mode in told(failure)
    assert outcome(made.case, MockTools.from_case(made.case), lambda: [made.guard()]) is None
    assert made.guard.guard is BY_MODE[target.mode]
    loose = [path for path, tried in smaller(plain) if any((target.mode, c) in modes(tried) for c in cause)]
    assert loose == []


@pytest.mark.parametrize("name", list(cases.chosen()), ids=lambda name: name.removesuffix(".binpb.gz"))
def test_recording_is_reproduced_in_the_smallest_case_that_its_guard_prevents(name: str) -> None:
    case, target = cases.first(name)
    made = reproduce(case, target)
    check(made, target)
    assert from_json(to_json(made.case)) == made.case


def test_there_is_a_recording_of_every_mode_that_was_recorded() -> None:
    seen = {target.mode for name in cases.chosen() for _, target in cases.failures(name)}
    assert seen >= {
        "empty_result_fabrication",
        "context_amnesia",
        "rate_limit_mid_chain",
        "delegation_incomplete",
        "reasoning_loop",
        "prompt_injection",
        "auth_misread",
        "tool_error_ignored",
        "schema_drift",
    }


OPEN: dict[str, str] = {
    **dict.fromkeys(
        (
            "anthropic-genai-rootless__loop",
            "anthropic-logfire-rootless__loop",
            "anthropic-openlit-rootless__loop",
            "google-genai-tl-rootless__loop",
            "litellm-otel-rootless__loop",
            "litellm-otel__delegation",
            "openai-genai-rootless__loop",
        ),
        "each model call is a trace: the case has one of them, whose earlier calls no guard can prevent",
    ),
    **dict.fromkeys(
        ("mastra__loop", "mastra__empty", "mastra__raised", "voltagent__loop"),
        "one span around all model calls: the case doesn't take it apart",
    ),
    **dict.fromkeys(
        (
            "llamaindex-openlit__loop",
            "llamaindex-openlit__empty",
            "llamaindex-openlit__delegation",
            "llamaindex-openlit__raised",
        ),
        "calls are known from histories alone, which don't name the tool",
    ),
    **dict.fromkeys(
        (
            "langchain-js-langfuse__delegation",
            "langchain-js-oi__delegation",
            "langgraph-openlit__delegation",
            "llamaindex-tl__delegation",
            "smolagents-oi__delegation",
            "strands-1.x__delegation",
            "strands-oi__delegation",
        ),
        "played again, the child's failure is told with another cause, or as another mode, or not",
    ),
    **dict.fromkeys(
        (
            "anthropic-genai__delegation",
            "anthropic-js-oi__delegation",
            "anthropic-logfire__delegation",
            "anthropic-oi__delegation",
            "anthropic-tl__delegation",
            "bedrock-official__delegation",
            "bedrock-oi__delegation",
            "bedrock-tl__delegation",
            "google-genai-oi__delegation",
            "google-genai-tl__delegation",
            "litellm-oi__delegation",
            "openai-js-langfuse__delegation",
            "openai-js-oi__delegation",
            "openai-js-tl__delegation",
            "openai-logfire__delegation",
            "openai-openlit__delegation",
            "openai-responses-genai__delegation",
            "openai-v2__delegation",
        ),
        "the child has no span: the case has one conversation, where its turns stand among those of whoever asked it",
    ),
}
"""Recordings some failure of which doesn't show again as a case: `repro` says so and writes nothing."""


def test_child_that_only_messages_show_is_said_not_to_fail_again() -> None:
    case, target = cases.first("anthropic-oi__delegation.binpb.gz")
    with pytest.raises(DoesNotFail, match="delegation_incomplete"):
        reproduce(case, target)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_all_failures_of_all_recordings_are_reproduced_with_a_fifth_of_the_elements() -> None:
    shares, unable = [], set()
    for name in cases.everything():
        for case, target in cases.failures(name):
            try:
                made = reproduce(case, target)
            except (DoesNotFail, NoReproduction):
                unable.add(name.removesuffix(".binpb.gz"))
                continue
            check(made, target)
            shares.append(made.after / made.before)
    assert unable == set(OPEN)
    assert len(shares) > 450
    assert statistics.median(shares) < 0.2


NONE_YET = {
    "fires-generic-call-only-searched": "played again, a tool that calls any counts as one that does anything",
    "fires-second-look-without-a-call": "no guard holds back an answer that tells of a second look",
    "fires-not-paged-to-the-end": "a guard sees one page at a time",
}
"""Fixtures that have no reproduction, and why."""
REPRODUCED = [p for p in cases.FIXTURES if p.stem not in NONE_YET]
FEW = [p for p in REPRODUCED if p.parent.name in ("recovery_loop", "unsupported_action_claim", "cascade")]
MANY = [p for p in REPRODUCED if p.parent.name not in cases.OVER_MANY_TRACES]


@pytest.mark.parametrize("path", [p for p in cases.FIXTURES if p.stem in NONE_YET], ids=lambda path: path.stem)
def test_what_has_no_reproduction_is_refused_with_a_reason(path: Path) -> None:
    case, target = cases.fixture(path)
    with pytest.raises((DoesNotFail, NoReproduction)):
        reproduce(case, target)


@pytest.mark.parametrize("path", FEW, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_modes_that_no_recording_has_are_reproduced_too(path: Path) -> None:
    case, target = cases.fixture(path)
    check(reproduce(case, target), target)


@pytest.mark.slow
@pytest.mark.parametrize("path", MANY, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_fixture_of_every_detector_is_reproduced(path: Path) -> None:
    case, target = cases.fixture(path)
    check(reproduce(case, target), target)


def test_values_become_placeholders_unless_they_carry_the_failure() -> None:
    case, target = cases.first("langgraph__openinference__delegation_partial.binpb.gz")
    kept = to_json(reproduce(case, target, redact=False).case).decode()
    shown = to_json(reproduce(case, target).case).decode()
    assert "Analyse these" in kept
    assert "Analyse these" not in shown
    assert any(f"20{n}" in shown for n in range(1, 8))  # the items are what is missing


def test_whole_trace_that_does_not_fail_is_not_reduced() -> None:
    case, target = cases.first("pydantic-ai__native-default__empty_result.binpb.gz")
    with pytest.raises(DoesNotFail, match="reasoning_loop"):
        reproduce(case, Target(mode="reasoning_loop", cause="repeat"))
    with pytest.raises(NoReproduction, match="no guard"):
        reproduce(case, Target(mode="token_anomaly"))
    with pytest.raises(LimitReached, match="5 tests"):
        reproduce(case, target, search=lambda fails: Search(fails, Limits(tests=5)))
