"""Every Prometheus series of otelagent: name, type, help, labels, buckets; its cap follows from these.

Closed labels have all their values from the start, open ones take theirs from spans, normalised and capped.
"""

from dataclasses import dataclass
from typing import Final, Literal

from otelagent.model import Kind, Odd, Status, Withheld

CAP: Final = 2000
"""Most time series of one metric; a histogram counts with all its buckets."""

SCOPE_LABELS: Final = ("service", "environment")
"""Further labels of scoped series in gateway mode."""


@dataclass(frozen=True, slots=True)
class Series:
    """One metric. Label sets are the closed labels' values times whatever the open labels are seen to be."""

    name: str
    type: Literal["counter", "gauge", "histogram"]
    help: str
    closed: tuple[str, ...] = ()
    values: tuple[tuple[str, ...], ...] = ()
    """All combinations of the closed labels: they exist at 0 as soon as the open labels have been seen."""
    open: tuple[str, ...] = ()
    """Labels whose values come from spans: normalised and capped."""
    buckets: tuple[float, ...] = ()
    scoped: bool = True
    """Carries `service` and `environment` in gateway mode."""

    @property
    def labels(self) -> tuple[str, ...]:
        return self.closed + self.open

    @property
    def cap(self) -> int:
        """Most label sets."""
        return CAP // (len(self.buckets) + 3) if self.buckets else CAP


PIPELINE_OUTCOMES: Final = ("success", "degraded", "failed", "unknown")
DELEGATION_OUTCOMES: Final = ("complete", "incomplete", "failed", "unknown")

MODE: Final = ("mode",)
BY_LAYER: Final = ("mode", "layer")
OUTCOME: Final = ("outcome",)
_PIPELINE: Final = tuple((outcome,) for outcome in PIPELINE_OUTCOMES)
_DELEGATION: Final = tuple((outcome,) for outcome in DELEGATION_OUTCOMES)
_STATUS: Final = tuple((str(status),) for status in Status)

# --- what agents did --------------------------------------------------------------------------------------------------

FAILURES: Final = Series(
    "otelagent_failures_total",
    "counter",
    "Findings, by failure mode and the agent at fault.",
    BY_LAYER,
    open=("agent",),
)
TOOL_FAILURES: Final = Series(
    "otelagent_tool_failures_total", "counter", "Findings that name a tool, by that tool.", MODE, open=("tool",)
)
PIPELINES: Final = Series(
    "otelagent_pipelines_total",
    "counter",
    "Traces with agents, once each when it settles, by the outcome of the whole.",
    OUTCOME,
    _PIPELINE,
    ("workflow",),
)
AGENT_RUNS: Final = Series(
    "otelagent_agent_runs_total", "counter", "Runs of agents by their own outcome.", OUTCOME, _PIPELINE, ("agent",)
)
DELEGATIONS: Final = Series(
    "otelagent_delegations_total",
    "counter",
    "Runs of a child agent for a parent agent, and calls that stand for one without spans, by whether all was done.",
    OUTCOME,
    _DELEGATION,
    ("parent", "child"),
)
ITEMS_ASSIGNED: Final = Series(
    "otelagent_delegation_items_assigned_total",
    "counter",
    "Items that parents gave to children, where a receipt tells.",
    open=("parent", "child"),
)
ITEMS_PROCESSED: Final = Series(
    "otelagent_delegation_items_processed_total",
    "counter",
    "Items that children processed, of those assigned.",
    open=("parent", "child"),
)
DELEGATION_COVERAGE: Final = Series(
    "otelagent_delegation_coverage_ratio",
    "histogram",
    "Share of its assigned items that a child processed, where a receipt tells.",
    open=("child",),
    buckets=(0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1),
)
TOOL_CALLS: Final = Series(
    "otelagent_tool_calls_total",
    "counter",
    "Calls of tools and retrievers by what they really returned, whatever the span status says.",
    OUTCOME,
    _STATUS,
    ("tool",),
)
TOOL_RESULT_BYTES: Final = Series(
    "otelagent_tool_result_bytes",
    "histogram",
    "Size of tool results, in bytes of their text.",
    open=("tool",),
    buckets=(0, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576),
)
TOOL_DURATION: Final = Series(
    "otelagent_tool_duration_seconds",
    "histogram",
    "Duration of tool calls.",
    open=("tool",),
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
CONTEXT_UTILIZATION: Final = Series(
    "otelagent_context_utilization_ratio",
    "histogram",
    "Input tokens of LLM steps by the model's context window.",
    open=("agent",),
    buckets=(0.1, 0.25, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1),
)
TASK_TOKENS: Final = Series(
    "otelagent_task_tokens",
    "histogram",
    "Tokens of an agent's run, input and output.",
    open=("agent",),
    buckets=(100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000),
)
LEAF_STEPS: Final = Series(
    "otelagent_leaf_steps_total",
    "counter",
    "Model and tool calls by the status of their spans, counted when the trace settles: what is seen without content.",
    ("status",),
    (("ok",), ("error",)),
    ("workflow",),
)
PIPELINE_SUCCESS: Final = Series(
    "otelagent_pipeline_success_ratio",
    "gauge",
    "Share of the pipelines that succeeded, of those whose outcome is known.",
    open=("workflow", "window"),
    scoped=False,
)
LEAF_SUCCESS: Final = Series(
    "otelagent_leaf_success_ratio",
    "gauge",
    "Share of the model and tool calls in these pipelines whose spans show no error.",
    open=("workflow", "window"),
    scoped=False,
)
SUCCESS_GAP: Final = Series(
    "otelagent_success_gap_ratio",
    "gauge",
    "Leaf success less pipeline success: by how much things look better than they are.",
    open=("workflow", "window"),
    scoped=False,
)
TOOL_DIVERGENCE: Final = Series(
    "otelagent_tool_divergence",
    "gauge",
    "Distance of a tool's recent results from its staging profile, 0 to 1; 0 within chance. Needs a staging profile.",
    open=("tool",),
    scoped=False,
)
TOOL_DIVERGED: Final = Series(
    "otelagent_tool_diverged",
    "gauge",
    "1 while a tool has diverged from its staging profile: what tool_divergence tells once, when it begins.",
    open=("tool",),
    scoped=False,
)
TIMEOUT_RACES: Final = Series(
    "otelagent_tool_timeout_race_ratio",
    "gauge",
    "Share of a tool's recent calls that the orchestrator gave up on while they still worked.",
    open=("tool",),
    scoped=False,
)
BASELINES: Final = Series(
    "otelagent_baselines",
    "gauge",
    "Tools and tasks whose usual behaviour is known, or still being learned.",
    ("kind", "state"),
    (("tool", "known"), ("tool", "learning"), ("task", "known"), ("task", "learning")),
    scoped=False,
)
INCIDENTS: Final = Series(
    "otelagent_incidents_total",
    "counter",
    "Incidents that have begun: findings of one mode on one tool or agent, with less than an hour between them.",
    BY_LAYER,
    scoped=False,
)
OPEN_INCIDENTS: Final = Series("otelagent_open_incidents", "gauge", "Incidents that go on now.", BY_LAYER, scoped=False)
WASTED_TOKENS: Final = Series(
    "otelagent_wasted_tokens_total", "counter", "Tokens spent after a failure had begun, once per root cause.", MODE
)

# --- how otelagent judges ---------------------------------------------------------------------------------------------

ABSTENTIONS: Final = Series(
    "otelagent_abstentions_total",
    "counter",
    "Judgements that a detector couldn't make, and what it lacked.",
    open=("mode", "reason"),
)
MUTED: Final = Series(
    "otelagent_muted_findings_total", "counter", "Findings that an override of the configuration muted.", MODE
)
WITHDRAWN: Final = Series(
    "otelagent_withdrawn_findings_total",
    "counter",
    "Findings that were told and taken back: what came later showed otherwise.",
    MODE,
)
FINDING_DELAY: Final = Series(
    "otelagent_finding_delay_seconds",
    "histogram",
    "From the end of the span at which a failure showed to its finding.",
    buckets=(0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
    scoped=False,
)
LIVE_TRACES: Final = Series("otelagent_live_traces", "gauge", "Traces held in memory.", scoped=False)
TRACES_CLOSED: Final = Series(
    "otelagent_traces_closed_total",
    "counter",
    "Traces that left memory, and why.",
    open=("reason",),
    scoped=False,
)
SPANS: Final = Series(
    "otelagent_spans_total",
    "counter",
    "Spans read as steps, by the instrumentation that wrote them and what they are.",
    ("kind",),
    tuple((str(kind),) for kind in Kind),
    ("dialect",),
    scoped=False,
)
UNRECOGNISED: Final = Series(
    "otelagent_unrecognised_spans_total",
    "counter",
    "Spans that look like an agent's and that no dialect reads, by instrumentation scope.",
    open=("scope",),
    scoped=False,
)
WITHHELD: Final = Series(
    "otelagent_steps_without_content_total",
    "counter",
    "Steps whose content is missing, by the instrumentation that wrote them and why: detectors abstain there. "
    "`otelagent inspect --coverage` names the setting that provides it.",
    ("reason",),
    tuple((str(reason),) for reason in Withheld),
    ("dialect",),
    scoped=False,
)
ODD_SPANS: Final = Series(
    "otelagent_odd_spans_total",
    "counter",
    "Spans that contradict themselves or others, or hold odd values; read by a fixed rule and sent on as they came.",
    ("reason",),
    tuple((str(odd),) for odd in Odd),
    scoped=False,
)
UNREAD: Final = Series(
    "otelagent_unread_requests_total",
    "counter",
    "Requests that were sent on without being understood, since otelagent itself failed.",
    open=("reason",),
    scoped=False,
)
DETECTOR_ERRORS: Final = Series(
    "otelagent_detector_errors_total",
    "counter",
    "Steps at which a detector raised an exception; its judgement is missing there.",
    MODE,
    scoped=False,
)
LABEL_OVERFLOW: Final = Series(
    "otelagent_label_overflow_total",
    "counter",
    f"Counts that went to the label value __other__, since a metric has {CAP} series at most.",
    ("metric",),
    scoped=False,
)
BUILD_INFO: Final = Series(
    "otelagent_build_info", "gauge", "Always 1; its labels tell what runs.", open=("version", "python"), scoped=False
)

ALL: Final = (
    FAILURES,
    TOOL_FAILURES,
    PIPELINES,
    AGENT_RUNS,
    DELEGATIONS,
    ITEMS_ASSIGNED,
    ITEMS_PROCESSED,
    DELEGATION_COVERAGE,
    TOOL_CALLS,
    TOOL_RESULT_BYTES,
    TOOL_DURATION,
    CONTEXT_UTILIZATION,
    TASK_TOKENS,
    LEAF_STEPS,
    PIPELINE_SUCCESS,
    LEAF_SUCCESS,
    SUCCESS_GAP,
    TOOL_DIVERGENCE,
    TOOL_DIVERGED,
    TIMEOUT_RACES,
    BASELINES,
    INCIDENTS,
    OPEN_INCIDENTS,
    WASTED_TOKENS,
    ABSTENTIONS,
    MUTED,
    WITHDRAWN,
    FINDING_DELAY,
    LIVE_TRACES,
    TRACES_CLOSED,
    SPANS,
    UNRECOGNISED,
    WITHHELD,
    ODD_SPANS,
    UNREAD,
    DETECTOR_ERRORS,
    LABEL_OVERFLOW,
    BUILD_INFO,
)
