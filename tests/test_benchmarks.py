"""The benchmark's page, its comparison with an earlier run, and the requests that it replays."""

import json
import struct
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from otelagent.otlp import TraceRequest
from tests import builders

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import bench  # noqa: E402

EARLIER: dict[str, Any] = json.loads((BENCHMARKS / "results.json").read_text())


OPEN = {"many": {"traces": 2, "spans": 96, "bytes_per_span": 1000.0, "us_per_span": [1.0] * 5, "rss": 100 << 20}}


def costing(times: float) -> dict[str, Any]:
    cases = deepcopy(EARLIER["cases"])
    for rows in cases.values():
        rows[bench.OWN]["cpu_s_per_million"] *= times
    return dict(cases)


@pytest.mark.parametrize(("times", "told"), [(1.02, 0), (0.5, 0), (1.05, 1)])
def test_a_ratio_that_grew_too_much_is_told(times: float, told: int) -> None:
    lines = bench.change(EARLIER, costing(times))
    assert len(lines) == len(EARLIER["cases"])
    assert sum("grew by more than it may" in line for line in lines) == told


def test_first_run_is_compared_with_nothing() -> None:
    assert bench.change({}, EARLIER["cases"]) == []


def test_page_tells_what_an_agent_span_of_the_recordings_costs() -> None:
    row = {"cpu_s_per_million": 25.0, "spans_per_s": 1.0, "peak_rss_mib": 1.0, "end_to_end_p99_ms": 5e8}
    cases = {
        bench.GENERATED: {bench.YARDSTICK: row, bench.OWN: row},
        bench.REPLAYED: {bench.YARDSTICK: row, bench.OWN: row | {"cpu_s_per_million": 50.0}},
    }
    (recorded,) = [r for name, r in EARLIER["stages"].items() if name not in ("50x4096.pool", "growth")]
    stages = {"captures": recorded | {"spans": 300, "steps": 200}}
    written = bench.page(EARLIER | {"cases": cases, "stages": stages, "open": OPEN})
    assert "one costs 3.00 times what `annscan` takes" in written
    (line,) = [each for each in written.splitlines() if each.startswith(f"| {bench.REPLAYED} | otelagent |")]
    assert "| 2.00 |" in line
    assert line.endswith("|  |")  # how long ago a recording was made is no delay


def test_page_tells_what_the_recorder_takes_and_what_was_not_measured() -> None:
    row = {"cpu_s_per_million": 100.0, "spans_per_s": 1.0, "peak_rss_mib": 1.0, "end_to_end_p99_ms": 1.0}
    cases = {
        case.name: {bench.YARDSTICK: row, bench.OWN: row, bench.RECORDER: row | {"cpu_s_per_million": 100.0 + more}}
        for case, more in zip(bench.FULL, (2.0, 4.0, 9.0), strict=False)
    }
    written = bench.page(EARLIER | {"cases": cases, "open": OPEN, "failed": ["no agent spans"], "change": ["grew"]})
    assert "takes +4% CPU, the median of 3 cases (+2% to +9%; goal 5 % at most)" in written
    assert "- grew\n- no agent spans: not measured in this run\n" in written
    assert "| 2 | 96 | 1000 | 48 | 1, 1, 1, 1, 1 | 100 |" in written


def test_recordings_are_written_as_requests_that_the_generator_can_send(tmp_path: Path) -> None:
    names = ("google-adk-cut600__native__ok.binpb.gz", "pydantic-ai__native-default__ok.binpb.gz")
    for name in names:
        (tmp_path / name).write_bytes((Path(__file__).parent / "captures" / name).read_bytes())
    pool = tmp_path / "pool"
    command = [sys.executable, str(BENCHMARKS / "stages.py"), str(tmp_path), "--dump", str(pool)]
    subprocess.run(command, check=True, cwd=BENCHMARKS.parent)
    data, found = pool.read_bytes(), 0
    while data:
        (size,) = struct.unpack_from("<I", data)
        found += len(TraceRequest(data[4 : 4 + size]).spans)
        data = data[4 + size :]
    assert found == sum(len(TraceRequest(builders.capture(name)).spans) for name in names)
