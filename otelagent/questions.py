"""Open questions of a run: bad sources that no later step has answered for yet, and how each is decided."""

from enum import StrEnum
from typing import Final

import msgspec

from otelagent.model import BAD, Claim, Kind, Role, Status, Step
from otelagent.reading.arguments import near, related
from otelagent.reading.given import Given

PATIENCE: Final = 2
"""Completions with text that a question waits for: "within the next two completions"."""

MAX_OPEN: Final = 64
"""Open questions per run; the oldest is let go."""


class Verdict(StrEnum):
    """How a completion dealt with a bad source."""

    ACKNOWLEDGED = "acknowledged"
    RECOVERED = "recovered"
    ABSENCE = "absence"
    """Takes finding nothing as evidence that there is nothing."""
    FABRICATED = "fabricated"
    """States specifics that nothing grounds."""
    SILENT = "silent"
    """Goes on without a word about it and without ungrounded specifics."""


WHY: Final = {
    Verdict.ACKNOWLEDGED: "the next answer acknowledges it",
    Verdict.RECOVERED: "a later call met the same need",
    Verdict.ABSENCE: "the next answer takes it as evidence of absence",
    Verdict.FABRICATED: "the next answer has too few ungrounded specifics",
    Verdict.SILENT: "the next answer states nothing specific that is ungrounded",
}
"""Why a detector that looks for another verdict stays quiet."""


class Decision(msgspec.Struct, frozen=True):
    """One question with the completion that decided it. `final`: no later completion can decide otherwise."""

    source: Step
    consumer: Step
    verdict: Verdict
    ungrounded: tuple[Claim, ...] = ()
    final: bool = True

    @property
    def answer(self) -> bool:
        """The consumer tells something to the user or parent; it doesn't go on with tools."""
        return self.consumer.turn is not None and self.consumer.turn.answer


class Question(msgspec.Struct):
    """A bad source that waits for a completion. `turns` counts completions with text that have passed."""

    source: Step
    turns: int = 0


class OpenQuestions:
    """Owned by one AgentRun, touched by its fold only."""

    __slots__ = ("_open",)

    def __init__(self) -> None:
        self._open: list[Question] = []

    def __len__(self) -> int:
        return len(self._open)

    @property
    def sources(self) -> tuple[Step, ...]:
        return tuple(q.source for q in self._open)

    def source(self, step: Step) -> tuple[Decision, ...]:
        """A source ended: it may open a question, or answer earlier ones; gives those that it answers."""
        call = step.call
        if call is None:
            return ()
        if call.outcome.status is Status.OK:
            return self._recover(step)
        if call.outcome.status in BAD and call.role is not Role.NOTE:
            if call.outcome.status is Status.EMPTY and call.role is not Role.SOURCE:
                return ()
            self._open.append(Question(step))
            del self._open[:-MAX_OPEN]
        return ()

    def decide(self, consumer: Step, given: Given) -> tuple[Decision, ...]:
        """What a completion with text means for the sources that ended before it started."""
        turn = consumer.turn
        if turn is None or not turn.text or not self._open:
            return ()
        at = consumer.start if consumer.kind is Kind.LLM else consumer.end
        waiting = [q for q in self._open if q.source.end <= at or _within(q.source, consumer)]
        if not waiting:
            return ()
        ungrounded = _telling(given.ungrounded(turn.claims))
        decisions = [d for q in waiting if (d := _decide(q, consumer, ungrounded)) is not None]
        closed = {id(d.source) for d in decisions if d.final}
        self._open = [q for q in self._open if id(q.source) not in closed]
        return tuple(decisions)

    def _recover(self, step: Step) -> tuple[Decision, ...]:
        met = [q.source for q in self._open if meets(step, q.source)]
        answered = set(map(id, met))
        self._open = [q for q in self._open if id(q.source) not in answered]
        return tuple(Decision(source, step, Verdict.RECOVERED) for source in met)


def _within(source: Step, consumer: Step) -> bool:
    """One span around all calls of a model and the tools between them (Mastra), which ends with the answer."""
    answer = consumer.turn is not None and consumer.turn.answer
    return answer and consumer.start <= source.start and source.end <= consumer.end


def _telling(ungrounded: tuple[Claim, ...]) -> tuple[Claim, ...]:
    """A year alone may be common knowledge."""
    return ungrounded if any(claim.kind != "year" for claim in ungrounded) else ()


def _decide(question: Question, consumer: Step, ungrounded: tuple[Claim, ...]) -> Decision | None:
    turn = consumer.turn
    assert turn is not None  # noqa: S101 - the caller looked
    admission, answer = turn.admission, not turn.asked
    if not answer and not ungrounded:
        return None  # a turn that only calls tools decides nothing
    question.turns += 1
    if admission.absence and not admission.failed and not admission.partial:
        return Decision(question.source, consumer, Verdict.ABSENCE, ungrounded)
    if admission.any:
        return Decision(question.source, consumer, Verdict.ACKNOWLEDGED)
    if ungrounded:
        return Decision(question.source, consumer, Verdict.FABRICATED, ungrounded)
    return Decision(question.source, consumer, Verdict.SILENT, final=question.turns >= PATIENCE)


def meets(step: Step, bad: Step) -> bool:
    """The same need: the same tool with the same or a similar argument, or another source with the same query.

    An action that failed is corrected by one that has other amounts and the rest in common.
    """
    now, then = step.call, bad.call
    if now is None or then is None or step.start < bad.end:
        return False
    if now.arguments is not None and now.arguments == then.arguments:
        return True
    if now.similar is not None and now.similar == then.similar:
        return True
    if step.tool != bad.tool:
        return False
    corrected = then.outcome.status is Status.ERROR and now.role is Role.ACTION
    return near(now.terms, then.terms) or (corrected and related(now.terms, then.terms))
