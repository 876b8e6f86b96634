"""A case in words: what each element is, for people who read a reduction."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from otelagent.cases.elements import Document, Element, Pointer, Segment, elements, segments

_FACTS = {"error": "error text", "http_status": "HTTP status", "length": "stated length", "seen": "result as shown"}
_INSIDE: Final = frozenset({"arguments", "result", "seen"})
_LONGEST: Final = 120


def listing(plain: Document, *, values: bool = False) -> list[str]:
    """One line an element, indented by depth. `values`: with what it says, which is captured content."""
    return list(_lines(plain, elements(plain), "", values))


def _lines(plain: Document, found: Sequence[Element], indent: str, values: bool) -> Iterator[str]:
    for element in found:
        said = _value(plain, element.path) if values and not element.parts else ""
        yield f"{indent}{name(plain, element.path)}{': ' if said else ''}{said}"
        yield from _lines(plain, element.parts, f"{indent}  ", values)


def _value(plain: Any, path: Pointer) -> str:
    """The beginning of what an element holds itself."""
    at = plain
    for key in path:
        at = segments(at)[key] if isinstance(key, Segment) else at[key]
    if isinstance(at, dict) and not _INSIDE.intersection(path):
        at = at.get("text", "")
    said = at if isinstance(at, str) else msgspec.json.encode(at).decode()
    return said if len(said) <= _LONGEST else f"{said[:_LONGEST]}..."


def name(plain: Document, path: Pointer) -> str:
    """An element without captured content but names of tools, agents, fields."""
    held = list(_along(plain, path))
    inner = next((i for i, key in enumerate(path) if key in _INSIDE), None)
    if inner is not None:
        tool = held[inner].get("tool", "a tool")
        below = "".join(f"/{key}" for key in path[inner + 1 :] if not isinstance(key, Segment))
        part = " (a sentence)" if isinstance(path[-1], Segment) else ""
        return f"{path[inner]}{below} of {tool}{part}"
    if isinstance(path[-1], Segment):
        return "a sentence of it"
    if path[-1] == "text":
        return "its text"
    if isinstance(path[-1], str):
        return f"{_FACTS.get(path[-1], path[-1])} of {held[-1].get('tool') or held[-1].get('agent') or 'the run'}"
    return _noun(path, held[-1][path[-1]])


def _noun(path: Pointer, element: Any) -> str:
    match path[-2]:
        case "tools":
            return f"tool offered: {element.get('name')}"
        case "calls":
            return f"call of {element.get('tool')}"
        case "runs":
            return f"run of {element.get('agent') or 'an agent'}"
    if element.get("type") == "run":
        return f"run of {element.get('agent') or 'an agent'}"
    if element.get("type") == "message":
        return f"{element.get('role')} message"
    asked = ", ".join(call["tool"] for call in element.get("calls", ()))
    return f"turn that calls {asked}" if asked else "answer of the model"


def _along(plain: Any, path: Pointer) -> Iterator[Any]:
    """The values that a path leads through."""
    at = plain
    for key in path:
        yield at
        if isinstance(key, Segment):
            return
        at = at[key]
