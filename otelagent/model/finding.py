"""Findings: a failure, its cause, and the spans that show it."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Layer(StrEnum):
    """Whose fault a failure is."""

    MODEL = "model"
    TOOL = "tool"
    ORCHESTRATION = "orchestration"


class Severity(StrEnum):
    """How grave, in rising order of `RANK`."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


RANK: Final = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class Evidence:
    """One span that shows it, where in it, and why, in a line without captured content."""

    span_id: bytes
    path: str
    why: str
    trace_id: bytes = b""
    """Only where it differs from the finding's."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A failure, its cause and whose fault it is. `about` is the span that carries it."""

    mode: str
    cause: str
    layer: Layer
    severity: Severity
    confidence: float
    trace_id: bytes
    about: bytes
    root: bytes
    """The span at which it began; with the mode it is the finding's identity."""
    reason: str
    """A sentence without captured content."""
    fix: str
    evidence: tuple[Evidence, ...]
    first_divergence: bytes
    last_good: bytes | None = None
    agent: str | None = None
    tool: str | None = None
    workflow: str | None = None
    consequences: tuple[str, ...] = ()
    wasted_tokens: int = 0
    partial_view: bool = False
    """Part of the trace was not seen (a restart, an eviction)."""
    extra: dict[str, int | float | str | list[str]] = field(default_factory=dict, compare=False)
    """Further attributes under our namespace, such as counts of items."""
    raised: bool = False
    """It repeats, on an ancestor that went on, what is told about a child: the child's finding is the one to count."""
    absorbs: tuple[tuple[str, bytes, bytes], ...] = ()
    """Identities of findings that tell the same, and that this one takes the place of."""

    @property
    def identity(self) -> tuple[str, bytes, bytes]:
        """Found again under the same identity, it is an update and no second finding."""
        return self.mode, self.trace_id, self.root
