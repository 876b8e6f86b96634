"""deploy/grafana/: dashboards from declarations, for import, provisioning and the Helm chart."""

import json
from typing import Final

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from otelagent.reference.boards import itself, one_agent, overview, tools
from otelagent.reference.boards.board import Dashboard
from otelagent.reference.panel import build_dashboard

ALL: Final = (overview.BOARD, one_agent.BOARD, tools.BOARD, itself.BOARD)
FOLDERS: Final = ("deploy/grafana", "deploy/helm/otelagent/files/dashboards")


def pages() -> dict[str, str]:
    rendered = {each.name: render(each) for each in ALL}
    return {f"{folder}/{name}.json": text for folder in FOLDERS for name, text in rendered.items()}


def render(each: Dashboard) -> str:
    made = build_dashboard(f"otelagent-{each.name}", each.title, each.description, each.variables, each.rows)
    return json.dumps(made.build(), cls=JSONEncoder, indent=2, sort_keys=True) + "\n"
