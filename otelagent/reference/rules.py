"""deploy/prometheus/: recording rules, alerts, and unit tests with which each alert fires and stays quiet."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import yaml

from otelagent import detectors
from otelagent.reference import agent_alerts, health_alerts, mode_alerts, recordings
from otelagent.reference.alert import Alert, Scene

RUNBOOKS: Final = "https://github.com/otelagent/otelagent/blob/main/docs/runbooks"
"""Where the pages of docs/runbooks can be read. The Helm chart replaces it by a value."""

WRITTEN: Final = "# Written by `python -m otelagent.reference` from the detectors: change it there.\n"
FILE: Final = "otelagent.rules.yaml"


def alerts() -> tuple[Alert, ...]:
    return (*_of_modes(), *agent_alerts.ALERTS, *health_alerts.ALERTS)


def _of_modes() -> list[Alert]:
    """Counted findings, but of a mode that has an alert of its own because it is told once."""
    own = {alert.name for alert in agent_alerts.ALERTS}
    return [mode_alerts.alert(kind) for kind in detectors.builtin() if mode_alerts.name(kind) not in own]


def pages() -> dict[str, str]:
    return {
        f"deploy/prometheus/{FILE}": dump({"groups": groups()}),
        f"deploy/helm/otelagent/files/{FILE}": dump({"groups": groups()}),
        "deploy/kubernetes/monitoring/prometheusrule.yaml": dump(_resource()),
        "deploy/prometheus/tests/otelagent.rules.test.yaml": dump(_tests()),
    }


def groups() -> list[dict[str, Any]]:
    """The content of the rules file."""
    modes = [_rule(alert) for alert in _of_modes()]
    return [
        {"name": "otelagent.recording", "rules": [{"record": n, "expr": e} for n, e in recordings.RULES.items()]},
        {"name": "otelagent.failure_modes", "rules": modes},
        {"name": "otelagent.agents", "rules": [_rule(alert) for alert in agent_alerts.ALERTS]},
        {"name": "otelagent.health", "rules": [_rule(alert) for alert in health_alerts.ALERTS]},
    ]


def _resource() -> dict[str, Any]:
    """For the Prometheus Operator."""
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "otelagent"},
        "spec": {"groups": groups()},
    }


def _rule(alert: Alert) -> dict[str, Any]:
    return {
        "alert": alert.name,
        "expr": alert.expr,
        "for": alert.hold,
        "labels": {"severity": alert.severity},
        "annotations": {
            "summary": alert.summary,
            "description": alert.description,
            "runbook_url": f"{RUNBOOKS}/{alert.name}.md",
        },
    }


def _tests() -> dict[str, Any]:
    tests = [test for alert in alerts() for test in _pair(alert)]
    return {"rule_files": [f"../{FILE}"], "evaluation_interval": "5m", "tests": tests}


def _pair(alert: Alert) -> Iterator[Mapping[str, Any]]:
    yield _test(alert, "fires", alert.fires, [{"labels": "{}", "value": 1}])
    yield _test(alert, "quiet", alert.quiet, [])


def _test(alert: Alert, claim: str, scene: Scene, expected: list[dict[str, Any]]) -> Mapping[str, Any]:
    firing = f'ALERTS{{alertname="{alert.name}",alertstate="firing"}}'
    return {
        "name": f"{alert.name} {claim}",
        "interval": "1m",
        "input_series": [{"series": series, "values": values} for series, values in scene.items()],
        "promql_expr_test": [{"expr": f"count({firing})", "eval_time": alert.at, "exp_samples": expected}],
    }


class _Dumper(yaml.SafeDumper):
    """Text of several lines as a block."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def dump(document: Any) -> str:
    return WRITTEN + yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=1000, allow_unicode=True)
