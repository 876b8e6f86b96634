"""The dashboards, by the rules of Grafana's dashboard-linter, and against the series that there are."""

import json
import re
from typing import Any

import pytest

from otelagent import series, vitals
from otelagent.cli import COMMANDS
from otelagent.reference import dashboards, recordings, rules
from otelagent.reference.boards.board import Dashboard
from otelagent.reference.panel import Panel
from tests.deploy.expressions import filled
from tests.deploy.manifests import DEPLOY

BOARDS = [pytest.param(each, id=each.name) for each in dashboards.ALL]
PANELS = [pytest.param(panel, id=f"{board.name} {panel.title}") for board in dashboards.ALL for panel in board.panels()]
NAMES = {
    name
    for each in (*series.ALL, *vitals.ALL)
    for name in ([f"{each.name}_{s}" for s in ("bucket", "count", "sum")] if each.buckets else [each.name])
} | {"up", *recordings.RULES}
WORDS = re.compile(r"\b(?:otelagent|otelcol|up|agent|agent_mode|workflow|job|edge|tool)[\w:]*(?=[{\[])|\b\w+:\w+:\w+")


def model(board: Dashboard) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(dashboards.render(board))
    return read


def shown(board: Dashboard) -> list[dict[str, Any]]:
    return [panel for panel in model(board)["panels"] if panel["type"] != "row"]


@pytest.mark.parametrize("board", BOARDS)
def test_every_panel_has_title_description_and_unit(board: Dashboard) -> None:
    for panel in shown(board):
        assert panel["title"]
        assert panel["description"].endswith(".")
        assert panel["fieldConfig"]["defaults"]["unit"]


@pytest.mark.parametrize("board", BOARDS)
def test_no_data_source_is_hard_coded(board: Dashboard) -> None:
    assert (
        model(board)["templating"]["list"][0] | {"name": "datasource", "type": "datasource"}
        == (model(board)["templating"]["list"][0])
    )
    for panel in shown(board):
        assert panel["datasource"]["uid"] == "${datasource}"
        assert all(target["datasource"]["uid"] == "${datasource}" for target in panel["targets"])


@pytest.mark.parametrize("board", BOARDS)
def test_dashboard_can_be_linked_and_not_edited(board: Dashboard) -> None:
    made = model(board)
    assert made["uid"] == f"otelagent-{board.name}"
    assert len(made["uid"]) <= 40
    assert made["editable"] is False


@pytest.mark.parametrize("board", BOARDS)
def test_every_variable_is_used(board: Dashboard) -> None:
    text = " ".join(query.expr for panel in board.panels() for query in panel.queries)
    assert [each.name for each in board.variables if f"${each.name}" not in text] == []


@pytest.mark.parametrize("panel", PANELS)
def test_lines_use_the_rate_interval_and_numbers_the_range(panel: Panel) -> None:
    window = "$__rate_interval" if panel.kind == "lines" else "$__range"
    for query in panel.queries:
        assert re.findall(r"\[(.*?)\]", query.expr) == [window] * query.expr.count("[")
        assert "$" not in filled(query.expr)


@pytest.mark.parametrize("panel", PANELS)
def test_counters_are_only_looked_at_as_rates(panel: Panel) -> None:
    for query in panel.queries:
        for name in re.findall(r"(\w+)\s*\(\s*\w+_total\b", query.expr):
            assert name in ("rate", "increase")


@pytest.mark.parametrize("panel", PANELS)
def test_panels_query_series_that_there_are(panel: Panel) -> None:
    for query in panel.queries:
        named = set(WORDS.findall(query.expr))
        assert named
        assert named <= NAMES


@pytest.mark.parametrize("alert", [pytest.param(each, id=each.name) for each in rules.alerts()])
def test_alerts_and_runbooks_query_series_that_there_are(alert: Any) -> None:
    for expression in (alert.expr, *(query for _, query in alert.queries)):
        assert set(WORDS.findall(expression)) <= NAMES


@pytest.mark.parametrize("alert", [pytest.param(each, id=each.name) for each in rules.alerts()])
def test_alert_says_what_to_do_next_and_is_tried_both_ways(alert: Any) -> None:
    assert alert.summary
    assert alert.description.count(".") >= 1
    assert alert.steps
    assert alert.fires != alert.quiet


def test_example_of_the_alertmanager_names_alerts_that_there_are() -> None:
    named = re.findall(r"\bOtelagent\w+", (DEPLOY / "prometheus/alertmanager.example.yaml").read_text())
    assert {each for each in named if each != "Otelagent"} <= {alert.name for alert in rules.alerts()}


def test_runbooks_name_commands_that_there_are_or_are_to_come() -> None:
    coming = {"traces", "diagnose", "compare", "replay", "canary"}
    texts = " ".join(text for alert in rules.alerts() for text in (*alert.steps, alert.fix))
    assert set(re.findall(r"`otelagent ([\w-]+)", texts)) <= coming | set(COMMANDS)
