"""What changed between two sides is found with at most 200 calls on each, and chance raises no more than is stated."""

import random
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otelagent.baselines.comparison import FALSE_DISCOVERIES, Compared, compare
from otelagent.baselines.tool import ToolProfile
from tests.baselines import traffic
from tests.baselines.traffic import Change

RESERVATIONS = "get_reservation_details"


@cache
def halves(tool: str) -> tuple[list[ExportTraceServiceRequest], list[ExportTraceServiceRequest]]:
    requests = traffic.tool_requests("taubench", tool)
    return requests[::2], requests[1::2]


def compared(tool: str, before: Change | None, after: Change | None) -> Compared:
    one, other = halves(tool)
    sides = traffic.learned(traffic.shifted(one, before)), traffic.learned(traffic.shifted(other, after))
    assert all(20 < side[tool].calls <= 200 for side in sides)
    (made,) = compare(*sides)
    return made


def empty(every: int) -> Change:
    return lambda span, result, number: [] if number % every == 0 else result


def denied(span: Any, result: Any, number: int) -> Any:
    return {"error": "401 Unauthorized: invalid api key"} if number % 10 == 0 else result


def renamed(span: Any, result: Any, number: int) -> Any:
    return {("paxes" if key == "passengers" else key): value for key, value in result.items()}


def retyped(span: Any, result: Any, number: int) -> Any:
    return {**result, "total_baggages": str(result["total_baggages"])}


def halved(span: Any, result: Any, number: int) -> Any:
    return result[: max(len(result) // 2, 1)] if isinstance(result, list) else result


def slower(span: Any, result: Any, number: int) -> Any:
    span.end_time_unix_nano += span.end_time_unix_nano - span.start_time_unix_nano
    return result


SHIFTS = {
    "emptiness 2 % to 10 %": (RESERVATIONS, empty(50), empty(10), ("outcome", "empty")),
    "a share of 401": (RESERVATIONS, None, denied, ("outcome", "denied")),
    "a renamed key": (RESERVATIONS, None, renamed, ("renamed", "/passengers")),
    "a type change": (RESERVATIONS, None, retyped, ("type", "/total_baggages")),
    "sizes halved": ("search_direct_flight", None, halved, ("size", "")),
    "latency doubled": (RESERVATIONS, None, slower, ("latency", "")),
}


@pytest.mark.parametrize(("tool", "before", "after", "change"), SHIFTS.values(), ids=SHIFTS)
def test_shift_is_found(tool: str, before: Change | None, after: Change, change: tuple[str, str]) -> None:
    assert change in [(c.what, c.where) for c in compared(tool, before, after).changes]


def test_the_same_traffic_is_the_same() -> None:
    assert compared(RESERVATIONS, None, None).changes == ()


def random_halves(corpus: str, times: int) -> Iterator[bool]:
    """Whether any tool changed between random halves of the runs."""
    for seed in range(times):
        runs = list(traffic.calls_by_run(corpus))
        random.Random(seed).shuffle(runs)
        middle = len(runs) // 2
        made = compare(traffic.profiled(runs[:middle]), traffic.profiled(runs[middle:]))
        assert any(not each.skipped for each in made)
        yield any(each.changed for each in made)


def test_random_halves_of_the_same_traffic_are_the_same() -> None:
    assert sum(random_halves("agentrx", 10)) <= 1


@pytest.mark.slow
@pytest.mark.parametrize("corpus", ["taubench", "hotpot", "agentrx"])
def test_chance_raises_no_more_than_the_stated_rate(corpus: str) -> None:
    assert sum(random_halves(corpus, 50)) <= 50 * FALSE_DISCOVERIES


@pytest.mark.parametrize(("before", "after", "told"), [(4, 20, True), (20, 4, True), (4, 14, True), (14, 4, False)])
def test_an_outcome_that_grows_is_told_sooner_than_one_that_shrinks(before: int, after: int, told: bool) -> None:
    (made,) = compare({"search": emptied(before)}, {"search": emptied(after)})
    assert [(c.what, c.where) for c in made.changes] == ([("outcome", "empty")] if told else [])


def emptied(calls: int) -> ToolProfile:
    """200 calls, each a run of its own."""
    made = ToolProfile()
    made.aging.start = 0.0
    made.calls = made.largest_runs = 200.0
    made.outcomes = {"ok": 200.0 - calls, "empty": float(calls)}
    made.runs = {status: [number, number] for status, number in made.outcomes.items()}
    return made


def test_few_calls_are_not_compared_and_that_is_said() -> None:
    runs = traffic.calls_by_run("agentrx")[:3]
    made = compare(traffic.profiled(runs), traffic.profiled(runs))
    assert all(each.skipped for each in made)
    assert any("of 30 calls in the baseline" in each.skipped for each in made)
