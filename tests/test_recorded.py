"""Recordings of further frameworks and instrumentations. Faults found on them were fixed: they guard the fixes."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from otelagent import dialects, otlp
from otelagent.diagnosis.scan import Report
from otelagent.model import Kind, Step
from otelagent.pipeline import Pipeline
from otelagent.run import SOURCES
from otelagent.trace import Closed, Trace
from tests import builders
from tests.exceptions import EXCEPTIONS

RECORDED = Path(__file__).parent / "recorded"
ENTRIES: list[dict[str, Any]] = json.loads((RECORDED / "manifest.json").read_text())["captures"]


def read(name: str) -> bytes:
    return gzip.decompress((RECORDED / name).read_bytes())


class Counted(Report):
    """Counts the steps of all runs."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = [0, 0]

    def closed(self, trace: Trace, reason: Closed) -> None:
        super().closed(trace, reason)
        kinds = [step.kind for run in trace.runs.values() for step in run.steps if not step.retold]
        self.calls[0] += kinds.count(Kind.LLM)
        self.calls[1] += sum(kind in SOURCES for kind in kinds)


def played(entry: dict[str, Any], how: str) -> Counted:
    body = read(entry["file"])
    requests = [body]
    if how == "one_by_one":
        requests = list(builders.one_by_one(body))
    elif how == "as_arrived":
        requests = list(builders.as_arrived(body, entry["arrival"]))
    report = Counted()
    pipeline = Pipeline(None, ears=(report,))
    logs = read(entry["logs"]) if entry["logs"] else None
    if logs and how == "one_by_one":
        pipeline.logs(logs, 0.5)
    for now, request in enumerate(requests, 1):
        pipeline.traces(request, float(now))
    if logs and how != "one_by_one":
        pipeline.logs(logs, len(requests) + 0.5)
    pipeline.settle(len(requests) + 1.0)
    return report


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e["file"].removesuffix(".binpb.gz"))
def test_recording_gives_its_steps(entry: dict[str, Any]) -> None:
    counts: dict[str, int] = {}
    for span in otlp.TraceRequest(read(entry["file"])).spans:
        item = dialects.read(span)
        kind = str(item.kind) if isinstance(item, Step) else "plain" if item.dialect else "unknown"
        counts[kind] = counts.get(kind, 0) + 1
    assert counts == entry["items"]


@pytest.mark.parametrize("how", ["as_arrived", "one_by_one", "all_at_once"])
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e["file"].removesuffix(".binpb.gz"))
def test_recording_gives_its_findings_however_it_arrives(entry: dict[str, Any], how: str) -> None:
    expected, _ = EXCEPTIONS.get((entry["emitter"], entry["scenario"]), (entry["expect_modes"], ""))
    assert sorted(f.mode for f in played(entry, how).findings.values()) == expected


NO_MODEL_CALLS = "openai-agents-genai"
AROUND_ALL = {"mastra", "voltagent"}
"""They make one span for all model calls of a run."""


@pytest.mark.parametrize("how", ["as_arrived", "one_by_one", "all_at_once"])
@pytest.mark.parametrize(
    "entry", [e for e in ENTRIES if "calls" in e], ids=lambda e: e["file"].removesuffix(".binpb.gz")
)
def test_each_call_of_a_model_or_tool_counts_once(entry: dict[str, Any], how: str) -> None:
    models, tools = entry["calls"]
    seen = played(entry, how).calls
    models = entry["items"]["llm"] if entry["emitter"] in AROUND_ALL else models
    assert seen[0] == (0 if entry["emitter"] == NO_MODEL_CALLS else models)
    assert seen[1] == tools
