"""`otelagent demo`, as `make run` starts it."""

import re
import subprocess
import sys


def test_demo_ends_by_itself_with_findings_and_metrics() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "otelagent", "demo"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    for mode in ("empty_result_fabrication", "reasoning_loop"):
        assert f'mode="{mode}"' in done.stdout
    told = re.search(r"(\d+) findings\s+as\s+events\s+\(taken\s+back\s+later: (\d+)\)", done.stdout)
    assert told
    assert int(told[1]) - int(told[2]) >= done.stdout.count("layer ") > 0  # a parent's finding has its child's row
    assert "Traceback" not in done.stderr
