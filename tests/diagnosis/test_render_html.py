"""The page is self-contained and shows captured content as text only."""

from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner

from otelagent.cli import main
from otelagent.diagnosis.diagnose import Diagnosis, diagnose
from otelagent.diagnosis.render_html import to_html
from tests import builders

FAILING = "pydantic-ai__native-default__empty_result.binpb.gz"
DELEGATED = "langgraph__openinference__delegation_partial.binpb.gz"
VOID = {"meta", "rect", "line"}

INJECTIONS = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    '"><iframe src="https://evil.example">',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "https://evil.example/?q=secret",
    "[click](https://evil.example) <a href='https://evil.example'>here</a>",
    "</pre></details><form action=//evil.example><button>Sign in</button></form>",
    "<style>@import url(//evil.example)</style><link rel=stylesheet href=//evil.example>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<base href=//evil.example/><object data=x><embed src=x>",
    "<!-- --><![CDATA[x]]>&lt;script&gt;&#60;script&#62;",
    "\u202e<b>\u2066\x00\x1b[2J\ufeff\ud7ff",
    "{{constructor.constructor('alert(1)')()}} ${alert(1)} <%= 1 %>",
)


class Page(HTMLParser):
    """What a browser would make of it, as far as it matters: tags in order, attributes, text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.text += data


def hostile() -> Diagnosis:
    text = "\n".join(INJECTIONS)
    steps = [
        {"tool": INJECTIONS[2], "arguments": {text: text}, "result": {"a": text, "n": "W-4711-X"}},
        {"tool": INJECTIONS[1], "arguments": {"q": text}, "result": []},
        {"say": f"According to W-4711-X, 67% of 8812 units went, says Hartmann (2024): https://evil.example/a {text}"},
    ]
    script = {"system": f"Never use the word pancake. {text}", "user": text, "agent": INJECTIONS[4], "steps": steps}
    return diagnose([builders.request(builders.spans(script))])


def recorded(name: str) -> Diagnosis:
    return diagnose([builders.capture(name)])


@pytest.mark.parametrize("made", [recorded(FAILING), recorded(DELEGATED), hostile()], ids=["plain", "deep", "hostile"])
def test_page_has_only_our_elements_and_links_only_within(made: Diagnosis) -> None:
    page = Page(to_html(made, INJECTIONS[0]))
    assert page.open == []
    known = "html head meta title style body a header h1 p kbd main section h2 pre mark sup ul li span details summary"
    assert {tag for tag, _ in page.tags} <= {*known.split(), "svg", "rect", "line", "div", "strong", "script"}
    assert sum(tag == "script" for tag, _ in page.tags) == 1
    for tag, attributes in page.tags:
        assert not any(name.startswith("on") or name in ("src", "action", "style") for name in attributes), tag
        if "href" in attributes:
            assert (attributes["href"] or "").startswith(("#step-", "#steps"))


def test_captured_content_is_there_as_text() -> None:
    page = Page(to_html(hostile(), "trace"))
    for injection in INJECTIONS[:13]:
        assert injection in page.text
    assert not set("\u202e\u2066\x00\x1b\ufeff") & set(page.text)


def test_policy_allows_its_own_style_and_script_and_nothing_else() -> None:
    page = Page(to_html(recorded(FAILING), "trace"))
    (policy,) = [a["content"] or "" for tag, a in page.tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "http" not in policy


def test_each_link_has_its_step() -> None:
    page = Page(to_html(recorded(DELEGATED), "trace"))
    ids = {f"#{a['id']}" for _, a in page.tags if "id" in a}
    assert {a["href"] for _, a in page.tags if "href" in a} <= ids


def test_claims_are_marked_and_lead_to_their_ground() -> None:
    page = Page(to_html(recorded(FAILING), "trace"))
    marks = [a["title"] for tag, a in page.tags if tag == "mark"]
    assert marks == ["grounded", "unsupported", "unsupported", "unsupported", "unsupported"]


def test_step_that_carries_a_finding_is_told_apart() -> None:
    page = Page(to_html(recorded(FAILING), "trace"))
    classes = [a.get("class") for tag, a in page.tags if tag == "details"]
    assert classes.count("step found") == 2


def test_delegates_stand_below_their_agent() -> None:
    written = to_html(recorded(DELEGATED), "trace")
    assert "<li>coordinator <span class='dim'>8 steps</span><ul><li>analyst_a" in written


def test_command_writes_the_page(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    result = CliRunner().invoke(
        main, ["diagnose", "--format", "html", "-o", str(path), str(builders.CAPTURES / FAILING)]
    )
    assert result.exit_code == 1
    assert path.read_text().startswith("<!doctype html>")
