"""Results of calls whose turn came late: a later turn, which came first, was the first to show them."""

from collections.abc import Sequence

import msgspec

from otelagent.model import Answered, Instructions, Kind, Step


def put_back(steps: Sequence[Step]) -> None:
    """Give each result that a turn shows among its earlier messages to the turn that had it as its news: the next one
    after that which asked for the call. `steps` are those of one run, in order of their ends."""
    turns = [step for step in steps if step.kind is Kind.LLM and step.turn is not None]
    for at, consumer in enumerate(turns):
        for answered in consumer.turn.answered if consumer.turn is not None else ():
            owner = None if answered.tail else _owner(answered, turns[:at])
            if owner is not None:
                _move(answered, consumer, owner)


def _owner(answered: Answered, turns: Sequence[Step]) -> Step | None:
    """The turn after the one that asked for the call, in its conversation: turns of others may stand between, where no
    agent has a span."""
    asker = next((n for n in range(len(turns) - 1, -1, -1) if _asks(turns[n], answered)), None)
    if asker is None:
        return None
    begun = _opening(turns[asker])
    later = (turn for turn in turns[asker + 1 :] if turn.start >= turns[asker].end)
    return next((turn for turn in later if _opening(turn) == begun), None)


def _opening(step: Step) -> tuple[Instructions, ...]:
    """What its conversation began with."""
    return step.turn.standing[:2] if step.turn is not None else ()


def _asks(step: Step, answered: Answered) -> bool:
    return answered.id is not None and step.turn is not None and any(call.id == answered.id for call in step.turn.asked)


def _move(answered: Answered, source: Step, owner: Step) -> None:
    assert source.turn is not None and owner.turn is not None  # noqa: PT018, S101 - both are turns
    source.turn.answered = tuple(a for a in source.turn.answered if a is not answered)
    if all(known.id != answered.id for known in owner.turn.answered):
        owner.turn.answered = (*owner.turn.answered, msgspec.structs.replace(answered, tail=True))
