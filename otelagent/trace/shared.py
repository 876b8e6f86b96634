"""What all live traces have in common."""

from dataclasses import dataclass

from otelagent.baselines.learned import Baselines
from otelagent.conversations import Conversations
from otelagent.reading.given import Budget
from otelagent.trace.listener import Elsewhere, Listener


@dataclass(frozen=True, slots=True)
class Shared:
    """One for all of them; owned by `LiveTraces`."""

    listener: Listener
    budget: Budget
    """What they keep unread."""
    normal: Baselines
    conversations: Conversations
    elsewhere: Elsewhere
    """What other traces have to do with one."""
