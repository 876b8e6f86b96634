"""SDK exporters and a Collector as clients: as long as an outage is shorter than their own patience, nothing is lost.

`make clients` builds what isn't Python; without it these tests fail, and say so.
"""

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest

from otelagent.sink import Sink
from otelagent.traffic import Signal
from tests.deploy.manifests import ROOT
from tests.deploy.test_collector import collector
from tests.deploy.test_kubernetes import free_ports
from tests.requests import names, traces
from tests.test_process import Process

HERE = Path(__file__).parent
SPANS = 60
CLIENTS: Mapping[str, tuple[str, ...]] = {
    "python": (sys.executable, str(HERE / "client.py")),
    "go": (str(ROOT / "build/clients/goclient"),),
    "javascript": ("node", str(ROOT / "build/clients/js/client.mjs")),
}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


class Instance:
    """`otelagent run` on fixed ports, so that a client finds it again after a restart."""

    def __init__(self, sink: Sink, directory: Path, spool: bool) -> None:
        self.grpc, self.http = free_ports(2)
        self._file = directory / "config.yaml"
        self._settle = 4
        self._write()
        self._arguments = [
            *("--config", f"file:{self._file}"),
            *("--config", f"yaml:receivers::otlp::protocols::grpc::endpoint: 127.0.0.1:{self.grpc}"),
            *("--config", f"yaml:receivers::otlp::protocols::http::endpoint: 127.0.0.1:{self.http}"),
            *("--set", f"exporters.otlp.endpoint=http://{sink.endpoint}"),
            *("--set", "exporters.otlp.retry_on_failure.initial_interval=100ms"),
            *(("--set", f"extensions.file_storage.directory={directory / 'spool'}") if spool else ()),
        ]
        self.start()

    def start(self) -> None:
        self.process = Process(*self._arguments)

    def _write(self) -> None:
        self._settle += 1
        self._file.write_text(f"processors: {{agent_failures: {{traces: {{settle: {self._settle}s}}}}}}")

    def reload(self) -> None:
        self._write()
        self.process.process.send_signal(signal.SIGHUP)
        self.process.wait_for("reloaded")

    def restart(self) -> None:
        assert self.process.end(seconds=20) == 0
        self.start()


def client(name: str, protocol: str, port: int) -> "subprocess.Popen[str]":
    clean = {k: v for k, v in os.environ.items() if not k.startswith("OTEL_")}
    command = [*CLIENTS[name], protocol, f"127.0.0.1:{port}", str(SPANS)]
    if not Path(command[0 if name != "javascript" else 1]).exists():
        pytest.fail("make clients builds the clients")
    return subprocess.Popen(command, env=clean, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


Trouble = Callable[[Sink, Instance], None]


def slow(sink: Sink, _: Instance) -> None:
    sink.delay = 3.0
    time.sleep(2)
    sink.delay = 0.0


def refusing(sink: Sink, _: Instance) -> None:
    sink.answer = lambda *_: grpc.StatusCode.UNAVAILABLE
    time.sleep(2)
    sink.answer = None


def restarting(_: Sink, instance: Instance) -> None:
    instance.restart()


def reloading(_: Sink, instance: Instance) -> None:
    for _ in range(3):
        instance.reload()


def outlasts(name: str, protocol: str, trouble: Trouble, spool: bool) -> bool:
    """Whether the client tries again where nobody listens: Go's doesn't over HTTP, JavaScript's never does by gRPC."""
    return trouble is not restarting or (name, protocol) not in (("go", "http"), ("javascript", "grpc"))


CASES = [
    pytest.param(*case, id=f"{case[0]}-{case[1]}-{case[2].__name__}-{'spool' if case[3] else 'no-spool'}")
    for case in itertools.product(CLIENTS, ("grpc", "http"), (slow, refusing, reloading, restarting), (True, False))
    if outlasts(*case)
]


@pytest.mark.parametrize(("name", "protocol", "trouble", "spool"), CASES)
def test_an_sdk_loses_nothing(tmp_path: Path, name: str, protocol: str, trouble: Trouble, spool: bool) -> None:
    with Sink() as sink:
        instance = Instance(sink, tmp_path, spool)
        process = client(name, protocol, getattr(instance, protocol))
        accepted = []
        assert process.stdout
        for line in process.stdout:
            accepted.append(f"span {line.strip()}")
            if len(accepted) == 10:
                threading.Thread(target=trouble, args=(sink, instance)).start()
        _, err = process.communicate(timeout=60)
        assert accepted == [f"span {number}" for number in range(SPANS)], err
        assert sink.wait_for(lambda s: set(accepted) <= set(names(s.requests[Signal.TRACES])), 20)
        assert instance.process.end(seconds=20) == 0


@contextmanager
def front(instance: Instance) -> Iterator[str]:
    """A Collector that sends to the instance; gives its address."""
    environ = {"BACKEND": f"127.0.0.1:{instance.grpc}", "FINDINGS": os.devnull}
    with collector("findings", environ) as listen:
        yield listen


@pytest.mark.parametrize("trouble", [slow, refusing, reloading, restarting])
def test_a_collector_loses_nothing(tmp_path: Path, trouble: Trouble) -> None:
    sent: list[str] = []
    with Sink() as sink:
        instance = Instance(sink, tmp_path, spool=True)
        with front(instance) as listen, grpc.insecure_channel(listen) as channel:
            export = channel.unary_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Export")
            work = threading.Thread(target=trouble, args=(sink, instance))
            for number in range(200):
                if number == 20:
                    work.start()
                export(traces(f"span {number}"), timeout=10)
                sent.append(f"span {number}")
                time.sleep(0.02)
            work.join()
            assert sink.wait_for(lambda s: set(sent) <= set(names(s.requests[Signal.TRACES])), 60)
        assert instance.process.end(seconds=20) == 0
