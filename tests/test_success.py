"""Pipelines that succeed, beside leaves that say so, by workflow over windows."""

import pytest

from otelagent.success import MAX_WORKFLOWS, Counts, Success


def test_the_gap_between_leaves_and_pipelines_by_window() -> None:
    success = Success()
    for _ in range(3):
        success.settled("refund", Counts(success=1, leaf_ok=4), 0.0)
    success.settled("refund", Counts(degraded=1, leaf_ok=4), 7_200.0)
    found = {r.window: (r.pipeline, r.leaf) for r in success.ratios(7_260.0)}
    assert found == {"1h": (0.0, 1.0), "24h": (0.75, 1.0)}


def test_unknown_outcomes_say_nothing() -> None:
    success = Success()
    success.settled("refund", Counts(unknown=1, leaf_ok=4), 0.0)
    assert list(success.ratios(1.0)) == []


def test_what_is_older_than_a_window_is_forgotten() -> None:
    success = Success()
    success.settled("refund", Counts(success=1, leaf_ok=1), 0.0)
    assert list(success.ratios(90_000.0)) == []


def test_workflows_are_bounded() -> None:
    success = Success()
    for number in range(MAX_WORKFLOWS + 10):
        success.settled(f"w{number}", Counts(success=1, leaf_ok=1), 0.0)
    assert len({r.workflow for r in success.ratios(1.0)}) == MAX_WORKFLOWS


@pytest.mark.parametrize(("counts", "share"), [(Counts(), None), (Counts(leaf_ok=3, leaf_failed=1), 0.75)])
def test_leaves(counts: Counts, share: float | None) -> None:
    assert counts.leaf_ratio == share
