"""Tools that stand for another agent, told by their names: hand-overs, and co-workers asked as tools."""

from functools import lru_cache
from typing import Any, Final

from otelagent.dialects.encoded import decoded
from otelagent.model import Kind

MAX_TOOLS: Final = 2048
"""Names of tools that are remembered."""

_TRANSFERS: Final = ("transfer_to_", "transfer_back_to_", "handoff_to_")
_BY_ARGUMENT: Final = {
    "transfer_to_agent": ("agent_name", "agentName"),
    "handoff_to_agent": ("agent_name",),
    "delegate work to coworker": ("coworker", "co-worker"),
    "ask question to coworker": ("coworker", "co-worker"),
    "delegate_work_to_coworker": ("coworker",),
    "ask_question_to_coworker": ("coworker",),
    "task": ("subagent_type",),
    "agent": ("subagent_type",),
}


@lru_cache(MAX_TOOLS)
def kind(tool: str | None) -> Kind:
    """A tool whose name says that control goes over is a hand-off."""
    return Kind.HANDOFF if tool is not None and tool.lower().startswith(_TRANSFERS) else Kind.TOOL


@lru_cache(MAX_TOOLS)
def names_coworker(tool: str | None) -> bool:
    """Whether the tool's arguments name another agent."""
    return tool is not None and tool.lower() in _BY_ARGUMENT


def target(tool: str, arguments: object) -> str | None:
    """The agent that the tool stands for."""
    lowered = tool.lower()
    if keys := _BY_ARGUMENT.get(lowered):
        given: Any = arguments if isinstance(arguments, dict) else decoded(arguments)
        return (
            next((given[k] for k in keys if isinstance(given.get(k), str)), None) if isinstance(given, dict) else None
        )
    head = next((head for head in _TRANSFERS if lowered.startswith(head)), None)
    return tool[len(head) :] or None if head else None
