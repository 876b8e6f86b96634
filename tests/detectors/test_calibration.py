"""Confidence is the share of such findings that were right: it never falls with the strength of the evidence."""

import pytest

from otelagent.detectors import builtin
from otelagent.detectors.calibration import along, calibrated, fitted
from training import calibration
from training.calibration import Judged


@pytest.mark.parametrize("mode", sorted(fitted()))
def test_confidence_never_falls_and_is_a_share(mode: str) -> None:
    told = [calibrated(mode, step / 100) for step in range(101)]
    assert told == sorted(told)
    assert told[0] >= 0.5
    assert told[-1] <= calibration.CERTAIN


def test_what_is_fitted_are_modes() -> None:
    assert fitted().keys() <= {kind.mode for kind in builtin()}


def test_mode_that_nobody_fitted_keeps_its_strength() -> None:
    assert calibrated("one_of_somebody_else", 0.37) == pytest.approx(0.37)


def test_line_is_straight_between_points_and_level_beyond() -> None:
    points = [(0.5, 0.6), (0.7, 0.9)]
    assert [along(points, x) for x in (0.1, 0.6, 0.9)] == pytest.approx([0.6, 0.75, 0.9])


def test_fit_pools_what_falls_and_draws_few_towards_the_mode() -> None:
    judged = [Judged("m", 0.5, True)] * 10 + [Judged("m", 0.9, False)] * 2 + [Judged("m", 0.9, True)] * 8
    ((weak, low), (strong, high)) = calibration.fit(judged)["m"]
    assert (weak, strong) == (0.5, 0.9)
    assert low < high
    assert (low + high) / 2 == pytest.approx((10 + 8 + 8 * 0.892) / 28, abs=0.005)


def test_fit_leaves_modes_with_few_findings_alone() -> None:
    assert calibration.fit([Judged("m", 0.5, True)] * 3 + [Judged("n", 0.5, True, 0.1)] * 20) == {}
