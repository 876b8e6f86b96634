"""Steps that return something, and how their calls end."""

from typing import Final

from otelagent.model import BAD, Kind, Status

SOURCES: Final = frozenset({Kind.TOOL, Kind.RETRIEVAL})

CALLS: Final = SOURCES | {Kind.HANDOFF}

FAILED: Final = BAD - {Status.EMPTY, Status.PARTIAL, Status.NONCONFORMING}
"""Outcomes of calls that did nothing."""
