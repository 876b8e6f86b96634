"""Incidents: findings of one kind on one tool or agent, as long as they keep coming. One alert, not a thousand."""

import hashlib
from collections import Counter, OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

QUIET: Final = 3600.0
"""Seconds without a further finding after which an incident is over."""
EXAMPLES: Final = 3
MAX_OPEN: Final = 1_000
"""Open incidents; the one that was quiet longest is over when there are more."""


@dataclass(frozen=True)
class Subject:
    """What makes findings the same incident: the mode, and the tool at fault, else the agent."""

    mode: str
    layer: str
    service: str
    tool: str | None
    agent: str | None

    @property
    def name(self) -> str:
        """For people."""
        return f"tool {self.tool}" if self.tool else f"agent {self.agent or 'unknown'}"


@dataclass
class Incident:
    """One incident. Times are seconds since the epoch; `examples` are the first traces and the last one."""

    subject: Subject
    first: float
    last: float
    count: int = 0
    examples: list[bytes] = field(default_factory=list)
    reason: str = ""
    """Of the first finding."""

    @cached_property
    def id(self) -> str:
        """Derived from what it is about and when it began."""
        text = f"{self.subject}|{self.first:.3f}"
        return hashlib.blake2b(text.encode(errors="replace"), digest_size=8).hexdigest()


def subject(mode: str, layer: str, service: str, tool: str | None, agent: str | None) -> Subject:
    """A tool's incident is one for all agents that use it."""
    return Subject(mode, layer, service, tool, None if tool else agent)


class Incidents:
    """All open incidents. Owned by who tells it of findings; it knows no clock."""

    def __init__(self, quiet: float = QUIET) -> None:
        self._quiet = quiet
        self.begun: Counter[tuple[str, str]] = Counter()
        """Incidents that have begun, by mode and layer."""
        self._open: OrderedDict[Subject, Incident] = OrderedDict()

    def __iter__(self) -> Iterator[Incident]:
        return iter(self._open.values())

    def __len__(self) -> int:
        return len(self._open)

    def add(self, about: Subject, at: float, trace_id: bytes, reason: str = "", *, again: bool = False) -> Incident:
        """The incident that a finding belongs to; `count` is 1 where it opens one. `again`: it was counted before."""
        found = self._open.get(about)
        if found is None or at - found.last > self._quiet:
            found = self._open[about] = Incident(about, at, at, reason=reason)
            self.begun[about.mode, about.layer] += 1
        found.count += not (again and found.count)
        found.last = max(found.last, at)
        if trace_id not in found.examples:
            found.examples[EXAMPLES - 1 :] = [trace_id]
        self._open.move_to_end(about)
        while len(self._open) > MAX_OPEN:
            self._open.popitem(last=False)
        return found

    def close(self, now: float) -> list[Incident]:
        """End those that have been quiet, and give them."""
        over = [i for i in self._open.values() if now - i.last > self._quiet]
        for each in over:
            del self._open[each.subject]
        return over
