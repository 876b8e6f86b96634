"""One agent."""

from typing import Final

from otelagent.reference.boards.board import AGENTS, IN, RUNS, Dashboard, bad_share, per_minute, quantile, rate
from otelagent.reference.panel import Panel, Query, Row, Variable

_AGENT: Final = Variable("agent", RUNS, "agent", "Name of the agent.", False)

BOARD: Final = Dashboard(
    "one-agent",
    "One agent",
    "Runs, failures, context, tokens and delegations of one agent, and the tools around it.",
    (*AGENTS, _AGENT),
    (
        Row(
            "Runs",
            (
                Panel(
                    title="Runs by outcome",
                    description="Runs per minute of this agent.",
                    unit="cpm",
                    stack=True,
                    queries=(
                        Query(
                            per_minute("otelagent_agent_runs_total", "outcome", more='agent=~"$agent"'), "{{outcome}}"
                        ),
                    ),
                ),
                Panel(
                    title="Failures by mode",
                    description="Findings per minute in runs of this agent, loops among them.",
                    unit="cpm",
                    stack=True,
                    exemplars=True,
                    queries=(
                        Query(per_minute("otelagent_failures_total", "mode", more='agent=~"$agent"'), "{{mode}}"),
                    ),
                ),
                Panel(
                    title="Context window in use",
                    description="Input tokens by context window, per LLM step. Above 80 % early constraints get lost.",
                    unit="percentunit",
                    most=1,
                    queries=tuple(
                        Query(
                            quantile(q, "otelagent_context_utilization_ratio", more='agent=~"$agent"'), f"p{q * 100:g}"
                        )
                        for q in (0.5, 0.9, 0.99)
                    ),
                ),
                Panel(
                    title="Tokens per run",
                    description="Input and output tokens of a whole run.",
                    unit="short",
                    queries=tuple(
                        Query(quantile(q, "otelagent_task_tokens", more='agent=~"$agent"'), f"p{q * 100:g}")
                        for q in (0.5, 0.9)
                    ),
                ),
            ),
        ),
        Row(
            "Delegations",
            (
                Panel(
                    title="Delegations by outcome",
                    description="What this agent's children did, per minute. Incomplete: it did a part.",
                    unit="cpm",
                    stack=True,
                    queries=(
                        Query(
                            per_minute("otelagent_delegations_total", "child", "outcome", more='parent=~"$agent"'),
                            "{{child}}: {{outcome}}",
                        ),
                    ),
                ),
                Panel(
                    title="Items processed of those assigned",
                    description="Where receipts tell how many items a child was given and how many it did.",
                    unit="percentunit",
                    most=1,
                    queries=(
                        Query(
                            rate("otelagent_delegation_items_processed_total", "child", more='parent=~"$agent"')
                            + " / "
                            + rate("otelagent_delegation_items_assigned_total", "child", more='parent=~"$agent"'),
                            "{{child}}",
                        ),
                    ),
                ),
            ),
        ),
        Row(
            "Tools of the same services",
            (
                Panel(
                    title="Calls by what they returned",
                    description="Calls per minute of all tools of the chosen services, whatever the span status says.",
                    unit="cpm",
                    stack=True,
                    exemplars=True,
                    queries=(Query(per_minute("otelagent_tool_calls_total", "outcome"), "{{outcome}}"),),
                ),
                Panel(
                    title="Tools that return too little",
                    description="Share of results that are empty, partial or failed, in the range.",
                    unit="percentunit",
                    kind="bars",
                    most=1,
                    queries=(Query(f"topk(10, {bad_share(IN)})", "{{tool}}"),),
                ),
            ),
        ),
    ),
)
