"""What the steps of one run have taken so far, added up as they come: it is asked for at every turn."""

from collections.abc import Iterable
from typing import Final, Self

import msgspec

from otelagent.model import Kind, Step

_CALLS: Final = frozenset({Kind.TOOL, Kind.RETRIEVAL})


class Spent(msgspec.Struct, gc=False):
    """Owned by its run, without the runs below."""

    tokens: int = 0
    """Input and output of all model calls."""
    cached: int = 0
    """Of the input, what was read from a cache."""
    shown: int = 0
    """Bytes of the spans of model calls."""
    hidden: bool = False
    """A model call doesn't show its messages whole: `shown` says nothing."""
    llm_calls: int = 0
    tool_calls: int = 0
    cost: float | None = None
    """US dollars; None where no step tells."""

    def add(self, step: Step) -> None:
        kind = step.kind
        if kind is Kind.LLM:
            self.llm_calls += 1
            self.tokens += (step.input_tokens or 0) + (step.output_tokens or 0)
            self.shown += step.size
            if step.turn is None or not step.turn.history or step.withheld is not None:
                self.hidden = True
            if step.cached_tokens:
                self.cached += step.cached_tokens
            if step.cost is not None:
                self.cost = (self.cost or 0.0) + step.cost
        elif kind in _CALLS:
            self.tool_calls += 1

    @classmethod
    def of(cls, steps: Iterable[Step]) -> Self:
        """The same of steps that have come already."""
        made = cls()
        for step in steps:
            made.add(step)
        return made

    @classmethod
    def together(cls, several: "Iterable[Spent]") -> Self:
        """The sum of several runs."""
        made = cls()
        for each in several:
            made.tokens += each.tokens
            made.cached += each.cached
            made.shown += each.shown
            made.hidden = made.hidden or each.hidden
            made.llm_calls += each.llm_calls
            made.tool_calls += each.tool_calls
            if each.cost is not None:
                made.cost = (made.cost or 0.0) + each.cost
        return made
