"""What `otelagent canary` sends is counted as its own run and failure, and nowhere as one of the user's."""

import json
import re
from pathlib import Path

import pytest

from otelagent import attributes as a
from otelagent import canary
from otelagent.chronicle import Chronicle
from otelagent.history import History
from otelagent.pipeline import Pipeline
from otelagent.reference import dashboards
from otelagent.reference.boards.board import Dashboard
from tests import builders
from tests.test_tally import counted

LOOP = {
    "agent": "clerk",
    "steps": [{"tool": "look_up", "arguments": {"id": 1}, "result": {"state": "open"}}] * 6 + [{"say": "It is open."}],
}


def sent() -> bytes:
    return canary.trace(6, builders.BEGIN)[1]


def test_only_its_run_and_its_failure_are_counted() -> None:
    found = counted(sent())
    named = {labels for labels in found if canary.AGENT in labels}
    assert {labels[0] for labels in named} == {"agent_runs", "failures"}
    assert not {name for name, *_ in found} & {
        "pipelines",
        "leaf_steps",
        "tool_calls",
        "tool_failures",
        "wasted_tokens",
    }


def test_another_agent_that_does_the_same_is_counted() -> None:
    found = {name for name, *_ in counted(builders.request(builders.spans(LOOP)))}
    assert {"pipelines", "leaf_steps", "tool_calls", "tool_failures", "agent_runs", "failures"} <= found


@pytest.mark.parametrize(("body", "incidents"), [(sent(), 0), (builders.request(builders.spans(LOOP)), 1)])
def test_it_opens_no_incident_and_teaches_nothing(body: bytes, incidents: int) -> None:
    pipeline = Pipeline()
    told = [pipeline.traces(body, 0.0).events or b"", pipeline.settle(1e3) or b""]
    assert any(a.FINDING_MODE.encode() in events for events in told)
    assert any(a.INCIDENT_ID.encode() in events for events in told) is bool(incidents)
    assert len(pipeline.incidents) == incidents
    assert len(pipeline.normal.tools) == len(pipeline.normal.tasks) == incidents


def test_it_is_in_no_report(tmp_path: Path) -> None:
    chronicle = Chronicle(lambda: History(tmp_path), max_age=1e9, clock=lambda: 0.0)
    pipeline = Pipeline(ears=(chronicle,))
    pipeline.traces(sent(), 0.0)
    pipeline.settle(1e3)
    assert not chronicle._told
    assert not chronicle._settled


@pytest.mark.parametrize("board", [pytest.param(each, id=each.name) for each in dashboards.ALL])
def test_no_dashboard_counts_it(board: Dashboard) -> None:
    text = json.loads(dashboards.render(board))
    expressions = [target["expr"] for panel in text["panels"] for target in panel.get("targets", ())]
    expressions += [str(each.get("query", "")) for each in text["templating"]["list"]]
    for expression in expressions:
        for chosen in re.findall(r"otelagent_(?:failures|agent_runs)_total\{(.*?)\}", expression):
            assert f'agent!="{canary.AGENT}"' in chosen
