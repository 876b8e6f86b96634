"""Open questions of a run: bad sources that no later step has answered for yet, and how each is decided."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from otelagent.model import (
    BAD,
    NOTHING_ADMITTED,
    Admission,
    Assignment,
    Claim,
    Doubt,
    Kind,
    More,
    Role,
    Said,
    Status,
    Step,
    Turn,
)
from otelagent.reading.arguments import near, related, tool_words, words_of
from otelagent.reading.deed_patterns import DEEDS
from otelagent.reading.doers import may_do
from otelagent.reading.given import Given
from otelagent.reading.own_verbs import says_done
from otelagent.reading.roles import looks

PATIENCE: Final = 2
"""Completions with text that a question waits for: "within the next two completions"."""

MAX_OPEN: Final = 64
"""Open questions per run; the oldest is let go."""


_ALL: Final = frozenset({"count", "name"})
"""What is asked for that a part can't tell: how many there are, and who."""

_CUT_SHORT: Final = frozenset({Status.RATE_LIMITED, Status.TIMEOUT, Status.PARTIAL})
_FAILED: Final = frozenset({Status.RATE_LIMITED, Status.TIMEOUT, Status.ERROR, Status.DENIED})
_STORY: Final = 3
"""Ungrounded claims from which on an answer tells a story, whose lacks are its own: "no dose adjustment was needed"."""
_MOMENTS: Final = ("date", "year")
"""Kinds of claims that may follow from what was found: the next day."""


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


class Question(msgspec.Struct, gc=False):
    """A bad source that waits for a completion. `turns` counts completions with text that have passed."""

    source: Step
    turns: int = 0
    retried: bool = False
    """A call with other words brought something: the answer's specifics should come from it."""


class _Looking(NamedTuple):
    """What an answer says of the search, its data and its own certainty."""

    admission: Admission
    doubts: tuple[Doubt, ...]


class OpenQuestions:
    """Owned by one AgentRun, touched by its fold only."""

    __slots__ = ("_hints", "_listed", "_open", "_pages", "_received", "_task")

    def __init__(self) -> None:
        self._hints: tuple[Step, ...] = ()
        """Good results that may be none."""
        self._open: tuple[Question, ...] = ()
        self._pages: tuple[Step, ...] = ()
        """Good results that are a part, until the tool is called again."""
        self._listed: tuple[tuple[str | None, int, int], ...] = ()
        """Of what a tool said there is in all, how much its pages have listed since the user asked."""
        self._received = False
        """A source brought something since the user asked."""
        self._task: Assignment | None = None

    def __len__(self) -> int:
        return len(self._open)

    @property
    def sources(self) -> tuple[Step, ...]:
        return tuple(q.source for q in self._open if not q.retried)

    def source(self, step: Step) -> tuple[Decision, ...]:
        """A source ended: it may open a question, or answer earlier ones; gives those that it answers."""
        call = step.call
        if call is None:
            return ()
        call.reopen()
        if self._pages:
            self._pages = tuple([page for page in self._pages if page.tool != step.tool])
        if call.outcome.status is Status.OK:
            if call.more is not None and not self._paged_through(step, call.more):
                self._pages = (*self._pages[1 - MAX_OPEN :], step)
            if call.hint is not None:
                self._hints = (*self._hints[1 - MAX_OPEN :], step)
            else:
                if self._hints:
                    self._hints = tuple([hinted for hinted in self._hints if not meets(step, hinted)])
                self._received = self._received or call.role in (Role.SOURCE, Role.POLL)
            return self._recover(step)
        if call.outcome.status in BAD and (call.role is not Role.NOTE or call.outcome.status is Status.ERROR):
            if call.outcome.status is Status.EMPTY and call.role is not Role.SOURCE:
                return ()
            self._open = (*self._open[1 - MAX_OPEN :], Question(step))
        return ()

    def _paged_through(self, step: Step, more: More) -> bool:
        """The pages of a tool have listed all that there is, by its own count."""
        if more.total is None or not more.listed:
            return False
        own = [each for each in self._listed if each[:2] == (step.tool, more.total)]
        listed = more.listed + sum(before for _, _, before in own)
        rest = tuple([each for each in self._listed if each not in own])
        self._listed = (*rest[1 - MAX_OPEN :], (step.tool, more.total, listed))
        return listed >= more.total

    def decide(self, consumer: Step, given: Given) -> tuple[Decision, ...]:
        """What a completion with text means for the sources that ended before it started."""
        turn = consumer.turn
        if turn is not None and turn.task is not None and consumer.kind is Kind.LLM:
            self._task, self._received, self._listed = turn.task, False, ()
        if turn is None or not turn.text or not (self._open or self._pages or self._hints):
            return ()
        at = consumer.start if consumer.kind is Kind.LLM else consumer.end
        if self._hints and turn.answer:
            self._take_hints(turn, at, given)
        if self._pages and turn.answer:
            self._stop_short(turn, at)
        waiting = [q for q in self._open if q.source.end <= at or _within(q.source, consumer)]
        if not waiting:
            return ()
        ungrounded = self._invented(turn, given)
        looking = self._looking(turn.said, ungrounded)
        strict = self._strictly(turn.said, ungrounded, waiting) or looking
        decisions = [
            d
            for q in waiting
            if (d := _decide(q, consumer, strict if _cut_short(q) else looking, ungrounded, given)) is not None
        ]
        closed = {id(d.source) for d in decisions if d.final}
        self._open = tuple([q for q in self._open if id(q.source) not in closed])
        return tuple(decisions)

    def _stop_short(self, turn: Turn, at: int) -> None:
        """An answer that takes a page for the whole makes a bad source of it; one that knows better closes it."""
        pages = [page for page in self._pages if page.end <= at]
        self._pages = tuple([page for page in self._pages if page.end > at])
        said = turn.said
        if said is None:
            return
        whole = said.whole or said.complete
        asked = self._task is not None and not said.part and bool(self._task.asks & _ALL)
        stated = {claim.value for claim in said.claims if claim.value is not None}
        for page in pages:
            more = page.call.more if page.call is not None else None
            if more is None or more.total in stated:
                continue
            if page.call is not None and (whole or (asked and more.total is not None)):
                page.call.stop_short()
                self._open += (Question(page),)

    def _take_hints(self, turn: Turn, at: int, given: Given) -> None:
        """An answer with specifics that nothing grounds, or with a clean verdict, makes bad sources of results that may
        say there is nothing, and one that says that it is done those of actions that may not have been carried out."""
        hinted = [step for step in self._hints if step.end <= at]
        self._hints = tuple([step for step in self._hints if step.end > at])
        open_already = any(q.source.end <= at and not q.retried for q in self._open)
        if not hinted or open_already or turn.said is None:
            return
        invented = self._invented(turn, given)
        if self._looking(turn.said, invented).admission.any:
            return
        for step in hinted:
            gone_on = _claims_done(step, turn.said) if _acts(step) else bool(invented) or _verdict(step, turn.said)
            if step.call is not None and gone_on and not _doubted(step, turn.said.doubts, given):
                step.call.confirm()
                self._open += (Question(step),)

    def _invented(self, turn: Turn, given: Given) -> tuple[Claim, ...]:
        """What an answer states that nothing grounds; where nothing was received, also the name or count asked for."""
        found = _telling(given.ungrounded(turn.claims))
        if found or self._received or self._task is None or turn.said is None or not turn.answer:
            return found
        return given.ungrounded(turn.said.particulars(self._task.asks))

    def _looking(self, said: Said | None, ungrounded: tuple[Claim, ...]) -> "_Looking":
        """What of the answer can admit anything: nothing that is made up in another's name, no words of trouble that
        are its subject."""
        if said is None:
            return _Looking(NOTHING_ADMITTED, ())
        if quotes := [claim for claim in ungrounded if claim.kind == "quote"]:
            said = said.without(quotes)
        task = self._task
        counted = _counts_the_looking(said, ungrounded)
        looking = said if counted else said.of_the_looking(ungrounded, task.troubles if task is not None else ())
        if task is not None and task.about_trouble:
            return _Looking(looking.admission, looking.doubts)
        if len(ungrounded) < _STORY:
            return _Looking(looking.admission, said.doubts)
        return _Looking(looking.admission, (*(each for each in said.doubts if each.opening), *looking.doubts))

    def _strictly(
        self, said: Said | None, ungrounded: tuple[Claim, ...], waiting: Sequence[Question]
    ) -> "_Looking | None":
        """The same where a call was cut short, which says nothing of what there is: "there are no such flights" and
        "no alarm was raised" admit nothing then."""
        if said is None or not any(map(_cut_short, waiting)) or (said.receipt is not None and said.receipt.honest):
            return None
        task = self._task
        troubled = task.troubles if task is not None else ()
        admitting = said.of_the_looking(ungrounded, troubled, strictly=True)
        doubting = said.of_the_looking(ungrounded if troubled else (), troubled, strictly=True)
        return _Looking(admitting.admission, doubting.doubts)

    def _recover(self, step: Step) -> tuple[Decision, ...]:
        met = [q for q in self._open if meets(step, q.source) and not self._asked_apart(step, q.source)]
        for question in met:
            question.retried = not _same(step, question.source) and _is_source(step)
        met_now = set(map(id, met))
        self._open = tuple([q for q in self._open if q.retried or id(q) not in met_now])
        return tuple(Decision(q.source, step, Verdict.RECOVERED) for q in met if not q.retried)

    def _asked_apart(self, step: Step, bad: Step) -> bool:
        """Two calls of one tool are about different things that the user named: rain in Oslo, and in Bergen."""
        now, then = step.call, bad.call
        if self._task is None or now is None or then is None or step.tool != bad.tool or _same(step, bad):
            return False
        named = words_of(self._task.wording)
        return not (named.isdisjoint(then.terms - now.terms) or named.isdisjoint(now.terms - then.terms))


def _counts_the_looking(said: Said, ungrounded: tuple[Claim, ...]) -> bool:
    """ "Only 3 of 7 could be read" is of the looking, "29 % of patients" is what it found."""
    if said.receipt is None or not said.receipt.honest:
        return False
    return said.receipt.assigned != _PERCENT or all(claim.kind != "percent" for claim in ungrounded)


_PERCENT: Final = 100


def _cut_short(question: Question) -> bool:
    call = question.source.call
    return call is not None and call.outcome.status in _CUT_SHORT


def _within(source: Step, consumer: Step) -> bool:
    """One span around all calls of a model and the tools between them (Mastra), which ends with the answer."""
    answer = consumer.turn is not None and consumer.turn.answer
    return answer and consumer.start <= source.start and source.end <= consumer.end


def _telling(ungrounded: tuple[Claim, ...]) -> tuple[Claim, ...]:
    """A year alone may be common knowledge; a history of several isn't."""
    years = {claim.value for claim in ungrounded if claim.kind == "year"}
    told = len(years) > 1 or any(claim.kind != "year" for claim in ungrounded)
    return ungrounded if told else ()


def _decide(
    question: Question, consumer: Step, looking: _Looking, ungrounded: tuple[Claim, ...], given: Given
) -> Decision | None:
    turn, admission = consumer.turn, looking.admission
    assert turn is not None  # noqa: S101 - the caller looked
    if turn.asked and not ungrounded:
        return None  # a turn that only calls tools decides nothing
    if turn.said is not None and turn.said.halted:
        return None  # nor one that only says what comes next, or that a framework put in place of an answer
    question.turns += 1
    if question.retried and all(claim.kind in _MOMENTS for claim in ungrounded):
        return Decision(question.source, consumer, Verdict.RECOVERED)
    if admission.absence and not admission.failed and not admission.partial:
        return Decision(question.source, consumer, Verdict.ABSENCE, ungrounded)
    if _cleared_in_spite(question.source, turn, admission):
        return Decision(question.source, consumer, Verdict.ABSENCE)
    if not admission.any and _cleared_unseen(question.source, turn, looking):
        return Decision(question.source, consumer, Verdict.ABSENCE)
    if admission.any or _doubted(question.source, looking.doubts, given) or _tells_the_part(question.source, turn):
        return Decision(question.source, consumer, Verdict.ACKNOWLEDGED)
    if ungrounded:
        return Decision(question.source, consumer, Verdict.FABRICATED, ungrounded)
    if _cleared(question.source, turn):
        return Decision(question.source, consumer, Verdict.ABSENCE)
    return Decision(question.source, consumer, Verdict.SILENT, final=question.turns >= PATIENCE)


def _cleared(source: Step, turn: Turn) -> bool:
    """A search found nothing, or a check failed, and the answer gives the verdict that all is well without a word about
    that."""
    call, said = source.call, turn.said
    if call is None or said is None or not turn.answer:
        return False
    if call.outcome.status in _FAILED and call.role in (Role.SOURCE, Role.POLL):
        return said.clears or said.spotless
    return call.outcome.status is Status.EMPTY and said.clears and looks(source.tool or "")


def _cleared_unseen(source: Step, turn: Turn, looking: _Looking) -> bool:
    """After a search that found nothing, "it has never had an incident, its record is clean" doubts nothing."""
    empty = source.call is not None and source.call.outcome.status is Status.EMPTY
    return empty and not any(doubt.looking for doubt in looking.doubts) and _cleared(source, turn)


def _cleared_in_spite(source: Step, turn: Turn, admission: Admission) -> bool:
    """After a failed check, "no vulnerabilities were found, the system is safe" admits nothing."""
    said = turn.said
    failed = source.call is not None and source.call.outcome.status in _FAILED
    sound = said is not None and said.spotless and said.clears
    return failed and sound and not (admission.failed or admission.partial) and _cleared(source, turn)


def _tells_the_part(source: Step, turn: Turn) -> bool:
    """Of a result that is a part it tells how much of how much it is: "40 of 212"."""
    partial = source.call is not None and source.call.outcome.status is Status.PARTIAL
    told = turn.said.receipt if partial and turn.said is not None else None
    return told is not None and told.short


def _doubted(source: Step, doubts: Sequence[Doubt], given: Given) -> bool:
    """The answer begins with a lack or trouble, or speaks of one where it names what was asked for.

    A sentence that states something ungrounded itself, or whose words of trouble stand in the question, tells another
    story: "checkout errors are mostly card declines".
    """
    if source.call is None or source.call.outcome.status is Status.PARTIAL:
        return False  # what did arrive may speak of lacks and troubles itself
    asked = source.call.terms | tool_words(source.tool or "")
    return any(
        (doubt.opening or not asked.isdisjoint(doubt.about))
        and asked.isdisjoint(doubt.said)
        and not given.ungrounded(doubt.claims)
        for doubt in doubts
    )


def _acts(step: Step) -> bool:
    return step.call is not None and step.call.role is Role.ACTION


def _claims_done(step: Step, said: Said) -> bool:
    if said.complete or said.finished:
        return True
    claimed = frozenset[str]().union(*said.deeds, *said.stated).intersection(DEEDS)
    return any(may_do(step.tool or "", deed) for deed in claimed) or says_done(step.tool or "", said.wording)


def _verdict(step: Step, said: Said) -> bool:
    """It says that all is well after a result that may report a failure."""
    hint = step.call.hint if step.call is not None else None
    return hint is not None and hint.status in _FAILED and said.clears


def _is_source(step: Step) -> bool:
    return step.call is not None and step.call.role is Role.SOURCE


def _same(step: Step, bad: Step) -> bool:
    """Equal or similar arguments."""
    now, then = step.call, bad.call
    if now is None or then is None:
        return False
    equal = now.arguments is not None and now.arguments == then.arguments
    return equal or (now.similar is not None and now.similar == then.similar)


def meets(step: Step, bad: Step) -> bool:
    """The same need: the same tool with the same or a similar argument, or another source with the same query.

    An action that failed is corrected by one that has other amounts and the rest in common.
    """
    now, then = step.call, bad.call
    if now is None or then is None or step.start < bad.end:
        return False
    if _same(step, bad):
        return True
    if step.tool != bad.tool:
        return False
    corrected = then.outcome.status is Status.ERROR and now.role is Role.ACTION
    return near(now.terms, then.terms) or (corrected and related(now.terms, then.terms))
