"""Recordings of real frameworks: each gives exactly its finding, on the right span, however its spans arrive."""

from collections.abc import Iterable
from typing import Any

import pytest

from otelagent import attributes as a
from otelagent.detectors import builtin
from otelagent.diagnosis.scan import Report, scan
from tests import builders

MODES = {kind.mode for kind in builtin()}

ENTRIES = [e for e in builders.manifest() if set(e["expect_modes"]) <= MODES]

NOT_IN_THE_RECORDING: dict[str, str] = {}
"""Recordings that can't give their finding, with the reason."""

MARKS_NO_SOURCE = {"empty_variants"}
"""Scenarios whose manifest marks only the answer, since the source's text is empty."""

WITH_CONTENT = [e for e in ENTRIES if not e["evidence_missing"] and "-nocontent" not in e["emitter"]]
WITHOUT_CONTENT = [e for e in builders.manifest() if "-nocontent" in e["emitter"]]


def played(entry: dict[str, Any], how: str) -> Report:
    body = builders.capture(entry["file"])
    requests: Iterable[bytes] = [body]
    if how == "one_by_one":
        requests = builders.one_by_one(body)
    elif how == "as_arrived":
        requests = builders.as_arrived(body, entry["arrival"])
    return scan(requests)


def modes(report: Report) -> list[str]:
    return sorted({f.mode for f in report.findings.values()})


@pytest.mark.parametrize("entry", WITH_CONTENT, ids=lambda e: e["file"].removesuffix(".binpb.gz"))
def test_recording_gives_exactly_its_finding_however_it_arrives(entry: dict[str, Any]) -> None:
    expected = [] if entry["file"] in NOT_IN_THE_RECORDING else entry["expect_modes"]
    reports = {how: played(entry, how) for how in ("as_arrived", "one_by_one", "all_at_once")}
    assert {how: modes(r) for how, r in reports.items()} == dict.fromkeys(reports, expected)
    identities = [set(r.findings) for r in reports.values()]
    assert identities[0] == identities[1] == identities[2]
    evidence = {e["span_id"] for e in entry["evidence"]}
    for identity, finding in reports["as_arrived"].findings.items():
        if finding.mode == "delegation_incomplete":
            assert str(reports["as_arrived"].agents[identity]).endswith("analyst_b")
            assert (finding.extra[a.DELEGATION_PROCESSED], finding.extra[a.DELEGATION_ASSIGNED]) == (3, 7)
            assert finding.extra[a.DELEGATION_MISSING] == ["doc-204", "doc-205", "doc-206", "doc-207"]
        else:
            assert finding.about.hex() in evidence
        if entry["scenario"] not in MARKS_NO_SOURCE:
            assert finding.first_divergence.hex() in evidence


@pytest.mark.parametrize("entry", WITHOUT_CONTENT, ids=lambda e: e["file"].removesuffix(".binpb.gz"))
def test_recording_without_content_gives_no_finding_and_says_so(entry: dict[str, Any]) -> None:
    report = played(entry, "as_arrived")
    assert modes(report) == []
    assert sum(report.abstentions.values()) > 0


def test_there_are_recordings_of_both_kinds() -> None:
    assert len(WITH_CONTENT) > 100
    assert len(WITHOUT_CONTENT) > 10
