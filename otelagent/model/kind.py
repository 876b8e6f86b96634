"""What a step is and does, and what keeps a detector from judging it."""

from enum import StrEnum


class Kind(StrEnum):
    """What a step is, whatever dialect reported it."""

    AGENT = "agent"
    LLM = "llm"
    TOOL = "tool"
    RETRIEVAL = "retrieval"
    HANDOFF = "handoff"
    WORKFLOW = "workflow"


class Role(StrEnum):
    """What a tool is for; see FAILURE_MODES: source, action, note, poll."""

    SOURCE = "source"
    ACTION = "action"
    NOTE = "note"
    POLL = "poll"


class Withheld(StrEnum):
    """Why content is missing. Missing is unknown, never empty."""

    CAPTURE_OFF = "capture_off"
    REDACTED = "redacted"
    TRUNCATED = "truncated"
    EVICTED = "evicted"
    UPLOADED = "uploaded"
    IN_LOGS = "in_logs"


class Need(StrEnum):
    """What a detector can't judge without. Values are words for a reader."""

    ARGUMENTS = "arguments of tool calls"
    RESULT = "results of tool calls"
    COMPLETION = "texts of completions"
    HISTORY = "messages of the input"
    UTILIZATION = "tokens and context window"
