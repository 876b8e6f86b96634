"""Tokens of a run against those of its task: what is far from usual is told, and what only swings isn't."""

import gzip
import math
import random
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from otelagent.baselines.aging import DAY
from otelagent.baselines.learned import AGELESS, Baselines, Limits, TaskKey
from otelagent.baselines.task import Usage
from otelagent.detectors.token_anomaly import TokenAnomaly
from otelagent.diagnosis.scan import scan
from otelagent.ear import Ear
from otelagent.model import Kind
from otelagent.pipeline import Pipeline, Settings
from otelagent.run import SOURCES
from otelagent.usage import below, task_key, usage
from tests import builders
from training import corpora

KEY = TaskKey("prod", "shop", "refund", "0")


def judged(normal: Baselines, key: TaskKey, used: Usage) -> str | None:
    """The cause, if the run is far from usual."""
    own, every = normal.task(key), normal.all_inputs(key)
    found = TokenAnomaly().judged(used, own) if own else TokenAnomaly().by_content(used, every) if every else None
    return None if found is None else found.cause


def played(usages: Iterator[tuple[float, Usage]], limits: Limits | None = None) -> list[tuple[float, str]]:
    """Each run judged by those before it, then learned: when, and why it was told."""
    normal, told = Baselines(limits), []
    for at, used in usages:
        if (cause := judged(normal, KEY, used)) is not None:
            told.append((at, cause))
        normal.ran(KEY, used, at)
    return told


def runs(days: int, per_hour: float = 4.0, seed: int = 1) -> Iterator[tuple[float, random.Random, float]]:
    """Times in seconds over some days, with a generator and the hour of the day."""
    choose = random.Random(seed)
    for number in range(int(days * 24 * per_hour)):
        at = number * 3600 / per_hour
        yield at, choose, at / 3600 % 24


def tokens(choose: random.Random, median: float, spread: float = 0.25) -> int:
    return int(choose.lognormvariate(math.log(median), spread))


def test_nightly_and_weekly_patterns_raise_nothing() -> None:
    def pattern() -> Iterator[tuple[float, Usage]]:
        for at, choose, hour in runs(28):
            weekend = at // DAY % 7 >= 5
            usual = 5_000 * (1.8 if hour < 5 else 1.0) * (1.5 if weekend else 1.0)
            yield at, Usage(tokens(choose, usual), llm_calls=5)

    assert played(pattern()) == []


def test_cache_reads_raise_nothing() -> None:
    def swings() -> Iterator[tuple[float, Usage]]:
        for at, choose, hour in runs(14):
            total = tokens(choose, 5_000)
            cached = 0 if hour < 1 else int(0.9 * total)
            yield at, Usage(total, cached, llm_calls=5, cost=(total - 0.9 * cached) * 1e-5)

    assert played(swings()) == []


def drifted(pattern: str, seed: int) -> Iterator[tuple[float, Usage]]:
    """Four weeks of runs that differ by a third anyway; written after the thresholds, none of which it changed."""
    for at, choose, hour in runs(28, seed=seed):
        calls = choose.choice([3, 4, 5, 6, 8])
        day = at / DAY
        times = {
            "nights": (2.2 if hour < 4 else 1.0) * (0.6 if day % 7 >= 5 else 1.0),
            "mondays": 2.0 if day % 7 < 1 else 1.0,
            "growth": 3 ** (day / 28),
            "a release": 1.9 if day > 14 else 1.0,
            "cold caches": 1.0,
        }[pattern]
        total = tokens(choose, 1_100 * calls * times, 0.3)
        cached = 0 if pattern == "cold caches" and day % 3 < 1 else int(total * 0.9 * choose.random())
        shown = int(4.1 * total * choose.lognormvariate(0, 0.1))
        yield at, Usage(total, cached, calls, cost=(total - 0.9 * cached) * 1e-5, shown=shown)


@pytest.mark.parametrize("pattern", ["nights", "mondays", "growth", "a release", "cold caches"])
def test_harsher_drift_tells_of_less_than_one_run_in_two_hundred(pattern: str) -> None:
    told = [cause for seed in (10, 11) for _, cause in played(drifted(pattern, seed))]
    assert len(told) < 2 * 28 * 24 * 4 / 200
    assert "cost" not in told


def test_a_dearer_model_is_told_by_its_cost() -> None:
    normal = Baselines()
    choose = random.Random(2)
    for number in range(100):
        total = tokens(choose, 5_000)
        normal.ran(KEY, Usage(total, 2_000, llm_calls=5, cost=total * 1e-6), float(number))
    assert judged(normal, KEY, Usage(5_000, 2_000, llm_calls=5, cost=5_000 * 2e-5)) == "cost"


def test_three_times_the_usual_is_told_from_thirty_runs_on() -> None:
    normal = Baselines()
    choose = random.Random(4)
    for number in range(29):
        normal.ran(KEY, Usage(tokens(choose, 5_000, 0.1), llm_calls=5), float(number))
    assert judged(normal, KEY, Usage(15_000, llm_calls=5)) is None
    normal.ran(KEY, Usage(5_000, llm_calls=5), 30.0)
    assert judged(normal, KEY, Usage(15_000, llm_calls=5)) == "tokens"


def test_what_has_become_usual_is_no_longer_told() -> None:
    def step() -> Iterator[tuple[float, Usage]]:
        for at, choose, _ in runs(28):
            yield at, Usage(tokens(choose, 5_000 if at < 14 * DAY else 20_000), llm_calls=5)

    told = played(step())
    assert 0 < len(told) < 40
    assert max(at for at, _ in told) < 17 * DAY


def test_the_past_fades() -> None:
    normal = Baselines(Limits(half_life=DAY))
    for day in range(30):
        for _ in range(40):
            normal.ran(KEY, Usage(1_000 if day < 20 else 9_000, llm_calls=2), day * DAY)
    assert normal.tasks[KEY].tokens.quantile(0.2) > 8_000


def test_longer_inputs_have_a_baseline_of_their_own() -> None:
    normal = Baselines()
    for number in range(60):
        normal.ran(KEY, Usage(2_000 + number, llm_calls=2), float(number))
    assert judged(normal, KEY, Usage(30_000, llm_calls=2)) == "tokens"
    assert judged(normal, KEY._replace(inputs="4"), Usage(30_000, llm_calls=2)) is None


def test_inputs_of_two_digits_of_class_are_longer_than_those_of_one() -> None:
    normal = Baselines()
    for number in range(60):
        normal.ran(KEY._replace(inputs="10"), Usage(2_000 + number, llm_calls=2), float(number))
    assert judged(normal, KEY._replace(inputs="9"), Usage(30_000, llm_calls=2)) == "tokens"
    assert judged(normal, KEY._replace(inputs="11"), Usage(30_000, llm_calls=2)) is None


class _Counted(Ear):
    """What runs are said to have taken, and what their steps add up to."""

    def __init__(self) -> None:
        self.said: list[tuple[int, ...]] = []
        self.counted: list[tuple[int, ...]] = []

    def closed(self, trace: Any, reason: Any) -> None:
        for run in trace.runs.values():
            used = usage(run)
            self.said.append((used.tokens, used.cached, used.llm_calls, used.tool_calls))
            steps = [step for each in below(run) for step in each.steps]
            turns = [step for step in steps if step.kind is Kind.LLM]
            tokens = sum((s.input_tokens or 0) + (s.output_tokens or 0) for s in turns)
            calls = sum(step.kind in SOURCES for step in steps)
            self.counted.append((tokens, sum(s.cached_tokens or 0 for s in turns), len(turns), calls))


@pytest.mark.parametrize("backwards", [False, True])
def test_what_a_run_took_is_what_its_steps_add_up_to_in_any_order_of_arrival(backwards: bool) -> None:
    ear = _Counted()
    pipeline = Pipeline(Settings(detectors=only("")), (ear,))
    for path in sorted(builders.CAPTURES.glob("*delegation*.binpb.gz"))[::2]:
        spans = list(builders.one_by_one(gzip.decompress(path.read_bytes())))
        for body in reversed(spans) if backwards else spans:
            pipeline.traces(body, 0.0)
    pipeline.settle(1e6)
    assert ear.said == ear.counted
    assert any(tokens for tokens, *_ in ear.said)


class _Usages(Ear):
    def __init__(self) -> None:
        self.found: list[tuple[TaskKey, Usage]] = []

    def closed(self, trace: Any, reason: Any) -> None:
        for run in trace.runs.values():
            if run.ended is not None and (key := task_key(run)) is not None:
                self.found.append((key, usage(run)))


@pytest.mark.parametrize("corpus", ["agentrx", "toolbench", pytest.param("taubench", marks=pytest.mark.slow)])
def test_ordinary_runs_raise_nothing(corpus: str) -> None:
    report = scan([run.request for run in corpora.runs(corpus)], Settings(detectors=only("token_anomaly")))
    assert report.findings == {}


@pytest.mark.slow
def test_ordinary_runs_of_hotpot_raise_nothing() -> None:
    report = scan([run.request for run in corpora.runs("hotpot")], Settings(detectors=only("token_anomaly")))
    assert report.findings == {}


def only(mode: str) -> dict[str, str]:
    from otelagent.detectors import available

    return {other: "off" for other in available() if other != mode}


@pytest.mark.parametrize(
    ("corpus", "share"),
    [
        ("agentrx", 1.0),
        pytest.param("taubench", 1.0, marks=pytest.mark.slow),
        pytest.param("hotpot", 0.95, marks=pytest.mark.slow),
    ],
)
def test_planted_runs_at_three_times_the_median_are_found(corpus: str, share: float) -> None:
    """Runs around the median, with three times the tokens for the calls and the content that they have.

    Some of hotpot's have longer inputs, whose runs take twice the median by themselves.
    """
    ear = _Usages()
    normal = Baselines(AGELESS)
    pipeline = Pipeline(Settings(detectors=only(""), normal=normal), (ear,))
    for at, run in enumerate(corpora.runs(corpus)):
        pipeline.traces(run.request, float(at))
    pipeline.settle(1e6)
    middle = sorted(used.tokens for _, used in ear.found)[len(ear.found) // 2]
    near = [(key, used) for key, used in ear.found if abs(used.tokens / middle - 1) < 0.15]
    planted = [judged(normal, key, msgspec.structs.replace(used, tokens=3 * used.tokens)) for key, used in near]
    assert sum(cause == "tokens" for cause in planted) >= share * len(planted) > 0


def test_content_that_is_hidden_in_part_is_not_judged_by() -> None:
    normal = Baselines()
    choose = random.Random(6)
    for number in range(100):
        total = tokens(choose, 5_000, 0.8)
        normal.ran(KEY, Usage(total, llm_calls=5, shown=4 * total), float(number))
    assert judged(normal, KEY, Usage(15_000, llm_calls=5, shown=20_000)) == "tokens"
    assert judged(normal, KEY, Usage(15_000, llm_calls=5, shown=60_000)) is None
    assert judged(normal, KEY, Usage(15_000, llm_calls=5)) is None


def test_content_is_not_judged_by_where_few_runs_show_it() -> None:
    normal = Baselines()
    choose = random.Random(6)
    for number in range(100):
        total = tokens(choose, 5_000, 0.8)
        normal.ran(KEY, Usage(total, llm_calls=5, shown=4 * total if number % 4 else 0), float(number))
    assert judged(normal, KEY, Usage(15_000, llm_calls=5, shown=20_000)) is None


def test_a_run_shows_as_much_content_as_all_its_model_calls_or_none() -> None:
    whole, hidden = (_spent({**SAID, "history": history}) for history in (True, False))
    assert whole.shown > 500
    assert hidden.shown == 0


SAID = {"user": "When does it come?", "agent": "clerk", "tokens": [900, 950]}
SAID |= {"steps": [{"tool": "look_up", "arguments": {"id": 1}, "result": {"at": "noon"}}, {"say": "At noon."}]}


def _spent(script: dict[str, Any]) -> Usage:
    ear = _Usages()
    pipeline = Pipeline(Settings(detectors=only("")), (ear,))
    pipeline.traces(builders.request(builders.spans(script)), 0.0)
    pipeline.settle(1e3)
    ((_, used),) = ear.found
    return used
