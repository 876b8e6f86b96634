"""A result that isn't what its tool says it returns is an error, not a result."""

from collections.abc import Mapping
from typing import Any, ClassVar

from otelagent.baselines.drift import undeclared
from otelagent.guards.gates import SourceGate
from otelagent.model import Declared, Status
from otelagent.reading.declared import declared, plain
from otelagent.reading.envelopes import unwrap
from otelagent.reading.shape import shape

_DEPTH = 4


class ShapeGate(SourceGate):
    """`results`: for each tool what it returns: a description that names members, or a JSON schema."""

    statuses: ClassVar[frozenset[Status]] = frozenset({Status.NONCONFORMING})

    def __init__(self, results: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        told = {tool: _declared(text) for tool, text in (results or {}).items()}
        self._declared = {tool: found for tool, found in told.items() if found is not None}

    def after_tool(self, tool: str, arguments: Any, result: Any) -> Any:
        known = self._declared.get(tool)
        if known is not None and not _fits(known, unwrap(result).value):
            self.note(tool, arguments, Status.NONCONFORMING)
            return {"error": {"type": str(Status.NONCONFORMING), "tool": tool, "retryable": False}}
        return super().after_tool(tool, arguments, result)


def _declared(told: Any) -> Declared | None:
    return declared(told) if isinstance(told, str) else declared(None, told)


def _fits(known: Declared, value: Any) -> bool:
    """It is what a schema says, or has at least one of the members that a description names."""
    if known.forms:
        objects = all(any(path.count("/") == 1 for path in form.required) for form in known.forms)
        return (isinstance(value, dict) or not objects) and undeclared(known, shape(value)) is None
    held = set(_members(value, _DEPTH)) if isinstance(value, dict) else known.names
    return not known.names or bool(known.names & held)


def _members(value: Any, depth: int) -> list[str]:
    if depth and isinstance(value, dict):
        return [name for key, inner in value.items() for name in (plain(str(key)), *_members(inner, depth - 1))]
    return _members(value[0], depth - 1) if depth and isinstance(value, list) and value else []
