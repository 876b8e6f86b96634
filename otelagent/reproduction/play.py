"""A case played again: the recorded model says what it said, tools are mocks, guards stand at the boundaries.

The recorded model heeds no warning: it is the worst that a model can do with what a guard adds. Where a guard
interrupts, the run ends with the guard's words, and so do the runs that it worked for.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from otelagent.cases.case import Call, Case, Note, Run, Turn, happened
from otelagent.guards import DelegationReceipt, Guard, Interrupted
from otelagent.mocks import MockTools, ToolFailed
from otelagent.model import BAD, Captured
from otelagent.reading.outcome import outcome
from otelagent.reproduction.chat import messages, result_text

Guards = Callable[[], Sequence[Guard]]
"""Makes the guards of one run."""

_MISSING: Final = msgspec.UNSET


def play(case: Case, tools: MockTools, guards: Guards = lambda: ()) -> Case:
    """The case as it goes with these tools and guards. Raises UnexpectedCall."""
    player = _Player(tools, guards)
    made = []
    for run in case.runs:
        made.append(player.run(run))
        if player.stopped is not None:
            break
    return replace(case, runs=made)


class _Player:
    def __init__(self, tools: MockTools, guards: Guards) -> None:
        self._tools = tools
        self._guards = guards
        self.stopped: str | None = None
        self._handed = ""
        """What the last turn that handed over said."""
        self._added = 0

    def run(self, recorded: Run, task: str = "") -> Run:
        """One run; those inside it are played where they stand. `task`: what the call that encloses it asks for."""
        run = replace(recorded, steps=[])
        guards = self._guards()
        for guard in guards:
            _counts(guard, recorded)
            guard.assigned(task or self._handed)
        for step in recorded.steps:
            match step:
                case Note():
                    run.steps.append(step)
                    _tell(guards, step)
                case Run():
                    run.steps.append(self.run(step))
                case Turn() if happened(step):
                    self._guarded(step, run, guards)
                case Turn():
                    run.steps.append(step)
                    self._past(step, guards)
            if self.stopped is not None:
                break
        self._ended(run, recorded, guards)
        return run

    def _guarded(self, recorded: Turn, run: Run, guards: Sequence[Guard]) -> None:
        turn = replace(recorded, calls=[])
        try:
            self._before(turn, run, guards)
            for guard in guards:
                guard.check(recorded.text, final=not recorded.calls, finish=recorded.finish)
            run.steps.append(turn)
            if any(call.kind == "handoff" for call in recorded.calls):
                self._handed = recorded.text
            for call in recorded.calls:
                self._call(call, turn, guards)
                if self.stopped is not None:
                    return
        except Interrupted as why:
            self.stopped = str(why)

    def _before(self, turn: Turn, run: Run, guards: Sequence[Guard]) -> None:
        """What guards add to the model's input becomes messages of the run."""
        sent = messages(run, turn.forgets)
        for guard in guards:
            more = guard.before_model(sent)
            for added in more[len(sent) :]:
                self._added += 1
                run.steps.append(Note(id=f"g{self._added}", role="system", text=str(added["content"])))
            sent = more

    def _call(self, recorded: Call, turn: Turn, guards: Sequence[Guard]) -> None:
        arguments = {} if recorded.arguments is _MISSING else recorded.arguments
        for guard in guards:
            guard.before_tool(recorded.tool, arguments)
        call = replace(recorded, runs=[])
        turn.calls.append(call)
        self._answer(call, arguments)
        for inner in recorded.runs:
            call.runs.append(self.run(inner, result_text(arguments)))
            if self.stopped is not None:
                call.result, call.seen = self.stopped, _MISSING
                return
        seen = shown(call)
        for guard in guards:
            changed = guard.after_tool(call.tool, arguments, seen)
            if changed is not seen:
                seen, call.result, call.seen = changed, changed, _MISSING
                call.http_status = call.error = call.error_type = call.status = call.length = None

    def _answer(self, call: Call, arguments: Any) -> None:
        """What the mock does; the facts beside it stay as recorded unless it answers otherwise."""
        if call.kind == "handoff":
            return
        try:
            answer = self._tools.call(call.tool, arguments)
        except ToolFailed as failed:
            call.result, call.http_status = (_MISSING if failed.body is None else failed.body), failed.status
        except (RuntimeError, TimeoutError) as error:
            call.result, call.error, call.failed = _MISSING, str(error), True
        else:
            if answer is not None or call.result is not _MISSING:
                call.result = answer

    def _past(self, turn: Turn, guards: Sequence[Guard]) -> None:
        """Before the trace began; guards take notice of results only."""
        for call in turn.calls:
            if (seen := shown(call)) is not None:
                for guard in guards:
                    guard.after_tool(call.tool, {} if call.arguments is _MISSING else call.arguments, seen)

    def _ended(self, run: Run, recorded: Run, guards: Sequence[Guard]) -> None:
        try:
            if self.stopped is None and not _answered(recorded):
                for guard in guards:
                    guard.check(recorded.output or "", final=True)
        except Interrupted as why:
            self.stopped = str(why)
        if self.stopped is not None:
            self._added += 1
            run.steps.append(Turn(id=f"g{self._added}", text=f"The run ended without an answer: {self.stopped}."))
            run.output, run.failed = None, False


def shown(call: Call) -> Any:
    """What a guard behind the tool sees: the result, or the failure as a structured error; None: nothing is known."""
    failed = call.error or call.failed or (call.http_status or 0) >= 400 or call.error_type
    if failed and call.result in (_MISSING, None, "", {}, []):
        told = {"type": call.error_type or "error", "message": call.error or "the call failed"}
        return {"error": told | ({"status": call.http_status} if call.http_status else {})}
    if call.http_status is not None and call.http_status >= 400:
        return {"http_status": call.http_status, "body": call.result}
    if call.status is not None and call.status not in ("success", "ok", "completed") and not _bad(call.result):
        return {"status": call.status, "result": None if call.result is _MISSING else call.result}
    if call.result is not _MISSING:
        return call.result
    return "" if call.length == 0 else None if call.seen is _MISSING else call.seen


def _bad(result: Any) -> bool:
    """A result that says itself what went wrong says it more exactly than a status beside it."""
    return result is not _MISSING and outcome(Captured(result, "result")).status in BAD


def _tell(guards: Sequence[Guard], note: Note) -> None:
    for guard in guards if note.role == "user" else ():
        guard.assigned(note.text)


def _counts(guard: Guard, run: Run) -> None:
    if isinstance(guard, DelegationReceipt) and run.assigned is not None and run.processed is not None:
        guard.report(run.assigned, run.processed)


def _answered(run: Run) -> bool:
    """The last turn asks for nothing: what it said was checked."""
    last = next((step for step in reversed(run.steps) if isinstance(step, Turn)), None)
    return last is not None and last.span and bool(last.text) and not last.calls
