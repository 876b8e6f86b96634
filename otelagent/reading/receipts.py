"""Receipts: how many items an agent says that it was given and has processed, in JSON at any depth or in words."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from otelagent.model import Receipt
from otelagent.reading.envelopes import unwrap
from otelagent.reading.members import folded
from otelagent.reading.progress import progress

MAX_TEXT: Final = 64_000
"""Characters of a result in which a structured receipt is looked for."""


def _words(text: str) -> list[str]:
    return text.split()


_UNITS: Final = (
    "items item documents document docs files file tasks task records pages rows urls units subtasks entries"
)
_DONE: Final = _words(
    "processed completed done succeeded success successful analyzed analysed reviewed handled finished read translated"
    " summarized summarised checked covered migrated imported classified evaluated"
)
_GIVEN: Final = _words("assigned total expected requested received given planned input scheduled")


def _names(verbs: list[str]) -> frozenset[str]:
    units = _UNITS.split()
    return frozenset(f"{a}{b}" for u in units for v in verbs for a, b in ((u, v), (v, u), (f"num{u}", v), (f"n{u}", v)))


_PROCESSED: Final = _names(_DONE)
_ASSIGNED: Final = _names(_GIVEN) | {f"num{u}" for u in _UNITS.split()} | {f"{u}count" for u in _UNITS.split()}
_PROCESSED_BARE: Final = frozenset(_DONE) | {f"{v}count" for v in _DONE} | {f"num{v}" for v in _DONE}
_ASSIGNED_BARE: Final = frozenset(_GIVEN) | {f"{v}count" for v in _GIVEN} | {f"num{v}" for v in _GIVEN}
_LEFT: Final = frozenset(
    f"{a}{b}{c}"
    for a in ("", "items", "documents", "docs", "files", "tasks", "records", "num")
    for b in _words("failed skipped remaining missing unprocessed pending incomplete errors failures notprocessed")
    for c in ("", "count", "items", "documents", "docs", "files", "tasks", "ids")
)
_HOLDERS: Final = frozenset(_words("receipt metadata meta completion status summary stats statistics progress report"))
_STATES: Final = frozenset(_words("partial incomplete partiallycompleted partialsuccess failed error degraded"))
_HINTS: Final = tuple(
    w for v in ("processed", "completed", "assigned", "reviewed", "handled") for w in (v, v.capitalize())
)
"""A text without any of them is not searched."""
_DEPTH: Final = 12
_NODES: Final = 2_000


def in_structure(value: object, path: str = "") -> Receipt | None:
    """A receipt in an agent's output or a tool's result, at any depth; the one that names most counts."""
    if not _may_hold(value):
        return None
    read = unwrap(value)
    found = list(_receipts(read.value, path + (f"#{read.pointer}" if read.pointer else "")))
    return max(found, key=lambda r: r.assigned or 0, default=None)


def in_words(text: str, path: str = "") -> Receipt | None:
    """A receipt in prose: "3 of 7 documents". Who says it, admits what is left."""
    found = progress(text)
    if found is None:
        return None
    assigned, processed = found
    return Receipt(assigned, processed, "text", path, honest=processed < assigned)


def _may_hold(value: object) -> bool:
    """Cheap: JSON-like text with one of the words that receipts use."""
    if isinstance(value, str):
        text = value[:MAX_TEXT]
        return ("{" in text or "=" in text) and any(hint in text for hint in _HINTS)
    return isinstance(value, dict | list)


def _receipts(value: object, path: str) -> Iterator[Receipt]:
    stack: list[tuple[object, str, bool, int]] = [(value, path, True, _DEPTH)]
    for _ in range(_NODES):
        if not stack:
            return
        node, at, near, room = stack.pop()
        if isinstance(node, str) and node[:1] in ("{", "[") and _may_hold(node):
            node = unwrap(node).value
        if isinstance(node, dict):
            if (found := _receipt(node, at, near)) is not None:
                yield found
            if room:
                stack += [
                    (member, f"{at}/{name}", folded(name) in _HOLDERS, room - 1)
                    for name, member in reversed(node.items())
                    if isinstance(member, dict | list | str)
                ]
        elif isinstance(node, list) and room:
            stack += [(entry, f"{at}/{i}", False, room - 1) for i, entry in reversed(list(enumerate(node[:200])))]


def _receipt(node: Mapping[Any, Any], path: str, near: bool) -> Receipt | None:
    """Bare names (`total`, `processed`) count only at the top or in a part that is about the work."""
    members = [(folded(name), member) for name, member in list(node.items())[:200]]
    assigned = _count(members, _ASSIGNED)
    processed = _count(members, _PROCESSED)
    if near and processed is not None and assigned is None:
        assigned = _count(members, _ASSIGNED_BARE)
    elif near and assigned is not None and processed is None:
        processed = _count(members, _PROCESSED_BARE)
    elif near and assigned is None and any(name == "assigned" for name, _ in members):
        assigned, processed = _count(members, frozenset({"assigned"})), _count(members, _PROCESSED_BARE)
    elif near and assigned is None:
        assigned, processed = _count(members, frozenset({"total"})), _count(members, frozenset({"processed"}))
    if assigned is None or processed is None or not 0 <= processed <= assigned or assigned < 1:
        return None
    return Receipt(assigned, processed, "reported", path, _admits(members))


def _count(members: list[tuple[str, Any]], names: frozenset[str]) -> int | None:
    for name, member in members:
        if name in names and (count := as_count(member)) is not None:
            return count
    return None


def as_count(value: object) -> int | None:
    """A number of items: a count, a count as text, or a list of the items."""
    if isinstance(value, list):
        return len(value)
    if isinstance(value, str):
        return int(value) if value.isascii() and value.isdecimal() and len(value) < 10 else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9 else None


def _admits(members: list[tuple[str, Any]]) -> bool:
    for name, member in members:
        if name in _LEFT and (as_count(member) or (isinstance(member, dict) and member)):
            return True
        if name in ("status", "state", "outcome", "result") and isinstance(member, str) and folded(member) in _STATES:
            return True
        if name in ("complete", "completed", "success", "allprocessed", "iscomplete") and member is False:
            return True
    return False
