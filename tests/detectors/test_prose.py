"""What a finding says, as an operator reads it."""

import re
from collections.abc import Iterator

import pytest

from otelagent.diagnosis.scan import scan
from otelagent.model import Finding
from tests import builders
from tests.scenarios import scenarios

_ODD = re.compile(r"\b1 (?:claims|specifics|tokens|calls|times)\b|\bNone\b|rate_limited|  |\.\.|\(\)|[{}<>]")


def told() -> Iterator[Finding]:
    for scenario in scenarios():
        yield from scan([builders.request(builders.spans(scenario["script"]))]).findings.values()


@pytest.fixture(scope="module")
def findings() -> list[Finding]:
    return list(told())


def test_reasons_are_one_sentence_without_slips(findings: list[Finding]) -> None:
    for finding in findings:
        assert not _ODD.search(finding.reason), finding.reason
        assert len(finding.reason) < 300, finding.reason
        assert not finding.reason.endswith("."), finding.reason


def test_every_finding_says_what_why_whose_fault_and_what_to_do(findings: list[Finding]) -> None:
    for finding in findings:
        assert finding.evidence
        assert all(evidence.why and not _ODD.search(evidence.why) for evidence in finding.evidence)
        assert finding.layer
        assert finding.fix.endswith(".")


def test_evidence_names_what_decided(findings: list[Finding]) -> None:
    timeouts = [f for f in findings if (f.mode, f.cause) == ("rate_limit_mid_chain", "timeout")]
    (timeout,) = {e.why for f in timeouts for e in f.evidence} - {"says nothing of it"}
    assert timeout == "the call timed out"
