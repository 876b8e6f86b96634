"""One invocation of one agent: its steps in order of end time, its open questions, its findings."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, Protocol, TypeAlias

from otelagent.baselines.learned import Baselines
from otelagent.delegation import Edge
from otelagent.model import BAD, Answered, Finding, Instructions, Kind, Receipt, Status, Step
from otelagent.questions import Decision, OpenQuestions
from otelagent.reading.given import Given
from otelagent.reading.roles import is_closing
from otelagent.rules import Given as GivenRule
from otelagent.rules import Rules
from otelagent.spent import Spent

SOURCES: Final = frozenset({Kind.TOOL, Kind.RETRIEVAL})
CALLS: Final = SOURCES | {Kind.HANDOFF}

FAILED: Final = BAD - {Status.EMPTY, Status.PARTIAL, Status.NONCONFORMING}
"""Outcomes of calls that did nothing."""

MAX_TOOLS: Final = 512
"""Names of tools kept per trace."""

UNIQUE: Final = 8
"""Characters of a call id from which on it may be one of its kind."""

MAX_STEPS: Final = 10_000
"""Steps kept per run; of a longer one the oldest are let go and the view is partial."""


class TraceView(Protocol):
    """What a run knows of its trace."""

    trace_id: bytes
    used: dict[str, bool]
    """Tools by name, and whether a call of theirs may have succeeded; bounded."""
    instructions: list[Instructions]
    """System and user messages of this trace, bounded."""

    @property
    def given(self) -> Given:
        """What the agents of this trace were given."""

    def told(self, instructions: Sequence[Instructions]) -> None:
        """Take over new system and user messages."""

    normal: Baselines
    """What is usual for tools and tasks."""

    def converse(self, run: "AgentRun", name: str) -> None:
        """A run says to which conversation it belongs."""

    def told_before(self, run: "AgentRun") -> Sequence[Instructions]:
        """System and user messages of earlier turns of the run's conversation, which are traces of their own."""

    def used_elsewhere(self) -> Mapping[str, bool]:
        """Tools that other turns of its conversations used, which are traces of their own."""

    partial_view: bool
    """Part of the trace was not seen."""
    service: str

    @property
    def over(self) -> bool:
        """The trace was seen to its end: nothing more will come."""

    def abstain(self, mode: str, reason: str) -> None:
        """Count that a detector could not judge."""

    def dismissed(self, mode: str, step: Step, why: str) -> None:
        """A detector looked at a step and stayed quiet."""

    def raised(self, mode: str, step: Step, error: Exception) -> None:
        """A detector raised an exception at a step."""

    def fit(self, step: Step) -> None:
        """Hold a call against what is usual for its tool, and against the spans below it; its outcome may change."""

    def call_of(self, answered: Answered) -> Step | None:
        """The step, anywhere in the trace, that reported the call whose result stands in a message."""

    def shown_before(self, answered: Answered) -> bool:
        """Whether another trace's messages showed the same call."""

    def edge(self, run: "AgentRun") -> Edge | None:
        """How the run came about; None while its own span hasn't passed."""

    def children(self, run: "AgentRun") -> Sequence["AgentRun"]:
        """Runs that this one encloses, without those that they enclose."""

    def enclosing(self, run: "AgentRun") -> "AgentRun | None":
        """The run that encloses this one and goes on with its result."""

    def siblings(self, run: "AgentRun") -> Sequence["AgentRun"]:
        """The other runs that the same run encloses."""

    def others(self, run: "AgentRun") -> Sequence["AgentRun"]:
        """The other runs of the trace that have ended, at most as many as are compared."""

    def wraps(self, run: "AgentRun") -> bool:
        """The run's span only wraps that of another run of the same agent."""

    def receipts(self, run: "AgentRun") -> Sequence[tuple[bytes, Receipt]]:
        """Receipts that spans of this run carry, in order of their end, that of the agent's own span last."""

    def call(self, span_id: bytes | None) -> Step | None:
        """The tool call or hand-over with this id, where an agent's run hangs from it."""

    def inside(self, step: Step) -> bool:
        """An agent's run is inside this tool call."""

    def called(self, run: "AgentRun") -> Step | None:
        """The call that asked for the run, in this trace or another; None where it wasn't seen."""

    def giver(self, run: "AgentRun") -> "AgentRun | None":
        """Of a hand-over: the run that gave the work."""

    def whole(self, run: "AgentRun") -> bool:
        """Nothing shows that steps of the run are still to come."""


UNSURE: Final = "the confidence is below min_confidence"
"""Why a finding wasn't told."""

RAISED: Final = "the detector raised an exception; its judgement is missing"
"""As above; the tally counts it."""


class Wake(StrEnum):
    """What a detector asks to be shown."""

    CALL = "call"
    """Each tool or retrieval step."""
    UNKNOWN = "unknown"
    """Such a step of which nothing tells the outcome."""
    DECISION = "decision"
    """A step that decides an open question."""
    TURN = "turn"
    """Each LLM step."""
    END = "end"
    """The step of an agent, which ends its run."""
    OTHER = "other"
    """Hand-overs and workflows."""


_WAKES: Final = {Kind.TOOL: Wake.CALL, Kind.RETRIEVAL: Wake.CALL, Kind.LLM: Wake.TURN, Kind.AGENT: Wake.END}


class Observer(Protocol):
    """A detector, as a run sees it."""

    @property
    def mode(self) -> str: ...
    @property
    def concludes(self) -> bool: ...
    @property
    def wakes(self) -> frozenset[Wake]: ...
    @property
    def min_confidence(self) -> float: ...

    def observe(self, step: Step, run: "AgentRun") -> Iterator[Finding]:
        """Findings that the step completes."""

    def conclude(self, run: "AgentRun") -> Iterator[Finding]:
        """All findings that the tree shows about a run that has ended; called again when its surroundings change."""


class Roster(tuple[Observer, ...]):
    """The detectors, and which of them a step concerns."""

    def __init__(self, _: Iterable[Observer]) -> None:
        self.concluding = Roster(d for d in self if d.concludes) if any(not d.concludes for d in self) else self
        self._due: dict[tuple[Kind, bool, bool], tuple[Observer, ...]] = {}

    def due(self, step: Step, decided: bool) -> tuple[Observer, ...]:
        """Those that ask for a step like this, in their order. `decided`: it decides an open question."""
        unknown = step.kind in SOURCES and (step.call is None or step.call.outcome.status is Status.UNKNOWN)
        key = (step.kind, unknown, decided)
        due = self._due.get(key)
        if due is None:
            due = self._due[key] = tuple(d for d in self if not d.wakes.isdisjoint(_wakes(*key)))
        return due


def roster(detectors: Iterable[Observer]) -> Roster:
    """The same detectors as a roster; a roster as it is."""
    return detectors if isinstance(detectors, Roster) else Roster(detectors)


def _wakes(kind: Kind, unknown: bool, decided: bool) -> Iterator[Wake]:
    yield _WAKES.get(kind, Wake.OTHER)
    if unknown:
        yield Wake.UNKNOWN
    if decided:
        yield Wake.DECISION


Identity: TypeAlias = tuple[str, bytes, bytes]
"""Of a finding: its mode, its trace, its root."""

_NONE: Final[frozenset[Any]] = frozenset()
"""A set of one's own takes 216 bytes, a table 64, and most runs need none."""


class AgentRun:
    """Owned by its trace; changed only by `observe` and `fold`.

    `key` is the span id of the agent, or, while that is unknown, the id at which the chain of parents ends.
    """

    __slots__ = (
        "__weakref__",
        "_abstained",
        "_confirmed",
        "_ends",
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
        self.findings: dict[Identity, Finding] = {}
        self._abstained: frozenset[tuple[str, str]] = _NONE
        self.receipt: Receipt | None = None
        """How much of its assignment it has done, where that shows."""
        self.excused: frozenset[Identity] = _NONE
        """Identities of findings that what happened elsewhere in the tree made void."""
        self.steps: list[Step] = []
        self._restart()

    def _restart(self) -> None:
        self.steps = []
        self._ends: list[int] = []
        self.spent = Spent()
        """Also by steps that were let go."""
        self._made: dict[int, Step] = {}
        """Steps rebuilt from messages by this fold."""
        self.continued = False
        """It goes on with a conversation that the provider keeps, and that it doesn't show."""
        self._confirmed: dict[Identity, None] = {}
        """Identities of what this fold found."""
        self.questions = OpenQuestions()
        self.rules = Rules()
        self.decisions: tuple[Decision, ...] = ()
        self.notes: dict[str, Any] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Of a run at rest. Its trace isn't packed with it."""
        return {name: getattr(self, name) for name in _PACKED}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)
        self._made = {id(step): step for step in self._made.values()}

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
            if not _says_more(step, twin):
                return []
            self._replace(twin, step)
        self._append(step)
        self._decide(step)
        told: list[Finding] = []
        for detector in detectors.due(step, bool(self.decisions)):
            if found := self._judged(detector, detector.observe, step, self):
                told += [f for f in found if self._note(f)]
        return told

    def _judged(self, detector: Observer, judge: Callable[..., Iterable[Finding]], *seen: Any) -> list[Finding]:
        """What a detector is sure enough of. One that raises loses its judgement here, and holds up nothing."""
        try:
            found = list(judge(*seen))
        except Exception as error:  # noqa: BLE001 - a detector may be anyone's
            self.trace.raised(detector.mode, self.steps[-1], error)
            return []
        return [f for f in found if self._sure(detector, f)] if found else found

    def _sure(self, detector: Observer, finding: Finding) -> bool:
        if finding.confidence >= detector.min_confidence:
            return True
        self.dismiss(detector.mode, self.steps[-1], UNSURE)
        return False

    def _replace(self, twin: Step, step: Step) -> None:
        """The span that shows the content counts; tokens may stand on the other."""
        at = next(i for i, s in enumerate(self.steps) if s is twin)
        del self.steps[at], self._ends[at]
        step.input_tokens = step.input_tokens if step.input_tokens is not None else twin.input_tokens
        step.output_tokens = step.output_tokens if step.output_tokens is not None else twin.output_tokens
        self.spent = Spent.of(self.steps)

    def _rebuild(self, consumer: Step) -> list[Step]:
        """Steps for tool results that only the consumer's messages show.

        Where each model call is a trace of its own, all of the turn's, once: for the call that answers.
        """
        assert consumer.turn is not None  # noqa: S101 - the caller looked
        alone = (
            not consumer.parent_id and consumer.turn.answer and all(_same_completion(consumer, s) for s in self.steps)
        )
        missing = [a for a in consumer.turn.answered if not self._supply(a) and (a.tail or alone)]
        consumer.turn.answered = tuple(missing)
        made = [_rebuilt(consumer, answered, self.trace.shown_before(answered)) for answered in missing]
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
        told = [f for step in sorted(steps, key=order) for f in self.observe(step, observers)]
        self._withdraw({d.mode for d in observers if not d.concludes or self.ended is None})
        return told

    def conclude(self, detectors: Iterable[Observer]) -> list[Finding]:
        """What the tree shows about this run; what it no longer shows is withdrawn. Gives what is new."""
        told = []
        for detector in detectors:
            found = self._judged(detector, detector.conclude, self)
            if self.findings:
                kept = {f.identity for f in found}
                for stale in [i for i, f in self.findings.items() if f.mode == detector.mode and i not in kept]:
                    del self.findings[stale]
            told += [f for f in found if self._note(f)]
        return told

    @property
    def partial_view(self) -> bool:
        """Part of what it was given was not seen: of its trace, or of a conversation that the provider keeps."""
        return self.trace.partial_view or self.continued

    def in_order(self, step: Step) -> bool:
        """The step ended after all that were observed."""
        return not self._ends or step.end >= self._ends[-1]

    def own_steps(self) -> list[Step]:
        """The steps that came as spans, without those rebuilt from messages."""
        return [s for s in self.steps if id(s) not in self._made]

    def absorbs(self, step: Step) -> bool:
        """A late span that reports a call which another span has reported changes nothing but what was missing."""
        twin = self._twin(step)
        return twin is not None and id(twin) not in self._made and not _says_more(step, twin)

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
    def _calls(self) -> list[Step]:
        """Without the call that the run is itself, where an agent has no other span."""
        return [s for s in self.steps if s.kind in CALLS and s.span_id != self.key]

    @property
    def whole(self) -> bool:
        """All calls that the model asked for and saw have come, and it ended with words."""
        turns = [s.turn for s in self.steps if s.kind is Kind.LLM and s.turn is not None]
        if not turns or not turns[-1].text or not any(turn.history for turn in turns):
            return False
        seen = frozenset[str]().union(*(turn.consumed for turn in turns))
        calls = self._calls
        known = {s.call_id for s in calls if s.call_id}
        asked = {call.id for turn in turns[:-1] for call in turn.asked if call.id}
        return len(seen) <= len(calls) and (not known or not (asked - seen - known))

    @property
    def gaps(self) -> bool:
        """Spans of the run were dropped, as others show: a call, a turn that asked for one, or the last turn."""
        turns = [s.turn for s in self.steps if s.kind is Kind.LLM and s.turn is not None]
        calls = self._calls
        called = {s.call_id for s in calls if not s.rebuilt}
        asked = {call.id for turn in turns for call in turn.asked if call.id}
        seen = frozenset[str]().union(*(turn.consumed for turn in turns))
        if len(seen) > len(calls):
            return True
        if not asked or None in called:
            return False
        if called and called.isdisjoint(asked | seen):
            return len(asked) != len(called)  # calls have ids of their own, or none of the others has come
        handed = {s.call_id for s in self.steps if s.kind is Kind.HANDOFF}
        due = {call.id for call in turns[-1].asked if call.id and not is_closing(call.name)} - handed
        spoken = self.ended is not None and self.ended.turn is not None and bool(self.ended.turn.text)
        read = {s.call_id for s in self.steps if s.rebuilt}
        lost = asked - due - called - read
        return bool(called - asked or lost or (due and (spoken or due <= called)))

    def standing_rules(self) -> tuple[GivenRule, ...]:
        """The rules that stand now, those of earlier turns of the conversation with them."""
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
        return self.steps[: bisect_right(self._ends, time)]

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
        self._ends.append(step.end)
        self.spent.add(step)
        if len(self.steps) > MAX_STEPS:
            del self.steps[: MAX_STEPS // 10], self._ends[: MAX_STEPS // 10]
        if self.conversation is None and step.conversation:
            self.conversation = step.conversation
            self.trace.converse(self, step.conversation)
        if step.continues is not None and all(s.response_id != step.continues for s in self.steps):
            self.continued = True
        self.workflow = self.workflow or step.workflow
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
        turn, call = step.turn, step.call
        if turn is not None:
            if turn.given:
                for text in turn.given:
                    self.trace.given.take(text)
                turn.given = ()
            if turn.told:
                self.trace.told(turn.told)
                turn.told = ()
            for tool in turn.called:
                self._used(tool, True)
        if call is not None and call.given is not None:
            self.trace.given.take(call.given)
            call.given = None
        if call is not None and call.acted is not None:
            self.trace.given.take(call.acted)
            call.acted = None
        used = step.tool if step.kind in SOURCES else step.target if step.kind is Kind.HANDOFF else None
        if used:
            self._used(used, call is None or call.outcome.status not in FAILED)

    def _used(self, tool: str, succeeded: bool) -> None:
        used = self.trace.used
        known = used.get(tool)
        if known is None and len(used) >= MAX_TOOLS:
            return
        used[tool] = succeeded or bool(known)

    def _withdraw(self, modes: set[str]) -> None:
        """Let go of findings that this fold didn't confirm, though it saw their spans again."""
        seen = {step.span_id for step in self.steps}
        for identity, finding in list(self.findings.items()):
            again = finding.about in seen and finding.root in seen
            if finding.mode in modes and again and identity not in self._confirmed and not finding.raised:
                del self.findings[identity]

    def _note(self, finding: Finding) -> bool:
        self._confirmed[finding.identity] = None
        if any(finding.identity in other.absorbs for other in self.findings.values()):
            return False
        for identity in finding.absorbs:
            self.findings.pop(identity, None)
        known = self.findings.get(finding.identity)
        if known == finding:
            return False
        self.findings[finding.identity] = finding
        return known is None or known.cause != finding.cause or known.consequences != finding.consequences

    def _twin(self, step: Step) -> Step | None:
        """The step that reported the same call already: an SDK's span under a framework's ends first and counts."""
        if step.kind is Kind.LLM:
            for other in self.steps[:-9:-1]:
                if other.kind is Kind.LLM and _same_completion(step, other):
                    return other
        elif step.kind in SOURCES:
            for other in self.steps[:-17:-1]:
                if other.kind in SOURCES and _same_call(step, other):
                    return other
        return None


_PACKED: Final = tuple(name for name in AgentRun.__slots__ if name not in ("__weakref__", "trace"))


def order(step: Step) -> tuple[int, int, bytes]:
    """Steps are observed in order of end time; of two that end together the inner one, which began later, first."""
    return step.end, -step.start, step.span_id


def _same_completion(step: Step, other: Step) -> bool:
    if step.span_id == other.span_id or (step.response_id and step.response_id == other.response_id):
        return True
    if step.start > other.start or other.end > step.end:
        return False
    equal = (step.input_tokens, step.output_tokens) == (other.input_tokens, other.output_tokens)
    if other.parent_id == step.span_id:
        return equal or step.output_tokens is None
    return equal and step.output_tokens is not None and step.dialect != other.dialect


def _same_call(step: Step, other: Step) -> bool:
    if step.call_id == other.call_id:
        if step.span_id == other.span_id:
            return True
        if step.call_id:
            return (step.start <= other.end and other.start <= step.end) or _repeated(step, other)
    inside = other.parent_id == step.span_id and step.start <= other.start and other.end <= step.end
    return inside and step.tool == other.tool


def _repeated(step: Step, other: Step) -> bool:
    """Two reports of one call at different times. Models and servers use an id again (`call_0`, the tool's name)."""
    assert step.call_id is not None  # noqa: S101 - the caller looked
    telling = len(step.call_id) >= UNIQUE and any(map(str.isdigit, step.call_id))
    if not telling or (step.tool and other.tool and step.tool != other.tool):
        return False
    now, then = step.call, other.call
    if now is None or then is None:
        return True
    return all(
        a is None or b is None or a == b for a, b in ((now.arguments, then.arguments), (now.result, then.result))
    ) and (now.outcome.status is then.outcome.status or Status.UNKNOWN in (now.outcome.status, then.outcome.status))


def _says_more(step: Step, twin: Step) -> bool:
    if step.kind is Kind.LLM:
        return _completes(step) and not _completes(twin)
    return bool(step.call and step.call.outcome.status is not Status.UNKNOWN) and not (
        twin.call and twin.call.outcome.status is not Status.UNKNOWN
    )


def _completes(step: Step) -> bool:
    return step.turn is not None and (step.turn.text or bool(step.turn.asked))


def _rebuilt(consumer: Step, answered: Answered, retold: bool) -> Step:
    """A step for a call that has no span of its own; its evidence is the consumer's messages."""
    return Step.of(
        trace_id=consumer.trace_id,
        span_id=consumer.span_id,
        parent_id=consumer.parent_id,
        kind=Kind.TOOL,
        dialect=consumer.dialect,
        name=answered.name or "tool",
        start=consumer.start,
        end=consumer.start,
        agent=consumer.agent,
        conversation=consumer.conversation,
        tool=answered.name,
        call_id=answered.id,
        service=consumer.service,
        environment=consumer.environment,
        call=answered.shown.call,
        rebuilt=True,
        retold=retold or not answered.tail,
        asker=answered.asker,
    )
