"""A rule given early is lost once the context has filled."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from otelagent.detectors.detector import Detector, threshold
from otelagent.model import REFUSED, Earlier, Evidence, Finding, Instructions, Kind, Layer, Need, Severity, Step, Turn
from otelagent.rules import Given
from otelagent.run import SOURCES, AgentRun, Wake

LATELY: Final = 5
"""LLM steps whose fill counts: "in the steps before the change"."""

CARRIED: Final = 0.65
"""Confidence at most where only an earlier turn, in another trace, shows the rule."""

NAMES: Final = {
    "date": "dates",
    "language": "the language",
    "format": "the format",
    "max_length": "the length",
    "min_length": "the length",
    "max_items": "the number of items",
    "tool_forbidden": "a forbidden tool",
    "tool_required": "a required tool",
    "term_forbidden": "a forbidden term",
    "term_required": "a required term",
    "values_forbidden": "values to be left out",
    "sources": "the allowed sources",
    "budget": "the budget",
    "price_limit": "the price of one item",
    "recommendation_forbidden": "what isn't to be recommended",
    "disclosed": "what is not to be given away",
    "ingredients": "forbidden ingredients",
    "stay": "the days of a stay",
    "hours": "the hours of bookings",
    "weekday": "the days of bookings",
    "cap": "a highest amount",
    "tool_allowed": "the allowed tools",
    "tool_before": "what is to be done first",
    "max_calls": "the number of calls",
    "address": "the form of address",
    "sources_forbidden": "a forbidden source",
    "recipients": "the allowed recipients",
    "act_forbidden": "what is not to be done",
    "max_acts": "how often something may be done",
    "approval": "what is to be asked first",
    "currency": "the currency",
    "units": "the units of measure",
    "date_form": "how dates are written",
    "place_forbidden": "files to be left alone",
    "one_value": "the only value of something",
    "free": "how to work",
}
"""What a rule is about, by its kind."""


@dataclass(slots=True)
class _State:
    """What the run has shown so far."""

    limit: int | None = None
    fills: tuple[float, ...] = ()
    """Of the latest LLM steps."""
    fill: float = 0.0
    """The largest of them."""
    items: int = 0
    whole: bool = False
    """A step showed all that the step before it had shown, and more: the emitter records full histories."""
    rewritten: bool = False
    """New messages were put before old ones: a summary may hold what has left."""
    displaced: tuple[Given, ...] = ()
    violated: tuple[Given, ...] = ()
    root: Step | None = None


@dataclass(frozen=True)
class ContextAmnesia(Detector):
    """A constraint that was given early is dropped or broken once the context has filled.

    ## What it looks for
    The input of the latest LLM steps filled more than three quarters of the model's context window (its tokens against
    a dated table of windows, or a reported utilisation). Then either a system or user message that states a rule is no
    longer among the step's messages (`displaced`), or a completion or tool call clearly breaks a rule that earlier ones
    kept (`violated`), or both (`displaced_and_violated`). Rules are dates, language and form of address, format and
    length, forbidden or required terms, names of persons, tools (forbidden, required, the only ones, one before
    another, how often), files and tables to be left alone, the only value of an argument, deeds in everyday words
    (no internet, hands off production, so many mails, ask before you book), allowed and forbidden sources,
    recipients, currencies, units, how dates and times are written, budgets (with the calls before), hours and days
    of bookings and stays, the price of one thing and highest amounts, ingredients, what isn't to be recommended or
    given away (purchase prices, margins, suppliers), read from system and user messages in seven languages. What
    nothing can check counts for its displacement only: free words, what has a condition ("unless asked", "if the
    customer writes in French") and what holds of a part of an answer ("in the title"). A permission is no rule, nor
    is what is told of others. Rules of earlier turns of the conversation, in traces of their own, can be broken
    too; such a finding is less sure and says `partial_view`.

    ## Why it matters
    Nothing fails: the model just no longer sees, or no longer weighs, what it was told an hour ago.

    ## Stays quiet when
    - the context is nearly full and the rule is kept
    - a later user message lifts or replaces the rule
    - the context isn't full, or the rule was broken before it was: that is the model's failure (`constraint_violation`)
    - the history is shown as deltas or was summarised, or attributes were evicted: the rule may still be in the context
    - the model's window or the token count isn't known: that is counted as an abstention

    ## What to do
    Repeat the constraints as a fresh message every few steps, and compact the history before it fills the window.
    """

    mode: ClassVar[str] = "context_amnesia"
    wakes: ClassVar[frozenset[Wake]] = frozenset({Wake.TURN, Wake.CALL})
    layer: ClassVar[Layer] = Layer.ORCHESTRATION
    severity: ClassVar[Severity] = Severity.HIGH
    causes: ClassVar[tuple[str, ...]] = ("displaced", "violated", "displaced_and_violated")
    needs: ClassVar[tuple[Need, ...]] = (Need.COMPLETION, Need.HISTORY, Need.UTILIZATION)
    fix: ClassVar[str] = "Repeat the constraints as a fresh message every few steps, before the context is full."

    utilization: float = threshold(default=0.75, help="Share of the context window beyond which rules are watched.")
    high: float = threshold(
        default=0.8, help="Share of the context window from which on a finding is of high severity."
    )

    def observe(self, step: Step, run: AgentRun) -> Iterator[Finding]:
        state: _State | None = run.notes.get(self.mode)
        if state is None:
            state = run.notes[self.mode] = _State()
        if step.kind is Kind.LLM and step.turn is not None:
            self._fill(step, run, state)
            state.rewritten = state.rewritten or (step.turn.window is not None and step.turn.window.rewritten)
            if state.fill > self.utilization:
                yield from self._completed(step, step.turn, run, state)
            self._history(step.turn, state)
        elif step.kind in SOURCES and state.fill > self.utilization and not step.rebuilt:
            yield from self._called(step, run, state)

    def _fill(self, step: Step, run: AgentRun, state: _State) -> None:
        """Note how full the context is; what isn't known is counted."""
        state.limit = step.context_limit or state.limit
        known = step.utilization
        if known is None and state.limit and step.input_tokens is not None:
            known = step.input_tokens / state.limit
        if known is None:
            run.abstain(self.mode, "tokens" if step.input_tokens is None else "context_window")
        elif known > 1:
            run.abstain(self.mode, "context_window")
        else:
            state.fills = (*state.fills[1 - LATELY :], known)
            state.fill = max(state.fills)

    def _history(self, turn: Turn, state: _State) -> None:
        if turn.window is not None:
            state.whole = state.whole or 2 <= state.items <= turn.window.old < turn.window.items
            state.items = turn.window.items

    def _completed(self, step: Step, turn: Turn, run: AgentRun, state: _State) -> Iterator[Finding]:
        rules = run.standing_rules()
        gone = [each for each in rules if _gone(each, step, turn, state)]
        said = turn.said if turn.answer else None
        broken = [
            each for each in rules if said is not None and each.early and said.breaks(each.rule, _earlier(step, run))
        ]
        yield from self._judged(step, run, state, gone, broken, "completion")
        if rules and not gone and not broken and turn.answer:
            run.dismiss(self.mode, step, "the context is nearly full, and no rule is seen to be lost or broken")

    def _called(self, step: Step, run: AgentRun, state: _State) -> Iterator[Finding]:
        like = step.call.like if step.call is not None else None
        if like is not None:
            early = [each for each in run.standing_rules() if each.early]
            broken = [each for each in early if like.breaks(each.rule, step.tool, _earlier(step, run))]
            yield from self._judged(step, run, state, [], broken, "arguments")

    def _judged(
        self, step: Step, run: AgentRun, state: _State, gone: Sequence[Given], broken: Sequence[Given], where: str
    ) -> Iterator[Finding]:
        """Tell what is new."""
        gone = [each for each in gone if each not in state.displaced]
        broken = [each for each in broken if each not in state.violated and _kept(each, step, run)]
        if not gone and not broken:
            return
        state.root = state.root or step
        state.displaced, state.violated = (*state.displaced, *gone), (*state.violated, *broken)
        yield self._found(step, run, state, where)

    def _found(self, step: Step, run: AgentRun, state: _State, where: str) -> Finding:
        assert state.root is not None  # noqa: S101 - set by the caller
        cause = "_and_".join(
            name for name, given in (("displaced", state.displaced), ("violated", state.violated)) if given
        )
        rules = state.violated or state.displaced
        about = ", ".join(dict.fromkeys(NAMES.get(each.rule.kind, each.rule.kind) for each in rules))
        what = {
            "displaced": f"a rule about {about} has left the model's input",
            "violated": f"the agent breaks a rule about {about} that it had kept",
            "displaced_and_violated": f"a rule about {about} has left the model's input, and the agent breaks it",
        }[cause]
        fill = state.fill
        carried = all(each.carried for each in rules)
        return self.finding(
            run,
            about=step,
            root=state.root,
            cause=cause,
            strength=min(_confidence(state, fill >= self.high), CARRIED if carried else 1.0),
            partial_view=carried,
            severity=Severity.HIGH if fill >= self.high or len(cause) > len("displaced") else Severity.MEDIUM,
            reason=f"{what}; the context window was {fill:.0%} full",
            evidence=[
                Evidence(step.span_id, where, what),
                *(Evidence(each.step.span_id, "messages", "here the rule stood in the input") for each in rules[:8]),
            ],
            extra={"otelagent.context.utilization.max": round(fill, 4)},
        )


def _gone(each: Given, step: Step, turn: Turn, state: _State) -> bool:
    """The rule's message is missing from a history that otherwise goes on, in a run that has shown whole histories."""
    window = turn.window
    if window is None or each.carried or not state.whole or state.rewritten or step.withheld is not None:
        return False
    goes_on = window.old >= 2 and 2 * window.old >= window.items
    return goes_on and not _stands(each, turn.standing)


def _stands(each: Given, standing: Sequence[Instructions]) -> bool:
    return any(message is each.message or message.holds(each.rule) for message in standing)


def _kept(each: Given, step: Step, run: AgentRun) -> bool:
    """No earlier answer or call of the run broke the rule."""
    return not any(_breaks(earlier, each, run) for earlier in run.before(step.start) if earlier.end > each.step.start)


def _breaks(step: Step, each: Given, run: AgentRun) -> bool:
    before = _earlier(step, run)
    if step.turn is not None:
        return step.turn.answer and step.turn.said is not None and step.turn.said.breaks(each.rule, before) is not None
    like = step.call.like if step.call is not None and not step.rebuilt else None
    return like is not None and like.breaks(each.rule, step.tool, before) is not None


def _earlier(step: Step, run: AgentRun) -> Iterator[Earlier]:
    """The calls and answers before a step, the latest first; what other turns called may have been for anything."""
    for each in reversed(run.before(step.start)):
        if each.turn is not None and each.turn.answer:
            yield Earlier(None, asked=each.turn.said is None or _asks(each.turn.said.wording))
        elif each.kind in SOURCES and each.tool:
            like = each.call.like if each.call is not None and not each.rebuilt else None
            yield Earlier(each.tool, like, failed=each.call is not None and each.call.outcome.status in REFUSED)
    if _talked(step, run):
        yield Earlier(None)
    for tool in (*run.trace.used_elsewhere(), *(name for each in run.steps if each.turn for name in each.turn.called)):
        yield Earlier(tool)


def _asks(text: str) -> bool:
    return "?" in text or "？" in text


def _talked(step: Step, run: AgentRun) -> bool:
    """The user has spoken more than once, here or in earlier turns, and may have agreed to anything."""
    turns = (each.turn for each in reversed(run.before(step.start)) if each.turn is not None)
    spoken = sum(not message.system for message in next((turn.standing for turn in turns), ()))
    return spoken > 1 or bool(run.trace.told_before(run))


def _confidence(state: _State, high: bool) -> float:
    """Surest where a rule is both gone and broken; a rule in free words may have been restated in others."""
    if state.displaced and state.violated:
        return 0.95
    if state.violated:
        return 0.85 if high else 0.75
    free = all(each.rule.kind == "free" for each in state.displaced)
    return 0.6 + (0.1 if high else 0.0) - (0.1 if free else 0.0)
