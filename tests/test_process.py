"""The process: starts fast, stops in order, exits as promised."""

import contextlib
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import grpc
import pytest
from click.testing import CliRunner

from otelagent import __version__, canary
from otelagent.cli import COMMANDS, main
from otelagent.exporters.otlp_grpc import METHODS
from otelagent.sink import Sink
from otelagent.traffic import Signal
from tests.requests import names, traces

CERTIFICATES = Path(__file__).parent / "certificates"
QUIET = (
    "yaml:receivers::otlp::protocols: {grpc: {endpoint: '127.0.0.1:0'}}",
    "yaml:extensions::health_check::endpoint: 127.0.0.1:0",
    "yaml:service::telemetry: {metrics: {level: none}, logs: {encoding: json}}",
)


class Process:
    """`otelagent run` as a child. `lines` are what it has written to stderr so far; a thread reads them."""

    def __init__(
        self,
        *arguments: str,
        environ: Mapping[str, str] | None = None,
        stdout: int = subprocess.DEVNULL,
        stderr: int = subprocess.PIPE,
        port: int | None = None,
    ) -> None:
        """`port`: where it listens, for tests that give it another stderr."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith("OTEL_")}
        configs = [part for text in QUIET for part in ("--config", text)]
        self.lines: list[str] = []
        self._looked = 0
        self._told = threading.Condition()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "otelagent", "run", *configs, *arguments],
            env={**clean, **(environ or {})},
            stdout=stdout,
            stderr=stderr,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        if port is not None:
            self.port = port
            return
        self._reader.start()
        try:
            self.port = int(self.wait_for(r"takes OTLP/gRPC on \S+:(\d+)")[1])
        except AssertionError:
            self.process.kill()
            self.process.wait()
            raise

    def _read(self) -> None:
        assert self.process.stderr
        with self.process.stderr as stderr:
            for line in stderr:
                with self._told:
                    self.lines.append(line)
                    self._told.notify_all()
        with self._told:
            self._told.notify_all()

    def wait_for(self, pattern: str, seconds: float = 30) -> re.Match[str]:
        """The first match in lines that weren't looked at before."""
        end = time.monotonic() + seconds
        with self._told:
            while True:
                for line in self.lines[self._looked :]:
                    self._looked += 1
                    if match := re.search(pattern, line):
                        return match
                if (self.process.poll() is not None and not self._reader.is_alive()) or time.monotonic() > end:
                    raise AssertionError("".join(self.lines))
                self._told.wait(0.1)

    def call(self, body: bytes) -> None:
        with grpc.insecure_channel(f"127.0.0.1:{self.port}") as channel:
            channel.unary_unary(METHODS[Signal.TRACES])(body, timeout=10, wait_for_ready=True)

    def end(self, number: int = signal.SIGTERM, seconds: float = 10) -> int:
        self.process.send_signal(number)
        self.process.wait(seconds)
        if self._reader.ident is not None:
            self._reader.join(10)
        return self.process.returncode


@contextlib.contextmanager
def process(*arguments: str, environ: Mapping[str, str] | None = None) -> Iterator[Process]:
    started = Process(*arguments, environ=environ)
    try:
        yield started
    finally:
        if started.process.poll() is None:
            started.end(signal.SIGKILL)


def test_it_listens_in_little_time() -> None:
    with process():
        pass


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_code_0(number: int) -> None:
    with process() as running:
        assert running.end(number) == 0


def test_the_endpoint_of_the_environment_is_used_and_gates_are_ignored() -> None:
    with Sink() as sink:
        environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{sink.endpoint}"}
        with process("--feature-gates=-a.b,+c.d", environ=environ) as running:
            running.call(traces("a"))
            assert running.end() == 0
        assert names(sink.requests[Signal.TRACES]) == ["a"]


def test_a_second_signal_ends_it_at_once() -> None:
    with Sink() as sink, process("--set", f"exporters.otlp.endpoint=http://{sink.endpoint}") as running:
        sink.delay = 30
        channel = grpc.insecure_channel(f"127.0.0.1:{running.port}")
        call = channel.unary_unary(METHODS[Signal.TRACES]).future(traces("a"), timeout=60, wait_for_ready=True)
        assert sink.wait_for(lambda s: s.calls > 0)
        began = time.monotonic()
        running.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        assert running.end() != 0
        assert time.monotonic() - began < 5, "the drain's deadline"
        assert not call.done() or call.code() is not grpc.StatusCode.OK
        channel.close()
        sink.delay = 0


def test_its_log_is_json_when_asked() -> None:
    with process() as running:
        running.end()
    assert {json.loads(line)["level"] for line in running.lines} <= {"info", "warning"}


def test_a_taken_port_is_told_in_one_line() -> None:
    with Sink() as sink:
        address = f"receivers.otlp.protocols.grpc.endpoint={sink.endpoint}"
        with pytest.raises(AssertionError, match=r"can't listen on .* is it taken"):
            Process("--set", address)


def test_our_own_receiver_as_destination_is_refused_at_start() -> None:
    result = CliRunner().invoke(main, ["run"], env={"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4317"})
    assert result.exit_code == 2
    assert "own receiver" in result.stderr


@contextlib.contextmanager
def full_pipe() -> Iterator[int]:
    """What a stream is whose reader is stuck."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        with contextlib.suppress(BlockingIOError):
            while os.write(writer, b"x" * 4096):
                pass
        os.set_blocking(writer, True)
        yield writer
    finally:
        os.close(reader)
        os.close(writer)


def test_whoever_does_not_read_our_lines_holds_up_nothing() -> None:
    """Neither those of the log nor those that tell findings where there is no exporter."""
    listen = f"yaml:receivers::otlp::protocols::grpc::endpoint: 127.0.0.1:{(port := free_port())}"
    with full_pipe() as pipe:
        running = Process("--config", listen, stdout=pipe, stderr=pipe, port=port)
        try:
            for _ in range(3):
                running.call(canary.trace(3, time.time_ns())[1])
            assert running.end() == 0
        finally:
            running.process.kill()


def test_lines_for_a_stream_that_is_closed_go_nowhere(tmp_path: Path) -> None:
    """The next file or socket gets its number."""
    arguments = [part for text in QUIET for part in ("--config", text)]
    listen = f"yaml:receivers::otlp::protocols::grpc::endpoint: 127.0.0.1:{(port := free_port())}"
    command = shlex.join([sys.executable, "-m", "otelagent", "run", *arguments, "--config", listen])
    process = subprocess.Popen(["sh", "-c", f"exec {command} >&- 2>&-"])
    try:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            export = channel.unary_unary(METHODS[Signal.TRACES])
            for _ in range(3):
                export(canary.trace(3, time.time_ns())[1], timeout=20, wait_for_ready=True)
        process.terminate()
        assert process.wait(20) == 0
    finally:
        process.kill()


def test_strangers_at_the_door_add_no_lines_to_the_log() -> None:
    """gRPC's own log would tell each handshake that fails, in its own form, to a stderr that may be stuck."""
    tls = {"cert_file": str(CERTIFICATES / "server.pem"), "key_file": str(CERTIFICATES / "server.key")}
    with process("--config", f"yaml:receivers::otlp::protocols::grpc::tls: {json.dumps(tls)}") as running:
        for _ in range(5):
            with socket.create_connection(("127.0.0.1", running.port), timeout=10) as stranger:
                stranger.sendall(b"GET / HTTP/1.1\r\n\r\n" * 5)
                assert stranger.recv(100) == b"", "it is shown the door"
        assert running.end() == 0
    assert [json.loads(line)["msg"] for line in running.lines][-1] == "stopping"
    assert len(running.lines) == 3


# --- commands ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str) -> None:
    result = CliRunner().invoke(main, [name, "--help"])
    assert result.exit_code == 0
    assert result.stdout.startswith("Usage:")


def test_validate_lists_mistakes_and_exits_1(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("recievers: {}\nprocessors: {agent_failures: {detectors: {nope: {}}}}")
    result = CliRunner().invoke(main, ["validate", "--config", str(tmp_path / "c.yaml")], env={})
    assert result.exit_code == 1
    assert "recievers: no such section" in result.stderr
    assert "processors.agent_failures.detectors.nope: no such detector" in result.stderr
    assert "2 mistakes" in result.stderr


def test_validate_is_content_with_a_valid_configuration() -> None:
    result = CliRunner().invoke(main, ["validate", "--set", "service.telemetry.logs.level=debug"])
    assert (result.exit_code, result.stdout) == (0, "the configuration is valid\n")


def test_print_config_hides_secrets() -> None:
    text = "yaml:exporters: {otlp: {endpoint: 'x:1', headers: {authorization: Bearer hunter2}}}"
    result = CliRunner().invoke(main, ["print-config", "--config", text])
    assert result.exit_code == 0
    assert "authorization: '[REDACTED]'" in result.stdout
    assert "hunter2" not in result.output


def test_version() -> None:
    assert CliRunner().invoke(main, ["version"]).stdout == f"otelagent {__version__}\n"
    assert CliRunner().invoke(main, ["--version"]).stdout == f"otelagent {__version__}\n"


# --- a configuration that changes -------------------------------------------------------------------------------------


def configured(path: Path, sink: Sink, extra: str = "") -> tuple[str, ...]:
    path.write_text(f"exporters: {{otlp: {{endpoint: 'http://{sink.endpoint}'}}}}\n{extra}")
    return ("--config", f"file:{path}")


@pytest.mark.parametrize("how", ["signal", "file", "symlink"])
def test_a_changed_configuration_is_used_without_a_restart(tmp_path: Path, how: str) -> None:
    path = tmp_path / "config.yaml"
    with Sink() as first, Sink() as second:
        if how == "symlink":
            (tmp_path / "v1").mkdir()
            configured(tmp_path / "v1" / "config.yaml", first)
            (tmp_path / "data").symlink_to("v1")
            path.symlink_to("data/config.yaml")
            arguments: tuple[str, ...] = ("--config", f"file:{path}")
        else:
            arguments = configured(path, first)
        port = f"receivers.otlp.protocols.grpc.endpoint=127.0.0.1:{free_port()}"
        with process(*arguments, "--set", port) as running:
            running.call(traces("a"))
            if how == "symlink":
                (tmp_path / "v2").mkdir()
                configured(tmp_path / "v2" / "config.yaml", second)
                (tmp_path / "new").symlink_to("v2")
                (tmp_path / "new").rename(tmp_path / "data")
            else:
                configured(path, second)
            if how == "signal":
                running.process.send_signal(signal.SIGHUP)
            running.wait_for("reloaded")
            running.call(traces("b"))
            assert running.end() == 0
        assert names(first.requests[Signal.TRACES]) == ["a"]
        assert names(second.requests[Signal.TRACES]) == ["b"]


def test_a_page_whose_address_is_taken_leaves_the_old_configuration_in_force(tmp_path: Path) -> None:
    """The receivers have changed hands by then, and come back."""
    path = tmp_path / "config.yaml"
    health = "extensions: {health_check: {endpoint: '127.0.0.1:%d'}}"
    with Sink() as sink, Sink() as other, process(*configured(path, sink)) as running:
        configured(path, other, health % other.port)
        running.process.send_signal(signal.SIGHUP)
        running.wait_for("the old one stays: .*is it taken")
        running.call(traces("a"))
        configured(path, other)
        running.process.send_signal(signal.SIGHUP)
        running.wait_for("reloaded")
        running.call(traces("b"))
        assert running.end() == 0
        assert (names(sink.requests[Signal.TRACES]), names(other.requests[Signal.TRACES])) == (["a"], ["b"])


def test_calls_wait_while_the_configuration_is_exchanged(tmp_path: Path) -> None:
    """Ports stay open: not every client tries again where nobody listens. What waits on disk doesn't hold it up."""
    path = tmp_path / "config.yaml"
    storage = f"extensions: {{file_storage: {{directory: {tmp_path / 'spool'}}}}}"
    sent, refused, stop = [], [], threading.Event()
    with Sink() as sink, process(*configured(path, sink, storage)) as running:
        channel = grpc.insecure_channel(f"127.0.0.1:{running.port}")

        def load() -> None:
            export = channel.unary_unary(METHODS[Signal.TRACES])
            while not stop.is_set():
                try:
                    export(traces(f"span {len(sent)}"), timeout=10)
                    sent.append(f"span {len(sent)}")
                except grpc.RpcError as error:
                    refused.append(error)

        work = threading.Thread(target=load)
        work.start()
        for number in range(5):
            sink.stop() if number % 2 else sink.start() if number else None
            configured(path, sink, f"{storage}\nprocessors: {{agent_failures: {{traces: {{settle: {number + 5}s}}}}}}")
            running.process.send_signal(signal.SIGHUP)
            running.wait_for("reloaded")
            time.sleep(0.1)
        stop.set()
        work.join()
        channel.close()
        assert not refused
        assert sink.wait_for(lambda s: set(sent) <= set(names(s.requests[Signal.TRACES])), 20)
        assert running.end() == 0
    assert len(sent) > 5


def test_failing_traces_are_kept_at_the_end(tmp_path: Path) -> None:
    with process("--set", f"extensions.trace_store.directory={tmp_path}") as running:
        running.call(canary.trace(3, time.time_ns())[1])
        assert running.end() == 0
    listed = CliRunner().invoke(main, ["traces", "--store", str(tmp_path), "list"])
    assert "reasoning_loop" in listed.output


def test_a_bad_configuration_leaves_the_old_one_in_force(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    with Sink() as sink, process(*configured(path, sink)) as running:
        configured(path, sink, "recievers: {}")
        running.process.send_signal(signal.SIGHUP)
        running.wait_for("the old one stays: recievers: no such section")
        running.call(traces("a"))
        configured(path, sink, "extensions: {bearertokenauth: {filename: /nowhere}}")
        running.process.send_signal(signal.SIGHUP)
        running.wait_for("the old one stays: extensions.bearertokenauth.filename")
        running.call(traces("b"))
        assert running.end() == 0
        assert names(sink.requests[Signal.TRACES]) == ["a", "b"]


def test_an_address_that_is_taken_leaves_the_old_configuration_in_force(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    with Sink() as sink:
        port = f"receivers.otlp.protocols.grpc.endpoint=127.0.0.1:{free_port()}"
        with process(*configured(path, sink), "--set", port) as running:
            taken = f"receivers: {{otlp/2: {{protocols: {{grpc: {{endpoint: '{sink.endpoint}'}}}}}}}}"
            path.write_text(f"exporters: {{otlp: {{endpoint: 'http://127.0.0.1:1'}}}}\n{taken}")
            running.process.send_signal(signal.SIGHUP)
            running.wait_for("the old one stays: .*is it taken")
            running.call(traces("a"))
            assert running.end() == 0
        assert names(sink.requests[Signal.TRACES]) == ["a"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
