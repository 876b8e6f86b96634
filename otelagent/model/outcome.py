"""What a source returned, and what shows that there is more."""

from enum import StrEnum
from typing import Final

import msgspec


class Status(StrEnum):
    """How a source's result is to be taken. UNKNOWN: nothing was captured that would tell."""

    OK = "ok"
    EMPTY = "empty"
    PARTIAL = "partial"
    RATE_LIMITED = "rate_limited"
    TIMEOUT = "timeout"
    DENIED = "denied"
    ERROR = "error"
    NONCONFORMING = "nonconforming"
    UNKNOWN = "unknown"


BAD: Final = frozenset(Status) - {Status.OK, Status.UNKNOWN}
"""Outcomes that a consumer has to acknowledge or recover from."""
REFUSED: Final = frozenset({Status.ERROR, Status.DENIED, Status.TIMEOUT})
"""What fails like this fails for a reason that other arguments may have in common, whatever they are."""


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """What a source returned, and what decided that.

    `path` names the attribute and, after `#`, the JSON pointer (`result#/data/content/results`). `note` is a few
    words without captured content (`status 429`, `empty list`).
    """

    status: Status
    path: str = ""
    note: str = ""


class More(msgspec.Struct, frozen=True):
    """What shows that a good result is a part of what there is."""

    path: str
    """JSON pointer within the result."""
    note: str
    total: int | None = None
    """How much there is, where it says so."""
    listed: int = 0
    """How much of that it holds, where that was counted."""
