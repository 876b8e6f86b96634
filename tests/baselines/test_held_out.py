"""What the comparison finds, and what it doesn't, in traffic that no threshold was chosen by."""

from functools import cache

import pytest

from otelagent.baselines.comparison import compare
from otelagent.baselines.tool import ToolProfile
from otelagent.diagnosis import profiles
from tests.baselines.synthetic import SHIFTS, TOOLS, Shift, traffic

CALLS = 200
"""Of each tool on either side."""
RARE = {"emptiness 2 % to 10 %": 0.9, "a share of 401": 0.95}
"""Least share of comparisons in which a shift is found, 1 of all others: few bad calls say less than all calls."""


@cache
def side(seed: str) -> dict[str, ToolProfile]:
    return dict(profiles.learned(traffic(seed, dict.fromkeys(TOOLS, CALLS))).by_tool())


def alone(seed: int, tool: str, shift: Shift, respects: tuple[str, ...]) -> bool:
    moved = profiles.learned(traffic(f"candidate/{seed}", {tool: CALLS}, {tool: shift})).by_tool()
    (made,) = compare({tool: side(f"baseline/{seed}")[tool]}, moved)
    return any(change.what in respects for change in made.changes)


def found(seed: int, tool: str, shift: Shift, respects: tuple[str, ...]) -> bool:
    """Among six tools, of which the others are the same."""
    moved = profiles.learned(traffic(f"candidate/{seed}", {tool: CALLS}, {tool: shift})).by_tool()
    made = compare(side(f"baseline/{seed}"), {**side(f"candidate/{seed}"), **moved})
    return any(each.tool == tool and change.what in respects for each in made for change in each.changes)


@pytest.mark.parametrize("kind", sorted(SHIFTS.keys() - RARE.keys()))
def test_a_shift_is_found_among_six_tools(kind: str) -> None:
    assert all(found(0, *case) for case in SHIFTS[kind])


def test_the_same_traffic_is_the_same() -> None:
    assert not any(each.changed for each in compare(side("baseline/0"), side("candidate/0")))


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", SHIFTS)
def test_shifts_are_found_in_this_share_of_comparisons(kind: str) -> None:
    tried = [found(seed, *case) for seed in range(50) for case in SHIFTS[kind]]
    assert sum(tried) >= RARE.get(kind, 1.0) * len(tried)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_tool_that_is_empty_more_often_is_found_in_19_of_20_where_it_is_compared_alone() -> None:
    tried = [alone(seed, *case) for seed in range(50) for case in SHIFTS["emptiness 2 % to 10 %"]]
    assert sum(tried) >= 0.95 * len(tried)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_chance_raises_no_more_than_the_stated_rate() -> None:
    changed = [
        any(each.changed for each in compare(side(f"baseline/{seed}"), side(f"candidate/{seed}"))) for seed in range(50)
    ]
    assert sum(changed) <= 0.05 * len(changed)
