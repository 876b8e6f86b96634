"""Reduction: 1-minimal, valid, cached, resumable, limited, several at a time."""

import json
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otelagent.cases.case import Case, calls
from otelagent.cases.elements import case_of, count, document, elements, every, segments, without
from otelagent.cases.predicate import failing
from otelagent.cases.spans import assistant
from otelagent.cases.spans import given as result_of
from otelagent.commands.reduce import still_fails
from otelagent.reproduction.chat import messages
from otelagent.reproduction.ddmin import ddmin, hierarchical
from otelagent.reproduction.reduce import DoesNotFail, LimitReached, Limits, Memory, Search, reduce
from tests.reproduction import cases

NAME = "pydantic-ai__native-default__rate_limit.binpb.gz"


@given(st.integers(1, 40), st.sets(st.integers(0, 39)))
def test_ddmin_keeps_exactly_what_the_failure_needs(size: int, needed: set[int]) -> None:
    needed = {n for n in needed if n < size}
    whole = list(range(size))

    def first(candidates: Any) -> int | None:
        return next((i for i, kept in enumerate(candidates) if needed <= set(kept)), None)

    left_out = ddmin(whole, lambda parts: [n for n in whole if n not in parts], first)
    assert set(whole) - set(left_out) == needed


def test_levels_are_gone_through_until_nothing_changes() -> None:
    """Inner parts can go only when outer ones have: one round isn't enough."""

    def levels(document: tuple[str, ...]) -> list[list[str]]:
        return [[p for p in document if p.isupper()], [p for p in document if p.islower()]]

    def fails(document: tuple[str, ...]) -> bool:
        return "x" in document and ("A" in document) == ("b" in document)

    def first(candidates: Any) -> int | None:
        return next((i for i, c in enumerate(candidates) if fails(c)), None)

    whole = ("A", "b", "x", "C")
    small = hierarchical(whole, levels, lambda d, gone: tuple(p for p in d if p not in gone), first)
    assert fails(small)
    assert not any(fails(tuple(p for p in small if p != gone)) for gone in small)


@given(st.text(alphabet="ab1. !?\n。", max_size=60))
def test_segments_are_the_text(text: str) -> None:
    assert "".join(segments(text)) == text


def test_figures_and_abbreviations_are_not_torn_apart() -> None:
    assert segments("It rose by 4.2 percent. See v1.2.3!\nNext。次") == [
        "It rose by 4.2 percent. ",
        "See v1.2.3!\n",
        "Next。",
        "次",
    ]


@pytest.mark.parametrize("name", [NAME, "langgraph__openinference__delegation_partial.binpb.gz"])
def test_whatever_is_left_out_every_call_has_its_result_and_every_result_its_call(name: str) -> None:
    case, _ = cases.first(name)
    plain = document(case)
    for element in every(elements(plain)):
        made = case_of(without(plain, [element.path]))
        for run in made.runs:
            sent = messages(run)
            asked = [c["id"] for m in sent for c in m.get("tool_calls") or ()]
            answered = [m["tool_call_id"] for m in sent if m["role"] == "tool"]
            assert asked == answered


def test_an_element_that_is_left_out_is_gone_with_all_inside_it() -> None:
    case, _ = cases.first(NAME)
    plain = document(case)
    total = count(plain)
    for element in elements(plain):
        inside = 1 + sum(1 for _ in every(element.parts))
        assert count(without(plain, [element.path])) <= total - inside + 1


def search(target: Any, **more: Any) -> Search:
    return Search(lambda case: failing(case, target) is not None, **more)


def test_results_are_known_when_it_is_taken_up_again(tmp_path: Path) -> None:
    case, target = cases.first(NAME)
    with pytest.raises(LimitReached) as limit:
        reduce(case, search(target, limits=Limits(tests=12), memory=Memory(tmp_path / "known")))
    assert failing(limit.value.best, target) is not None
    again = reduce(case, search(target, memory=Memory(tmp_path / "known")))
    assert again.cached >= 12
    assert again.case == reduce(case, search(target)).case


def test_results_of_another_predicate_are_not_taken(tmp_path: Path) -> None:
    case, target = cases.first(NAME)
    reduce(case, search(target, memory=Memory(tmp_path / "known"), context=b"one"))
    with pytest.raises(DoesNotFail):
        reduce(case, Search(lambda case: False, memory=Memory(tmp_path / "known"), context=b"other"))


def test_time_limit_gives_the_smallest_so_far() -> None:
    case, target = cases.first(NAME)
    with pytest.raises(LimitReached, match="seconds"):
        reduce(case, search(target, limits=Limits(seconds=-1.0)))


def test_several_processes_find_the_same_case() -> None:
    case, target = cases.first(NAME)
    with ProcessPoolExecutor(2) as pool:
        made = reduce(case, Search(partial(still_fails, target), Limits(jobs=2), executor=pool))
    assert made.case == reduce(case, search(target)).case


def test_progress_tells_ever_smaller_sizes() -> None:
    case, target = cases.first(NAME)
    sizes: list[int] = []
    made = reduce(case, search(target, progress=lambda size, tests: sizes.append(size)))
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] == made.after < made.before


def test_case_of_a_recording_is_plain_json_without_the_dialect() -> None:
    case, _ = cases.first("langgraph__traceloop__loop.binpb.gz")
    made = [call for run in case.runs for call in calls(run)]
    assert {json.dumps(call.arguments) for call in made} == {json.dumps(made[0].arguments)}
    assert isinstance(made[0].arguments, dict)
    assert "lc" not in json.dumps(result_of(made[0]))[:20]
    turn = next(step for step in case.runs[0].steps if getattr(step, "calls", None))
    assert b'"tool_call"' in assistant(turn, turn.calls)  # type: ignore[union-attr, arg-type]


def test_empty_case_has_no_elements() -> None:
    assert count(document(Case())) == 0
