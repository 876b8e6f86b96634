"""The recorder: failing traces whole, a sample of good ones, within the memory of its ring."""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import grpc
import pytest

from otelagent.errors import Rejected
from otelagent.exporters.otlp_grpc import METHODS
from otelagent.otlp import TraceRequest, only
from otelagent.pipeline import Pipeline
from otelagent.recorder import Recorder
from otelagent.store import Kept, Limits, TraceStore
from otelagent.traffic import Signal
from tests import builders
from tests.running import running

FAILING = "pydantic-ai__native-default__empty_result.binpb.gz"
LOOP = "langgraph__openinference__loop.binpb.gz"
HEALTHY = "pydantic-ai__native-default__ok.binpb.gz"


def record(
    directory: Path,
    *bodies: bytes,
    ring: int = 32 << 20,
    sample: float = 0.0,
    limits: Limits | None = None,
    redact: Callable[[bytes], bytes] | None = None,
) -> TraceStore:
    recorder = Recorder(
        lambda: TraceStore(directory, create=True),
        ring_bytes=ring,
        sample_good=sample,
        limits=limits or Limits(),
        clock=lambda: 1000.0,
        redact=redact,
    )
    recorder.start()
    pipeline = Pipeline(None, (recorder,), recorder.take)
    for body in bodies:
        pipeline.traces(body, 1.0)
    pipeline.settle(2.0)
    recorder.stop()
    assert recorder.size == 0
    return TraceStore(directory)


def spans(store: TraceStore, kept: Kept) -> int:
    return sum(len(TraceRequest(body).spans) for body in store.load(kept.trace_id))


def test_failing_trace_is_kept_whole_and_a_good_one_is_not(tmp_path: Path) -> None:
    failing, healthy = builders.capture(FAILING), builders.capture(HEALTHY)
    store = record(tmp_path, *builders.one_by_one(failing), healthy)
    (kept,) = store.all()
    assert (kept.modes, kept.agents, kept.tools) == (("empty_result_fabrication",), ("atlas",), ("web_search",))
    assert spans(store, kept) == kept.spans == len(TraceRequest(failing).spans)
    assert not kept.partial


def test_a_trace_is_on_disk_soon_after_it_closed(tmp_path: Path) -> None:
    """A kill -9 takes no more than what closed just now: nothing waits for the end."""
    TraceStore(tmp_path, create=True).close()
    recorder = Recorder(
        lambda: TraceStore(tmp_path), ring_bytes=1 << 20, sample_good=0.0, limits=Limits(), clock=lambda: 1000.0
    )
    recorder.start()
    pipeline = Pipeline(None, (recorder,), recorder.take)
    pipeline.traces(builders.capture(FAILING), 1.0)
    pipeline.settle(2.0)
    store = TraceStore(tmp_path)
    while not store.all():  # as long as the test may take
        time.sleep(0.05)
    (kept,) = store.all()
    assert kept.modes == ("empty_result_fabrication",)
    recorder.stop()


def test_a_trace_that_cannot_be_redacted_takes_no_other_with_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """They are written together."""
    spoilt, whole = builders.capture(FAILING), builders.capture(LOOP)
    refused = TraceRequest(spoilt).spans[0].trace_id

    def redact(body: bytes) -> bytes:
        if TraceRequest(body).spans[0].trace_id == refused:
            raise Rejected("unreadable")
        return body

    (kept,) = record(tmp_path, spoilt, whole, redact=redact).all()
    assert kept.trace_id == TraceRequest(whole).spans[0].trace_id
    assert "a failing trace is not kept: unreadable" in caplog.text


def test_limits_of_the_store_hold_while_it_is_written(tmp_path: Path) -> None:
    (kept,) = record(tmp_path, builders.capture(FAILING), builders.capture(LOOP), limits=Limits(max_count=1)).all()
    assert kept.modes == ("reasoning_loop",)


def test_sample_of_good_traces_is_kept_without_a_mode(tmp_path: Path) -> None:
    (kept,) = record(tmp_path, builders.capture(HEALTHY), sample=1.0).all()
    assert kept.modes == ()


def test_what_fell_out_of_the_ring_makes_the_trace_partial(tmp_path: Path) -> None:
    failing = builders.capture(FAILING)
    store = record(tmp_path, *builders.one_by_one(failing), ring=len(failing) // 2)
    (kept,) = store.all()
    assert kept.partial
    assert 0 < spans(store, kept) < len(TraceRequest(failing).spans)


def test_request_is_cut_to_one_trace(tmp_path: Path) -> None:
    failing, healthy = builders.capture(FAILING), builders.capture(HEALTHY)
    ids = [TraceRequest(body).spans[0].trace_id for body in (failing, healthy)]
    both = failing + healthy
    assert {span.trace_id for span in TraceRequest(only(both, ids[0])).spans} == {ids[0]}
    assert only(both, b"\0" * 16) == b""


def test_store_that_cannot_be_opened_is_said_once_and_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no directory")
    recorder = Recorder(
        lambda: TraceStore(blocked, create=True), ring_bytes=1 << 20, sample_good=1.0, limits=Limits(), clock=float
    )
    recorder.start()
    pipeline = Pipeline(None, (recorder,), recorder.take)
    assert pipeline.traces(builders.capture(FAILING), 1.0).spans
    pipeline.settle(2.0)
    recorder.stop()
    assert recorder.size == 0
    assert [r.levelname for r in caplog.records] == ["WARNING"]
    assert "failing traces are not kept" in caplog.text


def test_the_end_does_not_wait_for_a_disk_that_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("otelagent.recorder.MAX_WAITING", 1)
    hangs = threading.Event()

    def hanging() -> TraceStore:
        hangs.wait()
        return TraceStore(tmp_path, create=True)

    recorder = Recorder(hanging, ring_bytes=1 << 20, sample_good=0.0, limits=Limits(), clock=lambda: 1000.0)
    recorder.start()
    pipeline = Pipeline(None, (recorder,), recorder.take)
    pipeline.traces(builders.capture(FAILING), 1.0)
    pipeline.settle(2.0)
    recorder.stop(timeout=0.01)
    hangs.set()
    assert "trace store doesn't answer" in caplog.text


def test_the_end_waits_for_what_is_still_to_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store is the only extension: the service once stopped the recorder only beside a baseline store."""
    keep = TraceStore.keep_all

    def slowly(self: TraceStore, traces: Iterable[tuple[Kept, Sequence[bytes]]]) -> int:
        time.sleep(0.5)
        return keep(self, traces)

    monkeypatch.setattr(TraceStore, "keep_all", slowly)
    with running(settings={"extensions": {"trace_store": {"directory": str(tmp_path)}}}) as service:
        with grpc.insecure_channel(service.endpoint()) as channel:
            channel.unary_unary(METHODS[Signal.TRACES])(builders.capture(FAILING), timeout=10)
        service.stop()
        assert [kept.modes for kept in TraceStore(tmp_path).all()] == [("empty_result_fabrication",)]
