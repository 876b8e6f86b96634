"""docs/runbooks/: a page for each alert."""

from otelagent.reference import rules
from otelagent.reference.alert import Alert
from otelagent.reference.markdown import block, page, table


def pages() -> dict[str, str]:
    alerts = rules.alerts()
    return {
        "docs/runbooks/README.md": _index(alerts),
        **{f"docs/runbooks/{alert.name}.md": _page(alert) for alert in alerts},
    }


def _index(alerts: tuple[Alert, ...]) -> str:
    rows = [(f"[{a.name}]({a.name}.md)", a.severity, a.meaning.partition("\n\n")[0]) for a in alerts]
    return page(
        "Runbooks",
        (
            "A page for each alert of `deploy/prometheus/otelagent.rules.yaml`; the alert's `runbook_url` "
            "leads here. Commands are run where otelagent runs (`kubectl exec POD -c otelagent -- otelagent "
            "...`), since the trace store is there."
        ),
        table(("Alert", "Severity", "What it means"), rows),
    )


def _page(alert: Alert) -> str:
    queries = "\n\n".join(f"{question}\n\n{block(query, 'promql')}" for question, query in alert.queries)
    steps = "\n".join(f"{number}. {step}" for number, step in enumerate(alert.steps, 1))
    return page(
        alert.name,
        f"Severity: {alert.severity}",
        "## What it means",
        alert.meaning,
        block(alert.expr, "promql"),
        "## What to look at",
        queries,
        "## What to do",
        steps,
        "## How to fix it",
        alert.fix,
    )
