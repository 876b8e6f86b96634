"""The example package of docs/: installed, its detector is found through the entry point group and works like ours."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import builders

EXAMPLE = Path(__file__).parent.parent / "docs" / "examples" / "detector"
ACTED: dict[str, Any] = {"tool": "issue_refund", "arguments": {"order": "88"}, "result": {"ok": True}}
READ: dict[str, Any] = {"tool": "get_policy", "arguments": {}, "result": {"text": "Refunds within 30 days."}}
SAID = {"say": "Order 88 is refunded."}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index"]
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "--target", str(target), str(EXAMPLE)], check=True)
    return target


def otelagent(installed: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {"PYTHONPATH": str(installed), "PATH": "", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "otelagent", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def modes(installed: Path, recording: Path, steps: list[dict[str, Any]]) -> list[str]:
    recording.write_bytes(builders.request(builders.spans({"user": "Refund order 88.", "steps": steps})))
    report = json.loads(otelagent(installed, "scan", "--format", "json", str(recording)).stdout)
    return [finding["mode"] for finding in report["findings"]]


def test_page_and_threshold_of_the_example_are_there(installed: Path) -> None:
    page = otelagent(installed, "explain", "unread_policy").stdout
    assert "# unread_policy" in page
    assert "policy = *policy*" in page
    key = "processors.agent_failures.detectors.unread_policy.policy"
    assert "policy = rules" in otelagent(installed, "explain", "unread_policy", "--set", f"{key}=rules").stdout


def test_example_finds_its_failure_and_stays_quiet_on_the_near_miss(installed: Path, tmp_path: Path) -> None:
    recording = tmp_path / "run.binpb"
    assert modes(installed, recording, [ACTED, SAID]) == ["unread_policy"]
    assert modes(installed, recording, [READ, ACTED, SAID]) == []


def test_without_the_package_there_is_no_such_mode(installed: Path) -> None:
    assert otelagent(installed / "elsewhere", "explain", "unread_policy").returncode == 2
