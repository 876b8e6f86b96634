"""Settings of processors."""

from datetime import date
from typing import Any, Literal

from pydantic import Field, model_validator

from otelagent.model import Role
from otelagent.settings.values import Duration, Pattern, Positive, Secret, Settings


class Tool(Settings):
    """What a tool is, where its name and history don't tell."""

    role: Role = Field(
        description="`source` gives data, `action` changes something, `note` only records, `poll` asks on."
    )


class Match(Settings):
    """What an override is for; all that are given must hold. `*` is a wildcard."""

    service: str | None = Field(default=None, description="`service.name` of the resource.")
    agent: str | None = Field(default=None, description="Name of the agent.")
    tool: str | None = Field(default=None, description="Name of the tool.")


class Override(Settings):
    """Other thresholds for a service, agent or tool, or silence, for a while."""

    match: Match = Field(description="What it is for.")
    detectors: dict[str, Any] = Field(description="Like `detectors` of the processor; `off` mutes, and is counted.")
    until: date | None = Field(default=None, description="Last day on which it holds.")


class Traces(Settings):
    """Limits of the traces that are kept in memory. Of the 64 oldest the heaviest leave, with a reason that is counted:
    those with most bytes, or, where there are too many spans, with most spans."""

    traces: Positive = Field(default=10_000, description="Live traces.")
    spans: Positive = Field(default=200_000, description="Spans of all live traces.")
    max_size_mib: Positive = Field(
        default=96,
        description="Steps of all live traces, as they came, in MiB.",
    )
    spans_per_trace: Positive = Field(default=20_000, description="Spans of one trace.")
    settle: Duration = Field(
        default=10.0, description="A trace whose topmost span was seen is done after this silence."
    )
    idle: Duration = Field(default=120.0, description="Any other trace is given up after this silence.")
    age: Duration = Field(default=3600.0, description="A trace is closed at this age.")


class Labels(Settings):
    """Labels of metrics."""

    gateway: bool = Field(
        default=False,
        description="Add `service` and `environment` to the metrics of agents, for one instance in front of many.",
    )


class Evidence(Settings):
    """What findings may say."""

    include_content: bool = Field(
        default=False,
        description="Let findings quote how the content of their evidence begins, and name all missing items. It may "
        "be personal data. Not together with `redaction`.",
    )


class DivergenceThresholds(Settings):
    """When a tool has come away from its staging profile, and when it is back."""

    enter: float = Field(default=0.1, gt=0, le=1, description="Distance from which on it has; of outcomes half of it.")
    leave: float = Field(default=0.05, gt=0, le=1, description="Distance below which it is back.")
    looks: Positive = Field(default=2, description="Looks in a row that must agree.")
    least_calls: Positive = Field(default=50, description="Recent calls, and calls in the profile, that it takes.")


class BaselineSettings(Settings):
    """What is usual for tools and tasks, learned from what passes. `extensions.baseline_store` keeps it."""

    staging: str | None = Field(
        default=None, description="File with the baselines of staging, as `otelagent baseline export` writes it."
    )
    least_results: Positive = Field(default=50, description="Results of a tool before their shape is known.")
    least_runs: Positive = Field(default=30, description="Runs of a task before its usage is known.")
    half_life: Duration = Field(
        default=14 * 86400.0, gt=0, description="In which the past of a task counts half; more than a week."
    )
    tools_half_life: Duration = Field(default=2 * 86400.0, gt=0, description="The same of a tool.")
    max_tools: Positive = Field(default=256, description="Tools whose profiles are kept, by environment.")
    max_tasks: Positive = Field(default=512, description="Tasks whose baselines are kept.")
    divergence: DivergenceThresholds = Field(
        default_factory=DivergenceThresholds, description="Against the staging profile."
    )


class AgentFailures(Settings):
    """Finds silent failures of agents and says so on their spans."""

    detectors: dict[str, Any] = Field(
        default_factory=dict, description="Thresholds by failure mode, or `off`; see docs/detectors."
    )
    tools: dict[str, Tool] = Field(default_factory=dict, description="What a tool is, by name or pattern (`search_*`).")
    overrides: list[Override] = Field(default_factory=list, description="Exceptions for a service, agent or tool.")
    context_windows: dict[str, Positive] = Field(
        default_factory=dict,
        description="Input tokens that a model takes, by prefix of its name; goes before the shipped table.",
    )
    traces: Traces = Field(default_factory=Traces, description="Limits of live traces.")
    labels: Labels = Field(default_factory=Labels, description="Labels of metrics.")
    evidence: Evidence = Field(default_factory=Evidence, description="What findings may say.")
    baselines: BaselineSettings = Field(
        default_factory=BaselineSettings, description="What is usual for tools and tasks."
    )
    evaluation_events: bool = Field(
        default=True,
        description="Tell findings also as `gen_ai.evaluation.result` log events, for tools that read evaluations: "
        "`gen_ai.evaluation.name` is the failure mode, the label `fail`, the score the confidence.",
    )


class Redaction(Settings):
    """Removes and masks what must not go on, after the detectors have looked. What is stored is redacted too."""

    allow_all_keys: bool = Field(default=False, description="Keep all attributes; else only those of `allowed_keys`.")
    allowed_keys: list[str] = Field(
        default_factory=list, description="Attributes that stay; others are removed. Ours (`otelagent.`) always stay."
    )
    ignored_keys: list[str] = Field(default_factory=list, description="Attributes that pass as they are.")
    ignored_key_patterns: list[Pattern] = Field(
        default_factory=list, description="The same, by regular expression (RE2)."
    )
    blocked_key_patterns: list[Pattern] = Field(
        default_factory=list, description="Attributes whose whole value is masked, by regular expression."
    )
    blocked_values: list[Pattern] = Field(
        default_factory=list,
        description="Regular expressions; what matches is masked in values, log bodies, names and status messages.",
    )
    allowed_values: list[Pattern] = Field(
        default_factory=list, description="Values that match one of these are not masked, whatever else matches."
    )
    redact_all_types: bool = Field(default=False, description="Look at numbers and booleans too, as text.")
    hash_function: Literal["hmac-sha256", "hmac-sha512"] | None = Field(
        default=None,
        description="Mask by a keyed hash instead of `****`, so that equal values stay equal. A hash without a key can "
        "be guessed back, so md5, sha1 and sha3 are not offered.",
    )
    hmac_key: Secret | None = Field(default=None, description="The key of the hash; never printed.")
    summary: Literal["debug", "info", "silent"] = Field(
        default="silent",
        description="Say on the span what was done: `info` how many attributes, `debug` also which, `silent` nothing.",
    )

    @model_validator(mode="after")
    def _keyed(self) -> "Redaction":
        if (self.hash_function is None) != (self.hmac_key is None):
            raise ValueError("must have hash_function and hmac_key together")
        return self


class MemoryLimiter(Settings):
    """Refuses requests, retryably, before memory runs out."""

    check_interval: Duration = Field(default=1.0, gt=0, description="How often memory is looked at.")
    limit_mib: Positive | None = Field(default=None, description="Most memory; default: the percentage below.")
    spike_limit_mib: Positive | None = Field(
        default=None, description="Below the limit by this, refusing begins; default: a fifth."
    )
    limit_percentage: int = Field(
        default=80, gt=0, le=100, description="Most memory, in percent of what the container may use."
    )
    spike_limit_percentage: int = Field(
        default=20, gt=0, lt=100, description="The spike, in percent of what the container may use."
    )
