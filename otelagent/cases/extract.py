"""From a recording to a case: whatever dialect reported the run, the case has its turns, calls and messages."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from otelagent.cases.case import Call, Case, Offer, Run, Turn
from otelagent.cases.draft import MISSING, Draft, plain
from otelagent.cases.history import History
from otelagent.diagnosis.recording import Recorded, Recording
from otelagent.diagnosis.recording import Run as RecordedRun
from otelagent.model import Captured, Finding, Kind, Role, Status, ToolOffer
from otelagent.reading.arguments import canonical
from otelagent.reading.envelopes import unwrap, unwrap_arguments
from otelagent.reading.outcome import outcome
from otelagent.run import SOURCES

_CALLS: Final = SOURCES | {Kind.HANDOFF}


class Extract:
    """A case, and which of its elements stands for which recorded step."""

    def __init__(self, recording: Recording, about: Finding | None = None) -> None:
        """`about` chooses, of several traces, that of a finding and those that belong to it."""
        self._recording = recording
        self._ids = 0
        self.known: dict[tuple[str, str, str], str] = {}
        self._calls: dict[bytes, Call] = {}
        self.turn_of: dict[bytes, Turn] = {}
        self.run_of: dict[bytes, Run] = {}
        runs = _chosen(recording, about)
        self._writers = {run.key: _Writer(self, run) for run in runs}
        for at in sorted(recording.steps, key=lambda at: (at.step.start, -at.step.end)):
            if at.run in self._writers:
                self._writers[at.run].take(at)
        self.case = Case(runs=self._nested(runs))

    def new_id(self, kind: str) -> str:
        """The next id of an element."""
        self._ids += 1
        return f"{kind}{self._ids}"

    def call(self, span_id: bytes, call: Call | None = None) -> Call | None:
        """Note or give the call that a span reports."""
        if call is not None:
            self._calls[span_id] = call
        return self._calls.get(span_id)

    def _nested(self, runs: Sequence[RecordedRun]) -> list[Run]:
        tops = []
        for recorded in runs:
            writer = self._writers[recorded.key]
            above = self._writers.get(recorded.above or b"")
            call = self._calls.get(recorded.call or b"") or self._around(recorded)
            self.run_of[recorded.key] = writer.run
            if writer.hollow:
                continue
            if call is not None and call.kind != "handoff" and above is not None:
                call.runs = [*call.runs, writer.run]
            elif above is not None and above is not writer and not above.hollow:
                above.place(writer)
            else:
                tops.append(writer.run)
        return tops

    def _around(self, run: RecordedRun) -> Call | None:
        """The innermost call during which a run went on, where its emitter hangs caller and called under one workflow.
        None: its caller made several calls at that time."""
        own = self._recording.at(run.key)
        above = self._writers.get(run.above or b"")
        if own is None or above is None or not above.hollow:
            return None
        made = (at for at in self._recording.steps if at.span_id in self._calls and _holds(at, own))
        around = [at for at in made if (caller := self._recording.at(at.run)) and _holds(caller, own)]
        inner = max(around, key=lambda at: at.step.start, default=None)
        if inner is None or sum(at.run == inner.run for at in around) > 1:
            return None
        return self._calls[inner.span_id]


class _Writer:
    """One run's part of the case."""

    def __init__(self, whole: Extract, recorded: RecordedRun) -> None:
        self._whole = whole
        self.run = Run(id=whole.new_id("r"), agent=recorded.agent, span=False)
        receipts = recorded.receipts
        self.run.assigned = next((r.assigned for r in reversed(receipts) if r.assigned is not None), None)
        self.run.processed = next((r.processed for r in reversed(receipts) if r.processed is not None), None)
        self._key = recorded.key
        self._draft = Draft(self.run, whole.new_id, whole.known)
        self._history = History(self._draft)
        self._last_end = 0
        self.hollow = recorded.agent is None
        """A workflow's span that only holds others."""

    def take(self, at: Recorded) -> None:
        """The next step of the run, in order of start."""
        kind = at.step.kind
        self.hollow = self.hollow and kind is Kind.WORKFLOW
        if kind is Kind.AGENT and at.span_id == self._key:
            self._agent(at)
        elif kind is Kind.LLM:
            self._llm(at)
        elif kind in _CALLS and not at.step.rebuilt:
            self._call(at)

    def place(self, child: "_Writer") -> None:
        """Put a run that no call encloses among the steps, where it began."""
        begun = min(child._draft.starts.values(), default=1 << 63)
        at = next(
            (i for i, s in enumerate(self.run.steps) if self._draft.starts.get(s.id, 0) > begun), len(self.run.steps)
        )
        self.run.steps = [*self.run.steps[:at], child.run, *self.run.steps[at:]]

    # --- agents --------------------------------------------------------------------------------------------------

    def _agent(self, at: Recorded) -> None:
        self.run.span = True
        self.run.failed = at.step.failed
        self.run.finish = at.step.finish
        self.run.output = at.said or None
        self._draft.starts[self.run.id] = at.step.start
        if not any(s.step.kind is Kind.LLM and s.history for s in self._own()):
            self._history.read(at.history, at.step.start)

    def _own(self) -> Iterable[Recorded]:
        return (s for s in self._whole._recording.steps if s.run == self._key)

    # --- turns ---------------------------------------------------------------------------------------------------

    def _llm(self, at: Recorded) -> None:
        step = at.step
        forgets = self._history.read(at.history, step.start)
        turn = Turn(
            id=self._whole.new_id("t"),
            text=at.said,
            forgets=forgets,
            model=step.model,
            input_tokens=step.input_tokens,
            output_tokens=step.output_tokens,
            utilization=step.utilization,
            finish=step.finish,
        )
        for offer in at.offers:
            if all(known.name != offer.name for known in self.run.tools):
                self.run.tools = [*self.run.tools, _offer(offer)]
        self._draft.ask(turn, at.asked)
        self._draft.append(turn, step.start)
        self._whole.turn_of[at.span_id] = turn
        self._history.said(turn)
        if self.run.output is not None and turn.text.strip() == self.run.output.strip():
            self.run.output = None

    # --- calls ---------------------------------------------------------------------------------------------------

    def _call(self, at: Recorded) -> None:
        call = self._reported(at)
        step = at.step
        call.span = True
        call.kind = {Kind.RETRIEVAL: "retrieval", Kind.HANDOFF: "handoff"}.get(step.kind, "tool")
        call.tool = step.tool or call.tool
        call.parallel = step.start < self._last_end and bool(self._draft.starts.get(call.id) is None)
        self._last_end = max(self._last_end, step.end)
        call.failed, call.error_type, call.http_status = step.failed, step.error_type, step.http_status
        call.status, call.length = step.reported_status, step.reported_length
        call.description, call.target = step.tool_description, step.target
        call.error = at.content.error() if at.content is not None else None
        if at.arguments is not None and call.arguments is MISSING:
            call.arguments = plain(unwrap_arguments(at.arguments).value)
        captured = at.content.result() if at.content is not None else None
        if captured is not None:
            call.result = _result(at, captured)
        self._draft.starts[call.id] = step.start
        self._whole.call(at.span_id, call)

    def _reported(self, at: Recorded) -> Call:
        """The asked call that a span reports: by id, by tool and arguments, by tool; else one that nobody asked for."""
        known = self._draft.answers.get(at.step.call_id or "")
        if known is None or known.span:
            own = [c for c in self._draft.waiting if c.tool == at.name]
            wanted = canonical(at.arguments)
            equal = (c for c in own if c.arguments is not MISSING and canonical(c.arguments) == wanted)
            known = next(equal, None) or next(iter(own), None)
        if known is None:
            known = Call(id=self._whole.new_id("c"), tool=at.name, asked=False)
            self._host().calls.append(known)
        elif known in self._draft.waiting:
            self._draft.waiting.remove(known)
        return known

    def _host(self) -> Turn:
        turns = self._draft.turns
        if not turns:
            turns = [Turn(id=self._whole.new_id("t"), span=False)]
            self._draft.append(turns[0], 0)
        host = turns[-1]
        host.calls = [*host.calls]
        return host


def _offer(offer: ToolOffer) -> Offer:
    output = offer.output if isinstance(offer.output, dict) else None
    return Offer(name=offer.name, description=offer.description, parameters=offer.parameters, output=output)


def _chosen(recording: Recording, about: Finding | None) -> list[RecordedRun]:
    """The runs of a finding's trace, and those that are joined to them; without a finding all."""
    if about is None:
        return recording.runs
    traces = {about.trace_id}
    keys = {run.key: run.trace_id for run in recording.runs}
    for _ in recording.runs:
        more = {run.trace_id for run in recording.runs if keys.get(run.above or b"") in traces}
        more |= {keys[run.above] for run in recording.runs if run.trace_id in traces and run.above in keys}
        if more <= traces:
            break
        traces |= more
    return [run for run in recording.runs if run.trace_id in traces]


def _holds(outer: Recorded, inner: Recorded) -> bool:
    """In time, and longer."""
    a, b = outer.step, inner.step
    return a.start <= b.start and b.end <= a.end and (a.start, a.end) != (b.start, b.end)


def _result(at: Recorded, captured: Captured) -> Any:
    """Without the framework's envelope, where that doesn't change how it is read."""
    inner = unwrap(captured.value).value
    same = _status(at, captured.value) is _status(at, inner)
    return plain(inner if same else captured.value)


def _status(at: Recorded, result: object) -> Status:
    step = at.step
    return outcome(
        Captured(result, "result"),
        error=at.content.error() if at.content else None,
        failed=step.failed,
        error_type=step.error_type,
        http_status=step.http_status,
        reported_status=step.reported_status,
        reported_length=step.reported_length,
        withheld=step.withheld,
        role=step.call.role if step.call else Role.SOURCE,
    ).status
