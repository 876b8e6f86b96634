"""What is told about a destination that fails, and how often."""

import pytest

from otelagent.errors import Retryable
from otelagent.traffic import Signal
from otelagent.troubles import CALM, REMIND, Troubles

Log = pytest.LogCaptureFixture


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def troubles(caplog: Log) -> Troubles:
    caplog.set_level("INFO")
    return Troubles("otlp", "go to the spool", Clock())


def wait(troubles: Troubles, seconds: float) -> None:
    clock = troubles._clock
    assert isinstance(clock, Clock)
    clock.now += seconds
    troubles.look()


FAILS = "exporter otlp: the destination fails (gone); traces go to the spool"
TAKES = "exporter otlp: the destination takes traces again"


def test_a_change_is_told_once(troubles: Troubles, caplog: Log) -> None:
    for _ in range(3):
        troubles.note(Signal.TRACES, failing=True, error=Retryable("gone"))
        wait(troubles, 1)
    troubles.note(Signal.TRACES, failing=False)
    wait(troubles, CALM)
    wait(troubles, CALM)
    assert caplog.messages == [FAILS, TAKES]


def test_one_that_fails_now_and_then_is_told_once(troubles: Troubles, caplog: Log) -> None:
    for _ in range(50):
        troubles.note(Signal.TRACES, failing=True, error=Retryable("gone"))
        troubles.note(Signal.TRACES, failing=False)
        wait(troubles, 2)
    assert caplog.messages == [FAILS]
    assert troubles.failing == set()


def test_one_that_goes_on_is_told_again_with_its_reason_of_now(troubles: Troubles, caplog: Log) -> None:
    troubles.note(Signal.TRACES, failing=True, error=Retryable("gone"))
    wait(troubles, REMIND)
    troubles.note(Signal.TRACES, failing=True, error=Retryable("token expired"))
    assert caplog.messages == [FAILS, FAILS.replace("gone", "token expired")]


def test_each_signal_has_its_own(troubles: Troubles, caplog: Log) -> None:
    for signal in (Signal.TRACES, Signal.LOGS):
        troubles.note(signal, failing=True, error=Retryable("gone"))
    assert caplog.messages == [FAILS, FAILS.replace("traces", "logs")]
    assert troubles.failing == {Signal.TRACES, Signal.LOGS}
