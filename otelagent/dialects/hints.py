"""What lets a span of which no dialect says what it is look like an agent's, or like one of others.

The scope's name, or the beginning of a key.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

MAX_SCOPES: Final = 1024
"""Scope names that are remembered."""

IN_SCOPES: Final = ("agent", "genai", "gen_ai", "llm", "openai", "anthropic", "langchain", "mcp")
"""Parts of scope names. Clients of HTTP, of databases and of queues have none of them."""

NO_AGENTS: Final = ("user_agent", "useragent", "user-agent", "agent-check", "datadog.agent", "newrelic")
"""Words with `agent` in them that mean something else."""

HEADS: Final = frozenset(
    {"agent", "agents", "agentic", "genai", "llm", "llms", "prompt", "completion", "tool", "tools"}
)
"""First words of keys, up to the dot: `user_agent.original` begins otherwise."""


OF_OTHERS: Final = frozenset(
    {
        *("http.request.method", "http.method", "db.system", "db.system.name", "rpc.system", "rpc.system.name"),
        *("messaging.system", "faas.trigger", "graphql.operation.type"),
    }
)
"""Spans with such a key were made by a server, or a client of HTTP, of a database or a queue. What an SDK for agents
writes onto every span of its application stands on them, too."""


def of_others(keys: Iterable[str]) -> bool:
    """Whether a span with these keys is one of a server or client."""
    return not OF_OTHERS.isdisjoint(keys)


def at_agents(scope: str, keys: Iterable[str]) -> bool:
    """Whether a span with these keys looks like one of an agent's; a guess that is good enough to be counted."""
    return speaks(scope) or any(key.partition(".")[0] in HEADS for key in keys)


@lru_cache(MAX_SCOPES)
def speaks(name: str) -> bool:
    """Whether a scope's name speaks of agents."""
    lower = name.lower()
    return any(word in lower for word in IN_SCOPES) and not any(word in lower for word in NO_AGENTS)
