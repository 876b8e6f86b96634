"""What was acknowledged arrives, whatever happens downstream or to us."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import grpc
import pytest

from otelagent.config_text import merge
from otelagent.exporters.otlp_grpc import METHODS
from otelagent.settings import FileStorage
from otelagent.sink import Sink
from otelagent.spool_file import SpoolFile
from otelagent.traffic import Inlet, Outlet, Signal
from tests.requests import logs, names, traces
from tests.running import Running, running
from tests.test_process import Process

TRACES, LOGS = Outlet("otlp", Signal.TRACES), Outlet("otlp", Signal.LOGS)
FAST = {"initial_interval": "50ms", "max_interval": "200ms"}


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as started:
        yield started


def spooled(directory: Path, exporter: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Settings with a spool in this directory and an exporter that retries fast."""
    own = merge({"retry_on_failure": FAST}, exporter or {})
    return {"exporters": {"otlp": own}, "extensions": {"file_storage": {"directory": str(directory)}}}


def call(service: Running, body: bytes, signal: Signal = Signal.TRACES, timeout: float = 10.0) -> None:
    with grpc.insecure_channel(service.endpoint()) as channel:
        channel.unary_unary(METHODS[signal])(body, timeout=timeout)


def arrived(sink: Sink, *wanted: str) -> bool:
    return sink.wait_for(lambda s: set(wanted) <= set(names(s.requests[Signal.TRACES])))


def settled(service: Running) -> None:
    """Nothing waits, nothing is unaccounted for."""
    traffic = service.service.traffic
    deadline = time.monotonic() + 10
    while (any(traffic.waiting.values()) or traffic.missing()) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not traffic.missing()
    assert not any(traffic.waiting.values())


def test_while_downstream_is_well_nothing_touches_the_disk(sink: Sink, tmp_path: Path) -> None:
    with running(sink, spooled(tmp_path)) as service:
        call(service, traces("a", "b"))
        assert service.service.traffic.spooled[TRACES] == 0
        settled(service)


def test_a_dead_destination_gets_it_when_it_is_back(sink: Sink, tmp_path: Path) -> None:
    with running(sink, spooled(tmp_path)) as service:
        sink.stop()
        for index in range(20):
            call(service, traces(f"span {index}"))
        assert service.service.traffic.waiting[TRACES] == 20
        sink.start()
        assert arrived(sink, *(f"span {i}" for i in range(20)))
        settled(service)
        assert names(sink.requests[Signal.TRACES]) == [f"span {i}" for i in range(20)], "oldest first"
        call(service, traces("live"))
        assert arrived(sink, "live")
        assert service.service.traffic.spooled[TRACES] == 20


def test_a_slow_destination_does_not_slow_the_sender(sink: Sink, tmp_path: Path) -> None:
    sink.delay = 3
    with running(sink, spooled(tmp_path, {"sending_queue": {"answer_within": "500ms"}})) as service:
        call(service, traces("first"), timeout=2.5)
        calls = sink.calls
        call(service, traces("second"), timeout=2.5)
        assert sink.calls == calls, "straight to the spool"
        sink.delay = 0
        assert arrived(sink, "first", "second")
        settled(service)


@pytest.mark.parametrize(
    "code", ["UNAVAILABLE", "INTERNAL", "UNKNOWN", "UNAUTHENTICATED", "PERMISSION_DENIED", "UNIMPLEMENTED"]
)
def test_what_is_wrong_with_us_or_downstream_is_waited_out(sink: Sink, tmp_path: Path, code: str) -> None:
    with running(sink, spooled(tmp_path)) as service:
        sink.answer = lambda *_: grpc.StatusCode[code]
        call(service, traces("a"))
        assert service.service.traffic.queue("otlp").failing
        sink.answer = None
        assert arrived(sink, "a")
        settled(service)


def test_a_destination_that_refuses_most_gets_all_in_the_end(sink: Sink, tmp_path: Path) -> None:
    chance = random.Random(7)
    with running(sink, spooled(tmp_path)) as service:
        sink.answer = lambda *_: grpc.StatusCode.UNAVAILABLE if chance.random() < 0.7 else None
        with grpc.insecure_channel(service.endpoint()) as channel:
            export = channel.unary_unary(METHODS[Signal.TRACES])
            for index in range(200):
                export(traces(f"span {index}"), timeout=10)
        assert arrived(sink, *(f"span {i}" for i in range(200)))
        settled(service)


def test_a_poisoned_span_is_buried_and_its_neighbours_arrive(sink: Sink, tmp_path: Path) -> None:
    sink.answer = lambda _, body: grpc.StatusCode.INVALID_ARGUMENT if b"poison" in body else None
    with running(sink, spooled(tmp_path)) as service:
        call(service, traces("a", "b", "poison", "c", "d"))
        assert arrived(sink, "a", "b", "c", "d")
        settled(service)
        assert service.service.traffic.buried[TRACES] == 1
        assert service.service.traffic.sent[TRACES] == 4
        [(outlet, held)] = next(iter(service.service.spools.values())).dead.items()
        assert (outlet, held.items) == (TRACES, 1)


def test_a_poisoned_request_holds_up_nobody_behind_it(sink: Sink, tmp_path: Path) -> None:
    with running(sink, spooled(tmp_path)) as service:
        sink.stop()
        for name in ("poison", *(f"span {i}" for i in range(10))):
            call(service, traces(name))
        sink.answer = lambda _, body: grpc.StatusCode.INVALID_ARGUMENT if b"poison" in body else None
        sink.start()
        assert arrived(sink, *(f"span {i}" for i in range(10)))
        settled(service)
        assert service.service.traffic.buried[TRACES] == 1


def test_requests_are_cut_below_the_destinations_limit_before_they_are_sent(sink: Sink, tmp_path: Path) -> None:
    with running(sink, spooled(tmp_path, {"max_request_bytes": 100_000})) as service:
        call(service, traces(*(f"{i}" for i in range(100)), attributes=50))
        assert sorted(names(sink.requests[Signal.TRACES]), key=int) == [f"{i}" for i in range(100)]
        assert max(map(len, sink.requests[Signal.TRACES])) <= 100_000
        settled(service)


@pytest.mark.parametrize("spool", [True, False])
def test_a_destination_with_a_smaller_limit_gets_smaller_requests(tmp_path: Path, spool: bool) -> None:
    with Sink(max_message_bytes=100_000) as sink:
        settings = spooled(tmp_path) if spool else {}
        with running(sink, settings) as service:
            call(service, traces(*(f"{i}" for i in range(100)), attributes=50))
            assert arrived(sink, *(f"{i}" for i in range(100)))
            settled(service)


def test_a_span_that_is_too_large_even_alone_becomes_a_dead_letter(tmp_path: Path) -> None:
    with Sink(max_message_bytes=300_000) as sink, running(sink, spooled(tmp_path)) as service:
        call(service, traces("a", "x" * 400_000, "b"))
        assert arrived(sink, "a", "b")
        settled(service)
        assert service.service.traffic.buried[TRACES] == 1


def test_a_quota_is_waited_out_and_nothing_is_buried(sink: Sink, tmp_path: Path) -> None:
    sink.answer = lambda *_: grpc.StatusCode.RESOURCE_EXHAUSTED
    fast = spooled(tmp_path)
    with running(sink, fast) as service:
        call(service, traces("a", "b"))
        time.sleep(0.5)
        sink.answer = None
        assert arrived(sink, "a", "b")
        settled(service)
        assert service.service.traffic.buried[TRACES] == 0


def test_each_destination_has_its_own_queue(sink: Sink, tmp_path: Path) -> None:
    with Sink() as other:
        settings = spooled(tmp_path)
        settings["exporters"]["otlp/other"] = {"endpoint": f"http://{other.endpoint}", "retry_on_failure": FAST}
        with running(sink, settings) as service:
            other.stop()
            call(service, traces("a"))
            assert names(sink.requests[Signal.TRACES]) == ["a"]
            assert service.service.traffic.waiting[Outlet("otlp/other", Signal.TRACES)] == 1
            other.start()
            assert arrived(other, "a")
            settled(service)
            assert names(sink.requests[Signal.TRACES]) == ["a"]


def test_logs_fail_without_holding_up_traces(sink: Sink, tmp_path: Path) -> None:
    sink.answer = lambda signal, _: grpc.StatusCode.UNAVAILABLE if signal is Signal.LOGS else None
    with running(sink, spooled(tmp_path)) as service:
        call(service, logs("a"), Signal.LOGS)
        call(service, traces("a"))
        assert service.service.traffic.waiting[LOGS] == 1
        assert service.service.traffic.waiting[TRACES] == 0


def test_a_full_spool_leaves_the_data_with_its_sender(sink: Sink, tmp_path: Path) -> None:
    settings = merge(spooled(tmp_path), {"extensions": {"file_storage": {"max_size_mib": 1}}})
    with running(sink, settings) as service:
        sink.stop()
        taken = 0
        with pytest.raises(grpc.RpcError) as caught:  # noqa: PT012 - one of many is refused
            for _ in range(100):
                call(service, traces(os.urandom(60_000).hex()))
                taken += 1
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE  # type: ignore[attr-defined]
        traffic = service.service.traffic
        assert traffic.waiting[TRACES] == taken
        assert traffic.refused[Inlet("otlp", "grpc", Signal.TRACES)] == 1
        sink.start()
        assert sink.wait_for(lambda s: len(s.spans()) == taken)
        settled(service)


def test_a_slow_disk_leaves_the_data_with_its_sender(
    sink: Sink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("otelagent.destination.STORE", 0.1)
    put = SpoolFile.put

    def slowly(*arguments: Any) -> int:
        time.sleep(0.5)
        return put(*arguments)

    monkeypatch.setattr(SpoolFile, "put", slowly)
    with running(sink, spooled(tmp_path)) as service:
        sink.stop()
        with pytest.raises(grpc.RpcError) as caught:
            call(service, traces("a"))
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE  # type: ignore[attr-defined]
        sink.start()
        assert arrived(sink, "a"), "it is on disk in the end"
        settled(service)


# --- when the sender may let go --------------------------------------------------------------------------------------


def test_ack_delivered_never_relies_on_the_disk(sink: Sink, tmp_path: Path) -> None:
    with running(sink, spooled(tmp_path, {"sending_queue": {"ack": "delivered"}})) as service:
        sink.refuse(grpc.StatusCode.UNAVAILABLE, times=3)
        call(service, traces("a"))
        sink.refuse(grpc.StatusCode.UNAVAILABLE, times=1000)
        with pytest.raises(grpc.RpcError):
            call(service, traces("b"), timeout=1)
        assert service.service.traffic.spooled[TRACES] == 0
        settled(service)
    assert names(sink.requests[Signal.TRACES]) == ["a"]


@pytest.mark.parametrize("spool", [True, False])
def test_ack_received_answers_at_once_and_delivers_later(sink: Sink, tmp_path: Path, spool: bool) -> None:
    own = {"sending_queue": {"ack": "received"}, "retry_on_failure": FAST}
    settings = spooled(tmp_path, own) if spool else {"exporters": {"otlp": own}}
    with running(sink, settings) as service:
        sink.stop()
        call(service, traces("a"))
        sink.start()
        assert arrived(sink, "a")
        settled(service)


def test_ack_received_gives_up_when_it_is_told_to_and_counts_it(sink: Sink) -> None:
    retry = {**FAST, "max_elapsed_time": "300ms"}
    own = {"sending_queue": {"ack": "received"}, "retry_on_failure": retry}
    with running(sink, {"exporters": {"otlp": own}}) as service:
        sink.stop()
        call(service, traces("a"))
        settled(service)
        assert service.service.traffic.dropped[TRACES, "too_old"] == 1


def test_ack_received_counts_what_a_stop_loses(sink: Sink) -> None:
    with running(sink, {"exporters": {"otlp": {"sending_queue": {"ack": "received"}}}}) as service:
        sink.stop()
        call(service, traces("a"))
        service.stop(grace=0.2)
        assert service.service.traffic.dropped[TRACES, "shutdown"] == 1
        assert not service.service.traffic.missing()


# --- ends and beginnings ----------------------------------------------------------------------------------------------


def test_what_waits_at_the_end_is_there_at_the_next_start(sink: Sink, tmp_path: Path) -> None:
    with running(sink, spooled(tmp_path)) as service:
        sink.stop()
        call(service, traces("a", "b"))
        service.stop()
        assert not service.service.traffic.missing()
        assert service.service.traffic.waiting[TRACES] == 2
    sink.start()
    with running(sink, spooled(tmp_path)) as service:
        assert arrived(sink, "a", "b")
        settled(service)
        assert service.service.traffic.found[TRACES] == 2


def test_what_waits_for_an_exporter_that_is_gone_is_told_and_kept(
    sink: Sink, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Renamed: it is sent when the exporter has its name again."""
    with running(sink, spooled(tmp_path)) as service:
        sink.stop()
        call(service, traces("a", "b"))
    renamed = {"exporters": {"otlp/new": {"endpoint": f"http://{sink.endpoint}"}}}
    with running(None, {**spooled(tmp_path), **renamed}) as service:
        deadline = time.monotonic() + 10
        while not service.service.traffic.waiting[TRACES] and time.monotonic() < deadline:
            time.sleep(0.02)
        assert service.service.traffic.waiting[TRACES] == 2
    assert "2 spans wait in the spool for exporter otlp, which isn't configured" in caplog.messages
    sink.start()
    with running(sink, spooled(tmp_path)) as service:
        assert arrived(sink, "a", "b")
        settled(service)


def test_the_spool_is_emptied_before_the_end_if_the_destination_takes_it(sink: Sink, tmp_path: Path) -> None:
    slow = {"sending_queue": {"drain_rate_mib": 0.001}, "retry_on_failure": {"initial_interval": "30s"}}
    sent = [f"span {i}" for i in range(50)]
    with running(sink, spooled(tmp_path, slow)) as service:
        sink.stop()
        for name in sent:
            call(service, traces(name))
        sink.start()
        service.stop(grace=10)
        assert set(names(sink.requests[Signal.TRACES])) == set(sent)
        assert service.service.traffic.waiting[TRACES] == 0
        assert not service.service.traffic.missing()


def test_the_end_waits_no_longer_than_the_drain_timeout(tmp_path: Path) -> None:
    sink = Sink().start()
    process = Process(*arguments(sink, tmp_path), "--set", "exporters.otlp.sending_queue.drain_timeout=1s")
    process.call(traces("a"))
    sink.delay = 60
    channel = grpc.insecure_channel(f"127.0.0.1:{process.port}")
    under_way = channel.unary_unary(METHODS[Signal.TRACES]).future(traces("b"), timeout=60)
    assert sink.wait_for(lambda s: s.calls > 1)
    assert process.end(seconds=20) == 0
    channel.close()
    sink.stop()
    assert under_way.done()
    with Sink() as another:
        again = Process(*arguments(another, tmp_path))
        assert arrived(another, "b") or under_way.code() is not grpc.StatusCode.OK
        assert again.end() == 0


def test_late_findings_are_kept_too(sink: Sink, tmp_path: Path) -> None:
    with running(sink, spooled(tmp_path)) as service:
        sink.stop()
        service.service.pipeline.settle = lambda _: logs("finding")  # type: ignore[method-assign]
        service.stop()
        assert service.service.traffic.waiting[LOGS] == 1


def arguments(sink: Sink, directory: Path) -> tuple[str, ...]:
    return (
        *("--set", f"exporters.otlp.endpoint=http://{sink.endpoint}"),
        *("--set", "exporters.otlp.retry_on_failure.initial_interval=50ms"),
        *("--set", "exporters.otlp.retry_on_failure.max_interval=200ms"),
        *("--set", f"extensions.file_storage.directory={directory}"),
    )


@pytest.mark.parametrize("rounds", [3, pytest.param(30, marks=[pytest.mark.slow, pytest.mark.timeout(600)])])
def test_sigterm_with_a_dead_destination_then_a_restart(tmp_path: Path, rounds: int) -> None:
    """Under load the destination dies, then we are told to end; what was acknowledged is there after the next start,
    whose destination lives, or after a later one. Every third restart finds it dead still."""
    chance, acknowledged, sink = random.Random(rounds), list[str](), Sink().start()
    for each in range(rounds):
        running, stop = Process(*arguments(sink, tmp_path)), threading.Event()
        work = [threading.Thread(target=load, args=(running.port, f"{each}.{i}", acknowledged, stop)) for i in range(3)]
        for thread in work:
            thread.start()
        time.sleep(chance.uniform(0.1, 0.4))
        sink.stop()
        time.sleep(chance.uniform(0.0, 0.6))
        assert running.end(signal.SIGTERM, 20) == 0
        stop.set()
        for thread in work:
            thread.join()
        if each % 3 < 2:
            sink.start()
    sink.stop()
    with sink:
        again = Process(*arguments(sink, tmp_path))
        assert sink.wait_for(lambda s: set(acknowledged) <= set(names(s.requests[Signal.TRACES])), 30)
        assert again.end() == 0
    assert len(acknowledged) > rounds * 20


def load(port: int, prefix: str, acknowledged: list[str], stop: threading.Event) -> None:
    """Send until stopped, like an SDK: one at a time; note what was acknowledged."""
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        export = channel.unary_unary(METHODS[Signal.TRACES])
        number = 0
        while not stop.is_set():
            batch = [f"{prefix}.{number}.{i}" for i in range(10)]
            try:
                export(traces(*batch), timeout=10)
            except grpc.RpcError:
                time.sleep(0.02)
                continue
            acknowledged += batch
            number += 1


def flap(sink: Sink, stop: threading.Event, chance: random.Random) -> None:
    """Refuse, delay, vanish, return."""
    while not stop.wait(chance.uniform(0.05, 0.3)):
        match chance.randrange(4):
            case 0:
                sink.answer = lambda *_: grpc.StatusCode.UNAVAILABLE
            case 1:
                sink.delay = chance.uniform(0, 0.3)
            case 2:
                sink.stop()
                time.sleep(chance.uniform(0, 0.2))
                sink.start()
            case _:
                sink.answer, sink.delay = None, 0.0
    sink.answer, sink.delay = None, 0.0


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("rounds", [3, pytest.param(30, marks=[pytest.mark.slow, pytest.mark.timeout(600)])])
def test_killed_at_random_moments_nothing_acknowledged_is_missing(tmp_path: Path, rounds: int, number: int) -> None:
    chance = random.Random(rounds)
    acknowledged: list[str] = []
    with Sink() as sink:
        for each in range(rounds):
            running, stop = Process(*arguments(sink, tmp_path)), threading.Event()
            work = [
                threading.Thread(target=load, args=(running.port, f"{each}.{i}", acknowledged, stop)) for i in range(3)
            ]
            work.append(threading.Thread(target=flap, args=(sink, stop, chance)))
            for thread in work:
                thread.start()
            time.sleep(chance.uniform(0.3, 1.5))
            running.end(number, 20)
            stop.set()
            for thread in work:
                thread.join()
        last = Process(*arguments(sink, tmp_path))
        assert sink.wait_for(lambda s: set(acknowledged) <= set(names(s.requests[Signal.TRACES])), 30)
        assert last.end() == 0
    assert len(acknowledged) > rounds * 20


def test_a_damaged_spool_does_not_stop_the_start(tmp_path: Path) -> None:
    (tmp_path / "spool.db").write_bytes(os.urandom(50_000))
    with Sink() as sink:
        running = Process(*arguments(sink, tmp_path))
        running.call(traces("a"))
        assert running.end() == 0
        assert names(sink.requests[Signal.TRACES]) == ["a"]


def test_the_default_without_a_configuration_is_a_spool(tmp_path: Path) -> None:
    script = "from otelagent import config; print(config.load(None, environ={'XDG_STATE_HOME': '/s'}).extensions)"
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert FileStorage.__name__ in out
