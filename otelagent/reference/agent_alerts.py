"""Alerts on what agents do as a whole: pipelines, delegations, context, tools, tokens."""

from typing import Final

from otelagent.reference.alert import PER_POD, Alert, total

OBJECTIVE: Final = 0.95
"""Share of pipelines that are to succeed. The rest is the error budget."""

_BUDGET: Final = round(1 - OBJECTIVE, 4)
_POD: Final = 'job="agents",namespace="demo",instance="10.0.0.1:8888",pod="a"'


def _pipelines(good: str, bad: str) -> dict[str, str]:
    labels = f'workflow="research",{_POD}'
    return {
        f'otelagent_pipelines_total{{outcome="success",{labels}}}': good,
        f'otelagent_pipelines_total{{outcome="degraded",{labels}}}': bad,
    }


def _burn(short: str, long: str, factor: float, least: int) -> str:
    ratio = "workflow:otelagent_pipelines_bad:ratio_rate"
    threshold = f"{factor * _BUDGET:g}"
    return (
        f"{ratio}{short} > {threshold}\nand\n{ratio}{long} > {threshold}\nand\n"
        f"{total('otelagent_pipelines_total', long, 'outcome')} >= {least}"
    )


_PIPELINE_QUERIES: Final = (
    ("Which workflow?", "sort_desc(workflow:otelagent_pipelines_bad:ratio_rate1h)"),
    (
        "Which failure modes and agents are behind it?",
        "topk(5, sum by (mode, agent) (increase(otelagent_failures_total[1h])))",
    ),
    (
        "Is it a tool?",
        'topk(5, sum by (tool, outcome) (increase(otelagent_tool_calls_total{outcome!~"ok|unknown"}[1h])))',
    ),
)
_PIPELINE_STEPS: Final = (
    "Take the gravest mode of the second query and go on with its own page in this folder.",
    (
        "`otelagent traces list --since 1h` lists failing traces that were kept; `otelagent diagnose TRACE` names "
        "the first step that went wrong."
    ),
    "Compare with a run that went well: `otelagent compare GOOD BAD` shows where the two part.",
)

ALERTS: Final = (
    Alert(
        name="OtelagentPipelineErrorBudgetBurnFast",
        severity="critical",
        expr=_burn("5m", "1h", 14.4, 10),
        hold="2m",
        summary="Most pipelines of {{ $labels.workflow }} fail or are degraded",
        description=(
            "{{ $value | humanizePercentage }} of the pipelines of {{ $labels.workflow }} are degraded or "
            "failed: the "
            f"error budget of a month ({_BUDGET:.0%}) is gone in two days. See which modes and agents: the "
            "dashboard Agents overview."
        ),
        meaning=(
            f"Pipelines (whole traces, all their agents together) are to succeed in {OBJECTIVE:.0%} of all "
            "cases. Over 5 minutes and over one hour the share that is degraded or failed is above "
            f"{14.4 * _BUDGET:.0%} "
            "(14.4 times the budget). Both windows must agree, so that it fires soon and stops soon after the "
            "cause is gone."
        ),
        queries=_PIPELINE_QUERIES,
        steps=_PIPELINE_STEPS,
        fix="That of the failure mode behind it. If a release came just before, roll it back first.",
        fires=_pipelines("0+1x90", "0+9x90"),
        quiet=_pipelines("0+5x90", "0+5x90"),
        at="80m",
    ),
    Alert(
        name="OtelagentPipelineErrorBudgetBurnSlow",
        severity="warning",
        expr=_burn("30m", "6h", 6, 20),
        hold="15m",
        summary="Many pipelines of {{ $labels.workflow }} fail or are degraded",
        description=(
            "{{ $value | humanizePercentage }} of the pipelines of {{ $labels.workflow }} are degraded or failed, "
            "for hours. See which modes and agents: the dashboard Agents overview."
        ),
        meaning=(
            f"As OtelagentPipelineErrorBudgetBurnFast, slower: over 30 minutes and over six hours the share is "
            f"above {6 * _BUDGET:.0%} (6 times the budget)."
        ),
        queries=_PIPELINE_QUERIES,
        steps=_PIPELINE_STEPS,
        fix="That of the failure mode behind it.",
        fires=_pipelines("0+3x420", "0+3x420"),
        quiet=_pipelines("0+8x420", "0+1x420"),
        at="400m",
    ),
    Alert(
        name="OtelagentPipelinesWorseThanAgents",
        severity="warning",
        expr="job:otelagent_agent_runs_success:ratio_rate1h - job:otelagent_pipelines_success:ratio_rate1h > 0.2\nand\n"
        f"{total('otelagent_pipelines_total', '1h', 'outcome', 'workflow')} >= 10",
        hold="10m",
        summary="Agents succeed one by one, pipelines don't",
        description=(
            "The share of agent runs that succeed is {{ $value | humanizePercentage }} above that of whole "
            "pipelines. Something is lost between agents: look at delegations and cascades."
        ),
        meaning=(
            "Each agent reports success, and the whole fails: the failures lie between the agents. Dashboards that "
            "count leaves show green."
        ),
        queries=(
            (
                "How far apart?",
                "job:otelagent_agent_runs_success:ratio_rate1h - job:otelagent_pipelines_success:ratio_rate1h",
            ),
            (
                "Which delegations are incomplete?",
                'topk(5, sum by (parent, child) (increase(otelagent_delegations_total{outcome!="complete"}[1h])))',
            ),
            (
                "Which modes of the orchestration layer?",
                'topk(5, sum by (mode, agent) (increase(otelagent_failures_total{layer="orchestration"}[1h])))',
            ),
        ),
        steps=(
            (
                "`otelagent traces list --mode delegation_incomplete`, then `otelagent diagnose TRACE`: the tree "
                "shows which child did part of its work and which parents went on."
            ),
        ),
        fix="Have children return a structured receipt, and have the parent assert it before it goes on.",
        fires=_pipelines("0+2x90", "0+2x90")
        | {f'otelagent_agent_runs_total{{outcome="success",agent="reader",{_POD}}}': "0+10x90"},
        quiet=_pipelines("0+9x90", "0+1x90")
        | {f'otelagent_agent_runs_total{{outcome="success",agent="reader",{_POD}}}': "0+10x90"},
        at="80m",
    ),
    Alert(
        name="OtelagentDelegationCoverageLow",
        severity="warning",
        expr="edge:otelagent_delegation_coverage:ratio_rate1h < 0.9\nand\n"
        f"{total('otelagent_delegation_items_assigned_total', '1h')} >= 10",
        hold="5m",
        summary="{{ $labels.child }} does only part of its work for {{ $labels.parent }}",
        description=(
            "{{ $labels.child }} processed {{ $value | humanizePercentage }} of the items that {{ $labels.parent "
            "}} assigned in the last hour. Next: otelagent traces list --mode delegation_incomplete"
        ),
        meaning="Where receipts tell how many items were assigned and processed, less than nine of ten were processed.",
        queries=(
            ("Which edges?", "sort(edge:otelagent_delegation_coverage:ratio_rate1h)"),
            (
                "What do the child's tools return?",
                'topk(5, sum by (tool, outcome) (increase(otelagent_tool_calls_total{outcome!~"ok|unknown"}[1h])))',
            ),
        ),
        steps=(
            "`otelagent traces list --mode delegation_incomplete`, then `otelagent diagnose TRACE`.",
            (
                "A child that is rate limited in the middle stops early and reports success: look for "
                "`rate_limit_mid_chain`."
            ),
        ),
        fix=(
            "Have the parent assert items_processed == items_assigned before it marks the delegation done, and "
            "assign again what is missing."
        ),
        fires={
            f'otelagent_delegation_items_assigned_total{{parent="planner",child="reader",{_POD}}}': "0+7x90",
            f'otelagent_delegation_items_processed_total{{parent="planner",child="reader",{_POD}}}': "0+3x90",
        },
        quiet={
            f'otelagent_delegation_items_assigned_total{{parent="planner",child="reader",{_POD}}}': "0+7x90",
            f'otelagent_delegation_items_processed_total{{parent="planner",child="reader",{_POD}}}': "0+7x90",
        },
        at="80m",
    ),
    Alert(
        name="OtelagentContextNearlyFull",
        severity="warning",
        expr="agent:otelagent_context_above_80_percent:ratio_rate1h > 0.2\nand\n"
        f"{total('otelagent_context_utilization_ratio_count', '1h')} >= 20",
        hold="10m",
        summary="{{ $labels.agent }} works with a nearly full context window",
        description=(
            "{{ $value | humanizePercentage }} of the LLM steps of {{ $labels.agent }} fill more than 80 % of the "
            "context window. Early constraints are dropped there: look for context_amnesia."
        ),
        meaning="The more the context fills, the less the first instructions weigh. It often comes before findings of "
        "`context_amnesia`.",
        queries=(
            (
                "How full is it?",
                "histogram_quantile(0.9, sum by (le, agent) (rate(otelagent_context_utilization_ratio_bucket[1h])))",
            ),
            (
                "Were constraints lost?",
                'sum by (agent) (increase(otelagent_failures_total{mode="context_amnesia"}[1h]))',
            ),
            (
                "Do results grow?",
                "histogram_quantile(0.9, sum by (le, tool) (rate(otelagent_tool_result_bytes_bucket[1h])))",
            ),
        ),
        steps=(
            (
                "`otelagent traces list --mode context_amnesia`, then `otelagent diagnose TRACE`: the context "
                "section shows the utilisation step by step."
            ),
        ),
        fix=(
            "Repeat the constraints as a fresh message every N steps; cut large tool results before they reach the "
            "model."
        ),
        fires={
            f'otelagent_context_utilization_ratio_bucket{{agent="writer",le="0.8",{_POD}}}': "0+2x90",
            f'otelagent_context_utilization_ratio_count{{agent="writer",{_POD}}}': "0+4x90",
        },
        quiet={
            f'otelagent_context_utilization_ratio_bucket{{agent="writer",le="0.8",{_POD}}}': "0+4x90",
            f'otelagent_context_utilization_ratio_count{{agent="writer",{_POD}}}': "0+4x90",
        },
        at="80m",
    ),
    Alert(
        name="OtelagentToolOutcomeShift",
        severity="warning",
        expr=(
            "tool:otelagent_tool_calls_bad:ratio_rate1h > 0.2\nand\ntool:otelagent_tool_calls_bad:ratio_rate1h "
            "> 3 * (tool:otelagent_tool_calls_bad:ratio_rate1d offset 1h)\nand\n"
            f"{total('otelagent_tool_calls_total', '1h', 'outcome')} >= 20"
        ),
        hold="5m",
        summary="{{ $labels.tool }} returns much less than it used to",
        description=(
            "{{ $value | humanizePercentage }} of the results of {{ $labels.tool }} are empty, partial or failed, "
            "more than three times the share of the day before. Try the tool itself before you look at the agents."
        ),
        meaning=(
            "The share of results that are empty, partial, rate limited, timed out, denied, failed or of another "
            "shape has changed against that tool's own history. The spans may all be green."
        ),
        queries=(
            ("Which outcome?", "sum by (tool, outcome) (rate(otelagent_tool_calls_total[1h]))"),
            ("Since when?", "tool:otelagent_tool_calls_bad:ratio_rate1h"),
            (
                "Which agents made something of it?",
                "topk(5, sum by (mode, tool) (increase(otelagent_tool_failures_total[1h])))",
            ),
        ),
        steps=(
            (
                "`otelagent traces list --tool TOOL --since 1h`, then `otelagent diagnose TRACE`: the section on "
                "the tool boundary shows what was asked and what came back."
            ),
            "Call the tool with the same arguments by hand: `otelagent replay` prints them.",
        ),
        fix=(
            "Repair the tool or its credentials; have its client return a structured error, never an empty or "
            "partial body as success."
        ),
        fires={
            f'otelagent_tool_calls_total{{tool="search",outcome="ok",{_POD}}}': "0+10x1500 15000+5x120",
            f'otelagent_tool_calls_total{{tool="search",outcome="empty",{_POD}}}': "0x1500 0+5x120",
        },
        quiet={
            f'otelagent_tool_calls_total{{tool="search",outcome="ok",{_POD}}}': "0+5x1620",
            f'otelagent_tool_calls_total{{tool="search",outcome="empty",{_POD}}}': "0+5x1620",
        },
        at="1600m",
    ),
    Alert(
        name="OtelagentToolDivergence",
        severity="warning",
        expr=f"max without ({PER_POD}) (otelagent_tool_divergence) and max without ({PER_POD}) "
        "(otelagent_tool_diverged) == 1",
        hold="5m",
        summary="{{ $labels.tool }} returns something else than in staging",
        description=(
            "The results of {{ $labels.tool }} are {{ $value | humanize }} (0 to 1) away from the staging profile. "
            "otelagent compare --baseline staging.json --candidate production says what has changed."
        ),
        meaning=(
            "Over many calls the tool's outcomes, sizes, latency or shape differ from the staging profile by more than "
            "chance. Agents that pass their evaluations in staging fail silently against it. The tool changed, not the "
            "model. The finding is told once; this alert lasts as long as the difference does. The detector: "
            "[tool_divergence](../detectors/tool_divergence.md). See [baselines](../baselines.md)."
        ),
        queries=(
            ("Since when?", "otelagent_tool_divergence"),
            ("Which outcome?", "sum by (tool, outcome) (rate(otelagent_tool_calls_total[1h]))"),
        ),
        steps=(
            (
                "`otelagent baseline export --environment production -o prod.json`, then `otelagent compare --baseline "
                "staging.json --candidate prod.json`."
            ),
            "`otelagent traces list --mode tool_divergence` has the first run after it had diverged.",
        ),
        fix="Make staging return what production does, test the agent against it, and mount a new profile.",
        fires={
            f'otelagent_tool_divergence{{tool="search",{_POD}}}': "0x10 0.07x50",
            f'otelagent_tool_diverged{{tool="search",{_POD}}}': "0x10 1x50",
        },
        quiet={
            f'otelagent_tool_divergence{{tool="search",{_POD}}}': "0.09x60",
            f'otelagent_tool_diverged{{tool="search",{_POD}}}': "0x60",
        },
    ),
    Alert(
        name="OtelagentTaskTokensShift",
        severity="warning",
        expr=(
            "agent:otelagent_task_tokens:p90_1h > 3 * (agent:otelagent_task_tokens:p90_1d offset 1h)\nand\n"
            f"{total('otelagent_task_tokens_count', '1h')} >= 10"
        ),
        hold="10m",
        summary="Runs of {{ $labels.agent }} take far more tokens than they used to",
        description=(
            "One run in ten of {{ $labels.agent }} takes more than {{ $value | humanize }} tokens, three times as "
            "many as the day before. Look for reasoning_loop and recovery_loop first."
        ),
        meaning="The 90th percentile of tokens per run is more than three times that of the day before.",
        queries=(
            (
                "How many tokens?",
                "histogram_quantile(0.9, sum by (le, agent) (rate(otelagent_task_tokens_bucket[1h])))",
            ),
            ("What was wasted, and by which mode?", "sum by (mode) (increase(otelagent_wasted_tokens_total[1h]))"),
        ),
        steps=(
            "`otelagent traces list --agent AGENT --since 1h`, then `otelagent diagnose TRACE` for the longest.",
            "`otelagent compare GOOD BAD` with a run of yesterday shows which steps are new.",
        ),
        fix="Bound the steps and tokens of a run; interrupt loops at the third repetition.",
        fires={
            f'otelagent_task_tokens_bucket{{agent="writer",le="1000",{_POD}}}': "0+1x1500 1500x120",
            f'otelagent_task_tokens_bucket{{agent="writer",le="10000",{_POD}}}': "0+1x1500 1500+1x120",
            f'otelagent_task_tokens_bucket{{agent="writer",le="+Inf",{_POD}}}': "0+1x1500 1500+1x120",
            f'otelagent_task_tokens_count{{agent="writer",{_POD}}}': "0+1x1620",
        },
        quiet={
            f'otelagent_task_tokens_bucket{{agent="writer",le="1000",{_POD}}}': "0+1x1620",
            f'otelagent_task_tokens_bucket{{agent="writer",le="10000",{_POD}}}': "0+1x1620",
            f'otelagent_task_tokens_bucket{{agent="writer",le="+Inf",{_POD}}}': "0+1x1620",
            f'otelagent_task_tokens_count{{agent="writer",{_POD}}}': "0+1x1620",
        },
        at="1600m",
    ),
    Alert(
        name="OtelagentTokensWasted",
        severity="warning",
        expr=f"job:otelagent_wasted_tokens:ratio_rate1h > 0.2\nand\n"
        f"{total('otelagent_task_tokens_count', '1h', 'agent')} >= 10",
        hold="10m",
        summary="A fifth of all tokens is spent after something has gone wrong",
        description=(
            "{{ $value | humanizePercentage }} of the tokens of the last hour were spent after a failure had "
            "begun. See which mode: sum by (mode) (increase(otelagent_wasted_tokens_total[1h]))"
        ),
        meaning="Tokens that runs spent after the first repetition of a loop, or after a source had failed unnoticed.",
        queries=(
            ("Which mode?", "sum by (mode) (increase(otelagent_wasted_tokens_total[1h]))"),
            ("Which agents?", "topk(5, sum by (agent, mode) (increase(otelagent_failures_total[1h])))"),
        ),
        steps=("Go on with the page of the first mode.",),
        fix="That of the failure mode behind it.",
        fires={
            f'otelagent_wasted_tokens_total{{mode="reasoning_loop",{_POD}}}': "0+500x90",
            f'otelagent_task_tokens_sum{{agent="writer",{_POD}}}': "0+1000x90",
            f'otelagent_task_tokens_count{{agent="writer",{_POD}}}': "0+1x90",
        },
        quiet={
            f'otelagent_wasted_tokens_total{{mode="reasoning_loop",{_POD}}}': "0+50x90",
            f'otelagent_task_tokens_sum{{agent="writer",{_POD}}}': "0+1000x90",
            f'otelagent_task_tokens_count{{agent="writer",{_POD}}}': "0+1x90",
        },
        at="80m",
    ),
)
