"""`otelagent demo`, as `make run` starts it."""

import subprocess
import sys


def test_demo_ends_by_itself_with_findings_and_metrics() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "otelagent", "demo"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    for mode in ("empty_result_fabrication", "reasoning_loop"):
        assert f'mode="{mode}"' in done.stdout
    assert "spans reached the backend" in done.stdout
    assert "Traceback" not in done.stderr
