"""The same call again and again."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from otelagent.detectors.detector import Detector, threshold
from otelagent.goals import apart
from otelagent.model import Call, Evidence, Finding, Kind, Layer, Need, Role, Severity, Status, Step
from otelagent.reading.arguments import NEAR, near
from otelagent.run import SOURCES, AgentRun, Wake

TRANSIENT: Final = frozenset({Status.RATE_LIMITED, Status.TIMEOUT, Status.PARTIAL})

REFUSED: Final = frozenset({Status.ERROR, Status.DENIED})
"""What failed is tried again in other words: attempts, which `recovery_loop` tells."""

WAITS: Final = "reasoning_loop.waits"
"""In a run's notes: the last call lacks what a later turn may show."""

MOST: Final = 0.6
"""Share of common words from which on calls that find nothing are nearly equal, where words aren't only added or left
out. With fewer they are attempts in other words, which `recovery_loop` tells."""

WINDOW: Final = 96
"""Calls looked back on. Of more, twelve in the middle go (whole cycles of 2, 3 and 4), so that a long loop keeps its
first call and with it its identity."""


@dataclass(frozen=True)
class ReasoningLoop(Detector):
    """An agent makes the same tool call again and again and gets the same result.

    ## What it looks for
    Three or more consecutive calls of one tool by one agent, in different turns of the model, with equal arguments and
    equal results (`repeat`). Key order and white space don't count. Also calls whose arguments differ only in case,
    ids, times or a few words while the result stays the same (`near_repeat`), and short sequences of calls that come
    back three times with the same results (`cycle`: A B A B A B). Notes, plans and other steps that bring nothing of
    their own don't interrupt a repetition.

    ## Why it matters
    The run neither fails nor ends: every span is green while each round costs tokens and time.

    ## Stays quiet when
    - the result changes: that is polling or progress, also with equal arguments
    - the tool is a poll by its name or configuration (it is asked again until its result changes)
    - an argument moves on: pages, offsets, other ids, one after another of the things that the user named
    - one turn of the model fans out into parallel calls, or different agents make the same call once each
    - a transient error is retried (twice as many repetitions are waited for)
    - calls that fail differ in more than spelling: those are attempts, which `recovery_loop` tells
    - arguments or results weren't captured: that is counted as an abstention

    ## What to do
    Interrupt at the third repetition and hand over to a person or a supervisor; give the model the repeated result
    with the remark that it will not change.
    """

    mode: ClassVar[str] = "reasoning_loop"
    wakes: ClassVar[frozenset[Wake]] = frozenset({Wake.CALL, Wake.TURN})
    layer: ClassVar[Layer] = Layer.ORCHESTRATION
    severity: ClassVar[Severity] = Severity.HIGH
    causes: ClassVar[tuple[str, ...]] = ("repeat", "near_repeat", "cycle")
    needs: ClassVar[tuple[Need, ...]] = (Need.ARGUMENTS, Need.RESULT)
    fix: ClassVar[str] = "Interrupt at the third repetition and route the task to a person or a supervisor."

    repeats: int = threshold(default=3, help="Equal calls in a row that make a loop.")
    near_repeats: int = threshold(default=4, help="Nearly equal calls in a row, with equal results, that make a loop.")
    longest_cycle: int = threshold(default=4, help="Longest sequence of calls that is looked for as a cycle.")

    def observe(self, step: Step, run: AgentRun) -> Iterator[Finding]:
        if step.kind not in SOURCES and step.kind is not Kind.LLM:
            return
        calls = run.notes.setdefault(self.mode, [])
        if step.kind in SOURCES and _counts(step):
            if calls and not step.rebuilt and _within(calls[-1], step):
                calls.pop()
            calls.append(step)
            if len(calls) > WINDOW:
                del calls[WINDOW // 2 : WINDOW // 2 + 12]
        if not calls or (step.kind is Kind.LLM and not _streamed(step, calls[-1]) and not run.notes.get(WAITS)):
            return
        if calls[-1].call.arguments is None or calls[-1].call.result is None:
            self._wait(step, calls[-1], run)
            return
        run.notes.pop(WAITS, None)
        found = list(self._loop(calls, run))
        yield from found
        if not found and len(calls) > 1 and (why := _why_quiet(calls[-2], calls[-1])):
            run.dismiss(self.mode, calls[-1], why)

    def _wait(self, step: Step, call: Step, run: AgentRun) -> None:
        """The next turn of the model may show what the call's own span doesn't."""
        if step.kind in SOURCES and run.llm_starts:
            run.notes[WAITS] = True
            return
        run.notes.pop(WAITS, None)
        if call.call is not None:
            run.abstain(self.mode, "arguments" if call.call.arguments is None else "result")

    def _loop(self, calls: list[Step], run: AgentRun) -> Iterator[Finding]:
        if len(calls) < min(self.repeats, self.near_repeats) or not _recurs(calls, self.longest_cycle):
            return
        for streak, cause, how, confidence in self._streaks(calls, run):
            told = _told(streak, run)
            if told is None or told.cause != "repeat" or cause == "repeat":
                root = next((call for call in calls if told is not None and call.span_id == told.root), streak[0])
                yield self._found(run, streak, root, cause, how, confidence)
            return

    def _streaks(self, calls: list[Step], run: AgentRun) -> Iterator[tuple[Sequence[Step], str, str, float]]:
        """What repeats at the end of the calls, the surest first."""
        for same, repeats, cause, how, confidence in (
            (_equal, self.repeats, "repeat", "equal arguments and an equal result", 0.95),
            (_alike, self.repeats, "near_repeat", "arguments that differ in spelling only and an equal result", 0.85),
            (_nearly_equal, self.near_repeats, "near_repeat", "nearly equal arguments and an equal result", 0.8),
        ):
            streak = _turns(_streak(calls, same), run)
            if len(streak) >= self._needed(streak[-1], repeats) and not (same is _nearly_equal and apart(streak, run)):
                yield streak, cause, how, confidence
        for length in range(2, self.longest_cycle + 1):
            cycle = _cycle(calls, length)
            if len(cycle) >= length * self.repeats and len(_turns(cycle, run)) > self.repeats:
                yield cycle, "cycle", "equal results each time", 0.85

    def _needed(self, step: Step, repeats: int) -> int:
        transient = step.call is not None and step.call.outcome.status in TRANSIENT
        return repeats * 2 if transient else repeats

    def _found(
        self, run: AgentRun, streak: Sequence[Step], root: Step, cause: str, how: str, confidence: float
    ) -> Finding:
        first, last = streak[0], streak[-1]
        tool = first.tool or "a tool"
        tokens = run.tokens_after(first)
        cost = f"; {tokens} tokens were spent after the first" if tokens else ""
        what = f"{tool} was called" if cause != "cycle" else f"{_in_turn(streak)} were called in turn,"
        return self.finding(
            run,
            about=streak[min(len(streak), self._needed(last, self.repeats)) - 1],
            root=root,
            cause=cause,
            strength=confidence,
            reason=f"{what} {len(streak)} times {'in all, ' * (cause == 'cycle')}with {how}{cost}",
            evidence=[
                Evidence(s.span_id, s.call.outcome.path if s.call else "", f"call {n} of {len(streak)}")
                for n, s in enumerate(streak[:20], 1)
            ],
            first_divergence=streak[1],
            extra={"otelagent.loop.repetitions": len(streak)},
        )


def _in_turn(streak: Sequence[Step]) -> str:
    names = list(dict.fromkeys(step.tool or "a tool" for step in streak))
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else f"{names[0]} with other arguments"


def _within(inner: Step, step: Step) -> bool:
    """The same call by another instrumentation: the run keeps the one that shows more."""
    told = inner.call.arguments if inner.call is not None else None
    same = inner.tool == step.tool and told in (None, _facts(step).arguments)
    return same and step.start <= inner.start and inner.end <= step.end


def _counts(step: Step) -> bool:
    return step.call is not None and step.call.role not in (Role.NOTE, Role.POLL)


def _told(streak: Sequence[Step], run: AgentRun) -> Finding | None:
    """The loop that was told already and that this one goes on with."""
    ids = {step.span_id for step in streak}
    loops = (f for f in run.findings.values() if f.mode == ReasoningLoop.mode)
    return next((f for f in loops if any(e.span_id in ids for e in f.evidence)), None)


def _why_quiet(before: Step, last: Step) -> str | None:
    """Two calls in a row with equal arguments are no loop yet, or none at all."""
    then, now = _facts(before), _facts(last)
    if before.tool != last.tool or then.arguments != now.arguments or now.arguments is None:
        return None
    changes = then.result != now.result
    return "the result of the same call changes" if changes else "too few equal calls in a row, or all of one turn"


def _streamed(llm: Step, tool: Step) -> bool:
    """The LLM span ended after the call that it asked for, as streaming emitters do."""
    return llm.start <= tool.start and llm.end >= tool.end


def _recurs(calls: Sequence[Step], longest: int) -> bool:
    """The result of the last call is one of those before it: without that there is neither repetition nor cycle."""
    last = _facts(calls[-1])
    return any(_same_result(_facts(earlier), last) for earlier in calls[-1 - longest : -1])


def _streak(calls: Sequence[Step], same: Callable[[Step, Step], bool]) -> list[Step]:
    """The longest tail of calls in which each is the same as the last."""
    streak = [calls[-1]]
    for earlier in reversed(calls[:-1]):
        if not same(earlier, streak[-1]):
            break
        streak.append(earlier)
    return streak[::-1]


def _turns(streak: Sequence[Step], run: AgentRun) -> list[Step]:
    """One call per turn of the model: parallel calls of one turn are no repetition."""
    if len(streak) == 1:
        return list(streak)
    starts = run.llm_starts
    kept = [streak[0]]
    for step in streak[1:]:
        previous = kept[-1]
        if previous.rebuilt and previous.span_id == step.span_id:
            apart = previous.asker < step.asker
        else:
            apart = any(previous.start < s <= step.start for s in starts) if starts else step.start >= previous.end
        if apart:
            kept.append(step)
    return kept


def _facts(step: Step) -> Call:
    assert step.call is not None  # noqa: S101 - only calls with facts are kept
    return step.call


def _equal(a: Step, b: Step) -> bool:
    x, y = _facts(a), _facts(b)
    return a.tool == b.tool and x.arguments == y.arguments is not None and x.result == y.result is not None


def _alike(a: Step, b: Step) -> bool:
    """Case, white space, ids and moments aside."""
    x, y = _facts(a), _facts(b)
    return a.tool == b.tool and x.similar == y.similar is not None and x.result == y.result is not None


def _same_result(x: Call, y: Call) -> bool:
    """Nothing found twice is an equal result, whatever words say so."""
    nothing = x.outcome.status is y.outcome.status is Status.EMPTY
    return x.result is not None and (x.result == y.result or nothing)


def _nearly_equal(a: Step, b: Step) -> bool:
    x, y = _facts(a), _facts(b)
    if a.tool != b.tool or not _same_result(x, y):
        return False
    if x.similar is not None and x.similar == y.similar:
        return True
    if x.outcome.status in REFUSED:
        return False
    reworded = x.outcome.status is Status.EMPTY and not (x.terms <= y.terms or y.terms <= x.terms)
    return near(x.terms, y.terms, MOST if reworded else NEAR)


def _cycle(calls: Sequence[Step], length: int) -> list[Step]:
    """The longest tail that repeats with this period; empty where its calls don't differ."""
    if len(calls) < length * 2 or _equal(calls[-1], calls[-2]):
        return []
    tail = list(calls[-length:])
    for earlier in reversed(calls[:-length]):
        if not _equal(earlier, tail[length - 1]):
            break
        tail.insert(0, earlier)
    return tail[len(tail) % length :]
