"""From a step's content to its facts: content is decoded here, once, and let go."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from otelagent import w3c
from otelagent.model import (
    BAD,
    Asked,
    Call,
    Captured,
    Content,
    Kind,
    Message,
    Outcome,
    Role,
    Status,
    Step,
    Text,
    ToolCall,
    Turn,
    Window,
    Withheld,
)
from otelagent.reading.arguments import canonical
from otelagent.reading.closing import closing_text
from otelagent.reading.completion import CompletionRead
from otelagent.reading.declared import declared
from otelagent.reading.effects import informs, invites, only_reads
from otelagent.reading.envelopes import unwrap_arguments
from otelagent.reading.exits import searched
from otelagent.reading.given import Acted
from otelagent.reading.history import HistoryReader, RoleOf, asked_of, last_user, tool_calls
from otelagent.reading.instructions import TaskRead
from otelagent.reading.known import Known
from otelagent.reading.likeness import ArgumentsRead
from otelagent.reading.parsing import dumps, parse
from otelagent.reading.results import failure_of, of_coworker, read_result
from otelagent.reading.roles import called_by, is_closing, is_program, runs_anything
from otelagent.reading.seen import MAX_DECLARED, Seen
from otelagent.reading.values import files, links

TO_CALL_TOOLS: Final = frozenset({"tool_calls", "tool_call", "tool-calls", "tool_use", "function_call"})
"""Reasons why a completion ended, as providers write them."""

UNTOLD: Final = frozenset({Status.OK, Status.UNKNOWN, Status.EMPTY})
"""Outcomes that don't tell of a failure."""


def read(step: Step, seen: Seen, role_of: RoleOf) -> None:
    """Fill `call` and `turn` from the content, and let the content go."""
    content, step.content = step.content, None
    if content is None:
        return
    if step.kind in (Kind.TOOL, Kind.RETRIEVAL):
        step.call_id = seen.same(step.call_id)
        command = _command(step.tool, content)
        step.call = _call(step, content, role_of(step.tool, step.tool_description, command), command)
        step.call.arguments = seen.same_arguments(step.call_id, step.call.arguments)
    elif step.kind in (Kind.LLM, Kind.AGENT, Kind.WORKFLOW):
        step.turn = _turn(step, content, seen, role_of)
    if step.withheld is None and content.cut:
        step.say(withheld=Withheld.TRUNCATED)


def read_again(step: Step, role_of: RoleOf) -> None:
    """Read what came later of a step; a call keeps what its span showed, but for an outcome that is worse."""
    known = step.call
    read(step, Seen(), role_of)
    if known is not None and step.call is not None:
        if step.call.outcome.status in BAD and known.outcome.status in UNTOLD:
            known.outcome = step.call.outcome
        step.call = known


def _command(tool: str | None, content: Content) -> str:
    """What a tool that runs commands is to run."""
    if tool is None or not runs_anything(tool) or (arguments := content.arguments()) is None:
        return ""
    inner = unwrap_arguments(arguments.value).value
    found = next((v for v in inner.values() if isinstance(v, str)), "") if isinstance(inner, dict) else inner
    if not isinstance(found, str):
        return ""
    program = is_program(tool)
    return f"{program} {found}" if program and not found.startswith(f"{program} ") else found


_ARGUMENTS: Final = Known[int, int | None]()


def _call(step: Step, content: Content, role: Role, command: str) -> Call:
    captured = content.result()
    judged = read_result(step, captured, content.error(), role)
    arguments = content.arguments()
    if step.context is None and arguments is not None and (named := w3c.mentioned(arguments.value)) is not None:
        step.say(context=named)
    like = None if arguments is None else ArgumentsRead(arguments.value, arguments.mark)
    asked = None if arguments is None else unwrap_arguments(arguments.value)
    return Call(
        outcome=searched(command, captured, judged.outcome) if command else judged.outcome,
        role=role,
        arguments=None if arguments is None else _canonical(arguments),
        like=like,
        result=judged.result,
        failure=failure_of(judged.outcome, captured, content.error(), like),
        size=judged.size,
        given=captured.value if captured is not None and role is not Role.NOTE else None,
        acted=_acted(arguments, judged.outcome, role),
        suspect=judged.suspect,
        receipt=judged.receipt or of_coworker(step.tool, step.target, captured, like),
        shape=judged.shape,
        more=judged.more,
        hint=judged.hint,
        calls=None if arguments is None else _called(step.tool, arguments),
        informs=role is Role.ACTION and (invites(asked) or informs(captured and captured.value)),
        only_reads=only_reads(step.tool, role, asked, captured and captured.value),
    )


def _called(tool: str | None, arguments: Captured) -> str | None:
    """The tool that one which calls any was to call: its name may stand around what are that tool's arguments."""
    if tool is None or not runs_anything(tool):
        return None
    whole, inner = parse(arguments.value).value, unwrap_arguments(arguments.value).value
    return called_by(tool, inner) or called_by(tool, whole)


def _acted(arguments: Captured | None, found: Outcome, role: Role) -> Acted | None:
    """What was done to something, or tried in vain; of a search that found nothing, the addresses that it sought."""
    if arguments is None or role is Role.NOTE:
        return None
    if found.status is Status.EMPTY:
        value = arguments.value
        text = value.encode(errors="replace") if isinstance(value, str) else dumps(value)
        places = [*(links(text, _ADDRESSES) if b"@" in text else ()), *files(text, _ADDRESSES)]
        sought = {str(start): text[start:end].decode(errors="replace") for start, end in places}
        return Acted(sought) if sought else None
    tried = role is Role.ACTION and found.status in BAD
    return Acted(arguments.value, arguments.mark) if found.status is Status.OK or tried else None


_ADDRESSES: Final = 8


def _canonical(arguments: Captured) -> int | None:
    if arguments.mark is None:
        return canonical(arguments.value)
    if arguments.mark in _ARGUMENTS:
        return _ARGUMENTS[arguments.mark]
    return _ARGUMENTS.keep(arguments.mark, canonical(arguments.value))


def _context(messages: Iterable[Message]) -> w3c.Context | None:
    """A W3C context that A2A or MCP carried beside a message's text."""
    texts = (part.text for message in messages for part in message.parts if isinstance(part, Text))
    return next((found for text in texts if (found := w3c.mentioned(text)) is not None), None)


def _turn(step: Step, content: Content, seen: Seen, role_of: RoleOf) -> Turn:
    history = content.history()
    reader = HistoryReader(role_of, seen)
    fresh = [(position, item.read()) for position, item in seen.fresh(history)] if history else []
    for position, message in reader.take(fresh):
        seen.instruct(history[position].fingerprint, message)
    if step.kind is Kind.AGENT and step.context is None:
        named = _context(message for _, message in fresh)
        if named is not None:
            step.say(context=named)
    completion = content.completion()
    calls, text = _said(completion)
    if not text and step.kind is not Kind.LLM:
        text = _result_text(content.result())
    asked = tuple(asked_of(c) for c in calls if not (text and is_closing(c.name))) if calls else ()
    seen.ask(asked)
    _declare(asked, content, seen)
    standing, early = seen.standing(history)
    return Turn(
        said=CompletionRead(text) if text else None,
        asked=asked,
        answered=tuple(reader.answered),
        consumed=tuple(reader.consumed),
        given=tuple(reader.given),
        history=bool(history),
        told=tuple(reader.told),
        standing=standing,
        early=early,
        called=_called_before(fresh) if reader.calls else _NONE,
        window=_window(len(history), [position for position, _ in fresh]) if history else None,
        task=TaskRead("\n".join(reader.asked_for)) if reader.asked_for else None,
        goes_on=not calls and step.kind is Kind.LLM and step.finish in TO_CALL_TOOLS,
    )


_NONE: Final = frozenset[str]()
"""An empty set takes 216 bytes."""


def _declare(asked: tuple[Asked, ...], content: Content, seen: Seen) -> None:
    """Look up what tools say of their results when they are asked for, each once in a trace."""
    new = {a.name for a in asked if a.name and a.name not in seen.declared} if asked else None
    if not new or len(seen.declared) > MAX_DECLARED:
        return
    offers = {offer.name: offer for offer in content.tools() if offer.name in new}
    seen.declared = seen.declared or {}
    for name in new:
        offer = offers.get(name)
        seen.declared[name] = declared(offer.description, offer.output) if offer is not None else None


def _called_before(fresh: list[tuple[int, Message]]) -> frozenset[str]:
    """Tools that were called in turns before the user's last message."""
    last = last_user(fresh)
    calls = tool_calls(message for position, message in fresh if position < last)
    return frozenset(call.name for call in calls if call.name) or _NONE


def _window(items: int, new: list[int]) -> Window:
    old = items - len(new)
    return _window_of(items, old, bool(old and new and new[0] < old))


_window_of: Final = lru_cache(1024)(Window)


def _said(completion: Sequence[Message]) -> tuple[list[ToolCall], str]:
    """The calls that a completion asks for, and its text, reasoning aside."""
    calls: list[ToolCall] = []
    texts: list[str] = []
    for message in completion:
        for part in message.parts:
            if isinstance(part, ToolCall):
                calls.append(part)
            elif isinstance(part, Text) and not part.reasoning:
                texts.append(part.text)
    if calls:
        texts.append(closing_text(calls))
    return calls, "\n".join(text for text in texts if text.strip())


def _result_text(captured: Captured | None) -> str:
    return captured.value if captured is not None and isinstance(captured.value, str) else ""
