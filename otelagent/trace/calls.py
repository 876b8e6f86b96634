"""The calls of a trace that spans report, by what messages name them with."""

from itertools import chain

from otelagent.model import Answered, Step
from otelagent.nothing import NOTHING
from otelagent.run import SOURCES


class Calls:
    """Owned by one trace."""

    __slots__ = ("_by_id", "_unnamed")

    def __init__(self) -> None:
        self._by_id: dict[str, Step] = NOTHING
        self._unnamed: dict[bytes, Step] = NOTHING

    def __bool__(self) -> bool:
        return bool(self._by_id or self._unnamed)

    def remember(self, step: Step) -> None:
        """A step came; only calls are kept."""
        if step.kind not in SOURCES:
            return
        if step.call_id:
            self._by_id = self._by_id or {}
            self._by_id.setdefault(step.call_id, step)
        else:
            self._unnamed = self._unnamed or {}
            self._unnamed[step.span_id] = step

    def of(self, answered: Answered) -> Step | None:
        """The step that reported the call whose result stands in a message."""
        if answered.id is not None and (known := self._by_id.get(answered.id)):
            return known
        named = () if answered.id is not None else self._by_id.values()
        same = [s for s in chain(self._unnamed.values(), named) if answered.name in (None, s.tool)]
        wanted = answered.shown.arguments if same else None
        exact = [s for s in same if s.call and s.call.arguments == wanted] if wanted is not None else []
        candidates = exact or same
        return candidates[min(answered.order, len(candidates) - 1)] if candidates else None

    def named(self, call_id: str) -> Step | None:
        """The step that reported the call with this id."""
        return self._by_id.get(call_id)
