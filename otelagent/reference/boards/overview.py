"""Agents overview: whole pipelines against the agents in them."""

from typing import Final

from otelagent.reference.boards.board import AGENTS, SCRAPED, Dashboard, gain, per_minute, success
from otelagent.reference.panel import Panel, Query, Row

BOARD: Final = Dashboard(
    "agents-overview",
    "Agents overview",
    "Whole pipelines against the agents in them, failures by mode and layer, and what they cost.",
    AGENTS,
    (
        Row(
            "Do pipelines succeed?",
            (
                Panel(
                    title="Pipelines that succeed",
                    description=(
                        "Share of whole traces whose outcome is success, in the range. All agents of a trace together."
                    ),
                    unit="percentunit",
                    kind="number",
                    span=6,
                    height=5,
                    queries=(Query(success("otelagent_pipelines_total", "$__range")),),
                    good=0.95,
                    bad=0.8,
                ),
                Panel(
                    title="Agent runs that succeed",
                    description="Share of single runs. Far above that of pipelines: it fails between agents.",
                    unit="percentunit",
                    kind="number",
                    span=6,
                    height=5,
                    queries=(Query(success("otelagent_agent_runs_total", "$__range")),),
                    good=0.95,
                    bad=0.8,
                ),
                Panel(
                    title="Findings",
                    description="Failures found in the range, each once.",
                    unit="short",
                    kind="number",
                    span=6,
                    height=5,
                    queries=(Query(gain("otelagent_failures_total")),),
                ),
                Panel(
                    title="Tokens wasted",
                    description="Tokens that runs spent after something had gone wrong.",
                    unit="short",
                    kind="number",
                    span=6,
                    height=5,
                    queries=(Query(gain("otelagent_wasted_tokens_total")),),
                ),
                Panel(
                    title="Pipelines against agents",
                    description="Where the lines part, single agents look well and the whole fails.",
                    unit="percentunit",
                    most=1,
                    queries=(
                        Query(success("otelagent_pipelines_total"), "pipelines"),
                        Query(success("otelagent_agent_runs_total"), "agent runs"),
                    ),
                ),
                Panel(
                    title="Pipelines by outcome",
                    description="Whole traces per minute. Degraded: it ended, with a failure in it.",
                    unit="cpm",
                    stack=True,
                    exemplars=True,
                    queries=(Query(per_minute("otelagent_pipelines_total", "outcome"), "{{outcome}}"),),
                ),
                Panel(
                    title="Better than it is",
                    description=(
                        "Success of single agent runs less success of whole pipelines, by workflow, over the last "
                        "hour. Above zero: what looks well at the leaves fails as a whole."
                    ),
                    unit="percentunit",
                    queries=(
                        Query(
                            f'max by (workflow) (otelagent_success_gap_ratio{{{SCRAPED}, window="1h"}})', "{{workflow}}"
                        ),
                    ),
                ),
                Panel(
                    title="Incidents that go on",
                    description="Findings of one mode on one tool or agent, less than an hour apart, are one.",
                    unit="short",
                    stack=True,
                    queries=(Query(f"sum by (mode) (otelagent_open_incidents{{{SCRAPED}}})", "{{mode}}"),),
                ),
            ),
        ),
        Row(
            "What fails?",
            (
                Panel(
                    title="Failures by mode",
                    description="Findings per minute. The dots are exemplars: they open a trace.",
                    unit="cpm",
                    stack=True,
                    exemplars=True,
                    queries=(Query(per_minute("otelagent_failures_total", "mode"), "{{mode}}"),),
                ),
                Panel(
                    title="Failures by layer",
                    description="Whose fault: the model (prompts), a tool (its client), the orchestration (structure).",
                    unit="cpm",
                    stack=True,
                    queries=(Query(per_minute("otelagent_failures_total", "layer"), "{{layer}}"),),
                ),
                Panel(
                    title="Agents with the most failures",
                    description="Findings in the range, by agent and mode.",
                    unit="short",
                    kind="table",
                    queries=(Query(f"topk(20, {gain('otelagent_failures_total', 'agent', 'mode')} > 0)"),),
                ),
                Panel(
                    title="Failures per run",
                    description="Findings per agent run in the range. What the alerts look at.",
                    unit="percentunit",
                    kind="table",
                    queries=(
                        Query(
                            f"topk(20, {gain('otelagent_failures_total', 'agent')} / "
                            f"clamp_min({gain('otelagent_agent_runs_total', 'agent')}, 1) > 0)"
                        ),
                    ),
                ),
                Panel(
                    title="Tokens wasted by mode",
                    description="Tokens per minute that were spent after a failure had begun.",
                    unit="short",
                    stack=True,
                    queries=(Query(per_minute("otelagent_wasted_tokens_total", "mode"), "{{mode}}"),),
                ),
                Panel(
                    title="Not judged",
                    description=(
                        "Runs per minute that a detector couldn't judge, and what it lacked. Usually content that "
                        "the instrumentation doesn't record."
                    ),
                    unit="cpm",
                    queries=(
                        Query(per_minute("otelagent_abstentions_total", "mode", "reason"), "{{mode}}: {{reason}}"),
                    ),
                ),
            ),
        ),
    ),
)
