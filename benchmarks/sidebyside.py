#!/usr/bin/env python3
"""Measure OTLP/gRPC forwarders side by side: agentload -> forwarder -> agentsink, on loopback, interleaved.

    python sidebyside.py --bin bin \
        --forwarder 'collector=bin/otelcol-bench --config conf/otelcol-annscan.yaml' \
        --forwarder 'otelagent=../.venv/bin/otelagent run --config conf/otelagent.yaml' \
        --load '-spans 50 -content 4096 -conc 8' --reps 3 --secs 4 [--rate 2000] [--json out.json]

A forwarder reads its ports from the environment: IN (OTLP/gRPC to listen on), OUT (OTLP/gRPC to send to), PROM
(metrics), HTTP and HEALTH. CPU is user+system time of its whole process tree, per million spans that reached the
sink. Only ratios within one run mean anything: machines are shared and noisy.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shlex
import signal
import socket
import statistics
import subprocess
import time
import urllib.request
from pathlib import Path

WARM = 8000
"""Spans before the measurement: all content once, so that caches are as they are after a while."""

ARRIVES = 12.0
"""Seconds within which what was sent must have arrived; some forwarders hold traces for a while."""

TICKS = os.sysconf("SC_CLK_TCK")


def free_ports() -> dict[str, int]:
    """By the names under which a forwarder's configuration reads them, and STATS for the sink's own counts."""
    names = ("IN", "OUT", "PROM", "HTTP", "HEALTH", "STATS")
    with contextlib.ExitStack() as stack:
        bound = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in names]
        return {name: each.getsockname()[1] for name, each in zip(names, bound, strict=True)}


def tree(pid: int) -> list[int]:
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*"):
        for child in (task / "children").read_text().split():
            found += tree(int(child))
    return found


def cpu_seconds(pid: int) -> float:
    total = 0
    for p in tree(pid):
        fields = Path(f"/proc/{p}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def peak_rss_mib(pid: int) -> float:
    lines = (line for p in tree(pid) for line in Path(f"/proc/{p}/status").read_text().splitlines())
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def wait_for(port: int, process: subprocess.Popen[bytes], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise SystemExit(f"{process.args!r} exited with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"nothing listens on port {port}")


class Sink:
    """What has arrived, as agentsink counts it."""

    def __init__(self, port: int) -> None:
        self._port = port

    def ask(self, what: str) -> dict:
        return json.load(urllib.request.urlopen(f"http://127.0.0.1:{self._port}/{what}", timeout=5))

    def wait(self, spans: int) -> dict:
        """The counts once so many spans have arrived, or after a while without them."""
        end = time.monotonic() + ARRIVES
        while (got := self.ask("stats"))["spans"] < spans and time.monotonic() < end:
            time.sleep(0.1)
        return got


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def send(load: list[str], *more: str) -> dict:
    return json.loads(subprocess.run([*load, *more], stdout=subprocess.PIPE, timeout=120, check=True).stdout)


def once(
    name: str, command: list[str], load: list[str], seconds: float, warm_up: int, ports: dict[str, int], log: Path
) -> dict:
    env = os.environ | {key: str(port) for key, port in ports.items()}
    env["COMP"] = os.environ.get("BENCH_COMP", "none")
    sink = Sink(ports["STATS"])
    process = subprocess.Popen(command, env=env, stdout=log.open("w"), stderr=subprocess.STDOUT)
    try:
        wait_for(ports["IN"], process)
        sink.ask("reset")
        sink.wait(send(load, "-duration", "60s", "-total", str(warm_up))["spans"])
        sink.ask("reset")
        before = cpu_seconds(process.pid)
        sent = send(load, "-duration", f"{seconds}s")
        got = sink.wait(sent["spans"])
        used = cpu_seconds(process.pid) - before
        return {
            "forwarder": name,
            "cpu_s_per_million": used / max(got["spans"], 1) * 1e6,
            "spans_per_s": sent["spans_per_s"],
            "peak_rss_mib": peak_rss_mib(process.pid),
            "ack_p99_ms": sent["p99_ms"],
            "end_to_end_p50_ms": got["e2e_p50_ms"],
            "end_to_end_p99_ms": got["e2e_p99_ms"],
            "annotated_share": got["marked"] / max(got["spans"], 1),
            "missing": sent["spans"] - got["spans"],
        }
    finally:
        stop(process)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--forwarder", action="append", required=True, metavar="NAME=COMMAND")
    parser.add_argument("--bin", type=Path, default=Path("bin"), help="folder of agentload and agentsink")
    parser.add_argument("--load", default="-spans 50 -content 4096 -conc 8")
    parser.add_argument("--rate", type=float, help="spans/s; without it, a closed loop")
    parser.add_argument("--reps", type=int, default=3)
    parser.add_argument("--secs", type=float, default=4)
    parser.add_argument("--warm", type=int, default=WARM, help="spans before each measurement")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    forwarders = {name: shlex.split(command) for name, _, command in (f.partition("=") for f in args.forwarder)}
    ports = free_ports()
    load = [str(args.bin / "agentload"), "-target", f"127.0.0.1:{ports['IN']}", *shlex.split(args.load)]
    if args.rate:
        load += ["-rate", str(args.rate)]
    counter = subprocess.Popen(
        [
            str(args.bin / "agentsink"),
            "-listen",
            f"127.0.0.1:{ports['OUT']}",
            "-http",
            f"127.0.0.1:{ports['STATS']}",
            "-attr",
            "otelagent.",
        ]
    )
    rows: list[dict] = []
    try:
        wait_for(ports["STATS"], counter)
        for _ in range(args.reps):
            for name, command in forwarders.items():
                rows.append(once(name, command, load, args.secs, args.warm, ports, Path(f"{name}.log")))
    finally:
        stop(counter)
    keys = [k for k in rows[0] if k != "forwarder"]
    table = {
        name: {k: statistics.median(r[k] for r in rows if r["forwarder"] == name) for k in keys} for name in forwarders
    }
    first = next(iter(table.values()))["cpu_s_per_million"]
    print(
        f"load {args.load!r}, {'closed loop' if not args.rate else f'{args.rate:.0f} spans/s'}, median of {args.reps}"
    )
    for name, row in table.items():
        print(
            f"{name:20s} CPU {row['cpu_s_per_million']:7.1f} s/M spans"
            + f" = {row['cpu_s_per_million'] / first:5.2f} x first   "
            + "  ".join(f"{k} {row[k]:.4g}" for k in keys[1:])
        )
    if args.json:
        args.json.write_text(
            json.dumps({"load": args.load, "rate": args.rate, "rows": rows, "median": table}, indent=1)
        )


if __name__ == "__main__":
    main()
