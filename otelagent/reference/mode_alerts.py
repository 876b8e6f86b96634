"""An alert for each failure mode, from its detector: findings per run, with a least number of findings."""

from typing import Final, Literal, NamedTuple

from otelagent.detectors.detector import Detector
from otelagent.model import Severity
from otelagent.reference import detector_pages
from otelagent.reference.alert import Alert


class Bar(NamedTuple):
    """How much of a failure mode is too much, in half an hour."""

    findings: int
    per_run: float
    severity: Literal["critical", "warning", "info"]


BARS: Final = {
    Severity.CRITICAL: Bar(1, 0, "critical"),
    Severity.HIGH: Bar(3, 0.05, "warning"),
    Severity.MEDIUM: Bar(5, 0.10, "warning"),
    Severity.LOW: Bar(10, 0.20, "info"),
}


def name(kind: type[Detector]) -> str:
    return kind.alert or "Otelagent" + "".join(word.capitalize() for word in kind.mode.split("_"))


def alert(kind: type[Detector]) -> Alert:
    bar = BARS[kind.severity]
    chosen = f'mode="{kind.mode}"'
    return Alert(
        name=name(kind),
        severity=bar.severity,
        expr=f"agent_mode:otelagent_failures:increase30m{{{chosen}}} >= {bar.findings}\n"
        f"and\nagent_mode:otelagent_failures_per_run:ratio30m{{{chosen}}} > {bar.per_run:g}",
        summary=f"{kind.mode} in runs of {{{{ $labels.agent }}}}",
        description=(
            f'{{{{ printf "%.0f" $value }}}} findings of {kind.mode} for agent {{{{ $labels.agent }}}} in 30 '
            f"minutes, more than {bar.per_run:.0%} of its runs. Take one of its traces: otelagent traces list "
            f"--mode {kind.mode}, "
            "then otelagent diagnose TRACE."
        ),
        meaning=(
            f"{detector_pages.summary(kind)}\n\nIt fires at {bar.findings} findings or more in half an hour, "
            f"if these are more than {bar.per_run:.0%} of the agent's runs. The detector: "
            f"[{kind.mode}](../detectors/{kind.mode}.md)."
        ),
        queries=_queries(kind.mode),
        steps=(
            f"`otelagent traces list --mode {kind.mode}` lists the traces that were kept, newest first. In Grafana the "
            "exemplars of the panel *Failures by mode* open a trace.",
            (
                "`otelagent diagnose TRACE` shows the claims of the answer, the last good step, the tool boundary, "
                "the state of the context, and what to replay."
            ),
            f"`otelagent explain {kind.mode}` tells what the detector looks for and when it stays quiet.",
            "If the finding is wrong for this agent, mute or tune it for a while under "
            "`processors.agent_failures.overrides`; muted findings are counted.",
        ),
        fix=f"{kind.fix}\n\n{detector_pages.section(kind, 'What to do')}".strip(),
        fires=_scene(kind, "researcher", findings="0+1x60", runs="0+2x60"),
        quiet=_few(kind, bar) | (_rare(kind, bar) if bar.per_run else {}),
    )


def _few(kind: type[Detector], bar: Bar) -> dict[str, str]:
    """One finding less than it takes."""
    return _scene(kind, "researcher", findings=f"0x35 {bar.findings - 1}x25", runs="0+2x60")


def _rare(kind: type[Detector], bar: Bar) -> dict[str, str]:
    """Findings enough, in very many runs."""
    return _scene(kind, "busy", findings=f"0x35 {bar.findings + 2}x25", runs="0+100x60")


def _queries(mode: str) -> tuple[tuple[str, str], ...]:
    chosen = f'mode="{mode}"'
    return (
        (
            "Which agents, in which service and environment?",
            f"sort_desc(agent_mode:otelagent_failures:increase30m{{{chosen}}})",
        ),
        ("How many of their runs?", f"agent_mode:otelagent_failures_per_run:ratio30m{{{chosen}}}"),
        (
            "Which tool, if one is named?",
            f"topk(5, sum by (tool) (increase(otelagent_tool_failures_total{{{chosen}}}[30m])))",
        ),
        ("What did it cost in tokens?", f"increase(otelagent_wasted_tokens_total{{{chosen}}}[30m])"),
    )


def _scene(kind: type[Detector], agent: str, *, findings: str, runs: str) -> dict[str, str]:
    pod = f'agent="{agent}",job="agents",namespace="demo"'
    labels = f'mode="{kind.mode}",layer="{kind.layer}",{pod}'
    return {
        f'otelagent_failures_total{{{labels},instance="10.0.0.1:8888",pod="a"}}': findings,
        f'otelagent_failures_total{{{labels},instance="10.0.0.2:8888",pod="b"}}': "0x60",
        f'otelagent_agent_runs_total{{outcome="degraded",{pod},instance="10.0.0.1:8888",pod="a"}}': runs,
        f'otelagent_agent_runs_total{{outcome="success",{pod},instance="10.0.0.2:8888",pod="b"}}': runs,
    }
