"""Every PromQL expression of dashboards and runbooks, with variables filled in, as a rules file for promtool."""

import sys
from collections.abc import Iterator

import yaml

from otelagent.reference import dashboards, rules

VARIABLES = {"$__rate_interval": "1m", "$__range": "1h"}


def panels() -> Iterator[tuple[str, str]]:
    """Name and expression of each query of each panel."""
    for board in dashboards.ALL:
        for panel in board.panels():
            for query in panel.queries:
                yield f"{board.title} / {panel.title}", filled(query.expr)


def runbooks() -> Iterator[tuple[str, str]]:
    for alert in rules.alerts():
        for question, expression in alert.queries:
            yield f"{alert.name} / {question}", expression


def filled(expression: str, **variables: str) -> str:
    for name, value in {**VARIABLES, **{f"${key}": value for key, value in variables.items()}}.items():
        expression = expression.replace(name, value)
    names = ("job", "namespace", "environment", "service", "agent", "instance", "baseline", "candidate", "tool")
    for name in names:
        expression = expression.replace(f"${name}", ".*")
    return expression


def main() -> None:
    found = [{"record": f"expression_{n}", "expr": e} for n, (_, e) in enumerate([*panels(), *runbooks()])]
    yaml.safe_dump({"groups": [{"name": "expressions", "rules": found}]}, sys.stdout)


if __name__ == "__main__":
    main()
