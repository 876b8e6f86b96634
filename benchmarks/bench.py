"""Measures otelagent side by side with the OpenTelemetry Collector and writes docs/benchmarks.md.

    python benchmarks/bench.py [--quick] [--reps 3] [--secs 5] [--only CASE ...] [--recordings FOLDER]

Builds load generator, sink and Collector from their Go modules once, into a cache outside the repository. All
forwarders of a case run interleaved in one session, and only their ratios count: machines are shared and noisy.
"""

import argparse
import compileall
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sidebyside

HERE = Path(__file__).parent
ROOT = HERE.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "otelagent-bench"
BUILDER = "go.opentelemetry.io/collector/cmd/builder@v0.161.0"
YARDSTICK = "annscan"
"""The Collector with transform (three attributes, one regular expression on tool results) and span metrics."""

OWN = "otelagent"
RECORDER = "otelagent-recorder"
MIB = 1 << 20
RECORDINGS = ROOT / "tests" / "captures"
RESULTS = HERE / "results.json"
"""Of the last full run, which later ones are compared with."""

REPLAYED = "replayed recordings"
GENERATED = "50 spans per request, 4 KB"
COLLECTORS = (YARDSTICK, "ann", "work")
BOTH = (OWN, RECORDER)
AGENT_SPAN = 2.4
"""Goal of a recording's agent span, in spans of the generator at the yardstick: 60 µs where that takes 25."""

TOLERANCE = 0.03
"""By which a change of the hot path may make the ratio of GENERATED grow."""


@dataclass(frozen=True)
class Case:
    """One load. `peers`: configurations of the Collector that it is played to, the first is 1.00."""

    name: str
    load: str
    goal: str = ""
    peers: tuple[str, ...] = COLLECTORS
    own: tuple[str, ...] = BOTH
    rate: float | None = None
    gzip: bool = False
    warm: int = 8_000
    """Spans before each measurement."""


FULL = (
    Case(GENERATED, "-spans 50 -content 4096 -conc 8", "1.0, and half of `work`; the recorder 5 % more"),
    Case("200 spans per request, 4 KB", "-spans 200 -content 4096 -conc 8", "0.9"),
    Case("10 spans per request, 4 KB", "-spans 10 -content 4096 -conc 8", "1.8"),
    Case("50 spans per request, 0.5 KB", "-spans 50 -content 512 -conc 8"),
    Case("50 spans per request, 32 KB", "-spans 50 -content 32768 -conc 4", "0.6"),
    Case("50 spans per request, 4 KB, gzip", "-spans 50 -content 4096 -conc 8 -gzip", gzip=True),
    Case("the same, no content twice within 40,000 spans", "-spans 50 -content 4096 -conc 8 -pool 800"),
    Case("no agent spans", "-spans 50 -content 4096 -conc 8 -non-agent 1", "1.5", ("pass",), (OWN,)),
    Case(REPLAYED, "-replay {recordings} -conc 8", warm=20_000),
    *(
        Case(
            f"2,000 spans/s, {spans} per request",
            f"-spans {spans} -content 4096 -conc 8",
            "p99 a quarter",
            (YARDSTICK,),
            (OWN,),
            rate=2000,
        )
        for spans in (10, 50, 200)
    ),
)
QUICK = Case(GENERATED, "-spans 50 -content 4096 -conc 8", "1.0", (YARDSTICK,), (OWN,))


def build() -> Path:
    """The folder of the tools; builds what is missing."""
    bin_ = CACHE / "bin"
    bin_.mkdir(parents=True, exist_ok=True)
    env = os.environ | {"CGO_ENABLED": "0", "GOBIN": str(bin_)}
    sources = (HERE / "agentload").rglob("*.go")
    if not (load := bin_ / "agentload").exists() or load.stat().st_mtime < max(s.stat().st_mtime for s in sources):
        _run(["go", "build", "-o", f"{bin_}/", "./cmd/..."], HERE / "agentload", env)
    if not (bin_ / "otelcol-bench").exists():
        _run(["go", "install", BUILDER], HERE, env)
        manifest = (HERE / "otelcol" / "ocb.yaml").read_text().replace("./build", str(CACHE / "build"))
        (CACHE / "ocb.yaml").write_text(manifest)
        builder = [str(bin_ / "builder"), "--config", str(CACHE / "ocb.yaml"), "--skip-strict-versioning"]
        _run(builder, CACHE, env | {"GOFLAGS": "-p=2 -mod=mod"})
        (CACHE / "build" / "otelcol-bench").rename(bin_ / "otelcol-bench")
    return bin_


def _run(command: list[str], cwd: Path, env: dict[str, str]) -> None:
    print("building:", *command, file=sys.stderr)
    subprocess.run(command, cwd=cwd, env=env, check=True)


def own(configuration: str) -> list[str]:
    """The command that runs otelagent with one of our configurations."""
    return [sys.executable, "-m", "otelagent", "run", "--config", str(HERE / "conf" / f"{configuration}.yaml")]


def measure(case: Case, bin_: Path, reps: int, secs: float, pool: Path) -> dict[str, dict[str, float]]:
    """Medians by forwarder; `pool` is what is replayed."""
    collector = f"{bin_}/otelcol-bench --config {HERE}/conf/otelcol-{{}}.yaml"
    forwarders = {peer: collector.format(peer) for peer in case.peers}
    forwarders |= {name: " ".join(own(name)) for name in case.own}
    out = CACHE / "row.json"
    command = [sys.executable, str(HERE / "sidebyside.py"), "--bin", str(bin_), "--load"]
    command += [case.load.format(recordings=pool), "--warm", str(case.warm)]
    command += ["--reps", str(reps), "--secs", str(secs), "--json", str(out)]
    command += ["--rate", str(case.rate)] if case.rate else []
    command += [part for name, f in forwarders.items() for part in ("--forwarder", f"{name}={f}")]
    with tempfile.TemporaryDirectory() as state:
        env = os.environ | {"BENCH_COMP": "gzip" if case.gzip else "none", "STATE": state}
        subprocess.run(command, cwd=CACHE, env=env, check=True)
    median: dict[str, dict[str, float]] = json.loads(out.read_text())["median"]
    return median


def at_rest(seconds: float = 10.0) -> dict[str, float]:
    """Start to ready, then memory and CPU of a sidecar that nobody sends anything to. Compiled, as in the image."""
    compileall.compile_dir(ROOT / "otelagent", quiet=1)
    ports = sidebyside.free_ports()
    env = os.environ | {name: str(port) for name, port in ports.items()} | {"COMP": "none"}
    with tempfile.TemporaryDirectory() as state:
        began = time.monotonic()
        process = subprocess.Popen(own(OWN), env=env | {"STATE": state})
        try:
            while not _ready(ports["HEALTH"]):
                time.sleep(0.01)
            ready, started = time.monotonic() - began, sidebyside.cpu_seconds(process.pid)
            time.sleep(seconds)
            status = Path(f"/proc/{process.pid}/status").read_text().splitlines()
            rss = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
            idle = (sidebyside.cpu_seconds(process.pid) - started) / seconds
        finally:
            process.terminate()
            process.wait()
    return {"ready_s": ready, "start_cpu_s": started, "idle_rss_mib": rss / 1024, "idle_cpu_share": idle}


def _ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def replay(recordings: Path) -> Path:
    """The recordings as requests in which many traces are interleaved."""
    pool = CACHE / "recordings.pool"
    subprocess.run([sys.executable, str(HERE / "stages.py"), str(recordings), "--dump", str(pool)], check=True)
    return pool


def stages(bin_: Path, recordings: Path) -> dict[str, Any]:
    """Cost of the fold by stage and detector, on the generator's load and on recordings."""
    pool, out = CACHE / "50x4096.pool", CACHE / "stages.json"
    subprocess.run([f"{bin_}/agentload", "-spans", "50", "-content", "4096", "-dump", str(pool)], check=True)
    command = [sys.executable, str(HERE / "stages.py"), "--top", "12", "--json", str(out)]
    found: dict[str, Any] = {}
    subprocess.run([*command, str(pool), str(recordings)], check=True)
    found |= json.loads(out.read_text())
    long = sorted(recordings.glob("*amnesia_long_run*"))
    if long:
        subprocess.run([*command, "--growth", *map(str, long)], check=True)
        found["growth"] = json.loads(out.read_text())
    return found


def open_traces() -> dict[str, Any]:
    """Memory and CPU per span where many traces are open, in which agents delegate five deep."""
    out = CACHE / "open.json"
    subprocess.run([sys.executable, str(HERE / "open_traces.py"), "--json", str(out)], check=True)
    found: dict[str, Any] = json.loads(out.read_text())
    return found


def page(results: dict[str, Any]) -> str:
    """docs/benchmarks.md."""
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`; do not edit. otelagent with all detectors, metrics, a spool and the acknowledgement",
        "rule as shipped, side by side with the OpenTelemetry Collector 0.161 on the same machine in the same session",
        f"(interleaved, {_runs(results['reps'], results['secs'])}). Only the ratios mean anything.",
        "`annscan` is the yardstick: a transform that sets three attributes on tool spans and runs one regular",
        "expression over tool results, plus span metrics; `work` adds groupbytrace, the nearest it has to our job;",
        f"`pass` only forwards. {results['remark']}".rstrip(),
        "",
        "The generator repeats its content after about 7,000 spans, and otelagent reads equal content once: the row",
        '"no content twice" shows what reading costs where nothing repeats.',
        "",
        "| case | forwarder | CPU per span, ratio | goal | spans/s | peak RSS, MiB | end to end p99, ms |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    goals = {case.name: case.goal for case in FULL}
    for case, rows in results["cases"].items():
        base = next(iter(rows.values()))["cpu_s_per_million"]
        for name, row in rows.items():
            goal = goals.get(case, "") if name == OWN else ""
            delay = "" if case == REPLAYED else f"{row['end_to_end_p99_ms']:.0f}"  # their spans ended long ago
            lines.append(
                f"| {case} | {name} | {row['cpu_s_per_million'] / base:.2f} | {goal} | {row['spans_per_s']:.0f} "
                f"| {row['peak_rss_mib']:.0f} | {delay} |"
            )
    return (
        "\n".join(
            [
                *lines,
                *_recorder(results["cases"]),
                *_replayed(results),
                *_change(results),
                *_at_rest(results),
                *_open(results["open"]),
                *_fold(results["stages"]),
            ]
        )
        + "\n"
    )


def _recorder(cases: dict[str, dict[str, dict[str, float]]]) -> list[str]:
    """What the recorder takes on top, over all cases."""
    more = [
        rows[RECORDER]["cpu_s_per_million"] / rows[OWN]["cpu_s_per_million"] - 1
        for rows in cases.values()
        if RECORDER in rows
    ]
    if not more:
        return []
    return [
        "",
        f"With the recorder a span takes {statistics.median(more):+.0%} CPU, the median of {len(more)} cases "
        f"({min(more):+.0%} to {max(more):+.0%}; goal 5 % at most).",
    ]


def _change(results: dict[str, Any]) -> list[str]:
    """Against the last run, whose figures the JSON held before."""
    failed = [f"{name}: not measured in this run" for name in results.get("failed", ())]
    told = [*results.get("change", ()), *failed]
    return (
        ["", "## Ratios in the last run and in this one", "", *(f"- {each.strip()}" for each in told)] if told else []
    )


def _replayed(results: dict[str, Any]) -> list[str]:
    """What an agent span of the recordings costs, in the goal's unit."""
    cases, pools = results["cases"], [row for name, row in results["stages"].items() if "steps" in row]
    if REPLAYED not in cases or GENERATED not in cases or not pools:
        return []
    spans, steps = pools[-1]["spans"], pools[-1]["steps"]  # the recordings come after the generator's pool
    cost, unit = cases[REPLAYED][OWN]["cpu_s_per_million"], cases[GENERATED][YARDSTICK]["cpu_s_per_million"]
    return [
        "",
        f"Replayed recordings are {spans} spans, {steps} of them an agent's. If all goes to these, one costs "
        f"{cost * spans / max(steps, 1) / unit:.2f} times what `{YARDSTICK}` takes for a span of the generator's "
        f"(goal {AGENT_SPAN}).",
    ]


def change(before: dict[str, Any], cases: dict[str, dict[str, dict[str, float]]]) -> list[str]:
    """How the ratios differ from those of an earlier run; of a case that grew by more than TOLERANCE it says so."""
    lines = []
    for name, rows in cases.items():
        old, new = _ratio(before.get("cases", {}).get(name, {})), _ratio(rows)
        if old is not None and new is not None:
            grown = "  grew by more than it may" if name == GENERATED and new > old * (1 + TOLERANCE) else ""
            lines.append(f"{name}: {old:.2f} before, {new:.2f} now ({new / old - 1:+.0%}){grown}")
    return lines


def _ratio(rows: dict[str, dict[str, float]]) -> float | None:
    if OWN not in rows:
        return None
    return rows[OWN]["cpu_s_per_million"] / next(iter(rows.values()))["cpu_s_per_million"]


def _runs(reps: int, secs: float) -> str:
    return f"medians of {reps} runs of {secs:.0f} s" if reps > 1 else f"one run of {secs:.0f} s each"


def _at_rest(results: dict[str, Any]) -> list[str]:
    rest = results["at_rest"]
    return [
        "",
        "## At rest",
        "",
        "| | measured | goal |",
        "| --- | --- | --- |",
        f"| start to ready | {rest['ready_s']:.1f} s ({rest['start_cpu_s']:.1f} s of CPU) | 1.0 s |",
        f"| memory | {rest['idle_rss_mib']:.0f} MiB | 64 MiB |",
        f"| CPU | {rest['idle_cpu_share']:.1%} of a core | |",
    ]


def _open(found: dict[str, Any]) -> list[str]:
    return [
        "",
        "## Many open traces",
        "",
        "Agents delegate five deep, about 50 spans a trace, all open at the end (`benchmarks/open_traces.py`, without",
        "the transport, content that is still to be read included). In the last two fifths the agents end, and the",
        "tree is judged: what must not grow is the cost from few traces to many. RSS is the process's, less the",
        "requests that are to be played.",
        "",
        "| traces | spans | bytes per span, goal 600 | KB per trace | µs per span, by fifth | RSS, MiB, goal 160 |",
        "| --- | --- | --- | --- | --- | --- |",
        *(
            f"| {row['traces']} | {row['spans']} | {row['bytes_per_span']:.0f} "
            f"| {row['bytes_per_span'] * row['spans'] / max(row['traces'], 1) / 1000:.0f} "
            f"| {', '.join(f'{us:.0f}' for us in row['us_per_span'])} "
            f"| {row['rss'] / MIB:.0f} |"
            for row in found.values()
        ),
    ]


def _fold(found: dict[str, Any]) -> list[str]:
    lines = [
        "",
        "## Where the time goes",
        "",
        "Microseconds of CPU per span in the fold alone (`benchmarks/stages.py`), without the transport. First pass:",
        "all content is new. Shares are sampled in later ones, in which it is known. Each moment counts for the stage",
        "whose module is at work, so that stages add up; what detectors have read is in `read content`.",
    ]
    for pool, row in found.items():
        if pool == "growth":
            continue
        first, last = row["us_per_span"][0], row["known_us_per_span"]
        kept = statistics.median(row["rss_per_span_kept"]) if row["rss_per_span_kept"] else 0
        lines += [
            "",
            f"### {pool}",
            "",
            f"{row['spans']} spans, {row['steps']} of them an agent's. First pass {first:.0f} µs per span, later "
            f"{last:.0f} ({last * row['quiet']:.0f} if the machine did nothing else). RSS grows by {kept:.0f} B per "
            "span kept, content included.",
            "",
            "| stage | µs per span | share |",
            "| --- | --- | --- |",
            *(f"| {name} | {us:.1f} | {us / last:.0%} |" for name, us in row["stages"].items()),
            "",
            "| detector | µs per span |",
            "| --- | --- |",
            *(f"| {mode} | {us:.1f} |" for mode, us in row["detectors"].items()),
        ]
    if "growth" in found:
        lines += [
            "",
            "### Long conversations",
            "",
            "By the four quarters of recordings that show their whole history in every span: cost, each span a request",
            "of its own, memory that is kept, and the spans as they are sent.",
            "",
            "| recording | µs per span | bytes kept per span | bytes sent per span |",
            "| --- | --- | --- | --- |",
            *(
                f"| {name.removesuffix('.binpb.gz')} | {', '.join(f'{x:.0f}' for x in row['us_per_span'])} "
                f"| {', '.join(f'{x:.0f}' for x in row['kept_per_span'])} "
                f"| {', '.join(f'{x:.0f}' for x in row['sent_per_span'])} |"
                for name, row in found["growth"].items()
            ),
        ]
    return lines


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one case, under three minutes, writes nothing")
    parser.add_argument("--reps", type=int, default=3)
    parser.add_argument("--secs", type=float, default=5.0)
    parser.add_argument("--recordings", type=Path, default=RECORDINGS, help="a folder of *.binpb.gz")
    parser.add_argument("--only", nargs="*", metavar="CASE", help="these cases alone; writes nothing")
    parser.add_argument("--remark", default="", help="a sentence about the machine or the session")
    args = parser.parse_args()
    bin_, before = build(), json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    if args.quick:
        print(*change(before, {QUICK.name: measure(QUICK, bin_, 1, 4.0, Path())}), sep="\n")
        return
    cases = [case for case in FULL if not args.only or case.name in args.only]
    pool = replay(args.recordings)
    results: dict[str, Any] = {"reps": args.reps, "secs": args.secs, "remark": args.remark, "cases": {}, "failed": []}
    for case in cases:
        with _timed(case.name):
            try:
                results["cases"][case.name] = measure(case, bin_, args.reps, args.secs, pool)
            except subprocess.SubprocessError as error:  # the other cases took long enough
                print(f"{case.name}: {error}", file=sys.stderr)
                results["failed"].append(case.name)
    results["change"] = change(before, results["cases"])
    print(*results["change"], sep="\n")
    if not args.only:
        _write(results, bin_, args.recordings)
    sys.exit(bool(results["failed"]))


def _write(results: dict[str, Any], bin_: Path, recordings: Path) -> None:
    """Measure what has no peer; then the JSON and the page."""
    for name, how in (("at_rest", at_rest), ("open", open_traces), ("stages", lambda: stages(bin_, recordings))):
        with _timed(name):
            results[name] = how()
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    (ROOT / "docs" / "benchmarks.md").write_text(page(results))


@contextlib.contextmanager
def _timed(what: str) -> Iterator[None]:
    begun = time.monotonic()
    yield
    print(f"{what}: took {time.monotonic() - begun:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
