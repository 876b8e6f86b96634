"""States of work deep inside a result, and refused parts of a batch."""

from typing import Any

import pytest

from otelagent.model import Status
from otelagent.reading.batches import mixed, refused
from otelagent.reading.jobs import ended_badly

QUERY = {"QueryExecution": {"Query": "select 1", "Status": {"State": "FAILED", "StateChangeReason": "no such column"}}}


@pytest.mark.parametrize(
    ("result", "status"),
    [
        (QUERY, Status.ERROR),
        ([QUERY], Status.ERROR),
        ({"JobRun": {"JobRunState": "TIMEOUT"}}, Status.TIMEOUT),
        ({"Stacks": [{"StackName": "api", "StackStatus": "ROLLBACK_COMPLETE"}]}, Status.ERROR),
        ({"run": {"status": "failed", "last_error": {"message": "You exceeded your quota"}}}, Status.RATE_LIMITED),
        ({"status": {"errorResult": {"reason": "invalidQuery"}}}, Status.ERROR),
        ({"status": {"conditions": [{"type": "Failed", "status": "True"}]}}, Status.ERROR),
        ({"status": {"conditions": [{"type": "Ready", "status": "False", "reason": "BuildFailed"}]}}, Status.ERROR),
    ],
)
def test_work_that_came_to_nothing(result: Any, status: Status) -> None:
    found = ended_badly(result)
    assert found is not None
    assert found.status is status


@pytest.mark.parametrize(
    "result",
    [
        {"QueryExecution": {"Status": {"State": "SUCCEEDED"}}},
        {"order": {"status": "failed", "total": 9}},
        {"jobs": [{"state": "FAILED"}, {"state": "DONE"}]},
        {"status": {"conditions": [{"type": "ReplicaFailure", "status": "False"}]}},
        {"onError": "continue", "lastError": {"code": 1}},
        "JobRunState FAILED",
        None,
    ],
)
def test_things_and_work_that_went_well(result: Any) -> None:
    assert ended_badly(result) is None


def test_an_action_may_have_been_asked_to_stop_it() -> None:
    stopped = {"job_id": "j1", "state": "CANCELLED"}
    assert ended_badly(stopped) is not None
    assert ended_badly(stopped, acted=True) is None


@pytest.mark.parametrize(
    ("result", "status"),
    [
        ({"Successful": [{"Id": "1"}], "Failed": [{"Id": "2"}]}, Status.PARTIAL),
        ({"Successful": [], "Failed": [{"Id": "2"}]}, Status.ERROR),
        ({"FailedRecordCount": 2, "Records": [{"ShardId": "s"}]}, Status.PARTIAL),
        ({"RETURN": [{"TYPE": "E", "NUMBER": "436", "MESSAGE": "Enter an account"}]}, Status.ERROR),
    ],
)
def test_refused_of_a_batch(result: Any, status: Status) -> None:
    found = refused(result)
    assert found is not None
    assert found.status is status


@pytest.mark.parametrize(
    "result",
    [
        {"updated": 10, "failed": 0},
        {"RETURN": [{"TYPE": "S", "MESSAGE": "Created"}]},
        {"messages": [{"severity": "error", "line": 3, "message": "unused name"}]},
        [{"ok": True}, {"ok": True}],
        [1, 2],
        "failed",
    ],
)
def test_nothing_refused(result: Any) -> None:
    assert refused(result) is None


def test_items_of_which_some_are_errors() -> None:
    found = mixed([{"url": "a", "ok": True}, {"url": "b", "ok": False, "error": "gone"}])
    assert found is not None
    assert found.status is Status.PARTIAL
