"""The acknowledgement rule without the disk."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from otelagent.delivery import Delivery, budget
from otelagent.destination import Destination
from otelagent.errors import Misconfigured, OtelagentError, Rejected, Retryable, Unsupported
from otelagent.policy import Pace, Policy
from otelagent.traffic import Outlet, Signal, Step, Traffic
from tests.requests import logs, traces


class Recorder:
    """An exporter that keeps what it is given; `errors` are raised first, by signal."""

    def __init__(self, name: str = "otlp") -> None:
        self.name = name
        self.sent: list[tuple[Signal, bytes]] = []
        self.errors: dict[Signal, list[OtelagentError]] = {signal: [] for signal in Signal}
        self.delay = 0.0
        self.rejected = 0
        self.closed = False

    async def export(self, signal: Signal, body: bytes, timeout: float) -> int:
        if self.delay > timeout:
            await asyncio.sleep(timeout)
            raise Retryable("DEADLINE_EXCEEDED")
        await asyncio.sleep(self.delay)
        if self.errors[signal]:
            raise self.errors[signal].pop(0)
        self.sent.append((signal, body))
        return self.rejected

    def refresh(self) -> None:
        pass

    async def close(self) -> None:
        self.closed = True


def deliver(test: Callable[[Delivery, Traffic], Awaitable[None]], *exporters: Recorder) -> Traffic:
    """Run a test on a delivery to these exporters, for all signals."""
    traffic = Traffic()

    async def main() -> None:
        destinations = [Destination(e, traffic) for e in exporters]
        await test(Delivery(dict.fromkeys(Signal, destinations), traffic), traffic)

    asyncio.run(main())
    return traffic


@pytest.mark.parametrize(
    ("remaining", "seconds"), [(None, 8.0), (10.0, 8.0), (2.0, 1.5), (1.2, 0.7), (0.6, 0.3), (0.0, 0.0), (-1.0, 0.0)]
)
def test_the_senders_deadline_leaves_time_for_our_answer(remaining: float | None, seconds: float) -> None:
    assert budget(remaining) == pytest.approx(seconds)


def test_without_a_destination_everything_is_acknowledged() -> None:
    async def test(delivery: Delivery, _: Traffic) -> None:
        await delivery.deliver(Signal.TRACES, b"a", 1, events=logs("finding"))

    deliver(test)


def test_events_go_out_as_logs_beside_their_request() -> None:
    exporter = Recorder()

    async def test(delivery: Delivery, _: Traffic) -> None:
        await delivery.deliver(Signal.TRACES, traces("a"), 1, events=logs("finding"))

    traffic = deliver(test, exporter)
    assert sorted(signal for signal, _ in exporter.sent) == [Signal.LOGS, Signal.TRACES]
    assert traffic.sent[Outlet("otlp", Signal.LOGS)] == 1


def test_events_that_fail_fail_the_request_and_come_with_the_next() -> None:
    exporter = Recorder()
    exporter.errors[Signal.LOGS] = [Retryable("full")]
    event = logs("finding")

    async def test(delivery: Delivery, _: Traffic) -> None:
        with pytest.raises(Retryable):
            await delivery.deliver(Signal.TRACES, b"", 1, events=event, remaining=0.5)
        await delivery.deliver(Signal.TRACES, b"", 1)

    deliver(test, exporter)
    assert [body for signal, body in exporter.sent if signal is Signal.LOGS] == [event]


def test_a_destination_without_logs_gets_no_events(caplog: pytest.LogCaptureFixture) -> None:
    exporter = Recorder()
    exporter.errors[Signal.LOGS] = [Unsupported("UNIMPLEMENTED")] * 5

    async def test(delivery: Delivery, _: Traffic) -> None:
        for _ in range(3):
            await delivery.deliver(Signal.TRACES, b"a", 1, events=logs("finding"))

    deliver(test, exporter)
    assert [signal for signal, _ in exporter.sent] == [Signal.TRACES] * 3
    assert [r.message for r in caplog.records].count(caplog.records[0].message) == 1
    assert len(exporter.errors[Signal.LOGS]) == 4


def test_logs_that_the_destination_does_not_take_are_answered_so() -> None:
    exporter = Recorder()
    exporter.errors[Signal.LOGS] = [Unsupported("UNIMPLEMENTED")]

    async def test(delivery: Delivery, _: Traffic) -> None:
        with pytest.raises(Unsupported):
            await delivery.deliver(Signal.LOGS, logs("a"), 1)

    deliver(test, exporter)


def test_one_destination_that_takes_logs_is_enough() -> None:
    with_logs, without = Recorder("a"), Recorder("b")
    without.errors[Signal.LOGS] = [Unsupported("UNIMPLEMENTED")]

    async def test(delivery: Delivery, _: Traffic) -> None:
        await delivery.deliver(Signal.LOGS, logs("a"), 1)

    deliver(test, with_logs, without)
    assert len(with_logs.sent) == 1


@pytest.mark.parametrize("error", [Retryable("UNAVAILABLE"), Misconfigured("UNAUTHENTICATED")])
def test_all_destinations_have_to_accept(error: OtelagentError) -> None:
    first, second = Recorder("a"), Recorder("b")
    second.errors[Signal.TRACES] = [error]

    async def test(delivery: Delivery, _: Traffic) -> None:
        with pytest.raises(Retryable):
            await delivery.deliver(Signal.TRACES, b"a", 1, remaining=0.5)
        await delivery.deliver(Signal.TRACES, b"a", 1)

    traffic = deliver(test, first, second)
    assert (len(first.sent), len(second.sent)) == (2, 1)
    assert traffic.send_failed[Outlet("b", Signal.TRACES)] == 1


FAST = Pace(initial=0.01, longest=0.02)


def test_without_a_spool_a_request_is_tried_for_as_long_as_its_sender_waits() -> None:
    exporter, traffic = Recorder(), Traffic()
    exporter.errors[Signal.TRACES] = [Retryable("UNAVAILABLE")] * 5

    async def main() -> None:
        destination = Destination(exporter, traffic, Policy(pace=FAST))
        await destination.deliver(Signal.TRACES, b"a", 1, 5.0)
        exporter.errors[Signal.TRACES] = [Retryable("UNAVAILABLE")] * 1000
        with pytest.raises(Retryable):
            await destination.deliver(Signal.TRACES, b"a", 1, 0.1)

    asyncio.run(main())
    outlet = Outlet("otlp", Signal.TRACES)
    assert (traffic.taken[outlet], traffic.sent[outlet], len(exporter.sent)) == (1, 1, 1)
    assert traffic.queue("otlp").bytes == 0


def test_what_waits_in_a_call_is_bounded_like_all_that_waits() -> None:
    exporter, traffic = Recorder(), Traffic()
    exporter.errors[Signal.TRACES] = [Retryable("UNAVAILABLE")]

    async def main() -> None:
        destination = Destination(exporter, traffic, Policy(capacity=10, pace=Pace(initial=0.3, randomization=0)))
        first = asyncio.create_task(destination.deliver(Signal.TRACES, b"x" * 8, 1, 5.0))
        await asyncio.sleep(0.1)
        with pytest.raises(Retryable, match="queue full"):
            await destination.deliver(Signal.TRACES, b"x" * 8, 1, 5.0)
        await first

    asyncio.run(main())
    assert traffic.enqueue_failed[Outlet("otlp", Signal.TRACES)] == 1


@pytest.mark.parametrize("end", ["misconfigured", "asked", "off", "closing"])
def test_a_sender_is_not_kept_waiting_for_nothing(end: str) -> None:
    exporter, traffic = Recorder(), Traffic()
    errors = {"misconfigured": Misconfigured("UNAUTHENTICATED"), "asked": Retryable("UNAVAILABLE", asked=60)}
    exporter.errors[Signal.TRACES] = [errors.get(end, Retryable("UNAVAILABLE"))] * 2

    async def main() -> None:
        destination = Destination(exporter, traffic, Policy(retries=end != "off", pace=Pace(initial=30, longest=30)))
        call = asyncio.create_task(destination.deliver(Signal.TRACES, b"a", 1, 60.0))
        await asyncio.sleep(0.05)
        if end == "closing":
            destination.hurry()
        with pytest.raises(Retryable):
            await asyncio.wait_for(call, 10)

    asyncio.run(main())


def test_a_permanent_refusal_is_the_senders_to_know() -> None:
    exporter = Recorder()
    exporter.errors[Signal.TRACES] = [Rejected("INVALID_ARGUMENT")]

    async def test(delivery: Delivery, _: Traffic) -> None:
        with pytest.raises(Rejected):
            await delivery.deliver(Signal.TRACES, b"a", 1)

    deliver(test, exporter)


def test_a_slow_destination_is_no_reason_to_make_the_sender_miss_its_deadline() -> None:
    exporter = Recorder()
    exporter.delay = 30

    async def test(delivery: Delivery, _: Traffic) -> None:
        began = asyncio.get_running_loop().time()
        with pytest.raises(Retryable):
            await delivery.deliver(Signal.TRACES, b"a", 1, remaining=1.0)
        assert 0.4 < asyncio.get_running_loop().time() - began < 0.8

    deliver(test, exporter)


def test_what_comes_to_a_processor_and_what_leaves_it_is_counted() -> None:
    exporter, traffic = Recorder(), Traffic()

    def redact(body: bytes) -> bytes:
        if body == b"odd":
            raise Rejected("can't be read")
        return body

    async def main() -> None:
        destination = Destination(exporter, traffic)
        names = {Signal.TRACES: ("agent_failures", "redaction/a")}
        delivery = Delivery({Signal.TRACES: [destination]}, traffic, {Signal.TRACES: redact}, names)
        await delivery.deliver(Signal.TRACES, b"a", 3)
        with pytest.raises(Rejected):
            await delivery.deliver(Signal.TRACES, b"odd", 2)

    asyncio.run(main())
    detectors, redaction = Step("agent_failures", Signal.TRACES), Step("redaction/a", Signal.TRACES)
    assert traffic.incoming == {detectors: 5, redaction: 5}
    assert traffic.outgoing == {detectors: 5, redaction: 3}


def test_partial_success_is_counted_and_not_tried_again() -> None:
    exporter = Recorder()
    exporter.rejected = 2

    async def test(delivery: Delivery, _: Traffic) -> None:
        await delivery.deliver(Signal.TRACES, b"a", 5)

    traffic = deliver(test, exporter)
    outlet = Outlet("otlp", Signal.TRACES)
    assert (traffic.sent[outlet], traffic.dropped[outlet, "partial_success"], len(exporter.sent)) == (3, 2, 1)


@pytest.mark.parametrize(
    "policy",
    [
        Policy(capacity=10),
        Policy(capacity=1, sizer="requests"),
        Policy(capacity=7, sizer="items"),
        Policy(capacity=1000, sizer="requests", timeout=1),
    ],
)
def test_a_full_queue_asks_the_sender_to_come_again(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("otelagent.destination.CAPACITY", 10)
    exporter = Recorder()
    exporter.delay = 0.2
    traffic = Traffic()

    async def main() -> None:
        destination = Destination(exporter, traffic, policy)
        first = asyncio.create_task(destination.deliver(Signal.TRACES, b"x" * 8, 1, 2.0))
        await asyncio.sleep(0.05)
        with pytest.raises(Retryable):
            await destination.deliver(Signal.TRACES, b"x" * 8, 7, 2.0)
        await first

    asyncio.run(main())
    assert traffic.enqueue_failed[Outlet("otlp", Signal.TRACES)] == 7
    assert traffic.queue("otlp").bytes == 0
