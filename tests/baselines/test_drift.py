"""Whether a single result fits is the same by its rows as by the whole, and doesn't depend on what was seen before."""

import random
from typing import Any

import pytest

from otelagent.baselines.drift import _differs, misfit
from otelagent.baselines.learned import Baselines
from otelagent.baselines.tool import ToolProfile
from otelagent.model import Status
from otelagent.reading.shape import PLACES, shape
from tests.baselines.test_bounds import call


def known(*results: Any, times: int = 20) -> ToolProfile:
    profile = ToolProfile()
    for result in results * times:
        profile.learn(shape(result), 0.0)
    return profile


def fits(profile: ToolProfile, result: Any) -> bool:
    return misfit(profile.usual, shape(result), set()) is None


ORDER = {"id": "o1", "total": 3.5, "buyer": {"name": "Ana", "city": "Oslo"}, "items": [{"sku": "a", "count": 1}]}


@pytest.mark.parametrize(
    ("result", "fitting"),
    [
        ({**ORDER, "note": "gift"}, True),
        ({**ORDER, "total": None}, True),
        ({**ORDER, "items": [{"sku": "a"}, {"sku": "b", "count": 2}]}, True),
        ({**ORDER, "items": []}, True),
        ({**ORDER, "items": ORDER["items"] * 50}, True),
        ({**ORDER, "total": "3.5"}, False),
        ({**ORDER, "items": [{"sku": "a", "count": "1"}]}, False),
        ({**ORDER, "items": {"sku": "a"}}, False),
        ({k: v for k, v in ORDER.items() if k != "buyer"}, False),
        ({("sum" if k == "total" else k): v for k, v in ORDER.items()}, False),
        ([ORDER], False),
    ],
)
def test_a_result_fits_or_does_not(result: Any, fitting: bool) -> None:
    assert fits(known(ORDER), result) is fitting


def some(choose: random.Random, depth: int = 3) -> Any:
    kind = choose.choice(["object", "array", 1, "text", None, True] if depth else [1, "text", None])
    if kind == "object":
        return {name: some(choose, depth - 1) for name in ("a", "b", "c", "d") if choose.random() < 0.7}
    if kind == "array":
        return [some(choose, depth - 1) for _ in range(choose.randrange(4))]
    return kind


@pytest.mark.parametrize("seed", range(40))
def test_rows_say_what_the_whole_says_in_any_order(seed: int) -> None:
    choose = random.Random(seed)
    usual = known(*[{"a": some(choose), "b": [some(choose)]} for _ in range(choose.randrange(1, 4))]).usual
    held = [shape(some(choose)) for _ in range(60)]
    fitting: set[int] = set()
    by_rows = [misfit(usual, each, fitting) for each in [*held, *held]]
    assert by_rows == [_differs(usual, each.kinds) for each in [*held, *held]]


def test_equal_structure_is_one_object_whatever_the_values() -> None:
    assert shape({**ORDER, "id": "o2"}) is shape(ORDER)
    assert shape({**ORDER, "id": 2}) is not shape(ORDER)


def test_a_wide_and_deep_result_ends_with_the_row_that_fills_it() -> None:
    wide = {f"{name}{n}": {f"m{k}": k for k in range(40)} for n in range(3) for name in "abcdef"}
    assert PLACES <= len(shape(wide).kinds) < PLACES + 41


def test_a_tool_of_the_same_name_in_another_service_is_learned_before_it_is_judged() -> None:
    normal = Baselines()
    statuses = []
    for number in range(120):
        step = call(0.1, ORDER if number < 60 else {"hits": [{"title": "a"}], "took": 3})
        step.say(service="shop" if number < 60 else "library")
        normal.fit(step)
        assert step.call is not None
        statuses.append(step.call.outcome.status)
    assert set(statuses) == {Status.OK}
    odd = call(0.1, {"hits": "none", "took": "3"})
    odd.say(service="library")
    normal.fit(odd)
    assert odd.call is not None
    assert odd.call.outcome.status is Status.NONCONFORMING
