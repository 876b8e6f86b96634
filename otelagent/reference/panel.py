"""A Grafana panel as a declaration, and how it becomes JSON through Grafana's own classes."""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from grafana_foundation_sdk.builders import bargauge, common, dashboard, prometheus, stat, table, timeseries
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.common import (
    BigValueGraphMode,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    StackingMode,
    TooltipDisplayMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DataSourceRef,
    DataTransformerConfig,
    Threshold,
    VariableOption,
    VariableRefresh,
    VariableSort,
)
from grafana_foundation_sdk.models.dashboard import Panel as PanelModel
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

SOURCE: Final = DataSourceRef(type_val="prometheus", uid="${datasource}")


@dataclass(frozen=True, slots=True)
class Query:
    """An expression and the name of its lines."""

    expr: str
    legend: str = "__auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One panel. `good` is where a stat turns green; below `bad` it is red."""

    title: str
    description: str
    unit: str
    queries: tuple[Query, ...]
    kind: Literal["lines", "number", "table", "bars"] = "lines"
    span: int = 12
    height: int = 8
    stack: bool = False
    exemplars: bool = False
    most: float | None = None
    """Upper end of the axis."""
    good: float | None = None
    bad: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """Panels under a heading."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of a dashboard: the values of a label."""

    name: str
    metric: str
    label: str
    help: str
    multiple: bool = True
    """Several at once, and All, which also matches series that don't have the label."""


def build(panel: Panel) -> Builder[PanelModel]:
    made = _made(panel)
    instant = panel.kind != "lines"
    targets: list[Builder[Dataquery]] = [
        _target(query, ref, panel, instant) for ref, query in zip("ABCDEFGH", panel.queries, strict=False)
    ]
    return (
        made.title(panel.title)
        .description(panel.description)
        .unit(panel.unit)
        .datasource(SOURCE)
        .height(panel.height)
        .span(panel.span)
        .targets(targets)
    )


Visual: TypeAlias = timeseries.Panel | stat.Panel | table.Panel | bargauge.Panel


def _made(panel: Panel) -> Visual:
    if panel.kind == "lines":
        return _lines(panel)
    if panel.kind == "number":
        return _number(panel)
    return _table() if panel.kind == "table" else _bars(panel)


def _target(query: Query, ref: str, panel: Panel, instant: bool) -> prometheus.Dataquery:
    target = prometheus.Dataquery().expr(query.expr).ref_id(ref).legend_format(query.legend).datasource(SOURCE)
    if instant:
        target = target.instant()
        return target.format(PromQueryFormat.TABLE) if panel.kind == "table" else target
    return target.range().exemplar(panel.exemplars)


def _lines(panel: Panel) -> timeseries.Panel:
    legend = common.VizLegendOptions().display_mode(LegendDisplayMode.LIST).placement(LegendPlacement.BOTTOM)
    tooltip = common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING)
    made = timeseries.Panel().legend(legend.show_legend(True)).tooltip(tooltip).min(0).fill_opacity(10)
    if panel.stack:
        made = made.stacking(common.StackingConfig().mode(StackingMode.NORMAL)).fill_opacity(40)
    return made.max(panel.most) if panel.most is not None else made


def _number(panel: Panel) -> stat.Panel:
    made = stat.Panel().graph_mode(BigValueGraphMode.NONE).no_value("none yet")
    if panel.good is None or panel.bad is None:
        return made
    up = panel.good > panel.bad
    steps = [
        Threshold(value=None, color="red" if up else "green"),
        Threshold(value=panel.bad if up else panel.good, color="orange"),
        Threshold(value=panel.good if up else panel.bad, color="green" if up else "red"),
    ]
    return made.thresholds(dashboard.ThresholdsConfig().steps(steps))


def _table() -> table.Panel:
    hidden = DataTransformerConfig(id_val="organize", options={"excludeByName": {"Time": True}})
    sort = common.TableSortByFieldState().display_name("Value").desc(True)
    return table.Panel().with_transformation(hidden).sort_by([sort])


def _bars(panel: Panel) -> bargauge.Panel:
    made = bargauge.Panel().orientation(VizOrientation.HORIZONTAL).min(0)
    return made.max(panel.most) if panel.most is not None else made


def build_variable(variable: Variable) -> dashboard.QueryVariable:
    made = (
        dashboard.QueryVariable(variable.name)
        .label(variable.name)
        .description(variable.help)
        .datasource(SOURCE)
        .query(f"label_values({variable.metric}, {variable.label})")
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
    )
    if not variable.multiple:
        return made
    every = VariableOption(selected=True, text=["All"], value=["$__all"])
    return made.multi(True).include_all(True).all_value(".*").current(every)


def build_dashboard(
    uid: str, title: str, description: str, variables: tuple[Variable, ...], rows: tuple[Row, ...]
) -> dashboard.Dashboard:
    made = (
        dashboard.Dashboard(title)
        .uid(uid)
        .description(description)
        .tags(["otelagent"])
        .readonly()
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .time("now-6h", "now")
        .refresh("1m")
        .timezone("browser")
        .with_variable(dashboard.DatasourceVariable("datasource").label("datasource").type("prometheus"))
    )
    for variable in variables:
        made = made.with_variable(build_variable(variable))
    for row in rows:
        made = made.with_row(dashboard.Row(row.title))
        for panel in row.panels:
            made = made.with_panel(build(panel))
    return made
