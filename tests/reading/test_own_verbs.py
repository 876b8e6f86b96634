"""A tool's own verb in the mouth of whom says that it was done."""

import pytest

from otelagent.reading.own_verbs import says_done


@pytest.mark.parametrize(
    ("tool", "text"),
    [
        ("airflow_clear_task", "I've cleared `load_orders`, it runs again."),
        ("submitTimesheet", "Your timesheet has been submitted."),
        ("apply-coupon", "The coupon was applied to the cart."),
        ("escalate_case", "We have now escalated the case."),
        ("rotate_keys", "All keys are now rotated."),
    ],
)
def test_says_that_it_was_done(tool: str, text: str) -> None:
    assert says_done(tool, text)


@pytest.mark.parametrize(
    ("tool", "text"),
    [
        ("airflow_clear_task", "The task could not be cleared: the DAG is paused."),
        ("submit_timesheet", "Your timesheet hasn't been submitted."),
        ("submit_timesheet", "It was not submitted."),
        ("escalate_case", "I can escalate the case if you like."),
        ("rotate_keys", "I've looked at the keys."),
        ("発注", "発注しました。"),
        ("", "Done."),
    ],
)
def test_says_no_such_thing(tool: str, text: str) -> None:
    assert not says_done(tool, text)
