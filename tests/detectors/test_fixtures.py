"""Every detector's fixtures: `fires-*` must give what they expect, `quiet-*` nothing, however the spans arrive.

`before` are scripts that ran earlier, each so many times: what is usual. `staging` are those of the staging profile.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from otelagent.baselines.learned import AGELESS, Baselines
from otelagent.detectors import builtin
from otelagent.diagnosis.scan import scan
from otelagent.pipeline import Settings
from tests import builders

FIXTURES = sorted(Path(__file__).parent.glob("*/*.json"))


@pytest.mark.parametrize("mode", [kind.mode for kind in builtin()])
def test_every_detector_has_both_kinds_of_fixture(mode: str) -> None:
    names = [path.name for path in FIXTURES if path.parent.name == mode]
    assert any(name.startswith("fires-") for name in names)
    assert any(name.startswith("quiet-") for name in names)


@pytest.mark.parametrize("path", FIXTURES, ids=lambda p: f"{p.parent.name}/{p.stem}")
@pytest.mark.parametrize("play", ["one_by_one", "all_at_once"])
def test_fixture_gives_what_it_expects(path: Path, play: str) -> None:
    fixture = json.loads(path.read_text())
    expected = sorted((e["mode"], e["cause"]) for e in fixture["expect"])
    assert (path.parent.name in {mode for mode, _ in expected}) == path.name.startswith("fires-")
    assert found(fixture, play) == expected, fixture["why"]


def found(fixture: dict[str, Any], play: str) -> list[tuple[str, str]]:
    staging = Baselines(AGELESS) if "staging" in fixture else None
    if staging is not None:
        scan(list(earlier(fixture["staging"])), Settings(normal=staging))
    settings = Settings(detectors=fixture.get("detectors", {}), normal=Baselines(staging=staging))
    spans = builders.spans(fixture["script"])
    requests = [builders.request([s]) for s in spans] if play == "one_by_one" else [builders.request(spans)]
    report = scan([*earlier(fixture.get("before", ())), *requests], settings)
    return sorted((f.mode, f.cause) for f in report.findings.values())


def earlier(runs: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    for number, run in enumerate(runs):
        for time in range(run["times"]):
            yield builders.request(builders.spans(run["script"], f"earlier/{number}/{time}"))


SAY_NOTHING = {"schema_drift", "token_anomaly", "tool_divergence"}
"""They compare with what is usual over many runs, which a fixture isn't."""


@pytest.mark.parametrize("mode", sorted({kind.mode for kind in builtin()} - SAY_NOTHING))
def test_every_detector_tells_those_who_ask_why_it_stayed_quiet(mode: str) -> None:
    said: set[str] = set()
    for path in FIXTURES:
        if path.parent.name == mode and path.name.startswith("quiet-"):
            fixture = json.loads(path.read_text())
            request = builders.request(builders.spans(fixture["script"]))
            report = scan([request], Settings(detectors=fixture.get("detectors", {})))
            said |= {dismissal.why for dismissal in report.dismissals if dismissal.mode == mode}
    assert said
