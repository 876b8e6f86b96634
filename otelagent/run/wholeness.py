"""Whether all steps of a run have come, as they show themselves."""

from collections.abc import Sequence

from otelagent.model import Kind, Step
from otelagent.reading.roles import is_closing
from otelagent.run.sources import CALLS


def whole(steps: Sequence[Step], key: bytes) -> bool:
    """All calls that the model asked for and saw have come, and it ended with words."""
    turns = [s.turn for s in steps if s.kind is Kind.LLM and s.turn is not None]
    if not turns or not turns[-1].text or not any(turn.history for turn in turns):
        return False
    seen = frozenset[str]().union(*(turn.consumed for turn in turns))
    calls = _calls(steps, key)
    known = {s.call_id for s in calls if s.call_id}
    asked = {call.id for turn in turns[:-1] for call in turn.asked if call.id}
    return len(seen) <= len(calls) and (not known or not (asked - seen - known))


def gaps(steps: Sequence[Step], key: bytes, ended: Step | None) -> bool:
    """Spans of the run were dropped, as others show: a call, a turn that asked for one, or the last turn."""
    turns = [s.turn for s in steps if s.kind is Kind.LLM and s.turn is not None]
    calls = _calls(steps, key)
    called = {s.call_id for s in calls if not s.rebuilt}
    asked = {call.id for turn in turns for call in turn.asked if call.id}
    seen = frozenset[str]().union(*(turn.consumed for turn in turns))
    if len(seen) > len(calls):
        return True
    if not asked or None in called:
        return False
    if called and called.isdisjoint(asked | seen):
        return len(asked) != len(called)  # calls have ids of their own, or none of the others has come
    handed = {s.call_id for s in steps if s.kind is Kind.HANDOFF}
    due = {call.id for call in turns[-1].asked if call.id and not is_closing(call.name)} - handed
    spoken = ended is not None and ended.turn is not None and bool(ended.turn.text)
    read = {s.call_id for s in steps if s.rebuilt}
    lost = asked - due - called - read
    return bool(called - asked or lost or (due and (spoken or due <= called)))


def _calls(steps: Sequence[Step], key: bytes) -> list[Step]:
    """Without the call that the run is itself, where an agent has no other span."""
    return [s for s in steps if s.kind in CALLS and (s.rebuilt or s.span_id != key)]
