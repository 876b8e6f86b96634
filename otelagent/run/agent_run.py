"""One invocation of one agent: its steps in order of end time, its open questions, its findings."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from operator import attrgetter
from typing import Any, Final, TypeAlias

from otelagent.model import BAD, Answered, Call, Finding, Kind, Receipt, Status, Step, Use
from otelagent.nothing import NOTHING
from otelagent.questions import Decision, OpenQuestions
from otelagent.rules import Given as GivenRule
from otelagent.rules import Rules
from otelagent.run import twins, wholeness
from otelagent.run.late import put_back
from otelagent.run.observer import UNSURE, Observer, Roster, roster
from otelagent.run.sources import FAILED, SOURCES
from otelagent.run.view import TraceView
from otelagent.spent import Spent

MAX_TOOLS: Final = 512
"""Names of tools kept per trace."""

MAX_STEPS: Final = 10_000
"""Steps kept per run; of a longer one the oldest are let go and the view is partial."""

Identity: TypeAlias = tuple[str, bytes, bytes]
"""Of a finding: its mode, its trace, its root."""

_NONE: Final[frozenset[Any]] = frozenset()
"""A set of one's own takes 216 bytes, a table 64, and most runs need none."""

_NOBODY: Final[dict[int, Step]] = {}
"""Never changed."""

_END: Final = attrgetter("end")


class AgentRun:
    """Owned by its trace; changed only by `observe` and `fold`.

    `key` is the span id of the agent, or, while that is unknown, the id at which the chain of parents ends.
    """

    __slots__ = (
        "__weakref__",
        "_abstained",
        "_confirmed",
        "_made",
        "agent",
        "continued",
        "conversation",
        "decisions",
        "ended",
        "excused",
        "findings",
        "former",
        "key",
        "muted",
        "notes",
        "provisional",
        "questions",
        "receipt",
        "rules",
        "spent",
        "steps",
        "trace",
        "workflow",
    )

    def __init__(self, trace: TraceView, key: bytes) -> None:
        self.trace = trace
        self.key = key
        self.muted: frozenset[Identity] = _NONE
        """Identities of findings that the configuration mutes."""
        self.former: frozenset[bytes] = _NONE
        """Keys of provisional runs that were found to be this one."""
        self.agent: str | None = None
        self.workflow: str | None = None
        self.conversation: str | None = None
        self.provisional = True
        self.ended: Step | None = None
        """The agent's own step, once it passed."""
        self.findings: dict[Identity, Finding] = NOTHING
        self._abstained: frozenset[tuple[str, str]] = _NONE
        self.receipt: Receipt | None = None
        """How much of its assignment it has done, where that shows."""
        self.excused: frozenset[Identity] = _NONE
        """Identities of findings that what happened elsewhere in the tree made void."""
        self.steps: list[Step] = []
        self._restart()

    def _restart(self) -> None:
        self.steps = []
        self.spent = Spent()
        """Also by steps that were let go."""
        self._made = _NOBODY
        """Steps rebuilt from messages by this fold."""
        self.continued = False
        """It goes on with a conversation that the provider keeps, and that it doesn't show."""
        self._confirmed: tuple[Identity, ...] = ()
        """Identities of what this fold found."""
        self.questions = OpenQuestions()
        self.rules: Rules | None = None
        """Made when it is asked for."""
        self.decisions: tuple[Decision, ...] = ()
        self.notes: dict[str, Any] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Of a run at rest. Its trace isn't packed with it."""
        return {name: getattr(self, name) for name in _PACKED}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)
        self._made = {id(step): step for step in self._made.values()} or _NOBODY

    # --- for the trace -------------------------------------------------------------------------------------------

    def observe(self, step: Step, detectors: Iterable[Observer]) -> list[Finding]:
        """Take in the next step; gives findings that are new or say more than before."""
        observers = roster(detectors)
        if step.turn is None or not step.turn.answered:
            return self._take(step, observers)
        rebuilt = [f for missing in self._rebuild(step) for f in self._take(missing, observers)]
        return rebuilt + self._take(step, observers)

    def _take(self, step: Step, detectors: Roster) -> list[Finding]:
        twin = self._twin(step)
        if twin is not None:
            if not twins.says_more(step, twin):
                return []
            self._replace(twin, step)
        self._append(step)
        self._decide(step)
        told: list[Finding] = []
        for detector in detectors.due(step, bool(self.decisions)):  # five a step: a call less each is 1 % of all
            try:
                found = [*detector.observe(step, self)]
            except Exception as error:  # noqa: BLE001 - a detector may be anyone's
                self._raised(detector, error)
            else:
                if found:
                    told += [f for f in found if self._sure(detector, f) and self._note(f)]
        return told

    def _raised(self, detector: Observer, error: Exception) -> None:
        """A detector that raises loses its judgement here, and holds up nothing."""
        self.trace.raised(detector.mode, self.steps[-1], error)

    def _sure(self, detector: Observer, finding: Finding) -> bool:
        if finding.confidence >= detector.min_confidence:
            return True
        self.dismiss(detector.mode, self.steps[-1], UNSURE)
        return False

    def _replace(self, twin: Step, step: Step) -> None:
        """The span that shows the content counts; tokens may stand on the other."""
        at = next(i for i, s in enumerate(self.steps) if s is twin)
        del self.steps[at]
        step.input_tokens = step.input_tokens if step.input_tokens is not None else twin.input_tokens
        step.output_tokens = step.output_tokens if step.output_tokens is not None else twin.output_tokens
        self.spent = Spent.of(self.steps)

    def _rebuild(self, consumer: Step) -> list[Step]:
        """Steps for tool results that only the consumer's messages show.

        Where each model call is a trace of its own, all of the turn's, once: for the call that answers.
        """
        assert consumer.turn is not None  # noqa: S101 - the caller looked
        only = all(twins.same_completion(consumer, s) for s in self.steps)
        alone = not consumer.parent_id and consumer.turn.answer and only
        missing = [a for a in consumer.turn.answered if not self._supply(a) and (a.tail or alone)]
        consumer.turn.answered = tuple(missing)
        made = [twins.rebuilt(consumer, answered, self.trace.shown_before(answered)) for answered in missing]
        if made:
            self._made = self._made or {}
            self._made.update((id(step), step) for step in made)
        return made

    def _supply(self, answered: Answered) -> bool:
        """Whether a step reported this call; one without a result is given it."""
        known = self.trace.call_of(answered)
        if known is None:
            return False
        if known.call is None or known.call.outcome.status is Status.UNKNOWN:
            arguments = known.call.arguments if known.call else None
            known.call = answered.shown.call
            known.call.arguments = known.call.arguments or arguments
            if known in self.steps:
                self.trace.fit(known)
                self.questions.source(known)
        return True

    def fold(self, steps: Iterable[Step], detectors: Iterable[Observer]) -> list[Finding]:
        """Begin anew with these steps, in order of end time. Findings keep their identity, nothing is told twice.

        What the steps no longer show is withdrawn, such as what was told about a call before its own span came.
        """
        self._restart()
        observers = roster(detectors)
        ordered = sorted(steps, key=order)
        put_back(ordered)
        told = [f for step in ordered for f in self.observe(step, observers)]
        self._withdraw({d.mode for d in observers if not d.concludes or self.ended is None})
        return told

    def conclude(self, detectors: Iterable[Observer]) -> list[Finding]:
        """What the tree shows about this run; what it no longer shows is withdrawn. Gives what is new."""
        told = []
        for detector in detectors:
            try:
                found = [f for f in detector.conclude(self) if self._sure(detector, f)]
            except Exception as error:  # noqa: BLE001 - a detector may be anyone's
                self._raised(detector, error)
                found = []
            if self.findings:
                kept = {f.identity for f in found}
                own = [(i, f) for i, f in self.findings.items() if f.mode == detector.mode]
                for stale in [i for i, f in own if i not in kept and not self.trace.outlived(f)]:
                    del self.findings[stale]
            told += [f for f in found if self._note(f)]
        return told

    @property
    def partial_view(self) -> bool:
        """Part of what it was given was not seen: of its trace, or of a conversation that the provider keeps."""
        return self.trace.partial_view or self.continued

    def in_order(self, step: Step) -> bool:
        """The step ended after all that were observed."""
        return not self.steps or step.end >= self.steps[-1].end

    def own_steps(self) -> list[Step]:
        """The steps that came as spans, without those rebuilt from messages."""
        return [s for s in self.steps if id(s) not in self._made]

    def absorbs(self, step: Step) -> bool:
        """A late span that reports a call which another span has reported changes nothing but what was missing."""
        twin = self._twin(step)
        return twin is not None and id(twin) not in self._made and not twins.says_more(step, twin)

    # --- for detectors -------------------------------------------------------------------------------------------

    @property
    def outcome(self) -> str:
        """success, degraded, failed or unknown, of this run alone, as known by now."""
        if self.ended is not None and self.ended.failed:
            return "failed"
        if self.findings:
            return "degraded"
        return "unknown" if self.trace.partial_view or self.ended is None else "success"

    @property
    def asked_for(self) -> int | None:
        """Fingerprint of the text that the run was given as its task."""
        task = next((s.turn.task for s in self.steps if s.turn is not None and s.turn.task is not None), None)
        return task.fingerprint if task is not None else None

    @property
    def whole(self) -> bool:
        """All calls that the model asked for and saw have come, and it ended with words."""
        return wholeness.whole(self.steps, self.key)

    @property
    def gaps(self) -> bool:
        """Spans of the run were dropped, as others show: a call, a turn that asked for one, or the last turn."""
        return wholeness.gaps(self.steps, self.key, self.ended)

    def standing_rules(self) -> tuple[GivenRule, ...]:
        """The rules that stand now, those of earlier turns of the conversation with them."""
        self.rules = self.rules or Rules()
        return self.rules.upto(self.steps, lambda: self.trace.told_before(self))

    @property
    def tokens(self) -> int:
        """Input and output tokens of all LLM steps."""
        return self.spent.tokens

    @property
    def llm_starts(self) -> list[int]:
        """When the model's turns began."""
        return [s.start for s in self.steps if s.kind is Kind.LLM]

    @property
    def unanswered(self) -> bool:
        """The last LLM step's completion was not captured: the agent's own output is the answer that there is."""
        last = next((s for s in reversed(self.steps) if s.kind is Kind.LLM), None)
        return last is not None and not (last.turn and (last.turn.text or last.turn.asked))

    @property
    def sources(self) -> Iterator[Step]:
        """Tool and retrieval steps, oldest first."""
        return (s for s in self.steps if s.kind in SOURCES)

    def before(self, time: int) -> list[Step]:
        """Steps that ended by `time`: what "earlier" means."""
        return self.steps[: bisect_right(self.steps, time, key=_END)]

    def last_good(self, step: Step) -> Step | None:
        """The last step before `step` whose output shows nothing wrong."""
        for earlier in reversed(self.before(step.start)):
            if earlier is not step and not earlier.failed and not (earlier.call and earlier.call.outcome.status in BAD):
                return earlier
        return None

    def tokens_after(self, step: Step) -> int:
        """Tokens of the LLM steps that started after `step` ended."""
        return sum(
            (s.input_tokens or 0) + (s.output_tokens or 0)
            for s in self.steps
            if s.kind is Kind.LLM and s.start >= step.end
        )

    def abstain(self, mode: str, reason: str) -> None:
        """A detector lacks what it needs; counted once per run and reason."""
        if (mode, reason) not in self._abstained:
            self._abstained |= {(mode, reason)}
            self.trace.abstain(mode, reason)

    def dismiss(self, mode: str, step: Step, why: str) -> None:
        """A detector looked at a step and stays quiet; told only to those who ask why."""
        self.trace.dismissed(mode, step, why)

    # --- inside --------------------------------------------------------------------------------------------------

    def _append(self, step: Step) -> None:
        self.steps.append(step)
        self.spent.add(step)
        if len(self.steps) > MAX_STEPS:
            del self.steps[: MAX_STEPS // 10]
        if self.conversation is None and step.conversation:
            self.conversation = step.conversation
            self.trace.converse(self, step.conversation)
        if step.extras is not None and (before := step.extras.continues) is not None:
            self.continued = self.continued or all(s.response_id != before for s in self.steps)
        if not self.workflow:
            self.workflow = step.traits.workflow
        if step.kind is Kind.AGENT and step.span_id == self.key:
            self.ended = step
            self.provisional = False
            self.agent = step.agent or self.agent

    def _decide(self, step: Step) -> None:
        self.decisions = ()
        self._ground(step)
        if step.kind in SOURCES:
            self.trace.fit(step)
            self.decisions = self.questions.source(step)
        elif step.kind is Kind.LLM or (step is self.ended and self.unanswered):
            self.decisions = self.questions.decide(step, self.trace.given)

    def _ground(self, step: Step) -> None:
        """Hand what was given to the trace; the step needn't keep it."""
        turn, call, trace = step.turn, step.call, self.trace
        if turn is not None:
            if turn.given:
                take = trace.given.take
                for text in turn.given:
                    take(text)
                turn.given = ()
            if turn.told:
                trace.told(turn.told)
                turn.told = ()
            for tool in turn.called:
                self._used(tool, Use.DONE)
        if call is not None and call.given is not None:
            trace.given.take(call.given, call.result)
            call.given = None
        if call is not None and call.acted is not None:
            trace.given.take(call.acted)
            call.acted = None
        used = step.tool if step.kind in SOURCES else step.target if step.kind is Kind.HANDOFF else None
        if used:
            self._used((call and call.calls) or used, use := _use(call))
            if call is not None and call.informs and use is Use.DONE:
                self._used(_MESSAGE, use)

    def _used(self, tool: str, use: Use) -> None:
        used = self.trace.used = self.trace.used or {}
        known = used.get(tool)
        if known is None and len(used) >= MAX_TOOLS:
            return
        used[tool] = max(use, known or Use.FAILED)

    def _withdraw(self, modes: set[str]) -> None:
        """Let go of findings that this fold didn't confirm, though it saw their spans again."""
        seen = {step.span_id for step in self.steps}
        for identity, finding in list(self.findings.items()):
            again = finding.about in seen and finding.root in seen
            if finding.mode in modes and again and identity not in self._confirmed and not finding.raised:
                del self.findings[identity]

    def _note(self, finding: Finding) -> bool:
        own = finding.identity
        if own not in self._confirmed:
            self._confirmed += (own,)
        if any(own in other.absorbs for other in self.findings.values()):
            return False
        for identity in finding.absorbs:
            self.findings.pop(identity, None)
        known = self.findings.get(own)
        if known == finding:
            return False
        self.findings = self.findings or {}
        self.findings[own] = finding
        return known is None or known.cause != finding.cause or known.consequences != finding.consequences

    def _twin(self, step: Step) -> Step | None:
        """The step that reported the same call already: an SDK's span under a framework's ends first and counts."""
        if step.kind is Kind.LLM:
            for other in self.steps[:-9:-1]:
                if other.kind is Kind.LLM and twins.same_completion(step, other):
                    return other
        elif step.kind in SOURCES:
            for other in self.steps[:-17:-1]:
                if other.kind in SOURCES and twins.same_call(step, other):
                    return other
        return None


_PACKED: Final = tuple(name for name in AgentRun.__slots__ if name not in ("__weakref__", "trace"))


_MESSAGE: Final = "email_message"
"""The tool that a call stands for beside its own, by which somebody was written to."""


def _use(call: Call | None) -> Use:
    if call is None:
        return Use.DONE
    if call.outcome.status in FAILED:
        return Use.FAILED
    return Use.READ if call.only_reads else Use.DONE


def order(step: Step) -> tuple[int, int, bytes]:
    """Steps are observed in order of end time; of two that end together the inner one, which began later, first."""
    return step.end, -step.start, step.span_id
