"""A recorded run as a case: what was said, asked and returned, without the emitter's dialect.

The tree has the order and nesting of the run, so that any part can be left out and what remains is still a valid
conversation: a call belongs to the turn that asked for it, a result to its call, a child's run to the call that it
worked for. Histories aren't stored: a turn sees all that stands before it in its run, but what it `forgets`.
"""

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

import msgspec

from otelagent.errors import OtelagentError

VERSION: Final = 1
"""Of a case's JSON; fields are only added within a version. Described in docs/reproduce.md."""


class BadCase(OtelagentError):
    """A file holds no case that can be read; says why."""


class Offer(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A tool that the model was offered."""

    name: str
    description: str = ""
    parameters: dict[str, Any] | None = None
    output: dict[str, Any] | None = None
    """JSON schema of its results, where it is declared."""


class Note(msgspec.Struct, kw_only=True, omit_defaults=True, tag="message"):
    """A system or user message. It also stands for an assistant's message from before the trace."""

    id: str
    role: str
    text: str


class Call(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A tool call and what came back. `arguments` and `result` are JSON; UNSET: not captured.

    `asked`: the model's completion asks for it. `span`: a span of its own reports it, else only messages do.
    """

    id: str
    tool: str
    kind: str = "tool"
    """tool, retrieval or handoff."""
    asked: bool = True
    span: bool = True
    parallel: bool = False
    """It began before the call before it had ended."""
    arguments: Any = msgspec.UNSET
    result: Any = msgspec.UNSET
    seen: Any = msgspec.UNSET
    """What the model was shown instead of the result."""
    failed: bool = False
    error: str | None = None
    error_type: str | None = None
    http_status: int | None = None
    status: str | None = None
    """As the emitter states it (`success_empty`, `timeout`)."""
    length: int | None = None
    description: str | None = None
    target: str | None = None
    """The agent that takes over, or that the call names."""
    same: str | None = None
    """Of a call that only a handed-over history shows: the id of the earlier run's call that it is."""
    runs: "list[Run]" = []


class Turn(msgspec.Struct, kw_only=True, omit_defaults=True, tag="turn"):
    """One completion of the model. `span`: it is reported by a span, else it is known from later messages."""

    id: str
    text: str = ""
    calls: list[Call] = []
    span: bool = True
    forgets: list[str] = []
    """Ids of messages, turns and calls that no longer stand in its input."""
    model: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    utilization: float | None = None
    """Share of the context window that its input filled."""
    finish: str | None = None


class Run(msgspec.Struct, kw_only=True, omit_defaults=True, tag="run"):
    """One invocation of one agent. `span` is False where no span stands for the agent itself."""

    id: str
    agent: str | None = None
    span: bool = True
    failed: bool = False
    tools: list[Offer] = []
    steps: "list[Step]" = []
    output: str | None = None
    """What the agent's own span says it gave, where that isn't its last turn's text."""
    assigned: int | None = None
    processed: int | None = None
    finish: str | None = None
    """Why the agent ended, as its own span says it."""


Step: TypeAlias = Note | Turn | Run


class Target(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What makes the case a failure: a finding of this mode and cause, about this tool where the finding names one."""

    mode: str
    cause: str | None = None
    tool: str | None = None


class Case(msgspec.Struct, kw_only=True):
    """Runs in order of their start; the first is the topmost."""

    version: int = VERSION
    target: Target | None = None
    runs: list[Run] = []


def runs(case: Case) -> Iterator[Run]:
    """All runs, each before those inside it."""
    for run in case.runs:
        yield from _within(run)


def _within(run: Run) -> Iterator[Run]:
    yield run
    for step in run.steps:
        if isinstance(step, Run):
            yield from _within(step)
        elif isinstance(step, Turn):
            for call in step.calls:
                for inner in call.runs:
                    yield from _within(inner)


def calls(run: Run) -> Iterator[Call]:
    """The calls that a run and those inside it made in this trace, each before those inside it."""
    for step in run.steps:
        if isinstance(step, Run):
            yield from calls(step)
        elif isinstance(step, Turn) and happened(step):
            for call in step.calls:
                yield call
                for inner in call.runs:
                    yield from calls(inner)


def happened(turn: Turn) -> bool:
    """The turn belongs to this trace; others are only remembered by the messages of later ones."""
    return turn.span or any(call.span for call in turn.calls)


def turns(run: Run) -> list[Turn]:
    """The run's own turns, in order."""
    return [step for step in run.steps if isinstance(step, Turn)]


def to_json(case: Case) -> bytes:
    """The form that is written and cached by."""
    return msgspec.json.encode(case)


def from_json(raw: bytes) -> Case:
    """Raises BadCase."""
    try:
        case = msgspec.json.decode(raw, type=Case)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadCase(f"no case of otelagent: {error}") from error
    if case.version != VERSION:
        raise BadCase(f"a case of version {case.version}; this otelagent reads version {VERSION}")
    return case
