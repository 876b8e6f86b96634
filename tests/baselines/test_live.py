"""A tool that has come away from its staging profile shows live: a finding once, and two gauges for as long."""

from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from otelagent.baselines.learned import Baselines
from otelagent.detectors import available
from otelagent.diagnosis import profiles
from otelagent.ear import Ear
from otelagent.metrics import Metrics
from otelagent.model import Finding
from otelagent.pipeline import Pipeline, Settings
from otelagent.tally import Tally
from tests.baselines.synthetic import TOOLS, renamed, traffic

EACH = dict.fromkeys(TOOLS, 80)


class Ear(Ear):
    def __init__(self) -> None:
        self.heard: dict[Any, Finding] = {}

    def found(self, finding: Finding, run: Any, trace: Any, first: bool) -> None:
        self.heard[finding.identity] = finding


class Live:
    """A sidecar's fold with a staging profile, and what it shows."""

    def __init__(self) -> None:
        self.ear = Ear()
        self._metrics = Metrics({mode: kind.layer for mode, kind in available().items()})
        self._tally = Tally(self._metrics)
        normal = Baselines(staging=profiles.learned(traffic("staging", EACH, environment="staging")))
        self._pipeline = Pipeline(Settings(normal=normal), (self.ear, self._tally))
        self._now = 1_000.0

    def play(self, *args: Any) -> None:
        for body in traffic(*args, environment="production"):
            self._now += 1.0
            self._pipeline.traces(body, self._now)
            self._pipeline.tick(self._now)
        self._now += 60.0
        self._pipeline.settle(self._now)
        self._tally.gauges(self._pipeline, self._now)

    def gauge(self, name: str) -> dict[str, float]:
        text = self._metrics.exposition(scraper="prometheus")[0].decode()
        found = [s for family in text_string_to_metric_families(text) for s in family.samples if s.name == name]
        return {sample.labels["tool"]: sample.value for sample in found if sample.value}


def test_a_renamed_member_is_told_once_and_shown_as_long_as_it_lasts() -> None:
    live = Live()
    live.play("production", EACH, {"get_customer": renamed("total", "amount")})
    told = [f for f in live.ear.heard.values() if f.mode == "tool_divergence"]
    assert [(f.tool, f.cause) for f in told] == [("get_customer", "diverged")]
    assert live.gauge("otelagent_tool_diverged") == {"get_customer": 1.0}
    assert live.gauge("otelagent_tool_divergence")["get_customer"] > 0.5
    live.play("later", EACH, {"get_customer": renamed("total", "amount")})
    assert len([f for f in live.ear.heard.values() if f.mode == "tool_divergence"]) == 1
    assert live.gauge("otelagent_tool_diverged") == {"get_customer": 1.0}


def test_traffic_as_in_staging_shows_nothing() -> None:
    live = Live()
    live.play("production", EACH)
    assert live.ear.heard == {}
    assert live.gauge("otelagent_tool_diverged") == live.gauge("otelagent_tool_divergence") == {}
