"""`make pictures`: replays recordings, asks Prometheus what each panel asks, draws the dashboards into docs/pictures.

Needs Node.js and Chromium beside `make deploy-tools`; no Grafana server.
"""

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.parse
from pathlib import Path
from typing import Any

from otelagent.reference import dashboards
from otelagent.sink import Sink
from tests.deploy.demo import FILES
from tests.deploy.expressions import filled
from tests.deploy.manifests import ROOT
from tests.deploy.monitoring import Monitoring, monitoring, read
from tests.deploy.test_alerting import HEALTHY, replay, settings
from tests.running import running

HEALTHY_SECONDS, MIXED_SECONDS = 60, 120
STEP = 3
HERE = Path(__file__).parent
BUILD = ROOT / "build/pictures"
LOADERS = (
    "--loader:.ttf=empty",
    "--alias:@grafana/ui=./node_modules/@grafana/ui/dist/cjs/index.cjs",  # its ESM build wraps two of its imports twice
)
PAGE = """<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="page.css">
<style>body {{ margin: 0 }}</style><div id="root"></div>
<script>window.board = {board}; window.answers = {answers}; window.process = {{env: {{}}}};</script>
<script src="page.js"></script>
"""


def answers(asked: Monitoring, board: dict[str, Any], begin: float) -> dict[str, Any]:
    """What Prometheus says to each target of each panel, over the time of the replay."""
    found = {}
    for panel in board["panels"]:
        for index, target in enumerate(panel.get("targets", ())):
            expression = filled(target["expr"]).replace("[1m]", "[15s]").replace("[1h]", "[3m]")
            start = time.time() - STEP if target.get("instant") else begin
            span = {"query": expression, "start": start, "end": time.time(), "step": STEP}
            url = f"{asked.address}/api/v1/query_range?{urllib.parse.urlencode(span)}"
            found[f"{panel['title']} {index}"] = read(url)["data"]["result"]
    return found


def collect() -> None:
    """A page for each dashboard, with what it shows."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        staging = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        service = stack.enter_context(running(stack.enter_context(Sink()), settings(staging)))
        asked = stack.enter_context(monitoring(service.endpoint("metrics"), folder))
        begin = time.time()
        while time.time() < begin + HEALTHY_SECONDS:
            replay(service, HEALTHY, HEALTHY)
        while time.time() < begin + HEALTHY_SECONDS + MIXED_SECONDS:
            replay(service, *FILES)
        for each in dashboards.ALL:
            board = json.loads(dashboards.render(each))
            page = PAGE.format(board=json.dumps(board), answers=json.dumps(answers(asked, board, begin + 15)))
            (BUILD / f"{each.name}.html").write_text(page, encoding="utf-8")


def draw() -> None:
    """The pages as pictures."""
    names = [each.name for each in dashboards.ALL]
    for name in ("package.json", "page.tsx", "shoot.mjs"):
        shutil.copy(HERE / name, BUILD / name)
    npm = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    subprocess.run(npm, cwd=BUILD, check=True)
    subprocess.run(["node", "node_modules/esbuild/install.js"], cwd=BUILD, check=True)
    bundle = ["node_modules/.bin/esbuild", "page.tsx", "--bundle", "--minify", "--outfile=page.js", *LOADERS]
    subprocess.run([*bundle, '--define:process.env.NODE_ENV="production"'], cwd=BUILD, check=True)
    browser = os.environ.get("CHROMIUM") or shutil.which("chromium") or "chromium"
    subprocess.run(["node", "shoot.mjs", str(BUILD), browser, *names], cwd=BUILD, check=True)
    for name in names:
        shutil.copy(BUILD / f"{name}.png", ROOT / f"docs/pictures/{name}.png")


def main() -> None:
    BUILD.mkdir(parents=True, exist_ok=True)
    collect()
    draw()


if __name__ == "__main__":
    main()
