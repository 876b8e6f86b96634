"""Values inside text: JSON, JSON that a length limit cut, and Python reprs."""

import ast
import json
import warnings
from collections.abc import Iterator
from typing import Any, Final

import msgspec

MAX_REPR: Final = 256 * 1024
"""Characters of a Python repr that are evaluated."""
WHITE: Final = " \t\r\n"
UNREADABLE: Final = (msgspec.MsgspecError, ValueError, RecursionError)


def unpacked(value: object) -> object:
    """JSON or a Python repr inside text becomes its value; anything else stays."""
    if not isinstance(value, str) or not (head := value[:64].lstrip(WHITE)) or head[0] not in '[{"':
        return value
    try:
        return msgspec.json.decode(value)
    except UNREADABLE:
        return evaluated(value)


def decoded(value: object) -> Any:
    """The value of JSON text, None where it is none."""
    try:
        return msgspec.json.decode(value) if isinstance(value, str) else None
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def evaluated(text: str) -> object:
    """The value of a Python repr, else the text itself."""
    head = text[:64].lstrip(WHITE)
    if len(text) > MAX_REPR or not head.startswith(("[{'", "{'", "['", "[]", "{}", '{"', '[{"', "[(")):
        return text
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value: object = ast.literal_eval(text.strip(WHITE))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return text
    return value


def printed(text: str) -> dict[str, Any] | None:
    """The fields of an object that Python printed, like `ToolCall(name='search', arguments={})`; None where it is none.

    Objects inside become their fields too; a value that can't be read (an enum's `<...>`) makes all of it unreadable.
    """
    if len(text) > MAX_REPR:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text.strip(WHITE), mode="eval").body
        return _fields(tree) if isinstance(tree, ast.Call) else None
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def _fields(call: ast.Call) -> dict[str, Any]:
    return {keyword.arg: _plain(keyword.value) for keyword in call.keywords if keyword.arg is not None}


def _plain(node: ast.expr) -> Any:
    match node:
        case ast.Call():
            return _fields(node)
        case ast.List() | ast.Tuple():
            return [_plain(element) for element in node.elts]
        case ast.Dict():
            keys = (ast.literal_eval(key) for key in node.keys if key is not None)
            return dict(zip(keys, map(_plain, node.values), strict=True))
    return ast.literal_eval(node)


def is_cut(text: str) -> bool:
    """Whether text begins as JSON and doesn't end as it: a length limit cut it."""
    head, tail = text[:64].lstrip(WHITE), text[-64:].rstrip(WHITE)
    return bool(head) and head[0] in "[{" and tail[-1:] != {"[": "]", "{": "}"}[head[0]]


def whole_elements(text: str) -> Iterator[Any]:
    """The elements of a JSON array that ends in the middle."""
    scanner = json.JSONDecoder()
    position = text.find("[") + 1
    while 0 < position < len(text):
        while position < len(text) and text[position] in ", \t\r\n":
            position += 1
        try:
            element, position = scanner.raw_decode(text, position)
        except (ValueError, RecursionError):
            return
        yield element
