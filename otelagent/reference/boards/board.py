"""What the dashboards share: variables, the dashboard itself, and PromQL by what it gives."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from otelagent.reference.panel import Panel, Row, Variable
from otelagent.reference.recordings import REAL

RUNS: Final = f'otelagent_agent_runs_total{{job=~"$job", {REAL["agent"]}}}'
"""By whose labels what is shown is chosen."""
AGENTS: Final = (
    Variable("job", "otelagent_build_info", "job", "Scrape job."),
    Variable("namespace", 'otelagent_build_info{job=~"$job"}', "namespace", "Namespace of the pods."),
    Variable(
        "environment",
        RUNS,
        "environment",
        "deployment.environment.name of the spans' resource; a gateway has it.",
    ),
    Variable(
        "service",
        RUNS,
        "service",
        "service.name of the spans' resource; a gateway has it.",
    ),
)
SCRAPED: Final = 'job=~"$job", namespace=~"$namespace"'
"""For series that know no service."""
IN: Final = 'job=~"$job", namespace=~"$namespace", environment=~"$environment", service=~"$service"'

_NAMED: Final = {
    "otelagent_failures_total": "agent",
    "otelagent_agent_runs_total": "agent",
    "otelagent_pipelines_total": "workflow",
}
"""Series that what `otelagent canary` sends is counted in, by the label that tells it."""


@dataclass(frozen=True, slots=True)
class Dashboard:
    """One dashboard. Its name is the file's name and, with a prefix, the uid."""

    name: str
    title: str
    description: str
    variables: tuple[Variable, ...]
    rows: tuple[Row, ...]

    def panels(self) -> Iterator[Panel]:
        for row in self.rows:
            yield from row.panels


def rate(metric: str, *by: str, where: str = IN, more: str = "") -> str:
    chosen = ", ".join(filter(None, (where, _real(metric), more)))
    summed = f"sum by ({', '.join(by)})" if by else "sum"
    return f"{summed} (rate({metric}{{{chosen}}}[$__rate_interval]))"


def gain(metric: str, *by: str, where: str = IN, more: str = "") -> str:
    return (
        rate(metric, *by, where=where, more=more)
        .replace("rate(", "increase(", 1)
        .replace("$__rate_interval", "$__range")
    )


def quantile(q: float, metric: str, *by: str, where: str = IN, more: str = "") -> str:
    return f"histogram_quantile({q:g}, {rate(f'{metric}_bucket', 'le', *by, where=where, more=more)})"


def success(metric: str, window: str = "$__rate_interval") -> str:
    chosen = f"{IN}, {_real(metric)}"
    good = f'sum (rate({metric}{{{chosen}, outcome="success"}}[{window}]))'
    return f'{good} / sum (rate({metric}{{{chosen}, outcome!="unknown"}}[{window}]))'


def _real(metric: str) -> str:
    label = _NAMED.get(metric)
    return REAL[label] if label else ""


def per_minute(metric: str, *by: str, where: str = IN, more: str = "") -> str:
    return f"60 * {rate(metric, *by, where=where, more=more)}"


def bad_share(where: str) -> str:
    bad = f'sum by (tool) (increase(otelagent_tool_calls_total{{{where}, outcome!~"ok|unknown"}}[$__range]))'
    return f'{bad} / sum by (tool) (increase(otelagent_tool_calls_total{{{where}, outcome!="unknown"}}[$__range]))'
