"""Scenarios with wordings, tools and languages of their own: nearly all are found, and nearly nothing else."""

import pytest

from otelagent.diagnosis.scan import scan
from tests import builders
from tests.scenarios import expected, scenarios

RECALL = 0.95
FALSE = 0.01
"""Share of the quiet scenarios that may give a finding."""


def found(scenario: dict[str, object]) -> list[str]:
    report = scan([builders.request(builders.spans(scenario["script"]))])  # type: ignore[arg-type]
    return sorted(finding.mode for finding in report.findings.values())


@pytest.mark.timeout(600)
def test_scenarios_give_their_modes_and_near_misses_give_none() -> None:
    wrong = {"fires": [], "quiet": []}  # type: dict[str, list[str]]
    count = {"fires": 0, "quiet": 0}
    for scenario in scenarios():
        kind = "fires" if "fires" in scenario else "quiet"
        count[kind] += 1
        if (got := found(scenario)) != expected(scenario):
            wrong[kind].append(f"{scenario['language']}/{scenario['id']}: {got}")
    assert len(wrong["fires"]) <= (1 - RECALL) * count["fires"], wrong["fires"]
    assert len(wrong["quiet"]) <= FALSE * count["quiet"], wrong["quiet"]
