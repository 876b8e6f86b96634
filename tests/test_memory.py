"""Back-pressure: live traces shrink first, then requests are refused, retryably, then taken again."""

import ctypes
import gc
import mmap
import time
from pathlib import Path

import grpc
import httpx
import pytest

from otelagent import assembly, service
from otelagent.errors import Retryable
from otelagent.exporters.otlp_grpc import METHODS
from otelagent.memory import MIB, SELDOM, MemoryGuard, available, forget_start
from otelagent.pipeline import Pipeline
from otelagent.run import AgentRun
from otelagent.settings import AgentFailures, MemoryLimiter
from otelagent.sink import Sink
from otelagent.traffic import Signal
from tests.builders import capture
from tests.requests import names, traces
from tests.running import running


class Memory:
    """Use that goes where the test says; shrinking and forgetting free what it says."""

    def __init__(self, frees: int = 0, forgets: int = 0) -> None:
        self.used = 0
        self.frees = frees
        self.forgets = forgets
        self.shrunk = 0
        self.forgot = 0

    def shrink(self) -> int:
        self.shrunk += 1
        self.used -= self.frees
        return 1

    def forget(self) -> None:
        self.forgot += 1
        self.used -= self.forgets

    def measure(self) -> int:
        return self.used


def guard(memory: Memory) -> MemoryGuard:
    limits = MemoryLimiter(limit_mib=100, spike_limit_mib=20)
    return MemoryGuard(limits, memory.shrink, memory.forget, measure=memory.measure)


def refuses(guard: MemoryGuard) -> bool:
    try:
        guard.check()
    except Retryable:
        return True
    return False


def test_below_the_soft_mark_nothing_happens() -> None:
    memory = Memory()
    memory.used = 80 * MIB
    watched = guard(memory)
    watched.look()
    assert (refuses(watched), memory.shrunk, memory.forgot) == (False, 0, 0)


def test_what_can_be_made_again_is_let_go_before_traces_are_but_seldom() -> None:
    memory = Memory(forgets=10 * MIB)
    watched = guard(memory)
    for _ in range(SELDOM):
        memory.used = 85 * MIB
        watched.look()
    assert (memory.forgot, memory.shrunk) == (1, SELDOM - 1)
    for _ in range(2):
        memory.used = 85 * MIB
        watched.look()
    assert (memory.forgot, memory.shrunk) == (2, SELDOM)


def test_above_the_soft_mark_live_traces_shrink_before_anything_is_refused() -> None:
    memory = Memory(frees=10 * MIB)
    memory.used = 85 * MIB
    watched = guard(memory)
    watched.look()
    assert (refuses(watched), memory.shrunk) == (False, 1)


def test_when_shrinking_does_not_help_requests_are_refused_until_it_is_better() -> None:
    memory = Memory()
    memory.used = 90 * MIB
    watched = guard(memory)
    watched.look()
    assert not refuses(watched)
    watched.look()
    assert refuses(watched)
    memory.used = 70 * MIB
    watched.look()
    assert not refuses(watched)


def test_above_the_limit_requests_are_refused_at_once() -> None:
    memory = Memory()
    memory.used = 101 * MIB
    watched = guard(memory)
    watched.look()
    assert refuses(watched)


def test_the_limit_is_a_share_of_what_the_container_may_use() -> None:
    watched = MemoryGuard(MemoryLimiter(), lambda: 0, lambda: None, total=1000 * MIB)
    assert (watched.limit, watched.soft) == (800 * MIB, 600 * MIB)


@pytest.mark.parametrize(
    ("name", "text"), [("memory.max", "268435456\n"), ("memory/memory.limit_in_bytes", "268435456")]
)
def test_the_containers_limit_is_found(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(text)
    assert available(tmp_path) == 256 * MIB


@pytest.mark.parametrize("text", ["max\n", "", "9223372036854771712"])
def test_without_a_limit_it_is_the_machines_memory(tmp_path: Path, text: str) -> None:
    (tmp_path / "memory.max").write_text(text)
    assert (available(tmp_path) or 0) > 256 * MIB


def resident(name: str) -> int:
    """KiB of a file's private mappings that are resident in this process, without those that can be written to."""
    found, counted = 0, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        first, *rest = line.split()
        if not first.endswith(":"):
            counted = line.endswith(name) and rest[0][1] == "-"
        elif first == "Rss:" and counted:
            found += int(rest[0])
    return found


def test_pages_that_only_the_start_needed_are_let_go_and_come_back(tmp_path: Path) -> None:
    path = tmp_path / "library"
    path.write_bytes(b"x" * MIB)
    with path.open("rb") as file, mmap.mmap(file.fileno(), MIB, mmap.MAP_PRIVATE, mmap.PROT_READ) as library:
        assert library.find(b"y") == -1
        assert resident("library") == 1024
        forget_start()
        assert resident("library") == 0
        assert library[:] == b"x" * MIB


def test_pages_that_were_written_to_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "library"
    path.write_bytes(b"x" * MIB)
    with path.open("rb") as file, mmap.mmap(file.fileno(), MIB, mmap.MAP_PRIVATE) as library:
        library[:1] = b"y"
        held = ctypes.c_char.from_buffer(library)
        protect = ctypes.CDLL(None).mprotect
        assert protect(ctypes.c_void_p(ctypes.addressof(held)), ctypes.c_size_t(MIB), mmap.PROT_READ) == 0
        forget_start()
        assert library[:2] == b"yx", "as what the loader has put right in a library, and protects afterwards"
        del held


def test_where_nobody_tells_what_is_mapped_nothing_is_let_go(tmp_path: Path) -> None:
    forget_start(tmp_path / "missing")


def test_senders_on_both_transports_are_asked_to_come_again() -> None:
    with Sink() as sink, running(sink) as service:
        service.service.memory.refusing = True
        service.service.memory.look = lambda: None  # type: ignore[method-assign]
        with grpc.insecure_channel(service.endpoint()) as channel:
            export = channel.unary_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Export")
            with pytest.raises(grpc.RpcError) as caught:
                export(traces("a"), timeout=5)
            assert caught.value.code() is grpc.StatusCode.UNAVAILABLE  # type: ignore[attr-defined]
            url = f"http://{service.endpoint('http')}/v1/traces"
            answer = httpx.post(url, content=traces("a"), headers={"content-type": "application/x-protobuf"})
            assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
            assert service.service.traffic.memory_refusals == 2
            service.service.memory.refusing = False
            export(traces("b"), timeout=5)
        assert names(sink.requests[Signal.TRACES]) == ["b"]


def test_traces_that_leave_need_no_garbage_collector() -> None:
    """A service's pipeline takes them apart, since the process looks for what refers to itself only rarely."""
    pipeline = Pipeline(assembly.pipeline_settings(AgentFailures()))
    pipeline.traces(capture("langgraph__openinference__delegation_parallel.binpb.gz"), 1.0)
    runs = {id(run) for trace in pipeline.live for run in trace.runs.values()}
    assert runs
    gc.disable()
    try:
        pipeline.settle(2.0)
        assert not [each for each in gc.get_objects() if id(each) in runs and isinstance(each, AgentRun)]
    finally:
        gc.enable()


def test_what_refers_to_itself_is_swept_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process looks at old objects rarely; without a sweep they would pile up for many minutes."""
    monkeypatch.setattr(service, "SWEEP", 3)
    settings = {"processors": {"agent_failures": {"traces": {"settle": "100ms"}}}}
    with running(None, settings) as started:
        gc.disable()
        try:
            sweeps = gc.get_stats()[2]["collections"]
            with grpc.insecure_channel(started.endpoint()) as channel:
                for number in range(5):
                    channel.unary_unary(METHODS[Signal.TRACES])(traces(f"span {number}"), timeout=10)
            end = time.monotonic() + 10
            while gc.get_stats()[2]["collections"] == sweeps and time.monotonic() < end:
                time.sleep(0.05)
            assert gc.get_stats()[2]["collections"] > sweeps
        finally:
            gc.enable()
