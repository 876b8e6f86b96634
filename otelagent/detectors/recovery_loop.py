"""Attempt after attempt at one goal, each failing as the last one did."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from otelagent.detectors.detector import PHRASES, Detector, evidence_of, threshold
from otelagent.goals import apart, named
from otelagent.model import BAD, REFUSED, Call, Finding, Kind, Layer, Need, Role, Severity, Status, Step
from otelagent.questions import Verdict
from otelagent.reading.roles import handles
from otelagent.run import SOURCES, AgentRun, Wake

TRANSIENT: Final = frozenset({Status.RATE_LIMITED, Status.TIMEOUT, Status.PARTIAL})

GIVEN: Final = "recovery_loop.given"
"""In a run's notes: a source has brought something, of which later arguments may be."""

ANSWERED: Final = "recovery_loop.answered"
"""In a run's notes: how many instructions stood before an answer; attempts go on after one that nobody replied to."""

WINDOW: Final = 64
"""Failing calls looked back on."""


@dataclass(frozen=True)
class RecoveryLoop(Detector):
    """An agent tries again and again, each time with other arguments, and fails in the same way each time.

    ## What it looks for
    Calls of one tool by one agent, in different turns of the model, that all fail alike (the same outcome: an error, a
    denial, nothing found) while the arguments vary around one goal: neighbouring attempts have words in common, the
    agent guesses them, or, as long as no source has brought anything (on a screen: whatever it shows), they fail word
    for word alike but for their own arguments. What the agent says in between doesn't end the attempts unless someone
    replies. Three attempts are enough where the agent then ends without a word about it, four where it says so or asks;
    one that goes on is told at the fifth. After a rate limit or a partial result twice as many are waited for.

    ## Why it matters
    The agent seems to work on the problem, and each attempt costs a turn. What fails for a reason of its own
    (a wrong schema, a missing right, data that isn't there) doesn't get better with other words.

    ## Stays quiet when
    - an attempt succeeds, or another tool meets the need
    - the agent changes its strategy: another tool, another goal
    - it says after three attempts that it didn't work, or asks
    - the attempts are for different things that the user named: one site after another
    - the arguments are equal: that is `reasoning_loop`
    - one turn of the model fans out into parallel calls, or the user asks for something else in between

    ## What to do
    Count failures by tool and outcome in the orchestration; after the third, give the model the error's cause and the
    choices that are left, or hand over to a person.
    """

    mode: ClassVar[str] = "recovery_loop"
    wakes: ClassVar[frozenset[Wake]] = frozenset({Wake.CALL, Wake.TURN})
    layer: ClassVar[Layer] = Layer.ORCHESTRATION
    severity: ClassVar[Severity] = Severity.MEDIUM
    causes: ClassVar[tuple[str, ...]] = tuple(sorted(map(str, BAD)))
    needs: ClassVar[tuple[Need, ...]] = (Need.ARGUMENTS, Need.RESULT)
    fix: ClassVar[str] = (
        "Count failures by tool and outcome, and after the third have the agent change its strategy or hand over."
    )

    attempts: int = threshold(default=3, help="Attempts that fail alike before an answer that doesn't mention it.")
    admitted: int = threshold(default=4, help="Attempts that fail alike before an answer that says so.")
    insisting: int = threshold(default=5, help="Attempts that fail alike, whatever the agent says afterwards.")

    def observe(self, step: Step, run: AgentRun) -> Iterator[Finding]:
        streak: list[Step] = run.notes.get(self.mode, [])
        if step.kind in SOURCES:
            self._take(step, streak, run)
            tried = _tried(streak, run) if streak and streak[-1] is step else []
            if len(tried) >= self._needed(step, self.insisting) and not _repeats(tried, run) and not apart(tried, run):
                yield self._found(tried, run)
        elif step.kind is Kind.LLM and streak and step.turn is not None and step.turn.text:
            yield from self._ended(step, streak, run)

    def _take(self, step: Step, streak: list[Step], run: AgentRun) -> None:
        """Lengthen the streak of failures, or begin anew."""
        call = step.call
        if call is None or call.role in (Role.NOTE, Role.POLL):
            return
        replied = run.notes.pop(ANSWERED, None) not in (None, len(run.trace.instructions))
        if call.outcome.status not in BAD or replied or (streak and not _continues(streak, step, run)):
            streak.clear()
        if call.outcome.status not in BAD:
            run.notes[GIVEN] = True
        elif call.arguments is not None:
            run.notes[self.mode] = streak
            streak.append(step)
            del streak[:-WINDOW]

    def _ended(self, step: Step, streak: list[Step], run: AgentRun) -> Iterator[Finding]:
        assert step.turn is not None  # noqa: S101 - the caller looked
        if not step.turn.answer or step.start < streak[-1].end:
            return
        tried = _tried(streak, run)
        if len(tried) >= self._needed(streak[-1], self.attempts):
            says_so = step.turn.admission.any or _acknowledged(tried, run)
            if says_so and len(tried) < self._needed(streak[-1], self.admitted):
                run.dismiss(self.mode, streak[-1], f"{len(tried)} attempts failed alike, and the answer says so")
            elif apart(tried, run):
                run.dismiss(self.mode, streak[-1], "the attempts were for different things that the user named")
            elif _repeats(tried, run) or _told_elsewhere(tried, says_so, run):
                run.dismiss(self.mode, streak[-1], "what the answer made of the failures is told elsewhere")
            else:
                yield self._found(tried, run)
        run.notes[ANSWERED] = len(run.trace.instructions)
        if not step.turn.history:
            streak.clear()

    def _needed(self, step: Step, attempts: int) -> int:
        transient = step.call is not None and step.call.outcome.status in TRANSIENT - {Status.TIMEOUT}
        return attempts * 2 if transient else attempts

    def _found(self, tried: Sequence[Step], run: AgentRun) -> Finding:
        first, last = tried[0], tried[-1]
        status = _call(last).outcome.status
        needed = self._needed(last, self.attempts)
        return self.finding(
            run,
            about=tried[min(len(tried), needed) - 1],
            root=first,
            cause=str(status),
            strength=min(0.9, 0.6 + 0.05 * (len(tried) - needed)),
            reason=f"{first.tool or 'a tool'} {PHRASES[status]} in {len(tried)} attempts at one goal, "
            "with other arguments each time and no change of strategy",
            evidence=[evidence_of(s, f"attempt {n} of {len(tried)}") for n, s in enumerate(tried[:20], 1)],
            first_divergence=tried[1],
            extra={"otelagent.loop.attempts": len(tried)},
        )


def _call(step: Step) -> Call:
    assert step.call is not None  # noqa: S101 - only calls with facts are kept
    return step.call


def _acknowledged(tried: Sequence[Step], run: AgentRun) -> bool:
    """An answer says of the last attempt that it brought nothing, in whatever words."""
    return any(d.source is tried[-1] and d.verdict is Verdict.ACKNOWLEDGED for d in run.decisions)


def _told_elsewhere(tried: Sequence[Step], says_so: bool, run: AgentRun) -> bool:
    """What the answer made of these failures (specifics, a complete result) has modes of its own."""
    ids = {id(step) for step in tried}
    verdicts = {d.verdict for d in run.decisions if id(d.source) in ids}
    return bool(verdicts - {Verdict.SILENT, Verdict.ACKNOWLEDGED}) or (
        not says_so and _call(tried[-1]).outcome.status in TRANSIENT
    )


def _repeats(tried: Sequence[Step], run: AgentRun) -> bool:
    """The attempts differ so little that they are told as a loop."""
    ids = {step.span_id for step in tried}
    return any(f.mode == "reasoning_loop" and f.root in ids for f in run.findings.values())


def _continues(streak: Sequence[Step], step: Step, run: AgentRun) -> bool:
    """Another attempt at the same goal, failing alike."""
    last = streak[-1]
    then, now = _call(last), _call(step)
    if last.tool != step.tool or then.outcome.status is not now.outcome.status:
        return False
    if then.terms & now.terms:
        return True
    if now.outcome.status in REFUSED and handles(step.tool or "") and _same(then, now):
        return True
    return now.outcome.status in REFUSED and not run.notes.get(GIVEN) and (_same(then, now) or _guessed(step, run))


def _same(then: Call, now: Call) -> bool:
    """Word for word the same failure, what each names of its own arguments aside."""
    equal = now.result is not None and then.result == now.result
    return equal or (now.failure is not None and then.failure == now.failure)


def _guessed(step: Step, run: AgentRun) -> bool:
    """The user named none of the arguments. Where no source has brought anything either, the agent guesses them."""
    return not _call(step).terms & named(run)


def _tried(streak: Sequence[Step], run: AgentRun) -> list[Step]:
    """One attempt per turn of the model, each with arguments that weren't tried before."""
    starts = run.llm_starts
    tried: list[Step] = []
    known: set[int | None] = set()
    for step in streak:
        apart = not tried or not starts or any(tried[-1].start < s <= step.start for s in starts)
        if apart and _call(step).arguments not in known:
            tried.append(step)
            known.add(_call(step).arguments)
    return tried
