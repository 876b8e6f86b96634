"""The elements of a case: what reduction leaves out one by one.

An element is a message, a turn, a call with its return, a tool that was offered, a child's run, a part of arguments or
of a result (each member and item of the JSON), a fact that the emitter stated about a call, or a segment of a text
(sentence or line). They form a tree; with an element goes all that is inside it. A container that holds one thing
counts once.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any, Final, TypeAlias

import msgspec

from otelagent.cases.case import Case
from otelagent.reading.lexicon import exact

Document: TypeAlias = dict[str, Any]
"""A case as plain JSON values."""


class Segment(int):
    """In a path: the segment of a text."""


Pointer: TypeAlias = tuple[str | int, ...]
"""Keys and indexes from the case's top to an element."""

STATED: Final = ("error", "error_type", "http_status", "status", "length", "failed", "seen", "target")
"""Fields of a call that say how it went."""
OF_RUN: Final = ("output", "assigned", "processed")

_END: Final = exact(r"[.!?]+[\"'”’)\]]*\s+|[。！？]+\s*|\n\s*")
_MOST: Final = 2_000
"""Segments of one text."""


@dataclass(frozen=True)
class Element:
    """One element and those inside it."""

    path: Pointer
    parts: tuple["Element", ...] = ()


def document(case: Case) -> Document:
    """The case as plain values."""
    plain: Document = msgspec.to_builtins(case)
    return plain


def case_of(plain: Document) -> Case:
    """The case back."""
    return msgspec.convert(plain, Case)


def elements(plain: Document) -> tuple[Element, ...]:
    """The topmost elements. A topmost run is none: without it there is no case."""
    several = len(plain.get("runs", ())) > 1
    found: list[Element] = []
    for i, run in enumerate(plain.get("runs", ())):
        inside = tuple(_run(run, ("runs", i)))
        found += [Element(("runs", i), inside)] if several else inside
    return tuple(found)


def every(found: Sequence[Element]) -> Iterator[Element]:
    """All elements, each before those inside it."""
    for element in found:
        yield element
        yield from every(element.parts)


def count(plain: Document) -> int:
    """How many elements the case has."""
    return sum(1 for _ in every(elements(plain)))


def levels(plain: Document) -> list[list[Element]]:
    """The elements by depth, from the largest to the smallest."""
    found: list[list[Element]] = []
    level = list(elements(plain))
    while level:
        found.append(level)
        level = [part for element in level for part in element.parts]
    return found


def without(plain: Document, left_out: Collection[Pointer]) -> Document:
    """The case without these elements; turns and messages that have nothing left go too."""
    made: Document = _cut(plain, (), frozenset(left_out))
    for run in _runs(made):
        _forget(run)
    return made


def segments(text: str) -> list[str]:
    """Lines and sentences, with the white space after them; joined they are the text."""
    ends = [match.end() for match in islice(_END.finditer(text), _MOST)]
    cuts = [0, *(end for end in ends if end < len(text)), len(text)]
    return [text[start:end] for start, end in pairwise(cuts) if end > start] or [text]


# --- what there is ----------------------------------------------------------------------------------------------------


def _run(run: Document, path: Pointer) -> Iterator[Element]:
    for i, _ in enumerate(run.get("tools", ())):
        yield Element((*path, "tools", i))
    for i, step in enumerate(run.get("steps", ())):
        yield _step(step, (*path, "steps", i))
    yield from (Element((*path, key)) for key in OF_RUN if key in run)


def _step(step: Document, path: Pointer) -> Element:
    if step["type"] == "message":
        return Element(path, _text(step["text"], (*path, "text")))
    if step["type"] == "run":
        return Element(path, tuple(_run(step, path)))
    calls = step.get("calls", ())
    text = [Element((*path, "text"), _text(step["text"], (*path, "text")))] if step.get("text") else []
    parts = [*text, *(_call(call, (*path, "calls", i)) for i, call in enumerate(calls))]
    return Element(path, parts[0].parts if len(parts) == 1 else tuple(parts))


def _call(call: Document, path: Pointer) -> Element:
    parts = [Element((*path, k), _json(call[k], (*path, k))) for k in ("arguments", "result") if k in call]
    parts += [Element((*path, key)) for key in STATED if key in call]
    parts += [
        Element((*path, "runs", i), tuple(_run(run, (*path, "runs", i)))) for i, run in enumerate(call.get("runs", ()))
    ]
    return Element(path, tuple(parts))


def _json(value: Any, path: Pointer) -> tuple[Element, ...]:
    if isinstance(value, str):
        return _text(value, path)
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return tuple(Element((*path, key), _json(inner, (*path, key))) for key, inner in members)


def _text(text: str, path: Pointer) -> tuple[Element, ...]:
    found = segments(text)
    return tuple(Element((*path, Segment(i))) for i in range(len(found))) if len(found) > 1 else ()


# --- leaving out ------------------------------------------------------------------------------------------------------

_GONE: Final = object()


def _cut(value: Any, path: Pointer, left_out: frozenset[Pointer]) -> Any:
    """The value without what is left out; copies only containers."""
    if isinstance(value, dict):
        kept = {k: v for k, raw in value.items() if (v := _part(raw, (*path, k), left_out)) is not _GONE}
        return _GONE if _emptied(value, kept) else kept
    if isinstance(value, list):
        return [v for i, raw in enumerate(value) if (v := _part(raw, (*path, i), left_out)) is not _GONE]
    if isinstance(value, str):
        return _shortened(value, path, left_out)
    return value


def _shortened(text: str, path: Pointer, left_out: frozenset[Pointer]) -> str:
    parts = segments(text)
    kept = [part for i, part in enumerate(parts) if (*path, Segment(i)) not in left_out]
    return text if len(kept) == len(parts) else "".join(kept).strip()


def _part(raw: Any, path: Pointer, left_out: frozenset[Pointer]) -> Any:
    return _GONE if path in left_out else _cut(raw, path, left_out)


def _emptied(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """A message or turn that had something to say, and has nothing left."""
    kind = before.get("type")
    if kind == "message":
        return not after.get("text")
    return (
        kind == "turn"
        and not after.get("text")
        and not after.get("calls")
        and bool(before.get("text") or before.get("calls"))
    )


def _runs(plain: Document) -> Iterator[Document]:
    stack = list(plain.get("runs", ()))
    while stack:
        run = stack.pop()
        yield run
        for step in run.get("steps", ()):
            if step["type"] == "run":
                stack.append(step)
            for call in step.get("calls", ()):
                stack += call.get("runs", ())


def _forget(run: Document) -> None:
    """What is no longer there can't be forgotten."""
    ids = {step["id"] for step in run.get("steps", ())}
    ids |= {call["id"] for step in run.get("steps", ()) for call in step.get("calls", ())}
    for step in run.get("steps", ()):
        if "forgets" in step:
            step["forgets"] = [each for each in step["forgets"] if each in ids]
            if not step["forgets"]:
                del step["forgets"]
