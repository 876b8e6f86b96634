"""Tools: the same tools in two environments."""

from typing import Final

from otelagent.reference.boards.board import AGENTS, IN, SCRAPED, Dashboard, bad_share, per_minute, quantile
from otelagent.reference.panel import Panel, Query, Row, Variable

_BASELINE: Final = IN.replace("$environment", "$baseline")
_CANDIDATE: Final = IN.replace("$environment", "$candidate")


def _both(make: str, legend: str) -> tuple[Query, Query]:
    """The same expression for both environments."""
    return (
        Query(make.replace("$environment", "$baseline"), f"{legend} baseline"),
        Query(make.replace("$environment", "$candidate"), f"{legend} candidate"),
    )


def _of_tool(gauge: str) -> str:
    return f'max by (tool) ({gauge}{{{SCRAPED}, tool=~"$tool"}})'


BOARD: Final = Dashboard(
    "tools",
    "Tools: staging against production",
    "The same tools in two environments: what they return, how much, how fast.",
    (
        *(each for each in AGENTS if each.name != "environment"),
        Variable("baseline", "otelagent_tool_calls_total", "environment", "Environment to compare with, like staging."),
        Variable("candidate", "otelagent_tool_calls_total", "environment", "Environment to look at, like production."),
        Variable("tool", 'otelagent_tool_calls_total{job=~"$job"}', "tool", "Name of the tool."),
    ),
    (
        Row(
            "What do they return?",
            (
                Panel(
                    title="Bad results, baseline",
                    description="Share of results that are empty, partial or failed, by tool, in the range.",
                    unit="percentunit",
                    kind="bars",
                    most=1,
                    queries=(Query(bad_share(f'{_BASELINE}, tool=~"$tool"'), "{{tool}}"),),
                ),
                Panel(
                    title="Bad results, candidate",
                    description="The same in the other environment.",
                    unit="percentunit",
                    kind="bars",
                    most=1,
                    queries=(Query(bad_share(f'{_CANDIDATE}, tool=~"$tool"'), "{{tool}}"),),
                ),
                Panel(
                    title="Outcomes, baseline",
                    description="Calls per minute by tool and outcome.",
                    unit="cpm",
                    stack=True,
                    queries=(
                        Query(
                            per_minute("otelagent_tool_calls_total", "outcome", where=_BASELINE, more='tool=~"$tool"'),
                            "{{outcome}}",
                        ),
                    ),
                ),
                Panel(
                    title="Outcomes, candidate",
                    description="Calls per minute by tool and outcome, in the other environment.",
                    unit="cpm",
                    stack=True,
                    exemplars=True,
                    queries=(
                        Query(
                            per_minute("otelagent_tool_calls_total", "outcome", where=_CANDIDATE, more='tool=~"$tool"'),
                            "{{outcome}}",
                        ),
                    ),
                ),
            ),
        ),
        Row(
            "How much, how fast?",
            (
                Panel(
                    title="Size of results",
                    description="Median size of a result. A tool that silently returns less shows here first.",
                    unit="bytes",
                    queries=_both(
                        quantile(0.5, "otelagent_tool_result_bytes", "tool", more='tool=~"$tool"'), "{{tool}}"
                    ),
                ),
                Panel(
                    title="Duration",
                    description="95th percentile of a call's duration.",
                    unit="s",
                    queries=_both(
                        quantile(0.95, "otelagent_tool_duration_seconds", "tool", more='tool=~"$tool"'), "{{tool}}"
                    ),
                ),
                Panel(
                    title="Distance from staging",
                    description=(
                        "Of a tool's recent results from the staging profile that otelagent was given; 0 is within "
                        "chance. tool_divergence tells what changed when it is too far."
                    ),
                    unit="percentunit",
                    most=1,
                    queries=(Query(_of_tool("otelagent_tool_divergence"), "{{tool}}"),),
                ),
                Panel(
                    title="Given up while still at work",
                    description="Share of a tool's recent calls that ran longer than the agent waited for them.",
                    unit="percentunit",
                    most=1,
                    queries=(Query(_of_tool("otelagent_tool_timeout_race_ratio"), "{{tool}}"),),
                ),
                Panel(
                    title="Failures that name a tool",
                    description="Findings per minute by tool and mode, in the candidate environment.",
                    unit="cpm",
                    span=24,
                    stack=True,
                    exemplars=True,
                    queries=(
                        Query(
                            per_minute(
                                "otelagent_tool_failures_total", "tool", "mode", where=_CANDIDATE, more='tool=~"$tool"'
                            ),
                            "{{tool}}: {{mode}}",
                        ),
                    ),
                ),
            ),
        ),
    ),
)
