"""Where the time of the fold goes: CPU per span by stage, module and function, in this process, without a network.

    python benchmarks/stages.py POOL... [--passes 3] [--top 40] [--off MODE ...]

A POOL is a file that `agentload -dump` wrote (length-prefixed requests), or a folder of recordings (`*.binpb.gz`),
which are interleaved as if many agents were at work. Each pass sends all of it with fresh ids. CPU time is sampled by
ITIMER_PROF, so that what else the machine does shows little.
"""

import argparse
import gc
import gzip
import resource
import signal
import struct
import sys
import time
from collections import Counter
from pathlib import Path
from types import FrameType

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otelagent.detectors import available
from otelagent.metrics import Metrics
from otelagent.pipeline import Pipeline, Settings
from otelagent.tally import Tally

RATE = 10_000
"""Spans per second of the clock that the fold is shown."""
SPANS = 50
START = 1_700_000_000.0
PERIOD = 0.001


class Load:
    """A request and where its ids stand."""

    def __init__(self, body: bytes) -> None:
        request = ExportTraceServiceRequest.FromString(body)
        spans = [s for r in request.resource_spans for c in r.scope_spans for s in c.spans]
        self.spans = len(spans)
        self._body = body
        ids = {s.trace_id for s in spans} | {i for s in spans for i in (s.span_id, s.parent_span_id) if i}
        self._places = sorted(at for each in ids for at in _all(body, each))

    def fresh(self, epoch: int) -> bytes:
        """With ids that no other epoch has."""
        body = bytearray(self._body)
        mask = (epoch * 0x9E3779B1) & 0xFFFFFFFF
        for at in self._places:
            struct.pack_into("<I", body, at, struct.unpack_from("<I", body, at)[0] ^ mask)
        return bytes(body)


def _all(body: bytes, what: bytes) -> list[int]:
    found, at = [], body.find(what)
    while at >= 0:
        found.append(at + 4)
        at = body.find(what, at + 1)
    return found


def load(path: Path) -> list[Load]:
    """The requests of a pool, or of recordings, interleaved."""
    if path.is_dir():
        return [Load(body) for body in _interleaved([_exports(p) for p in sorted(path.glob("*.binpb.gz"))])]
    if path.suffix == ".gz":
        return [Load(body) for body in _interleaved([_exports(path)])]
    return [Load(body) for body in _prefixed(path.read_bytes())]


def _exports(path: Path) -> list[ExportTraceServiceRequest]:
    whole = ExportTraceServiceRequest.FromString(gzip.decompress(path.read_bytes()))
    return [ExportTraceServiceRequest(resource_spans=[each]) for each in whole.resource_spans]


def _interleaved(recordings: list[list[ExportTraceServiceRequest]]) -> list[bytes]:
    """Requests of about SPANS spans, each of many traces."""
    rows = max(map(len, recordings))
    made, request, spans = [], b"", 0
    for export in (each[i] for i in range(rows) for each in recordings if i < len(each)):
        request += export.SerializeToString()
        spans += sum(len(c.spans) for r in export.resource_spans for c in r.scope_spans)
        if spans >= SPANS:
            made.append(request)
            request, spans = b"", 0
    return [*made, request] if request else made


def _prefixed(data: bytes) -> list[bytes]:
    found, at = [], 0
    while at < len(data):
        (size,) = struct.unpack_from("<I", data, at)
        found.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return found


def _beat() -> None:
    """A fixed piece of work, by which to tell how much other processes slow this one down."""
    table = {}
    for i in range(1500):
        table[i] = (str(i), i)


class Sampler:
    """Samples this process's stack every millisecond of its CPU time."""

    def __init__(self) -> None:
        self.own: Counter[str] = Counter()
        self.total: Counter[str] = Counter()
        self.samples = 0

    def __enter__(self) -> "Sampler":
        signal.signal(signal.SIGPROF, self._take)
        signal.setitimer(signal.ITIMER_PROF, PERIOD, PERIOD)
        return self

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)

    def _take(self, _: int, frame: FrameType | None) -> None:
        self.samples += 1
        if frame is not None:
            self.own[_place(frame)] += 1
        seen = set()
        while frame is not None:
            seen.add(_place(frame))
            frame = frame.f_back
        self.total.update(seen)


def _place(frame: FrameType) -> str:
    code = frame.f_code
    name = code.co_filename
    short = name.rpartition("otelagent/")[2] if "otelagent/" in name else name.rpartition("/")[2]
    return f"{short}:{code.co_qualname}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pools", type=Path, nargs="+")
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--top", type=int, default=40)
    parser.add_argument("--off", nargs="*", default=[])
    parser.add_argument("--no-sampling", action="store_true")
    args = parser.parse_args()
    for pool in args.pools:
        _measure(pool, args)


def _measure(pool: Path, args: argparse.Namespace) -> None:
    loads = load(pool)
    spans = sum(each.spans for each in loads)
    metrics = Metrics({m: k.layer for m, k in available().items()})
    pipeline = Pipeline(Settings(detectors=dict.fromkeys(args.off, "off")), (Tally(metrics),))
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    now, ticked = START, START
    size = 0
    sampler = Sampler()
    for epoch in range(args.passes):
        bodies = [each.fresh(epoch + 1) for each in loads]
        used, beats = 0.0, []
        if epoch == args.passes - 1 and not args.no_sampling:
            sampler.__enter__()
        for each, body in zip(loads, bodies, strict=True):
            size += len(body)
            begun = time.thread_time()
            pipeline.traces(body, now)
            now += each.spans / RATE
            if now - ticked >= 1:
                ticked = now
                pipeline.tick(now)
            done = time.thread_time()
            used += done - begun
            _beat()
            beats.append(time.thread_time() - done)
        sampler.__exit__()
        quiet = min(beats) * len(beats) / sum(beats)
        print(
            f"{pool.name} pass {epoch}: {used / spans * 1e6:7.1f} µs per span, on a quiet machine about "
            f"{used * quiet / spans * 1e6:.1f}, {spans} spans, "
            f"{size / spans / (epoch + 1):.0f} B per span, live {len(pipeline.live)}, "
            f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB",
            flush=True,
        )
    cost = 1e6 * PERIOD / spans if not args.no_sampling else 0
    scale = (used / spans * 1e6) / max(sampler.samples * cost, 1e-9) if cost else 0
    for title, counter in (("own", sampler.own), ("total", sampler.total)):
        print(f"--- {title}, µs per span")
        for place, n in counter.most_common(args.top):
            print(f"{n * cost * scale:8.2f}  {place}")


if __name__ == "__main__":
    sys.exit(main())
