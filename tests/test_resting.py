"""Traces at rest are bytes until someone asks: what the fold says is the same, whenever they rest."""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from otelagent.detectors.reasoning_loop import ReasoningLoop
from otelagent.diagnosis.scan import Report
from otelagent.model import Finding, Step
from otelagent.pipeline import Pipeline, Settings
from otelagent.run import AgentRun
from otelagent.trace import Closed, Trace
from otelagent.traces import Limits
from tests import builders
from tests.test_conversations import BROKEN, EMPTY, FOUND, KEPT, turns
from tests.test_pipeline import FABRICATION

RECORDINGS = sorted((Path(__file__).parent / "captures").glob("*.binpb.gz"))[::5]
APART = 6.0
"""Seconds between requests: more than it takes until a quiet trace may rest, less than until it leaves."""


class Ear(Report):
    """Keeps what the fold says of traces that leave."""

    def __init__(self) -> None:
        super().__init__()
        self.left: list[Any] = []

    def closed(self, trace: Trace, reason: Closed) -> None:
        super().closed(trace, reason)
        self.left.append(
            (trace.trace_id, reason, trace.outcome, [(run.key, run.outcome) for run in trace.runs.values()])
        )


def played(bodies: list[bytes], awake: int) -> tuple[list[Any], int]:
    """What is sent on and told, and how often a trace was at rest between two requests."""
    ear, rested, said = Ear(), 0, list[Any]()
    pipeline = Pipeline(Settings(limits=Limits(awake_spans=awake)), (ear,))
    for at, body in enumerate(bodies):
        annotated = pipeline.traces(body, at * APART)
        said += [annotated.body, annotated.events, pipeline.tick(at * APART + 5.5)]
        rested += sum(trace.rests for trace in pipeline.live)
    return [*said, pipeline.settle(1e6), ear.left, list(ear.findings.values()), ear.dismissals], rested


def same(bodies: list[bytes]) -> int:
    awake, none = played(bodies, 1 << 30)
    resting, rested = played(bodies, 0)
    assert resting == awake
    assert none == 0
    return rested


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.name)
def test_recordings_say_the_same_when_all_traces_rest_between_their_spans(path: Path) -> None:
    assert same([*builders.one_by_one(gzip.decompress(path.read_bytes()))])


@pytest.mark.parametrize("scripts", [(KEPT, BROKEN), (FOUND, EMPTY)], ids=["rules", "values"])
def test_turns_at_rest_answer_for_later_ones(scripts: tuple[dict[str, Any], ...]) -> None:
    assert same([builders.request([span]) for turn in turns(*scripts) for span in turn])


def test_as_many_traces_rest_as_it_takes_and_those_that_leave_last() -> None:
    pipeline = Pipeline(Settings(limits=Limits(awake_spans=9)))
    done = [builders.spans(FABRICATION, seed=f"done {n}") for n in range(3)]
    for n, spans in enumerate(done):
        pipeline.traces(builders.request(spans), n / 10)
    waiting = builders.spans(FABRICATION, seed="waiting")[:-1]
    pipeline.traces(builders.request(waiting), 0.5)
    pipeline.tick(6.0)
    at_rest = {trace.trace_id for trace in pipeline.live if trace.rests}
    assert at_rest == {waiting[0].trace_id, done[2][0].trace_id}
    assert pipeline.live.spans == 4 * len(done[0]) - 1


def test_a_span_at_rest_takes_less_than_300_bytes() -> None:
    pipeline = Pipeline(Settings(limits=Limits(awake_spans=0)))
    pipeline.traces(builders.request(builders.spans({**FABRICATION, "steps": FABRICATION["steps"] * 20})), 0.0)
    (trace,) = pipeline.live
    spans = trace.size
    pipeline.tick(6.0)
    assert trace.rests
    assert trace.size == spans
    assert not trace.rests or (trace._packed is not None and len(trace._packed) < 300 * spans)


def test_a_trace_with_notes_that_cannot_be_packed_stays_awake(monkeypatch: pytest.MonkeyPatch) -> None:
    def observe(self: ReasoningLoop, step: Step, run: AgentRun) -> Iterator[Finding]:
        run.notes[self.mode] = lambda: step
        yield from ()

    monkeypatch.setattr(ReasoningLoop, "observe", observe)
    spans = builders.spans(FABRICATION)
    pipeline = Pipeline(Settings(limits=Limits(awake_spans=0)), (ear := Ear(),))
    pipeline.traces(builders.request(spans), 0.0)
    pipeline.tick(6.0)
    assert not any(trace.rests for trace in pipeline.live)
    pipeline.settle(7.0)
    assert [finding.mode for finding in ear.findings.values()] == ["empty_result_fabrication"]
