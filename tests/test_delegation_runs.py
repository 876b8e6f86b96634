"""Delegations in seven languages, in every way in which emitters show them: what is left undone is found on the child,
with its counts and the names of what is missing, and complete ones are quiet."""

from collections.abc import Sequence
from typing import Any

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from otelagent import attributes as a
from otelagent.diagnosis.scan import scan
from otelagent.model import Finding
from otelagent.pipeline import Settings
from tests.delegations import RUNS, plays
from tests.encodings import bodies

NAMING = Settings(detectors={"delegation_incomplete": {"name_items": True}})

PLAYED = [pytest.param(c, group, spans, id=f"{c['name']}-{name}") for c in RUNS for group, name, spans in plays(c)]


def told(spans: Sequence[Span]) -> list[Finding]:
    found = scan(bodies(spans), NAMING).findings.values()
    return [f for f in found if f.mode == "delegation_incomplete"]


def of_child(found: Sequence[Finding]) -> list[Finding]:
    return [f for f in found if f.cause != "child_incomplete"]


@pytest.mark.parametrize(("case", "group", "spans"), PLAYED)
def test_what_is_left_undone_is_found_with_its_counts_and_nothing_else_is(
    case: dict[str, Any], group: str, spans: list[Span]
) -> None:
    found = told(spans)
    if not case["found"] or "open" in case:
        assert [f for f in found if case.get("honest") != "parent" or f.cause == "child_incomplete"] == []
        return
    own = of_child(found)
    assert own, "nothing is found"
    if "counts" in case and "miscounted" not in case:
        assert case["counts"] in [
            [f.extra.get(a.DELEGATION_ASSIGNED), f.extra.get(a.DELEGATION_PROCESSED)] for f in own
        ]
    if (
        group != "without spans" and "unnamed" not in case
    ):  # the list of what is left stands in a result, whose text isn't kept
        named = str([f.extra.get(a.DELEGATION_MISSING) for f in own])
        assert [name for name in case.get("missing", ()) if name not in named] == []
