"""Failing recordings for tests of reproduction: of every mode, from three frameworks and more."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from otelagent.cases.case import Case, Target
from otelagent.cases.extract import Extract
from otelagent.cases.predicate import target_of
from otelagent.diagnosis.diagnose import by_root_cause
from otelagent.diagnosis.play import Logs
from otelagent.diagnosis.recording import record
from tests import builders, test_recorded

CAPTURED = ("pydantic-ai__native-default", "langgraph__openinference", "vercel-ai-7__native")
SCENARIOS = (
    "empty_result",
    "amnesia_one_run",
    "rate_limit",
    "delegation_partial",
    "loop",
    "injection",
    "auth_401",
    "schema_drift",
)
RECORDED = (
    "agno-oi__raised",
    "strands__raised",
    "smolagents-oi__empty",
    "semantic-kernel__delegation",
    "openai-oi__auth",
    "litellm-otel__empty",
    "llamaindex-otel__loop",
    "llamaindex-tl__loop",
    "openai-agents-tl__delegation",
    "langgraph-langsmith__raised",
    "strands-1.x__raised",
    "openai-responses-genai__loop",
    "openai-agents__openinference__loop",
    "openai-v2__empty",
)
FIXTURES = sorted((Path(__file__).parent.parent / "detectors").glob("*/fires-*.json"))
"""Scripts of failures."""
OVER_MANY_TRACES = ("shared_state_conflict", "schema_drift", "token_anomaly", "tool_divergence")
"""Modes whose fixtures need a configuration or what earlier traces have shown."""


def chosen() -> Iterator[str]:
    """Names of the recordings that every test run looks at."""
    known = {entry["file"] for entry in builders.manifest()}
    names = (f"{emitter}__{scenario}.binpb.gz" for emitter in CAPTURED for scenario in SCENARIOS)
    yield from (name for name in names if name in known)
    yield from (f"{name}.binpb.gz" for name in RECORDED)


def everything() -> Iterator[str]:
    """Names of all recordings in which something is expected."""
    entries: list[dict[str, Any]] = [*builders.manifest(), *test_recorded.ENTRIES]
    yield from (entry["file"] for entry in entries if entry["expect_modes"])


def bytes_of(name: str) -> bytes:
    """A recording of either folder."""
    return builders.capture(name) if (builders.CAPTURES / name).exists() else test_recorded.read(name)


def logs_of(name: str) -> list[Logs]:
    """Logs that were recorded beside it."""
    return [Logs(test_recorded.read(e["logs"])) for e in test_recorded.ENTRIES if e["file"] == name and e["logs"]]


def failures(name: str) -> Iterator[tuple[Case, Target]]:
    """Each failure of a recording with its case."""
    recording = record([bytes_of(name), *logs_of(name)])
    for finding in by_root_cause(recording):
        yield Extract(recording, finding).case, target_of(finding)


def first(name: str) -> tuple[Case, Target]:
    """The one with the earliest root cause."""
    return next(failures(name))


def fixture(path: Path) -> tuple[Case, Target]:
    """The failure that a detector's fixture is about."""
    body = builders.request(builders.spans(json.loads(path.read_text())["script"]))
    recording = record([body])
    finding = next(found for found in by_root_cause(recording) if found.mode == path.parent.name)
    return Extract(recording, finding).case, target_of(finding)
