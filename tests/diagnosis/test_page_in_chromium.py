"""The page in a real browser: it runs without errors, asks the network for nothing, and executes nothing captured."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from otelagent.diagnosis.diagnose import diagnose
from otelagent.diagnosis.render_html import to_html
from tests import builders
from tests.diagnosis.test_render_html import INJECTIONS, Page, hostile

BROWSER = Path(__file__).parent / "browser"
BUILD = Path(__file__).parents[2] / "build/browser"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    return found or pytest.fail("Chromium isn't installed: apt-get install chromium")


def loaded(page: str, directory: Path, fragment: str = "") -> tuple[Page, str, list[str]]:
    """The document after its script ran, what the console said, and the addresses that were asked for."""
    path, net = directory / "page.html", directory / "net.json"
    path.write_text(page, encoding="utf-8")
    command = [
        *(chromium(), "--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr"),
        *(f"--user-data-dir={directory}/profile", f"--log-net-log={net}", "--host-resolver-rules=MAP * ~NOTFOUND"),
        *("--virtual-time-budget=4000", "--dump-dom", f"file://{path}{fragment}"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    events = json.loads(net.read_text())["events"]
    urls = [e["params"]["url"] for e in events if isinstance(e.get("params"), dict) and "url" in e["params"]]
    return Page(done.stdout), done.stderr, urls


def test_injections_neither_run_nor_load_anything(tmp_path: Path) -> None:
    page, console, urls = loaded(to_html(hostile(), INJECTIONS[0]), tmp_path)
    assert sum(tag == "script" for tag, _ in page.tags) == 1
    assert not any("evil.example" in url for url in urls)
    assert "CONSOLE" not in console
    assert {tag for tag, _ in page.tags}.isdisjoint({"iframe", "img", "form", "object", "embed", "link", "base"})


def test_address_of_a_step_opens_it(tmp_path: Path) -> None:
    made = diagnose([builders.capture("langgraph__openinference__delegation_partial.binpb.gz")])
    page, console, _ = loaded(to_html(made, "trace"), tmp_path, "#step-19")
    opened = [a["id"] for tag, a in page.tags if tag == "details" and "open" in a]
    assert opened == ["step-19"]
    assert "CONSOLE" not in console


def test_page_of_five_thousand_steps_loads(tmp_path: Path) -> None:
    calls = [{"tool": "search", "arguments": {"q": f"topic {n}"}, "result": {"n": n * 37}} for n in range(2_500)]
    script = {"user": "Go.", "agent": "atlas", "history": False, "steps": [*calls, {"say": "All is in order."}]}
    made = diagnose([builders.request(builders.spans(script))])
    page, console, _ = loaded(to_html(made, "trace"), tmp_path, "#step-4000")
    assert [a["id"] for tag, a in page.tags if tag == "details" and "open" in a] == ["step-4000"]
    assert "CONSOLE" not in console


def look(page: str, directory: Path, scheme: str, width: int, *keys: str) -> dict[str, Any]:
    """What axe-core objects to, and what the keys led to, in a window of that width."""
    BUILD.mkdir(parents=True, exist_ok=True)
    for file in BROWSER.iterdir():
        shutil.copy(file, BUILD)
    npm = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    subprocess.run(npm, cwd=BUILD, check=True, timeout=200)
    (directory / "page.html").write_text(page, encoding="utf-8")
    picture = directory / f"{scheme}-{width}.png"
    command = ["node", "look.mjs", chromium(), str(directory / "page.html"), str(picture), scheme, str(width), *keys]
    done = subprocess.run(command, cwd=BUILD, capture_output=True, text=True, timeout=120, check=True)
    assert picture.stat().st_size > 0
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_page_is_accessible_by_wcag_on_screen_and_phone(tmp_path: Path, scheme: str, width: int) -> None:
    made = diagnose([builders.capture("langgraph__openinference__delegation_partial.binpb.gz")])
    seen = look(to_html(made, "trace"), tmp_path, scheme, width)
    assert seen == {"violations": [], "overflow": 0, "focused": "", "open": [], "said": []}


def test_keys_lead_to_the_next_finding_and_open_it(tmp_path: Path) -> None:
    made = diagnose([builders.capture("langgraph__openinference__delegation_partial.binpb.gz")])
    seen = look(to_html(made, "trace"), tmp_path, "light", 1280, "j", "j", "k", "n", "Enter")
    assert seen["focused"] == "step-19"
    assert seen["open"] == ["step-19"]
    assert seen["said"] == []
