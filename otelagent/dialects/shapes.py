"""One message, whatever an SDK or framework calls a message.

Knows the shapes of GenAI parts, OpenAI chat and responses, Anthropic, Gemini, Bedrock, LangChain, Vercel, Haystack and
LlamaIndex messages. The shapes don't collide, so one reader serves every dialect.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeGuard

import msgspec

from otelagent.dialects.encoded import printed
from otelagent.model import Message, Part, Text, ToolCall, ToolResult

LISTS: Final = (list, tuple)
"""Kinds of lists; `list | tuple` would be made anew, in a fifth of a microsecond, each time that it is asked for."""

MAX_WRAPPERS: Final = 8
"""Objects around a message that are looked through."""

MAX_PARTS: Final = 4096
"""Parts of one message that are read."""

NOT_CAPTURED: Final = "__REDACTED__"
"""Stands for a result that a message names and doesn't carry: unknown, which None would not be."""

ROLES: Final = {
    "developer": "system",
    "model": "assistant",
    "ai": "assistant",
    "agent": "assistant",
    "chatbot": "assistant",
    "tool-call": "assistant",
    "tool_call": "assistant",
    "human": "user",
    "function": "tool",
    "ipython": "tool",
    "tool-response": "tool",
    "tool_response": "tool",
    "tool_result": "tool",
    "functionexecutionresult": "tool",
} | {role: role for role in ("system", "user", "assistant", "tool")}

_USUAL_ROLES: Final = frozenset({"system", "user", "assistant"})
_FINAL_ROLES: Final = _USUAL_ROLES | {"tool"}

_TYPES: Final = frozenset({"system", "human", "ai", "tool", "user", "assistant", "functionexecutionresult"})
"""Values of `type` that name a role."""

_PRINTED: Final = ("ResponseFunctionToolCall(", "ChatCompletionMessageToolCall(", "FunctionCall(", "ToolCall(")
"""Beginnings of texts that are calls as Python prints them."""

_CALL_IDS: Final = ("call_id", "tool_call_id", "toolCallId", "toolUseId", "tool_use_id", "id")
_NAMES: Final = ("name", "tool_name", "toolName", "function_name")
_ARGUMENTS: Final = ("arguments", "args", "input", "tool_kwargs", "kwargs", "parameters", "tool_input")
_RESULTS: Final = ("response", "result", "output", "content", "outputs", "return_value")
_TEXTS: Final = ("content", "text", "thinking", "reasoning", "reasoning_content", "value", "refusal", "summary")
_BODIES: Final = ("parts", "content", "contents", "_content", "blocks", "text", "output_text")
_FINISHES: Final = ("finish_reason", "finishReason", "stop_reason", "stopReason")
_TAGGED: Final = frozenset({"text", "json", "error-text", "error-json", "content"})
"""Types of the pair `{type, value}` that Vercel wraps tool results in."""


def message(value: object, role: str) -> Message:
    """The message; `role` where it names none. Never raises: what has no known shape becomes its own text."""
    if type(value) is dict and (usual := _usual(value)) is not None:
        return usual
    finish = None
    for _ in range(MAX_WRAPPERS):
        if not isinstance(value, dict):
            break
        role = _role(value) or role
        finish = finish or _text_of(value, _FINISHES)
        inner = _inner(value)
        if inner is None:
            break
        value = inner
    parts = tuple(_parts(value, role))
    return Message(_settled(role, parts), parts, finish)


def _usual(value: dict[str, Any]) -> Message | None:
    """A message of the GenAI conventions, or OpenAI's with text, calls or a result: what most messages are, read
    without a search, which takes three times as long.

    None of any other; what it gives is what `message` would find.
    """
    role, parts = value.get("role"), value.get("parts")
    if type(role) is not str or role not in _FINAL_ROLES:
        return None
    if type(parts) is not list:
        return _usual_chat(value, role)
    finish = value.get("finish_reason")
    if len(value) != 2 + ("finish_reason" in value) or not (finish is None or type(finish) is str):
        return None
    read: list[Part] = []
    for part in parts:
        kind = part.get("type") if type(part) is dict else None
        if kind == "text" and len(part) == 2:
            text = part.get("content")
            if type(text) is not str or text.startswith(_PRINTED):
                return None
            if text:
                read.append(Text(text))
        elif kind == "tool_call" and part.keys() == _USUAL_CALL:
            read.append(ToolCall(_said(part["id"]), _said(part["name"]), part["arguments"]))
        elif kind == "tool_call_response" and part.keys() == _USUAL_RESULT and not _tagged(part["response"]):
            read.append(ToolResult(_said(part["id"]), None, part["response"]))
        else:
            return None
    if len(read) > MAX_PARTS or (role == "tool" and ToolResult not in map(type, read)):
        return None
    return Message(_settled(role, read), tuple(read), finish or None)


_USUAL_CALL: Final = {"type", "id", "name", "arguments"}
_USUAL_RESULT: Final = {"type", "id", "response"}
_USUAL_CHAT: Final = {"role", "content", "tool_call_id", "name"}


def _usual_chat(value: dict[str, Any], role: str) -> Message | None:
    content, calls = value.get("content"), value.get("tool_calls")
    if type(content) is str and content:
        if len(value) == 2 and role != "tool":
            return Message(role, (Text(content),))
        if (
            role == "tool"
            and len(value) >= 3
            and value.keys() <= _USUAL_CHAT
            and (call_id := _said(value.get("tool_call_id")))
        ):
            return Message(role, (ToolResult(call_id, _said(value.get("name")), content),))
    elif role == "assistant" and len(value) == 2 and type(calls) is list and calls:
        return Message(role, tuple([_call(call) for call in calls[:MAX_PARTS] if isinstance(call, dict)]))
    return None


def _said(value: object) -> str | None:
    return value if type(value) is str and value else None


def is_message(value: Mapping[str, object]) -> bool:
    """Whether an object is itself a message and no collection of messages."""
    if isinstance(value.get("role"), str) or isinstance(value.get("_role"), str):
        return True
    kind = value.get("type")
    return isinstance(kind, str) and (_type(kind) in _READERS or "data" in value or "kwargs" in value)


_ONLY_RESULTS: Final = {ToolResult}


def _settled(role: str, parts: Sequence[Part]) -> str:
    """Results stand under role user in some dialects, and a bare call or result has no role at all."""
    kinds = set(map(type, parts))
    if kinds == _ONLY_RESULTS:
        return "tool"
    return "assistant" if ToolCall in kinds else role


def _role(value: Mapping[str, Any]) -> str | None:
    usual = value.get("role")
    if type(usual) is str and usual in _FINAL_ROLES:
        return usual
    for key in ("role", "_role"):
        role = value.get(key)
        if isinstance(role, dict):
            role = role.get("value")
        if isinstance(role, str) and role:
            role = role.lower().removeprefix("messagerole.")
            return ROLES.get(role, role)
    kinds = (value.get("type"), (value.get("id") or ("",))[-1] if isinstance(value.get("id"), list) else None)
    for kind in kinds:
        if isinstance(kind, str):
            plain = kind.lower().removesuffix("chunk").removesuffix("message")
            if plain in _TYPES:
                return ROLES[plain]
    return None


def _inner(value: Mapping[str, Any]) -> object | None:
    """The message inside a wrapper, None where this is the message."""
    if "content" not in value and "parts" not in value:
        for key in ("message", "data", "kwargs") if "type" in value else ("message",):
            if isinstance(inner := value.get(key), dict):
                return inner
    content = value.get("content")
    if isinstance(content, dict) and ("parts" in content or "role" in content):
        return content
    return None


def _parts(value: object, role: str) -> Iterator[Part]:
    if not isinstance(value, dict):
        yield from _each(value)
        return
    if not isinstance(value.get("role"), str) and (part := _part(value)) is not None:
        yield part
        return
    body = _body(value)
    if role == "user" and type(value.get("tool_call_id")) is str:
        role = "tool"
    if _offers_tool(role, body):
        return
    found = [] if isinstance(body, str) else list(_each(body))
    if role == "tool" and body is not None and not any(isinstance(part, ToolResult) for part in found):
        yield ToolResult(_text_of(value, _CALL_IDS[1:]) or _text_of(value, _CALL_IDS), _text_of(value, _NAMES), body)
        return
    reasoning = _text_of(value, ("reasoning_content", "reasoning", "thinking"))
    if reasoning:
        yield Text(reasoning, reasoning=True)
    if isinstance(body, str) and body:
        yield Text(body)
    yield from found
    known = {part.id for part in found if isinstance(part, ToolCall)}
    yield from (call for call in _calls(value) if call.id is None or call.id not in known)
    if body is None and not _has_calls(value) and not reasoning and not isinstance(value.get("role"), str):
        yield Text(_dumped(value))


def _body(value: Mapping[str, Any]) -> Any:
    """What the message holds: "" where that is nothing, None where it names no such thing."""
    body = None
    for key in _BODIES:
        if key in value:
            body = ""
            if (found := value[key]) not in (None, "", []):
                return found
    return body


def _offers_tool(role: str, body: object) -> bool:
    """Some put the tools that a model is offered among its messages, under the role tool."""
    return role == "tool" and isinstance(body, dict) and isinstance(body.get("function"), dict)


def _each(body: object) -> Iterator[Part]:
    if isinstance(body, str):
        if body:
            yield Text(body)
    elif isinstance(body, dict):
        yield _part(body) or Text(_dumped(body))
    elif isinstance(body, LISTS):
        for item in body[:MAX_PARTS]:
            if isinstance(item, list):
                yield from _each(item)
            elif (part := _part(item)) is not None:
                yield part


def _has_calls(value: Mapping[str, Any]) -> bool:
    return any(key in value for key in ("tool_calls", "toolCalls", "function_call", "additional_kwargs"))


def _calls(value: Mapping[str, Any]) -> Iterator[ToolCall]:
    extra = value.get("additional_kwargs")
    listed = value.get("tool_calls") or value.get("toolCalls") or (isinstance(extra, dict) and extra.get("tool_calls"))
    if isinstance(listed, list):
        for item in listed[:MAX_PARTS]:
            if isinstance(item, dict):
                yield _call(item)
    elif isinstance(value.get("function_call"), dict):
        yield _call(value["function_call"])


def _part(value: object) -> Part | None:
    """None for what is neither text, call nor result (images, references)."""
    if isinstance(value, str):
        return Text(value) if value else None
    if not isinstance(value, dict):
        return None
    kind = value.get("type") or value.get("block_type") or value.get("kind")
    reader = (_READERS.get(kind) or _READERS.get(_type(kind))) if isinstance(kind, str) else None
    if reader is not None:
        return reader(value)
    if not _KEYED.keys().isdisjoint(value):
        for key, nested in _KEYED.items():
            inner = value.get(key)
            if isinstance(inner, dict):
                return nested(inner)
    text = value.get("text")
    if isinstance(text, str):
        return Text(text, reasoning=value.get("thought") is True) if text else None
    if "json" in value and len(value) == 1:
        return Text(_dumped(value["json"]))
    return None


def _type(kind: str) -> str:
    return kind.lower().replace("-", "_")


def _plain(value: Mapping[str, Any]) -> Text | ToolCall | None:
    text = _long_text(value)
    if text and text.startswith(_PRINTED) and (fields := printed(text)) is not None and _text_of(fields, _NAMES):
        return _call(fields)
    return Text(text) if text else None


def _thought(value: Mapping[str, Any]) -> Text | None:
    text = _long_text(value)
    return Text(text, reasoning=True) if text else None


def _long_text(value: Mapping[str, Any]) -> str | None:
    for key in _TEXTS:
        inner = value.get(key)
        if isinstance(inner, dict):
            inner = inner.get("text")
        if isinstance(inner, list):
            inner = "\n".join(i if isinstance(i, str) else str(i.get("text", "")) for i in inner if i) or None
        if isinstance(inner, str):
            return inner
    return None


def _call(value: Mapping[str, Any]) -> ToolCall:
    inner = value.get("function")
    function = inner if isinstance(inner, dict) else value
    payload = value.get("server_tool_call")
    if isinstance(payload, dict):
        function = {**value, **payload}
    arguments = next((function[key] for key in _ARGUMENTS if key in function), None)
    name = _text_of(function, _NAMES) or (inner if isinstance(inner, str) else None)
    return ToolCall(_text_of(value, _CALL_IDS), name, arguments)


def _tagged(result: object) -> TypeGuard[dict[str, Any]]:
    if not isinstance(result, dict) or result.keys() != {"type", "value"}:
        return False
    return isinstance(result["type"], str) and result["type"] in _TAGGED


def _result(value: Mapping[str, Any]) -> ToolResult:
    origin = value.get("origin") if isinstance(value.get("origin"), dict) else {}
    keys = ("server_tool_call_response", *_RESULTS)
    result = next((value[key] for key in keys if key in value), NOT_CAPTURED)
    if _tagged(result):
        result = result["value"]
    merged = {**origin, **value} if origin else value
    return ToolResult(_text_of(merged, _CALL_IDS), _text_of(merged, _NAMES), result)


_READERS: Final[dict[str, Callable[[Mapping[str, Any]], Part | None]]] = (
    dict.fromkeys(("text", "input_text", "output_text", "refusal", "compaction", "summary_text"), _plain)
    | dict.fromkeys(("reasoning", "thinking", "thought"), _thought)
    | dict.fromkeys(("tool_call", "tool_use", "function_call", "server_tool_call", "server_tool_use"), _call)
    | dict.fromkeys(("tool_call_response", "tool_result", "function_call_output", "tool_return"), _result)
    | dict.fromkeys(("server_tool_call_response", "interrupt_response", "tool_call_result"), _result)
)

_KEYED: Final[dict[str, Callable[[Mapping[str, Any]], Part | None]]] = (
    dict.fromkeys(("toolUse", "tool_use", "functionCall", "function_call", "tool_call", "toolCall"), _call)
    | dict.fromkeys(("toolResult", "tool_result", "functionResponse", "function_response", "tool_call_result"), _result)
    | dict.fromkeys(("reasoningContent", "reasoning", "reasoningText"), lambda v: _thought(v.get("reasoningText", v)))
)


def _text_of(value: Mapping[str, Any], keys: Sequence[str]) -> str | None:
    for key in keys:
        found = value.get(key)
        if isinstance(found, str) and found:
            return found
    return None


def _dumped(value: object) -> str:
    try:
        return msgspec.json.encode(value).decode()
    except (msgspec.MsgspecError, TypeError, ValueError, RecursionError):
        return str(type(value).__name__)
