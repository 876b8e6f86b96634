"""A real Prometheus and Alertmanager on free ports, with windows so short that a test can wait for them."""

import json
import os
import re
import shutil
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.manifests import DEPLOY, ROOT
from tests.deploy.test_kubernetes import free_ports

SHORT = {"5m": "10s", "15m": "10s", "30m": "30s", "1h": "40s", "6h": "60s", "1d": "120s"}


def binary(*names: str) -> str:
    path = os.pathsep.join((str(ROOT / "build/tools"), os.environ["PATH"]))
    found = next((found for name in names if (found := shutil.which(name, path=path))), None)
    if found is None:
        pytest.fail(f"{names[0]} isn't installed: make deploy-tools")
    return found


def shortened(rules: str) -> str:
    """The rules with windows of seconds, and no time to wait before an alert fires."""
    rules = re.sub(r"\[(\w+)\]", lambda match: f"[{SHORT[match[1]]}]", rules)
    rules = re.sub(r"offset \w+", "offset 20s", rules)
    return re.sub(r"(?m)^( +for:) .*$", r"\1 1s", rules)


def read(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=10) as response:  # noqa: S310 - our own http address
        return json.load(response)


class Monitoring:
    """What an operator asks."""

    def __init__(self, prometheus: int, alertmanager: int) -> None:
        self.address = f"http://127.0.0.1:{prometheus}"
        self._prometheus = f"{self.address}/api/v1"
        self._alertmanager = f"http://127.0.0.1:{alertmanager}/api/v2"

    def query(self, expression: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = read(f"{self._prometheus}/query?{urllib.parse.urlencode({'query': expression})}")[
            "data"
        ]["result"]
        return found

    def exemplars(self, expression: str) -> list[dict[str, Any]]:
        span = urllib.parse.urlencode({"query": expression, "start": time.time() - 600, "end": time.time()})
        found: list[dict[str, Any]] = read(f"{self._prometheus}/query_exemplars?{span}")["data"]
        return found

    def firing(self) -> dict[str, dict[str, Any]]:
        """Alerts that the Alertmanager would tell somebody of, by name."""
        return {alert["labels"]["alertname"]: alert for alert in read(f"{self._alertmanager}/alerts?active=true")}

    def scraping(self) -> bool:
        try:
            read(f"{self._alertmanager}/status")
            return bool(self.query("up == 1"))
        except OSError:
            return False


def wait(condition: Callable[[], Any], seconds: float, what: str) -> float:
    """Wait until it is so; after how many seconds it was."""
    begin = time.monotonic()
    while not condition():
        if time.monotonic() - begin > seconds:
            pytest.fail(f"not within {seconds} s: {what}")
        time.sleep(0.5)
    return time.monotonic() - begin


@contextmanager
def monitoring(target: str, folder: Path) -> Iterator[Monitoring]:
    """Prometheus with our rules scraping `target` every second, and an Alertmanager behind it."""
    prometheus, alertmanager = free_ports(2)
    (folder / "rules.yaml").write_text(shortened((DEPLOY / "prometheus/otelagent.rules.yaml").read_text()))
    (folder / "alertmanager.yaml").write_text(
        yaml.safe_dump({"route": {"receiver": "nobody", "group_wait": "0s"}, "receivers": [{"name": "nobody"}]})
    )
    (folder / "prometheus.yaml").write_text(
        yaml.safe_dump(
            {
                "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
                "rule_files": [str(folder / "rules.yaml")],
                "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{alertmanager}"]}]}]},
                "scrape_configs": [{"job_name": "otelagent", "static_configs": [{"targets": [target]}]}],
            }
        )
    )
    commands = (
        [
            binary("prometheus"),
            f"--config.file={folder}/prometheus.yaml",
            f"--storage.tsdb.path={folder}/prometheus",
            f"--web.listen-address=127.0.0.1:{prometheus}",
            "--enable-feature=exemplar-storage",
            "--log.level=error",
        ],
        [
            binary("alertmanager", "prometheus-alertmanager"),
            f"--config.file={folder}/alertmanager.yaml",
            f"--storage.path={folder}/alertmanager",
            f"--web.listen-address=127.0.0.1:{alertmanager}",
            "--cluster.listen-address=",
            "--log.level=error",
        ],
    )
    running = [subprocess.Popen(command) for command in commands]
    try:
        asked = Monitoring(prometheus, alertmanager)
        wait(asked.scraping, 30, "Prometheus scrapes otelagent")
        yield asked
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(20)
