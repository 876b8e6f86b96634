"""Takes off what frameworks and protocols wrap around a tool's arguments and results.

One rule a shape, applied until none fits. What an envelope says about success is kept, and the JSON pointer to what
remains (it runs through JSON that stands in strings).
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import msgspec

from otelagent.reading.lexicon import exact
from otelagent.reading.members import names
from otelagent.reading.parsing import Parsed, parse, redacted

_LAYERS: Final = 12
_WRITTEN: Final = (str, bytes, bytearray)


class Unwrapped(msgspec.Struct, frozen=True):
    """What a tool took or gave, without envelopes. `pointer` leads to it from the captured value.

    `error` and `status` are what the envelopes say, None where they say nothing; `cut`: the value may end in the
    middle; `redacted`: a sentinel stands in its place.
    """

    value: object
    pointer: str = ""
    error: bool | None = None
    status: str | None = None
    http_status: int | None = None
    cut: bool = False
    redacted: bool = False


class _Layer(msgspec.Struct):
    """What is inside one envelope: the keys that lead to it, or a value made from it."""

    keys: tuple[str | int, ...]
    value: object
    error: bool | None = None
    status: str | None = None
    http_status: int | None = None


_Rule: TypeAlias = Callable[[Any], _Layer | None]


def unwrap(value: object) -> Unwrapped:
    """The result inside; unwrapping again changes nothing. Never raises."""
    return value if isinstance(value, Unwrapped) else _unwrap(value, _RESULT_RULES)


def unwrap_arguments(value: object) -> Unwrapped:
    """The arguments inside. Never raises."""
    return value if isinstance(value, Unwrapped) else _unwrap(value, _ARGUMENT_RULES)


def _unwrap(value: object, rules: tuple[_Rule, ...]) -> Unwrapped:
    pointer: list[str] = []
    cut = isinstance(value, Parsed) and value.cut
    value = value.value if isinstance(value, Parsed) else value
    error, status, http_status = None, None, None
    for _ in range(_LAYERS):
        if isinstance(value, _WRITTEN):
            parsed = parse(value)
            value, cut = parsed.value, cut or parsed.cut
        layer = None
        for rule in rules:
            if (layer := rule(value)) is not None:
                break
        if layer is None:
            break
        cut = cut and _at_edge(value, layer.keys)
        value = layer.value
        pointer += [_escape(key) for key in layer.keys]
        error = layer.error if error is None or layer.error else error
        status, http_status = layer.status or status, layer.http_status or http_status
    path = "".join(f"/{part}" for part in pointer)
    return Unwrapped(value, path, error, status, http_status, cut, redacted(value))


def _at_edge(value: object, keys: tuple[str | int, ...]) -> bool:
    """Where text was cut, only the last member at each level may be damaged."""
    for key in keys:
        if isinstance(value, dict):
            if next(reversed(value), None) != key:
                return False
            value = value[key]
        elif isinstance(value, list) and isinstance(key, int):
            if key != len(value) - 1:
                return False
            value = value[key]
        else:
            return True
    return True


def _escape(key: str | int) -> str:
    return str(key).replace("~", "~0").replace("/", "~1")


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


# --- results ----------------------------------------------------------------------------------------------------------


def _langchain_constructor(value: Mapping[str, Any]) -> _Layer | None:
    inner = value.get("kwargs")
    if "lc" not in value or not isinstance(inner, dict):
        return None
    if "content" in inner:
        return _message(inner, ("kwargs", "content"), inner["content"])
    if "page_content" in inner:
        return _Layer(("kwargs", "page_content"), inner["page_content"])
    return None


def _langchain_message(value: Mapping[str, Any]) -> _Layer | None:
    inner = value.get("data")
    if isinstance(inner, dict) and "content" in inner and _text(value.get("type")) in _MESSAGE_TYPES:
        return _message(inner, ("data", "content"), inner["content"])
    return None


_MESSAGE_TYPES: Final = frozenset({"tool", "ToolMessage", "ai", "human", "function"})


def _bare_message(value: Mapping[str, Any]) -> _Layer | None:
    if "content" not in value or not (_CALL_KEYS & value.keys() or _text(value.get("role")) in ("tool", "function")):
        return None
    return _message(value, ("content",), value["content"])


_CALL_KEYS: Final = frozenset({"tool_call_id", "toolCallId", "tool_use_id", "toolUseId", "call_id"})


def _message(fields: Mapping[str, Any], keys: tuple[str, ...], content: object) -> _Layer:
    status = _text(fields.get("status"))
    flags = (_flag(fields.get(name)) for name in ("is_error", "isError", "tool_call_error"))
    error = next((flag for flag in flags if flag is not None), None)
    return _Layer(keys, content, error or (status == "error" or error), status)


def _output_kwargs(value: Mapping[str, Any]) -> _Layer | None:
    if "output" in value and value.keys() <= {"output", "kwargs", "tags", "metadata"}:
        return _Layer(("output",), value["output"])
    return None


def _single(value: Mapping[str, Any]) -> _Layer | None:
    if len(value) != 1:
        return None
    key = next(iter(value))
    if key in _SINGLE:
        return _Layer((key,), value[key])
    return None


_SINGLE: Final = names("result tool_result toolResult functionResponse function_response return_value tool_response")


def _mcp(value: Mapping[str, Any]) -> _Layer | None:
    content = value.get("content")
    if not isinstance(content, list) or not (_MCP_KEYS & value.keys() or (len(value) == 1 and _blocks(content))):
        return None
    error = next((f for f in (_flag(value.get(k)) for k in ("isError", "is_error")) if f is not None), None)
    for key in ("structuredContent", "structured_content"):
        if value.get(key) is not None and not error:
            return _Layer((key,), value[key], error)
    return _Layer(("content",), content, error)


_MCP_KEYS: Final = frozenset({"isError", "is_error", "structuredContent", "structured_content", "_meta"})


def _typed(value: Mapping[str, Any]) -> _Layer | None:
    kind = value.get("type")
    if not isinstance(kind, str):
        return None
    if kind in _VALUE_PARTS and "value" in value and value.keys() <= {"type", "value", "providerOptions"}:
        return _Layer(("value",), value["value"], kind.startswith("error") or None)
    for key in _RESULT_PARTS.get(kind, ()):
        if key in value:
            return _message(value, (key,), value[key])
    return None


_VALUE_PARTS: Final = frozenset({"text", "json", "content", "error-text", "error-json"})
_RESULT_PARTS: Final[dict[str, tuple[str, ...]]] = {
    "tool_result": ("content",),
    "tool-result": ("output", "result"),
    "function_call_output": ("output",),
    "custom_tool_call_output": ("output",),
    "tool_call_response": ("response", "result"),
    "function_result": ("result",),
    "tool_return": ("content",),
    "tool-return": ("content",),
}


def _named_response(value: Mapping[str, Any]) -> _Layer | None:
    """Gemini's function response, and records of executed tools."""
    if "response" in value and "name" in value and value.keys() <= {"id", "name", "response", "will_continue"}:
        return _Layer(("response",), value["response"])
    if "result" in value and _EXECUTION & value.keys():
        return _message(value, ("result",), value["result"])
    if "return_value" in value and value.keys() <= {"return_value", "content", "metadata", "kind"}:
        return _Layer(("return_value",), value["return_value"])
    return None


_EXECUTION: Final = frozenset({"tool_call_id", "toolCallId", "tool_args", "tool_call_error", "origin", "call_id"})


def _llama_index(value: Mapping[str, Any]) -> _Layer | None:
    """A tool's output, and the event that carries it beside the call's id."""
    if "tool_output" in value and "tool_kwargs" in value:
        return _Layer(("tool_output",), value["tool_output"])
    if "tool_name" not in value or "raw_output" not in value:
        return None
    key = next((k for k in ("content", "blocks") if value.get(k)), "raw_output")
    return _message(value, (key,), value[key])


def _unfailed(value: Mapping[str, Any]) -> _Layer | None:
    """`{"error": "", "response": ...}`: an error member that is empty says that there is none."""
    if len(value) != 2 or "error" not in value or value["error"] not in (None, "", False):
        return None
    key = next(key for key in value if key != "error")
    return _Layer((key,), value[key]) if key in _PAYLOADS else None


_PAYLOADS: Final = frozenset({"response", "result", "data", "output", "value", "content", "body"})


def _http_response(value: Mapping[str, Any]) -> _Layer | None:
    """A response as HTTP tools return it: status, headers and body."""
    status = next((value[key] for key in _STATUS_KEYS if key in value), None)
    if isinstance(status, bool) or not isinstance(status, int) or not 100 <= status <= 599:
        return None
    body = next((key for key in ("body", "content", "text", "data", "json", "response") if key in value), None)
    if body is None or not value.keys() <= _RESPONSE_KEYS:
        return None
    return _Layer((body,), value[body], http_status=status)


_STATUS_KEYS: Final = ("status_code", "statusCode", "http_status", "status", "code")
_RESPONSE_KEYS: Final = names(
    "status_code statusCode http_status status code headers body content text data json response url ok reason"
    " statusText status_text content_type contentType elapsed elapsed_ms encoding isBase64Encoded method"
)


def _content_blocks(value: list[Any]) -> _Layer | None:
    """MCP, OpenAI, Anthropic, Strands and LlamaIndex give results as a list of blocks."""
    texts = _blocks(value)
    if texts is None:
        return None
    if len(value) == 1:
        keys = _block_keys(value[0])
        return _Layer((0, *keys), _follow(value[0], keys))
    parsed = [parse(text) if isinstance(text, str) else None for text in texts]
    if all(p is None or isinstance(p.value, dict | list) for p in parsed):
        return _Layer((), [t if p is None else p.value for t, p in zip(texts, parsed, strict=True)])
    return _Layer((), "\n".join(text if isinstance(text, str) else str(text) for text in texts))


def _blocks(value: list[Any]) -> list[Any] | None:
    """What stands in each block; None where the list is no list of text and JSON blocks."""
    if not value or len(value) > 1000:
        return None
    found = []
    for block in value:
        keys = _block_keys(block)
        if not keys:
            return None
        found.append(_follow(block, keys))
    return found


def _block_keys(block: object) -> tuple[str, ...]:
    if not isinstance(block, dict):
        return ()
    kind = _text(block.get("type", block.get("block_type")))
    if kind in _TEXT_BLOCKS and "text" in block:
        return ("text",)
    if kind in _TEXT_BLOCKS and "content" in block:
        return ("content",)
    if kind == "resource" and isinstance(block.get("resource"), dict) and "text" in block["resource"]:
        return ("resource", "text")
    if len(block) == 1 and (key := next(iter(block))) in ("text", "json"):
        return (str(key),)
    return ()


_TEXT_BLOCKS: Final = frozenset({"text", "input_text", "output_text"})


def _follow(value: Any, keys: tuple[str, ...]) -> Any:
    for key in keys:
        value = value[key]
    return value


_MESSAGE_REPR: Final = exact(r"""^content=(?s:.{2,}) (?:name|tool_call_id|id|additional_kwargs|status)=""")
_REPR_STATUS: Final = exact(r" status='(\w+)'")
_REPR_CONTENT: Final = exact(r"""^content=('(?:[^'\\]|\\(?s:.))*'|"(?:[^"\\]|\\(?s:.))*")""")


def _message_repr(value: str) -> _Layer | None:
    """LangChain's ToolMessage as `str()` writes it: content='...' name='...' tool_call_id='...'."""
    if not value.startswith("content=") or not _MESSAGE_REPR.search(value):
        return None
    quoted = _REPR_CONTENT.match(value)
    end = quoted.end(1) if quoted else value.rfind("] ") + 1
    inner = parse(f"[{value[len('content=') : end]}]").value
    if not isinstance(inner, list) or len(inner) != 1:
        return None
    status = _REPR_STATUS.search(value[end:])
    word = status.group(1) if status else None
    return _Layer(("content",), inner[0], word == "error" or None, word)


_HTTP_HEAD: Final = exact(r"^\s*HTTP/\d(?:\.\d)? (\d{3})\b[^\n]*(?:\n|$)(?:[\w-]+:[^\n]*(?:\n|$))*\s*")


def _http_text(value: str) -> _Layer | None:
    """A whole HTTP answer as text, as `curl -i` prints it: status line, headers, body."""
    if value.lstrip()[:5] != "HTTP/":
        return None
    head = _HTTP_HEAD.match(value)
    return _Layer((), value[head.end() :], None, None, int(head.group(1))) if head else None


_MAPPING_RULES: Final[tuple[_Rule, ...]] = (
    _langchain_constructor,
    _langchain_message,
    _typed,
    _bare_message,
    _mcp,
    _output_kwargs,
    _single,
    _named_response,
    _llama_index,
    _unfailed,
    _http_response,
)


_MARKERS: Final = (
    _SINGLE
    | {"kwargs", "data", "content", "output", "type", "response", "return_value", "raw_output", "tool_output", "error"}
) | frozenset(_STATUS_KEYS)
"""Names without which no rule applies."""


def _result_rules(value: object) -> _Layer | None:
    if isinstance(value, dict):
        if _MARKERS.isdisjoint(value):
            return None
        return next((found for rule in _MAPPING_RULES if (found := rule(value)) is not None), None)
    if isinstance(value, list):
        return _content_blocks(value)
    return _message_repr(value) or _http_text(value) if isinstance(value, str) else None


# --- arguments --------------------------------------------------------------------------------------------------------


def _traceloop_input(value: object) -> _Layer | None:
    if not isinstance(value, dict) or "input_str" not in value or len(value) < 2:
        return None
    inputs = value.get("inputs")
    key = "inputs" if isinstance(inputs, dict) and inputs else "input_str"
    return _Layer((key,), value[key])


def _call_arguments(value: object) -> _Layer | None:
    """A whole tool call where arguments were expected: the function's arguments."""
    if not isinstance(value, dict):
        return None
    for key in ("arguments", "args", "input", "parameters", "tool_input"):
        if key in value and _CALL_NAMES & value.keys() and value.keys() <= _CALL_FIELDS:
            return _Layer((key,), value[key])
    return None


_CALL_NAMES: Final = frozenset({"name", "tool_name", "toolName", "tool", "id", "tool_call_id", "toolCallId"})
_CALL_FIELDS: Final = _CALL_NAMES | {"arguments", "args", "input", "parameters", "tool_input", "type"}


def _decorator(value: object) -> _Layer | None:
    if not isinstance(value, dict) or value.keys() != {"args", "kwargs"}:
        return None
    args, kwargs = value["args"], value["kwargs"]
    if not args:
        return _Layer(("kwargs",), kwargs)
    if not kwargs:
        return _Layer(("args",), args[0]) if isinstance(args, list) and len(args) == 1 else _Layer(("args",), args)
    return _Layer((), {"args": args, **kwargs} if isinstance(kwargs, dict) else [args, kwargs])


_ARGUMENT_RULES: Final[tuple[_Rule, ...]] = (_traceloop_input, _call_arguments, _decorator)
_RESULT_RULES: Final[tuple[_Rule, ...]] = (_result_rules,)
