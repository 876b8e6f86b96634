"""A case in words: what each element is, for people who read a reduction."""

from collections.abc import Iterator, Sequence
from typing import Any

from otelagent.cases.elements import Document, Pointer, Segment, elements, every

_FACTS = {"error": "error text", "http_status": "HTTP status", "length": "stated length", "seen": "result as shown"}


def listing(plain: Document) -> list[str]:
    """One line an element, indented by depth."""
    tops = elements(plain)
    shallow = min((len(element.path) for element in every(tops)), default=0)
    return [f"{'  ' * _depth(e.path, shallow)}{name(plain, e.path)}" for e in every(tops)]


def name(plain: Document, path: Pointer) -> str:
    """An element without captured content but names of tools, agents, fields."""
    held = list(_along(plain, path))
    inner = next((i for i, key in enumerate(path) if key in ("arguments", "result", "seen")), None)
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


def _depth(path: Sequence[Any], shallow: int) -> int:
    return max(0, (len(path) - shallow + 1) // 2)
