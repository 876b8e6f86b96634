"""Where the time of the fold goes: CPU per span by stage, detector and function, in this process, without a network.

    python benchmarks/stages.py POOL... [--passes 6] [--top 40] [--off MODE ...] [--json out.json]

A POOL is a file that `agentload -dump` wrote (length-prefixed requests), a recording, or a folder of recordings
(`*.binpb.gz`), which are interleaved as if many agents were at work. Each pass sends all of it with fresh ids: in the
first pass all content is new, in later ones it is known (which of the two live traffic is like depends on how often
its content repeats). CPU time of the later ones is sampled by ITIMER_PROF, as often as the kernel's clock allows. Other
processes slow this one down all the same: "quiet" is an estimate, by a fixed piece of work between the requests.
"""

import argparse
import contextlib
import gc
import gzip
import json
import resource
import signal
import statistics
import struct
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any, Final

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otelagent import dialects, memory, otlp
from otelagent.detectors import available
from otelagent.metrics import Metrics
from otelagent.pipeline import Pipeline, Settings
from otelagent.tally import Tally

RATE = 10_000
"""Spans per second of the clock that the fold is shown."""
SPANS = 50
START = 1_700_000_000.0
PERIOD = 0.001
COPIES = 50
"""Conversations that go on side by side while memory is measured."""
_HELD: Final[list[Pipeline]] = []
"""Folds whose memory would be taken by the next one, and not be seen, if they were let go."""


class Load:
    """A request and where its ids stand."""

    def __init__(self, body: bytes) -> None:
        request = ExportTraceServiceRequest.FromString(body)
        spans = [s for r in request.resource_spans for c in r.scope_spans for s in c.spans]
        self.spans = len(spans)
        self.body = body
        ids = {s.trace_id for s in spans} | {i for s in spans for i in (s.span_id, s.parent_span_id) if i}
        ids |= {i for s in spans for link in s.links for i in (link.trace_id, link.span_id) if i}
        self._places = sorted(at for each in ids for at in _all(body, each))

    def fresh(self, epoch: int) -> bytes:
        """With ids that no other epoch has."""
        body = bytearray(self.body)
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
        self.stages: Counter[str] = Counter()
        self.samples = 0
        """Those in which the fold was at work."""

    def __enter__(self) -> "Sampler":
        signal.signal(signal.SIGPROF, self._take)
        signal.setitimer(signal.ITIMER_PROF, PERIOD, PERIOD)
        return self

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)

    def _take(self, _: int, frame: FrameType | None) -> None:
        stack = [*_stack(frame)]
        ours = next((at for each in stack if (at := stage(each.f_globals.get("__name__", "")))), None)
        if ours is None:
            return
        self.samples += 1
        self.stages[ours] += 1
        self.own[_place(stack[0])] += 1
        self.total.update({_place(each) for each in stack})


def _stack(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _place(frame: FrameType) -> str:
    code = frame.f_code
    name = code.co_filename
    short = name.rpartition("otelagent/")[2] if "otelagent/" in name else name.rpartition("/")[2]
    return f"{short}:{code.co_qualname}"


PACKAGE: Final = "otelagent."
STAGES: Final[dict[str, tuple[str, ...]]] = {
    "parse and serialise requests": ("otlp",),
    "recognise spans, read their fields": ("dialects", "w3c", "windows"),
    "find the content": (
        "dialects.content",
        "dialects.encoded",
        "dialects.messages",
        "dialects.places",
        "dialects.shapes",
    ),
    "read content": ("reading",),
    "place spans in their traces, open and close these": ("trace", "traces", "resting", "log_parts", "model"),
    "give steps to runs, decide open questions": ("run", "rules", "questions"),
    "detectors": ("detectors", "history", "overrides"),
    "judge the tree of agents": ("lineage", "delegation", "inner", "ancestors", "answers", "coverage", "recovery"),
    "join traces and conversations": ("abroad", "conversations", "span_links", "stitching", "turns"),
    "learn what is usual": ("baselines", "learning", "spent", "usage"),
    "count": (
        *("chronicle", "incidents", "late", "metrics", "oddities", "series", "success", "tables"),
        *("tally", "traffic"),
    ),
    "annotate": ("annotate", "attributes"),
    "all else": ("pipeline", "dialects.silence"),
}
"""Stages by the modules and packages in which their time is spent, libraries that they call included. Of a module and
its package the module counts; what is called lazily, such as the reading of content, counts where it is done."""

_STAGE_OF: Final = {PACKAGE + name: stage for stage, names in STAGES.items() for name in names}


def stage(module: str) -> str | None:
    """The stage that a module of ours belongs to."""
    while module and module not in _STAGE_OF:
        module = module.rpartition(".")[0]
    return _STAGE_OF.get(module)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pools", type=Path, nargs="+")
    parser.add_argument("--passes", type=int, default=6)
    parser.add_argument("--top", type=int, default=40)
    parser.add_argument("--off", nargs="*", default=[])
    parser.add_argument("--growth", action="store_true", help="cost by position in a conversation, span by span")
    parser.add_argument("--dump", type=Path, help="write the requests, for agentload -replay, and stop")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    if args.dump:
        bodies = [each.body for pool in args.pools for each in load(pool)]
        args.dump.write_bytes(b"".join(struct.pack("<I", len(body)) + body for body in bodies))
        return
    found = {pool.name: _growth(pool, args) if args.growth else _measure(pool, args) for pool in args.pools}
    if args.json:
        args.json.write_text(json.dumps(found, indent=1))


class Player:
    """A fold that is shown requests at RATE, and the time it takes."""

    def __init__(self, off: list[str]) -> None:
        metrics = Metrics({m: k.layer for m, k in available().items()})
        self.pipeline = Pipeline(Settings(detectors=dict.fromkeys(off, "off"), dissolves=True), (Tally(metrics),))
        self._now = self._ticked = START
        self.beats: list[float] = []

    def play(self, body: bytes, spans: int) -> float:
        """Seconds of CPU."""
        begun = time.thread_time()
        self.pipeline.traces(body, self._now)
        self._now += spans / RATE
        if self._now - self._ticked >= 1:
            self._ticked = self._now
            self.pipeline.tick(self._now)
        done = time.thread_time()
        _beat()
        self.beats.append(time.thread_time() - done)
        return done - begun

    @property
    def quiet(self) -> float:
        """Share of the time that the work would take if nothing else ran."""
        return min(self.beats) * len(self.beats) / sum(self.beats)


def _begin() -> None:
    gc.collect()
    gc.freeze()
    gc.set_threshold(*memory.RARELY)


def _rss() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def _agentic(loads: list[Load]) -> int:
    items = (dialects.read(span) for each in loads for span in otlp.TraceRequest(each.body).spans)
    return sum(item.kind is not None for item in items)


def _measure(pool: Path, args: argparse.Namespace) -> dict[str, Any]:
    loads = load(pool)
    spans, agentic = sum(each.spans for each in loads), _agentic(loads)
    player = Player(args.off)
    _begin()
    sampler = Sampler()
    passes, kept = [], []
    for epoch in range(args.passes):
        bodies = [each.fresh(epoch + 1) for each in loads]
        player.beats.clear()
        before = _rss(), player.pipeline.live.spans
        with sampler if epoch else contextlib.nullcontext():
            used = sum(player.play(body, each.spans) for each, body in zip(loads, bodies, strict=True))
        if (more := player.pipeline.live.spans - before[1]) == spans:  # no trace has left meanwhile
            kept.append((_rss() - before[0]) / more)
        passes.append(used / spans * 1e6)
        print(
            f"{pool.name} pass {epoch}: {passes[-1]:.1f} µs per span, {used / max(agentic, 1) * 1e6:.1f} per step if "
            f"all goes to steps, quiet about {passes[-1] * player.quiet:.1f}; {spans} spans, {agentic} steps, "
            f"{sum(map(len, bodies)) / spans:.0f} B per span, {len(player.pipeline.live)} live traces, "
            f"{kept[-1] if kept else 0:.0f} B of RSS per span kept",
            flush=True,
        )
    warm = statistics.mean(passes[1:]) if passes[1:] else passes[0]
    scale = warm / max(sampler.samples, 1)
    for title, counter in (("own", sampler.own), ("total", sampler.total)):
        print(f"--- {title}, µs per span")
        for place, n in counter.most_common(args.top):
            print(f"{n * scale:8.2f}  {place}")
    return {
        "us_per_span": passes,
        "known_us_per_span": warm,
        "quiet": player.quiet,
        "spans": spans,
        "steps": agentic,
        "rss_per_span_kept": kept,
        "stages": {name: sampler.stages[name] * scale for name in STAGES},
        "detectors": _by_detector(sampler.total, scale),
    }


def _by_detector(total: Counter[str], scale: float) -> dict[str, float]:
    ways = (".observe", ".conclude")
    found: Counter[str] = Counter()
    for place, n in total.items():
        if place.startswith("detectors/") and place.endswith(ways):
            found[place.removeprefix("detectors/").partition(".py")[0]] += n
    return {mode: n * scale for mode, n in found.most_common()}


def _growth(pool: Path, args: argparse.Namespace) -> dict[str, Any]:
    """By quarter of a recorded conversation: cost per span, each a request of its own, and memory per span kept."""
    spans = [Load(body) for body in _spans(pool)]
    player = Player(args.off)
    _begin()
    costs = [[player.play(each.fresh(epoch + 1), 1) for each in spans] for epoch in range(max(args.passes, 2))]
    least = [min(own) for own in zip(*costs[1:], strict=True)]  # a pattern that is compiled once is no growth
    quarters = [slice(len(spans) * at // 4, len(spans) * (at + 1) // 4) for at in range(4)]
    kept = _kept(spans, quarters, Player(args.off).pipeline)
    found = [statistics.mean(least[own]) * 1e6 for own in quarters]
    sent = [statistics.mean(len(each.body) for each in spans[own]) for own in quarters]
    print(
        f"{pool.name}: µs per span by quarter {[round(x) for x in found]}, bytes of memory per span kept "
        f"{[round(x) for x in kept]}, bytes sent per span {[round(x) for x in sent]}"
    )
    return {"us_per_span": found, "kept_per_span": kept, "sent_per_span": sent}


def _kept(spans: list[Load], quarters: list[slice], pipeline: Pipeline) -> list[float]:
    """What the process grows by per span when COPIES of the conversation go on by a quarter."""
    _HELD.append(pipeline)
    found = []
    for own in quarters:
        gc.collect()
        memory.give_back()
        before = _rss()
        for copy in range(COPIES):
            for each in spans[own]:
                pipeline.traces(each.fresh(1000 + copy), START)
        gc.collect()
        memory.give_back()
        found.append((_rss() - before) / COPIES / len(spans[own]))
    return found


def _spans(path: Path) -> list[bytes]:
    """One request for each span, in order of its end."""
    found = []
    for export in _exports(path):
        for items in export.resource_spans:
            for scope in items.scope_spans:
                for span in scope.spans:
                    request = ExportTraceServiceRequest()
                    own = request.resource_spans.add(resource=items.resource, schema_url=items.schema_url)
                    own.scope_spans.add(scope=scope.scope, schema_url=scope.schema_url, spans=[span])
                    found.append((span.end_time_unix_nano, request.SerializeToString()))
    return [body for _, body in sorted(found)]


if __name__ == "__main__":
    sys.exit(main())
