"""Runs: one invocation of one agent each, what a detector sees of it, and what it asks its trace."""

from otelagent.run.agent_run import MAX_TOOLS, AgentRun, Identity, order
from otelagent.run.observer import LASTING, RAISED, UNSURE, Observer, Wake, roster
from otelagent.run.sources import FAILED, SOURCES

__all__ = [
    "FAILED",
    "LASTING",
    "MAX_TOOLS",
    "RAISED",
    "SOURCES",
    "UNSURE",
    "AgentRun",
    "Identity",
    "Observer",
    "Wake",
    "order",
    "roster",
]
