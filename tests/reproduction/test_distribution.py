"""The exact interval, and what it lets one say."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otelagent.reproduction.distribution import OK, Distribution, Verdict, clopper_pearson


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        (5, 5, 0.4782, 1.0),
        (4, 5, 0.2836, 0.9949),
        (0, 5, 0.0, 0.5218),
        (7, 20, 0.1539, 0.5922),
        (50, 100, 0.3983, 0.6017),
    ],
)
def test_interval_is_that_of_the_tables(successes: int, trials: int, low: float, high: float) -> None:
    assert clopper_pearson(successes, trials, 0.95) == pytest.approx((low, high), abs=1e-4)


@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_interval_holds_the_rate_and_mirrors(counts: tuple[int, int]) -> None:
    k, n = counts
    low, high = clopper_pearson(k, n, 0.95)
    assert 0.0 <= low <= k / n <= high <= 1.0
    mirrored = clopper_pearson(n - k, n, 0.95)
    assert (1 - high, 1 - low) == pytest.approx(mirrored, abs=1e-9)


def counted(**outcomes: int) -> Distribution:
    made = Distribution()
    made.counts.update(outcomes)
    return made


def test_different_failures_are_stochastic() -> None:
    assert counted(loop=2, empty=2, ok=1).verdict is Verdict.STOCHASTIC
    assert counted(loop=5).verdict is Verdict.DETERMINISTIC
    assert counted(**{OK: 3, "unexpected_call": 2}).verdict is Verdict.NOT_REPRODUCED


def test_nothing_ends_early_within_the_usual_five_runs() -> None:
    made = Distribution()
    stops = []
    for _ in range(60):
        made.add("loop")
        stops.append(made.may_stop)
    assert stops.index(True) == 52


def test_looking_after_each_run_errs_no_more_often_than_it_says() -> None:
    """Exact: the chance that runs of a model that fails half the time end early, over all ways in which they may go."""
    running, wrong = {0: 1.0}, 0.0
    for runs in range(1, 81):
        chances = Counter[int]()
        for failures, chance in running.items():
            chances.update({failures: chance / 2, failures + 1: chance / 2})
        ended = {k for k in chances if counted(loop=k, **{OK: runs - k}).may_stop}
        wrong += sum(chances[k] for k in ended)
        running = {k: chance for k, chance in chances.items() if k not in ended}
    assert 0.0 < wrong <= 0.05
    assert wrong + sum(running.values()) == pytest.approx(1.0)
