"""The state of a tool against its staging profile doesn't flicker, and its news is told once."""

from otelagent.baselines.divergence import Divergence, Thresholds
from otelagent.baselines.tool import ToolProfile
from otelagent.model import Status
from tests.baselines.test_bounds import call

KEY = ("prod", "search")
RESULT = {"hits": [{"title": "a"}]}


def add(profile: ToolProfile, good: int, empty: int) -> ToolProfile:
    for number in range(good + empty):
        bad = number % (good + empty) < empty
        profile.add([call(0.1, [] if bad else RESULT, Status.EMPTY if bad else Status.OK)], 0.0)
    return profile


def test_it_takes_two_looks_to_enter_and_to_leave_and_news_is_told_once() -> None:
    divergence, staged = Divergence(Thresholds()), add(ToolProfile(), 200, 0)
    states, prod = [], ToolProfile()
    for now, (good, empty) in enumerate([(100, 0), (60, 40), (60, 40), (0, 60), (3_000, 0), (3_000, 0), (3_000, 0)]):
        prod = add(ToolProfile() if now < 3 else prod, good, empty)
        divergence.called(KEY, staged, prod, 10_000, float(now))
        states.append(divergence.states[KEY].diverged)
    assert states == [False, False, True, True, True, False, False]


def test_the_news_stays_with_the_call_that_carried_it() -> None:
    divergence, staged, prod = Divergence(Thresholds(looks=1)), add(ToolProfile(), 200, 0), add(ToolProfile(), 60, 40)
    assert divergence.news(KEY, [(b"t1", b"s1")]) is None
    divergence.called(KEY, staged, prod, 100, 0.0)
    first = divergence.news(KEY, [(b"t1", b"s1"), (b"t1", b"s2")])
    assert first is not None
    assert first[1] == b"s2"
    assert divergence.news(KEY, [(b"t2", b"s9")]) is None
    assert divergence.news(KEY, [(b"t1", b"s1"), (b"t1", b"s2"), (b"t1", b"s3")]) == first


def test_within_chance_the_distance_is_nothing() -> None:
    divergence, staged, prod = Divergence(), add(ToolProfile(), 90, 10), add(ToolProfile(), 85, 15)
    divergence.called(KEY, staged, prod, 100, 0.0)
    assert divergence.states[KEY].distance == 0.0
