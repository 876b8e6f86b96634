"""Answers given through a tool: some frameworks have the model call one with its final words instead of saying them."""

from collections.abc import Iterable

from otelagent.model import ToolCall
from otelagent.reading.envelopes import unwrap_arguments
from otelagent.reading.roles import is_closing


def closing_text(calls: Iterable[ToolCall]) -> str:
    """The prose among the arguments of such calls; numbers and flags beside it are no statements."""
    texts: list[str] = []
    for call in calls:
        if is_closing(call.name) and call.arguments is not None:
            inner = unwrap_arguments(call.arguments).value
            values = inner.values() if isinstance(inner, dict) else [inner]
            texts += [value for value in values if isinstance(value, str) and " " in value.strip()]
    return "\n".join(texts)
