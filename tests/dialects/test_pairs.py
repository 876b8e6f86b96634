"""Hand-built spans of every dialect: `<dialect>/<situation>.raw.json` gives `<situation>.json`."""

import ast
import json
import re
from pathlib import Path

import pytest

from otelagent import attributes, dialects, otlp
from tests import builders
from tests.dialects.readout import readout

HERE = Path(__file__).parent
PAIRS = sorted(HERE.glob("*/*.raw.json"))


@pytest.mark.parametrize("raw", PAIRS, ids=lambda p: f"{p.parent.name}/{p.name.removesuffix('.raw.json')}")
def test_spans_become_the_steps_beside_them(raw: Path) -> None:
    expected = json.loads(raw.with_name(raw.name.replace(".raw.json", ".json")).read_text())
    assert readout(json.loads(raw.read_text())) == expected


def test_every_dialect_has_a_pair() -> None:
    assert {d.name for d in dialects.DIALECTS} == {pair.parent.name for pair in PAIRS}


SENDERS = {"canary.py", "cases/spans.py"}
"""Write spans as an agent does."""

NAME = re.compile(r"(?:[a-z_]+\.)+[a-zA-Z_]+")


def test_foreign_attribute_names_stand_in_their_dialects_and_nowhere_else() -> None:
    ours = {value for value in vars(attributes).values() if isinstance(value, str)}
    named = {key for d in dialects.DIALECTS for keys in d.fields.values() for key in keys if isinstance(key, str)}
    named |= {key for d in dialects.DIALECTS for key in (*d.arguments, *d.result, *d.output) if isinstance(key, str)}
    foreign = {key for key in named if "." in key} - ours
    package = Path(dialects.__file__).parent.parent
    elsewhere = [p for p in package.rglob("*.py") if p.parent.name != "dialects" and not p.name.endswith("_pb2.py")]
    found = {(str(path.relative_to(package)), key) for path in elsewhere for key in foreign & _names(path)}
    assert {path for path, _ in found} == SENDERS


def _names(path: Path) -> set[str]:
    """Dotted names in the strings of a module."""
    nodes = ast.walk(ast.parse(path.read_text()))
    texts = (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return {name for text in texts for name in NAME.findall(text)}


def test_what_shows_a_dialect_counts_whatever_was_read_before() -> None:
    spans = [
        builders.span("chat", {"gen_ai.operation.name": "chat", **marks}, trace_id=b"t" * 16, span_id=b"s" * 8)
        for marks in ({}, {"gen_ai.provider.name": "strands-agents"})
    ]
    read = [dialects.read(span).dialect for span in otlp.TraceRequest(builders.request(spans, scope="order")).spans]
    assert read == ["otel_genai", "strands"]
