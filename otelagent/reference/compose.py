"""deploy/compose/generated.yaml: what `otelagent init compose` prints, for the checkout's own compose file."""

from otelagent import starters
from otelagent.reference.rules import WRITTEN


def pages() -> dict[str, str]:
    return {
        "deploy/compose/generated.yaml": WRITTEN.replace("the detectors", "otelagent/starters")
        + starters.text("compose")
    }
