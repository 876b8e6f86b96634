"""A call that the orchestrator gave up on while it still worked timed out, though no status says so."""

import itertools
from typing import Any

import pytest

from otelagent.baselines.learned import Baselines, ToolKey
from otelagent.diagnosis.scan import scan
from otelagent.pipeline import Settings
from tests import builders

INVENTED = "Revenue in May was $1.42 million, 12% above April, driven by 318 new customers."


def spans(result: Any, late: int, seconds: float = 0.05, seed: str = "race") -> list[Any]:
    """A run whose tool has an HTTP client's span below it that ends `late` milliseconds after the tool's own."""
    script = {
        "user": "What was revenue in May?",
        "steps": [{"tool": "query", "arguments": {"sql": "select 1"}, "result": result}, {"say": INVENTED}],
    }
    made = builders.spans(script, seed)
    tool = next(span for span in made if span.name == "execute_tool query")
    tool.start_time_unix_nano = tool.end_time_unix_nano - int(seconds * 1e9)
    child = builders.span(
        "POST",
        {"http.request.method": "POST"},
        trace_id=tool.trace_id,
        span_id=b"httpcall",
        parent_id=tool.span_id,
        start=tool.start_time_unix_nano,
        end=tool.end_time_unix_nano + late * builders.MILLISECOND,
        kind=3,
    )
    return [*made, child]


def causes(requests: list[bytes], normal: Baselines | None = None) -> list[tuple[str, str]]:
    found = scan(requests, Settings(normal=normal)).findings.values()
    return sorted((f.mode, f.cause) for f in found)


def test_a_span_below_that_ends_later_makes_an_empty_result_a_timeout_in_any_order() -> None:
    made = spans([], late=400)
    for order in itertools.permutations(made, len(made)):
        got = causes([builders.request([span]) for span in order])
        assert got in ([("rate_limit_mid_chain", "timeout")], []), [span.name for span in order]
    assert causes([builders.request(made)]) == [("rate_limit_mid_chain", "timeout")]


def test_the_child_may_come_last() -> None:
    assert causes([builders.request([s]) for s in spans([], late=400)]) == [("rate_limit_mid_chain", "timeout")]


@pytest.mark.parametrize(("result", "late"), [([], 0), ([], 5)])
def test_a_span_below_that_ends_in_time_leaves_it_empty(result: Any, late: int) -> None:
    assert causes([builders.request(spans(result, late))]) == [("empty_result_fabrication", "empty")]


def test_a_good_result_with_work_that_goes_on_is_no_timeout() -> None:
    rows = [{"month": "May", "revenue": "$1.42 million", "change": "12%", "new": 318}]
    assert causes([builders.request(spans(rows, late=400))]) == []


def test_empty_results_at_one_duration_that_no_good_one_reached_are_timeouts() -> None:
    rows = [{"month": "May", "revenue": "$1.42 million", "change": "12%", "new": 318}]
    normal = Baselines()
    good = [builders.request(spans(rows, 0, 0.4 + number / 100, f"good{number}")) for number in range(30)]
    cut = [builders.request(spans([], 0, 5.0, f"cut{number}")) for number in range(4)]
    for request in (*good, *cut):
        scan([request], Settings(normal=normal))
    assert causes([builders.request(spans([], 0, 5.02, "now"))], normal) == [("rate_limit_mid_chain", "timeout")]
    assert causes([builders.request(spans([], 0, 0.5, "soon"))], normal) == [("empty_result_fabrication", "empty")]
    assert normal.timeout_races()["query"] == pytest.approx(2 / 36, rel=0.01), "the fourth of the four, too"
    assert normal.tools[ToolKey("", "query")].races == pytest.approx(2.0, rel=0.01)
