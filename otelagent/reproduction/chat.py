"""A run as messages of the chat completions API, and back."""

from typing import Any, Final

import msgspec

from otelagent.cases.case import Call, Note, Offer, Run, Turn, turns
from otelagent.cases.spans import given, wire_id

_MISSING: Final = msgspec.UNSET


def messages(run: Run, forgets: list[str] | None = None) -> list[dict[str, Any]]:
    """What the run's next turn would be sent; each answered call stands right after the turn that asked for it."""
    gone = frozenset(forgets or ())
    found: list[dict[str, Any]] = []
    for step in run.steps:
        if isinstance(step, Run) or step.id in gone:
            continue
        if isinstance(step, Note):
            found.append({"role": step.role, "content": step.text})
        else:
            found += _turn(step, gone)
    return found


def _turn(turn: Turn, gone: frozenset[str]) -> list[dict[str, Any]]:
    """A call whose result isn't known is left out: the protocol has no call without its result."""
    answered = [c for c in turn.calls if c.asked and c.id not in gone and given(c) is not _MISSING]
    if not turn.text and not answered:
        return []
    said: dict[str, Any] = {"role": "assistant", "content": turn.text or None}
    if answered:
        said["tool_calls"] = [_asked(call) for call in answered]
    results = [{"role": "tool", "tool_call_id": wire_id(c), "content": result_text(given(c))} for c in answered]
    return [said, *results]


def _asked(call: Call) -> dict[str, Any]:
    arguments = {} if call.arguments is _MISSING else call.arguments
    if not isinstance(arguments, dict):
        arguments = {"input": arguments}
    written = msgspec.json.encode(arguments).decode()
    return {"id": wire_id(call), "type": "function", "function": {"name": call.tool, "arguments": written}}


def result_text(value: Any) -> str:
    """A result as the model is shown it: text as it is, all else as JSON."""
    return value if isinstance(value, str) else msgspec.json.encode(value, enc_hook=str).decode()


def tools(run: Run) -> list[dict[str, Any]]:
    """The tools that were offered; where that wasn't recorded, those that were called, with the arguments seen."""
    offers = {offer.name: offer for offer in run.tools}
    for turn in turns(run):
        for call in turn.calls:
            known = offers.setdefault(call.tool, Offer(name=call.tool, description=call.description or ""))
            if known.parameters is None:
                offers[call.tool] = msgspec.structs.replace(known, parameters=_schema(call.arguments))
    return [_tool(offer) for offer in offers.values()]


def _tool(offer: Offer) -> dict[str, Any]:
    schema = offer.parameters or {"type": "object", "properties": {}}
    return {
        "type": "function",
        "function": {"name": offer.name, "description": offer.description, "parameters": schema},
    }


_TYPES: Final = ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"), (list, "array"))


def _schema(arguments: Any) -> dict[str, Any]:
    """Of the arguments that were recorded."""
    members = arguments.items() if isinstance(arguments, dict) else ()
    return {
        "type": "object",
        "properties": {
            name: {"type": next((word for kind, word in _TYPES if isinstance(value, kind)), "object")}
            for name, value in members
        },
    }
