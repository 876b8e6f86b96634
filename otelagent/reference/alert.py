"""What an alert is: expression, words, runbook, and the series with which it fires and stays quiet."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

PER_POD: Final = "instance, pod, container, endpoint"
"""Labels that tell pods apart and nothing else: sums go over them. Namespace, job, service, environment stay."""

OURS: Final = "and on (job, instance) otelagent_build_info"
"""Not those of a Collector that the same Prometheus scrapes."""

Scene = Mapping[str, str]
"""Series and their values, a sample a minute, in promtool's notation (`0+1x60`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert with its page. Its name is the page's name."""

    name: str
    severity: Literal["critical", "warning", "info"]
    expr: str
    hold: str = "1m"
    """How long it must be true before it fires."""
    summary: str
    description: str
    """What is so, and the next step."""
    meaning: str
    queries: tuple[tuple[str, str], ...]
    """Question and PromQL that answers it."""
    steps: tuple[str, ...]
    """From the page to the cause."""
    fix: str
    fires: Scene
    quiet: Scene
    at: str = "45m"
    """When its tests look."""


def total(metric: str, window: str, *without: str) -> str:
    """What a counter has gained in all pods."""
    return f"sum without ({', '.join((PER_POD, *without))}) (increase({metric}[{window}]))"


def per_second(metric: str, window: str, *without: str) -> str:
    return f"sum without ({', '.join((PER_POD, *without))}) (rate({metric}[{window}]))"
