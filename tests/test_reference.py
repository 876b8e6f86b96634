"""The written pages say what the code says."""

import re
from pathlib import Path

import pytest

from otelagent import canary, detectors, reference, series, vitals
from otelagent.reference import configuration, detector_pages, markdown, recordings
from otelagent.settings import COMPONENTS, Service

SETTINGS = [
    setting
    for section, components in COMPONENTS.items()
    for name, model in components.items()
    for setting in configuration.settings(f"{section}.{name}", model)
] + list(configuration.settings("service", Service))


def test_every_series_is_on_the_page_of_metrics() -> None:
    page = reference.pages()["docs/metrics.md"]
    assert all(f"`{each.name}`" in page for each in (*series.ALL, *vitals.ALL))


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.path)
def test_every_setting_says_what_it_does(setting: configuration.Setting) -> None:
    assert setting.help
    assert setting.type not in ("", "any")


def test_durations_are_shown_with_their_unit() -> None:
    timeout = next(s for s in SETTINGS if s.path == "exporters.otlp.timeout")
    assert (timeout.type, timeout.default) == ("duration", "5s")


@pytest.mark.parametrize("kind", detectors.builtin(), ids=lambda kind: kind.mode)
def test_every_detector_has_its_page(kind: type[detectors.Detector]) -> None:
    assert f"docs/detectors/{kind.mode}.md" in reference.pages()
    assert kind.fix.endswith(".")
    for title in ("What it looks for", "Why it matters", "Stays quiet when", "What to do"):
        assert detector_pages.section(kind, title), title


def test_writing_brings_a_checkout_up_to_date_and_removes_what_is_no_longer_written(tmp_path: Path) -> None:
    stray = tmp_path / "docs/detectors/gone.md"
    stray.parent.mkdir(parents=True)
    stray.write_text("was a detector")
    assert set(reference.write(tmp_path)) == {*reference.pages(), "docs/detectors/gone.md"}
    assert reference.outdated(tmp_path) == []
    assert not stray.exists()


def test_text_cannot_leave_its_cell() -> None:
    assert markdown.table(("a",), [("x | y\nz",)]).splitlines()[-1] == "| x \\| y z |"


@pytest.mark.parametrize("rule", recordings.RULES.values(), ids=list(recordings.RULES))
def test_the_canary_counts_in_no_ratio_of_failures(rule: str) -> None:
    """Somebody who tries a running instance must not page anybody."""
    for selector in re.findall(r"otelagent_(?:failures|agent_runs|pipelines)_total(\{.*?\}|)", rule):
        assert f'!="{canary.AGENT}"' in selector
