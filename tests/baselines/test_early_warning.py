"""A run that goes on and has passed what whole runs of its task take is told at that step, once."""

from collections.abc import Iterable
from typing import Any

from opentelemetry.proto.trace.v1.trace_pb2 import Span

from otelagent.ear import Ear
from otelagent.model import Finding
from otelagent.pipeline import Pipeline, Settings
from tests import builders
from tests.baselines.test_tasks import only

USUAL = [900, 1200, 1500, 1800]
"""Input tokens of the model calls of an ordinary run."""


class Ear(Ear):
    def __init__(self) -> None:
        self.heard: list[tuple[Finding, bool]] = []

    def found(self, finding: Finding, run: Any, trace: Any, first: bool) -> None:
        self.heard.append((finding, first))


def run(seed: str, tokens: Iterable[int]) -> list[Span]:
    took = list(tokens)
    steps: list[dict[str, Any]] = [
        {"tool": "fetch_section", "arguments": {"n": n}, "result": f"Section {n} has 3 paragraphs."}
        for n in range(len(took) - 1)
    ]
    script = {"agent": "writer", "user": "Write the report.", "tokens": took, "steps": [*steps, {"say": "Done."}]}
    return builders.spans(script, seed)


def known() -> tuple[Pipeline, Ear]:
    ear = Ear()
    pipeline = Pipeline(Settings(detectors=only("token_anomaly")), (ear,))
    for number in range(40):
        grown = [int(each * (1 + number % 5 / 20)) for each in USUAL]
        pipeline.traces(builders.request(run(f"earlier/{number}", grown)), float(number))
        pipeline.tick(float(number + 60))
    return pipeline, ear


def play(pipeline: Pipeline, spans: Iterable[Span], now: float) -> None:
    for span in spans:
        pipeline.traces(builders.request([span]), now)
        pipeline.tick(now)


def test_an_unfinished_run_is_told_with_the_step_that_passes_the_limit() -> None:
    pipeline, ear = known()
    *inner, root = run("long", [2_000 * n for n in range(1, 12)])
    assert root.name == "invoke_agent writer"
    play(pipeline, inner[:4], 300.0)
    assert ear.heard == []
    play(pipeline, inner[4:], 301.0)
    early = [(finding, first) for finding, first in ear.heard if first]
    assert [(f.mode, f.cause) for f, _ in early] == [("token_anomaly", "tokens")]
    about = next(span for span in inner if span.span_id == early[0][0].about)
    assert about.name.startswith("chat")
    assert "goes on" in early[0][0].reason
    assert (
        early[0][0].extra["otelagent.task.tokens.expected"]
        < 10_000
        < early[0][0].extra["otelagent.task.tokens.observed"]
    )


def test_the_end_of_the_run_updates_the_finding_and_adds_none() -> None:
    pipeline, ear = known()
    play(pipeline, run("long", [2_000 * n for n in range(1, 12)]), 300.0)
    pipeline.settle(400.0)
    assert len({finding.identity for finding, _ in ear.heard}) == sum(first for _, first in ear.heard) == 1


def test_an_unfinished_run_within_what_is_usual_is_not_told() -> None:
    pipeline, ear = known()
    *inner, _ = run("ordinary", [1_000, 1_400, 1_800, 2_300])
    play(pipeline, inner, 300.0)
    assert ear.heard == []


def test_while_the_task_is_being_learned_nothing_is_told() -> None:
    ear = Ear()
    pipeline = Pipeline(Settings(detectors=only("token_anomaly")), (ear,))
    for number in range(20):
        pipeline.traces(builders.request(run(f"earlier/{number}", USUAL)), float(number))
    play(pipeline, run("long", [2_000 * n for n in range(1, 12)])[:-1], 300.0)
    assert ear.heard == []
