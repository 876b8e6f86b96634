"""What was read of a content before, so that equal content is read once, whichever trace it stands in.

Reading is pure: equal content gives equal facts. System prompts, assignments, arguments and results repeat within a
conversation, between the spans of two instrumentations, and between the runs of one agent.
"""

from itertools import islice
from typing import Final, TypeVar

K = TypeVar("K")
V = TypeVar("V")

MOST: Final = 8192
"""Entries of one table, unless it is told otherwise; of more the older half is let go."""


class Known(dict[K, V]):
    """Facts by fingerprint of what they were read from. Facts are small; no content is kept here."""

    def __init__(self, most: int = MOST) -> None:
        super().__init__()
        self._most = most

    def keep(self, key: K, facts: V) -> V:
        """Remember, and give back."""
        if len(self) >= self._most:
            for old in list(islice(self, self._most // 2)):
                del self[old]
        self[key] = facts
        return facts
