"""One step run again, and what follows from it: the model is asked, tools are mocks, until it answers."""

import asyncio
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec.structs import replace

from otelagent.cases.case import Call, Case, Note, Run, Turn, calls, happened, runs
from otelagent.cases.predicate import findings
from otelagent.cases.spans import span_id
from otelagent.mocks import Match, MockTools, ToolFailed, UnexpectedCall
from otelagent.model import Finding
from otelagent.reproduction.budget import Budget
from otelagent.reproduction.chat import messages, tools
from otelagent.reproduction.models import Asks, CannotReplay, Completion, Model, RecordedModel

MOST_TURNS = 50
"""Of a replay that isn't told when to stop."""

Agent = Callable[..., Any]
"""The user's own: called with `messages`, `tools` (mocks by name) and `working_memory`; gives its answer."""


@dataclass(frozen=True)
class Point:
    """A run just before one of its turns. `case` holds all that came before; `rest` the turns as they went on."""

    case: Case
    run: Run
    turn: Turn
    rest: tuple[Turn, ...]
    offered: tuple[dict[str, Any], ...]

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What the model is sent."""
        return messages(self.run, self.turn.forgets)

    def mocks(self, match: Match | str) -> MockTools:
        """Of the calls from here on; where arguments decide, also of those before."""
        own = Run(id="", steps=[*(self.run.steps if Match(match) is Match.ARGS else ()), *self.rest])
        return MockTools.from_calls(_outer(own), match=match)


@dataclass(frozen=True)
class Replayed:
    """How one replay went. `stopped` says why it ended before an answer; `made` are the new turns."""

    case: Case
    made: tuple[Turn, ...]
    stopped: str | None = None

    @property
    def answer(self) -> str:
        """The last text."""
        return next((turn.text for turn in reversed(self.made) if turn.text), "")


def before(case: Case, turn: Turn) -> Point:
    """The point just before a turn; raises CannotReplay where nothing stands in its input."""
    run = next((r for r in runs(case) if any(step is turn for step in r.steps)), None)
    if run is None:
        raise CannotReplay("the step is no turn of a model in this case")
    at = next(i for i, step in enumerate(run.steps) if step is turn)
    rest = tuple(step for step in run.steps[at:] if isinstance(step, Turn) and happened(step))
    cut = [_until(top, turn) for top in case.runs]
    upto = next(i for i, (_, found) in enumerate(cut) if found)
    kept = replace(case, runs=[made for made, _ in cut[: upto + 1]])
    own = next(r for r in runs(kept) if r.id == run.id)
    point = Point(kept, own, turn, rest, tuple(tools(run)))
    if not point.messages:
        raise CannotReplay("the input of this step wasn't captured: there is nothing to send to a model")
    return point


def replay(
    point: Point, model: Model, mocks: MockTools, *, turns: int = MOST_TURNS, budget: Budget | None = None
) -> Replayed:
    """Ask the model until it answers without a call, or `turns` are made. Raises CannotReplay."""
    budget = budget or Budget()
    run = replace(point.run, steps=list(point.run.steps))
    made: list[Turn] = []
    stopped = None
    offered = list(point.offered)
    forgets = point.turn.forgets
    while stopped is None and len(made) < turns:
        sent = messages(run, forgets)
        budget.ask(sent, offered)
        completion = model.complete(sent, offered)
        budget.take(completion)
        turn = _turn(completion, len(made) + 1, point)
        made.append(turn)
        run.steps.append(turn)
        stopped = _answer(turn, completion.calls, mocks)
        if not turn.calls:
            break
    return Replayed(_with(point.case, run), tuple(made), stopped)


def replay_agent(point: Point, agent: Agent, mocks: MockTools) -> Replayed:
    """Let the user's own agent go on; its calls are those that the mocks received."""
    made: list[Turn] = []
    stopped = None

    def called(name: str) -> Callable[..., Any]:
        def tool(*positional: Any, **arguments: Any) -> Any:
            given = arguments or (positional[0] if len(positional) == 1 else list(positional))
            turn = _turn(Completion("", (Asks("", name, given),)), len(made) + 1, point)
            made.append(turn)
            try:
                return _mocked(turn.calls[0], given, mocks)
            finally:
                turn.calls[0].span = True

        tool.__name__ = name
        return tool

    offered = {str(tool["function"]["name"]): called(str(tool["function"]["name"])) for tool in point.offered}
    try:
        given = agent(messages=point.messages, tools=offered, working_memory={"model": point.turn.model})
        answer = asyncio.run(_awaited(given)) if inspect.isawaitable(given) else given
        made.append(_turn(Completion(_text(answer)), len(made) + 1, point))
    except UnexpectedCall as unexpected:
        stopped = str(unexpected)
    return Replayed(_with(point.case, replace(point.run, steps=[*point.run.steps, *made])), tuple(made), stopped)


def fresh(replayed: Replayed) -> list[Finding]:
    """What the replay brought about; what stands in its input isn't counted."""
    new = {span_id(turn.id) for turn in replayed.made} | {span_id(c.id) for turn in replayed.made for c in turn.calls}
    new |= {span_id(run.id) for run in runs(replayed.case)}
    return [finding for finding in findings(replayed.case) if finding.about in new]


def recorded(point: Point) -> RecordedModel:
    """The model that goes on as it did."""
    return RecordedModel(point.rest)


# --- inside -----------------------------------------------------------------------------------------------------------


def _until(run: Run, turn: Turn) -> tuple[Run, bool]:
    """The run as far as it had come when the turn began, and whether the turn is in it."""
    kept: list[Note | Turn | Run] = []
    for step in run.steps:
        if step is turn:
            return replace(run, steps=kept, output=None), True
        if isinstance(step, Run):
            inner, found = _until(step, turn)
            kept.append(inner)
        elif isinstance(step, Turn):
            cut, found = _until_call(step, turn)
            kept.append(cut)
        else:
            kept.append(step)
            found = False
        if found:
            return replace(run, steps=kept, output=None), True
    return replace(run, steps=kept), False


def _until_call(step: Turn, turn: Turn) -> tuple[Turn, bool]:
    kept: list[Call] = []
    for call in step.calls:
        inner: list[Run] = []
        for run in call.runs:
            cut, found = _until(run, turn)
            inner.append(cut)
            if found:
                open_call = replace(call, runs=inner, result=msgspec.UNSET, seen=msgspec.UNSET)
                return replace(step, calls=[*kept, open_call]), True
        kept.append(replace(call, runs=inner))
    return replace(step, calls=kept), False


def _outer(run: Run) -> list[Call]:
    """The run's own calls; those inside them come with them."""
    inside = {id(inner) for call in calls(run) for r in call.runs for inner in calls(r)}
    return [call for call in calls(run) if id(call) not in inside]


def _turn(completion: Completion, number: int, point: Point) -> Turn:
    key = f"n{number}"
    asked = [
        Call(id=f"{key}c{i}", tool=c.tool, arguments=c.arguments, span=False) for i, c in enumerate(completion.calls, 1)
    ]
    return Turn(
        id=key,
        text=completion.text,
        calls=asked,
        model=point.turn.model,
        input_tokens=completion.input_tokens or None,
        output_tokens=completion.output_tokens or None,
        utilization=point.turn.utilization,
        finish=completion.finish,
    )


def _answer(turn: Turn, asked: Sequence[Asks], mocks: MockTools) -> str | None:
    """Let mocks answer a turn's calls; says which call wasn't foreseen."""
    for call, asks in zip(turn.calls, asked, strict=True):
        try:
            _mocked(call, {} if asks.arguments is msgspec.UNSET else asks.arguments, mocks)
        except UnexpectedCall as unexpected:
            return str(unexpected)
        except (ToolFailed, RuntimeError, TimeoutError):
            pass
        call.span = True
    return None


def _mocked(call: Call, arguments: Any, mocks: MockTools) -> Any:
    """Call the mock and note on the call what came back; what the mock raises is raised."""
    used = len(mocks.answered)
    try:
        call.result = mocks.call(call.tool, arguments)
    except ToolFailed as failed:
        call.http_status = failed.status
        call.result = {"http_status": failed.status, "body": failed.body}
        raise
    except (RuntimeError, TimeoutError) as error:
        call.failed, call.error, call.error_type = True, str(error), type(error).__name__
        raise
    finally:
        source = mocks.answered[used].call if len(mocks.answered) > used else None
        if source is not None:
            call.runs, call.kind, call.description = source.runs, source.kind, source.description
            call.http_status = call.http_status if call.http_status is not None else source.http_status
            call.status, call.length, call.error_type = (
                source.status,
                source.length,
                call.error_type or source.error_type,
            )
    return call.result


def _with(case: Case, run: Run) -> Case:
    """The case with this run in the place of its former self."""
    return replace(case, runs=[_placed(top, run) for top in case.runs])


def _placed(top: Run, run: Run) -> Run:
    if top.id == run.id:
        return run
    return replace(top, steps=[_placed_step(step, run) for step in top.steps])


def _placed_step(step: Note | Turn | Run, run: Run) -> Note | Turn | Run:
    if isinstance(step, Run):
        return _placed(step, run)
    if isinstance(step, Turn):
        inner = [replace(call, runs=[_placed(r, run) for r in call.runs]) for call in step.calls]
        return replace(step, calls=inner)
    return step


async def _awaited(given: Any) -> Any:
    return await given


def _text(answer: Any) -> str:
    """An agent's answer: text, or an object that holds it."""
    if isinstance(answer, str):
        return answer
    if isinstance(answer, Mapping):
        held = next((answer[key] for key in ("content", "answer", "output", "text") if key in answer), None)
        return held if isinstance(held, str) else "" if held is None else str(held)
    return "" if answer is None else str(getattr(answer, "content", answer))
