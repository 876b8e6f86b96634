"""Recording rules: the ratios that alerts and dashboards share, by name and expression."""

from typing import Final

from otelagent.canary import AGENT as CANARY
from otelagent.reference.alert import per_second, total

PIPELINE_WINDOWS: Final = ("5m", "30m", "1h", "6h")
"""Pairs of a short and a long window make a burn rate."""

REAL: Final = {label: f'{label}!="{CANARY}"' for label in ("agent", "workflow")}
"""Not what `otelagent canary` sends: its failure is wanted."""

BAD_RESULT: Final = 'outcome!~"ok|unknown"'


def _share(part: str, whole: str) -> str:
    return f"{part}\n/\n{whole}"


def _pipelines(window: str) -> str:
    return _share(
        per_second(f'otelagent_pipelines_total{{outcome=~"degraded|failed",{REAL["workflow"]}}}', window, "outcome"),
        per_second(f'otelagent_pipelines_total{{outcome!="unknown",{REAL["workflow"]}}}', window, "outcome"),
    )


def _success(metric: str, by: str) -> str:
    return _share(
        per_second(f'{metric}{{outcome="success",{REAL[by]}}}', "1h", "outcome", by),
        per_second(f'{metric}{{outcome!="unknown",{REAL[by]}}}', "1h", "outcome", by),
    )


def _bad_results(window: str) -> str:
    return _share(
        per_second(f"otelagent_tool_calls_total{{{BAD_RESULT}}}", window, "outcome"),
        per_second('otelagent_tool_calls_total{outcome!="unknown"}', window, "outcome"),
    )


def _tokens(window: str) -> str:
    return f"histogram_quantile(0.9, {per_second('otelagent_task_tokens_bucket', window)})"


RULES: Final[dict[str, str]] = {
    "agent_mode:otelagent_failures:increase30m": total(f"otelagent_failures_total{{{REAL['agent']}}}", "30m"),
    "agent:otelagent_agent_runs:increase30m": total(f"otelagent_agent_runs_total{{{REAL['agent']}}}", "30m", "outcome"),
    "agent_mode:otelagent_failures_per_run:ratio30m": _share(
        "agent_mode:otelagent_failures:increase30m",
        "ignoring (mode, layer) group_left () clamp_min(agent:otelagent_agent_runs:increase30m, 1)",
    ),
    **{f"workflow:otelagent_pipelines_bad:ratio_rate{window}": _pipelines(window) for window in PIPELINE_WINDOWS},
    "job:otelagent_pipelines_success:ratio_rate1h": _success("otelagent_pipelines_total", "workflow"),
    "job:otelagent_agent_runs_success:ratio_rate1h": _success("otelagent_agent_runs_total", "agent"),
    "edge:otelagent_delegation_coverage:ratio_rate1h": _share(
        per_second("otelagent_delegation_items_processed_total", "1h"),
        per_second("otelagent_delegation_items_assigned_total", "1h"),
    ),
    "agent:otelagent_context_above_80_percent:ratio_rate1h": (
        "1 - "
        + _share(
            per_second('otelagent_context_utilization_ratio_bucket{le="0.8"}', "1h", "le"),
            per_second("otelagent_context_utilization_ratio_count", "1h"),
        )
    ),
    "tool:otelagent_tool_calls_bad:ratio_rate1h": _bad_results("1h"),
    "tool:otelagent_tool_calls_bad:ratio_rate1d": _bad_results("1d"),
    **{f"agent:otelagent_task_tokens:p90_{window}": _tokens(window) for window in ("1h", "1d")},
    "job:otelagent_wasted_tokens:ratio_rate1h": _share(
        per_second("otelagent_wasted_tokens_total", "1h", "mode"),
        per_second("otelagent_task_tokens_sum", "1h", "agent"),
    ),
}
