"""Whether calls that look alike are attempts at one goal, or one thing after another."""

from collections.abc import Sequence

from otelagent.model import Step
from otelagent.run import AgentRun


def named(run: AgentRun) -> frozenset[int]:
    """The words of the user's messages."""
    return frozenset[int]().union(*(each.words for each in run.trace.instructions if not each.system))


def apart(calls: Sequence[Step], run: AgentRun) -> bool:
    """What the calls don't have in common, the user named, each another: they look things up one after another."""
    terms = [step.call.terms if step.call is not None else frozenset[int]() for step in calls]
    own = [(each - frozenset.intersection(*terms)) & named(run) for each in terms]
    return all(own) and sum(map(len, own)) == len(frozenset[int]().union(*own))
