"""Controlled stand-ins for tools: built by hand or from a recorded trace.

    search = MockTool("web_search", returns={"results": [{"title": "test"}]})
    search.fail(3, {"results": []})
    agent.run(tools=[search])

They need no network, record what they were asked, and treat a call that wasn't foreseen as an error.
"""

from otelagent.mocks.failures import (
    Answer,
    Delay,
    Failure,
    Partial,
    Raised,
    RateLimited,
    Reshaped,
    Status,
    Timeout,
    ToolFailed,
    ToolTimeout,
    Value,
)
from otelagent.mocks.tool import Asked, MockTool
from otelagent.mocks.tools import ANY, Match, MockTools, Recorded, UnexpectedCall

__all__ = [
    "ANY",
    "Answer",
    "Asked",
    "Delay",
    "Failure",
    "Match",
    "MockTool",
    "MockTools",
    "Partial",
    "Raised",
    "RateLimited",
    "Recorded",
    "Reshaped",
    "Status",
    "Timeout",
    "ToolFailed",
    "ToolTimeout",
    "UnexpectedCall",
    "Value",
]
