"""Measures otelagent side by side with the OpenTelemetry Collector and writes docs/benchmarks.md.

    python benchmarks/bench.py [--quick]

Builds load generator, sink and Collector from their Go modules once, into a cache outside the repository. All
forwarders of a case run interleaved in one session, and only their ratios count: machines are shared and noisy.
"""

import argparse
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "otelagent-bench"
BUILDER = "go.opentelemetry.io/collector/cmd/builder@v0.161.0"
YARDSTICK = "annscan"
"""The Collector with transform (three attributes, one regular expression on tool results) and span metrics."""


@dataclass(frozen=True)
class Case:
    """One load. `peers`: configurations of the Collector that it is played to."""

    name: str
    load: str
    peers: tuple[str, ...] = (YARDSTICK,)
    rate: float | None = None
    gzip: bool = False


FULL = (
    Case("50 spans per request, 4 KB", "-spans 50 -content 4096 -conc 8", ("annscan", "ann", "work")),
    Case("200 spans per request, 4 KB", "-spans 200 -content 4096 -conc 8"),
    Case("10 spans per request, 4 KB", "-spans 10 -content 4096 -conc 8"),
    Case("50 spans per request, 0.5 KB", "-spans 50 -content 512 -conc 8"),
    Case("50 spans per request, 32 KB", "-spans 50 -content 32768 -conc 4"),
    Case("50 spans per request, 4 KB, gzip", "-spans 50 -content 4096 -conc 8 -gzip", gzip=True),
    Case("no agent spans", "-spans 50 -content 4096 -conc 8 -non-agent 1", ("pass",)),
    Case("2,000 spans/s", "-spans 50 -content 4096 -conc 8", ("annscan",), rate=2000),
)
QUICK = FULL[:1]


def build() -> Path:
    """The folder of the tools; builds what is missing."""
    bin_ = CACHE / "bin"
    bin_.mkdir(parents=True, exist_ok=True)
    env = os.environ | {"CGO_ENABLED": "0", "GOBIN": str(bin_)}
    if not (bin_ / "agentload").exists():
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


def measure(case: Case, bin_: Path, reps: int, secs: float) -> dict[str, dict[str, float]]:
    """Medians by forwarder."""
    collector = f"{bin_}/otelcol-bench --config {HERE}/conf/otelcol-{{}}.yaml"
    ours = f"{sys.executable} -m otelagent run --config {HERE}/conf/otelagent.yaml"
    forwarders = {peer: collector.format(peer) for peer in case.peers} | {"otelagent": ours}
    out = CACHE / "row.json"
    command = [sys.executable, str(HERE / "sidebyside.py"), "--bin", str(bin_), "--load", case.load]
    command += ["--reps", str(reps), "--secs", str(secs), "--json", str(out)]
    command += ["--rate", str(case.rate)] if case.rate else []
    command += [part for name, f in forwarders.items() for part in ("--forwarder", f"{name}={f}")]
    subprocess.run(command, cwd=CACHE, env=os.environ | {"BENCH_COMP": "gzip" if case.gzip else "none"}, check=True)
    median: dict[str, dict[str, float]] = json.loads(out.read_text())["median"]
    return median


def page(results: dict[str, dict[str, dict[str, float]]], reps: int) -> str:
    """docs/benchmarks.md."""
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`; do not edit. otelagent with all detectors, metrics and the acknowledgement rule as",
        "shipped, side by side with the OpenTelemetry Collector 0.161 on the same machine in the same session",
        f"(interleaved, medians of {reps}). Only the ratios mean anything. `annscan` is the yardstick: a transform",
        "that sets three attributes on tool spans and runs one regular expression over tool results, plus span",
        "metrics; `work` adds groupbytrace, the nearest it has to our job; `pass` only forwards.",
        "",
        "| case | forwarder | CPU per span, ratio | spans/s | peak RSS, MiB | end to end p99, ms |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for case, rows in results.items():
        base = next(iter(rows.values()))["cpu_s_per_million"]
        for name, row in rows.items():
            lines.append(
                f"| {case} | {name} | {row['cpu_s_per_million'] / base:.2f} | {row['spans_per_s']:.0f} "
                f"| {row['peak_rss_mib']:.0f} | {row['end_to_end_p99_ms']:.0f} |"
            )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one case, under three minutes, writes nothing")
    args = parser.parse_args()
    bin_ = build()
    cases, reps, secs = (QUICK, 1, 4.0) if args.quick else (FULL, 3, 5.0)
    results: dict[str, Any] = {case.name: measure(case, bin_, reps, secs) for case in cases}
    if not args.quick:
        (HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n")
        (ROOT / "docs" / "benchmarks.md").write_text(page(results, reps))


if __name__ == "__main__":
    main()
