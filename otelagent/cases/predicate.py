"""Whether a case still fails: the same fold as everywhere, over the case's spans."""

from otelagent.cases.case import Case, Target
from otelagent.cases.spans import request
from otelagent.diagnosis.scan import scan
from otelagent.model import Finding, Layer
from otelagent.pipeline import Settings


def findings(case: Case, settings: Settings | None = None) -> list[Finding]:
    """What the detectors find in a case."""
    return list(scan([request(case)], settings).findings.values())


def failing(case: Case, target: Target, settings: Settings | None = None) -> Finding | None:
    """The finding that is the target's; None where the case doesn't fail in that way."""
    return next((finding for finding in findings(case, settings) if meets(finding, target)), None)


def meets(finding: Finding, target: Target) -> bool:
    """Whether a finding is the failure that is looked for; an injection that was obeyed is an attempt too."""
    grew = target.cause == "attempt" and finding.cause == "obeyed"
    return (
        finding.mode == target.mode
        and (grew or target.cause in (None, finding.cause))
        and (grew or target.tool in (None, finding.tool))
    )


def target_of(finding: Finding) -> Target:
    """The failure that a finding tells of. Whose tool it was belongs to it where the fault is the tool's."""
    tool = finding.tool if finding.layer is Layer.TOOL else None
    return Target(mode=finding.mode, cause=finding.cause, tool=tool)
