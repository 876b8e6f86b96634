"""All that is known of what is normal: profiles by tool and environment, baselines by task; bounded."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeVar

from otelagent.baselines.aging import DAY
from otelagent.baselines.divergence import Divergence, Thresholds
from otelagent.baselines.drift import Misfit, misfit
from otelagent.baselines.task import TaskBaseline, Usage
from otelagent.baselines.tool import ToolProfile
from otelagent.model import Call, Shape, Status, Step

MAX_TOOLS: Final = 256
MAX_TASKS: Final = 512
MAX_FITTING: Final = 48
"""Rows and shapes of a tool's results of which it is remembered that they fit."""
REFIT: Final = 1024
"""Results of a tool after which its rows are judged anew: what was usual may have become rare."""
HALF_LIFE: Final = 14 * DAY
"""In which the past counts half: long enough that a whole week is always in it."""
ALL_INPUTS: Final = "*"
CLASSES: Final = 13
"""Of inputs, by their length; the last one is open."""


class ToolKey(NamedTuple):
    """A tool in a deployment environment, empty where the resource names none."""

    environment: str
    tool: str


class TaskKey(NamedTuple):
    """A task: what a workflow, or an agent that no other one called, does with inputs of about one length."""

    environment: str
    service: str
    task: str
    inputs: str = ALL_INPUTS


@dataclass(frozen=True)
class Limits:
    """Bounds, and from how many observations on something is known."""

    tools: int = MAX_TOOLS
    tasks: int = MAX_TASKS
    half_life: float = HALF_LIFE
    """Seconds, of tasks; 0 lets everything count the same."""
    tools_half_life: float = 2 * DAY
    """The same of tools, whose results are held against a fixed profile."""
    least_results: int = 50
    """Results of a tool before its shape is known."""
    least_runs: int = 30
    """Runs of a task before its usage is known."""


AGELESS: Final = Limits(half_life=0.0, tools_half_life=0.0)
"""For recorded files: all that is in them counts the same."""

Key = TypeVar("Key")
Kept = TypeVar("Kept")


class Baselines:
    """Owned by the pipeline's task: it alone changes them. What was used longest ago leaves when full."""

    def __init__(
        self,
        limits: Limits | None = None,
        staging: "Baselines | None" = None,
        divergence: Thresholds | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self.staging = staging
        """What tools are held against instead of their own past, where a profile of it was given. It never changes."""
        self._staged = staging.by_tool() if staging is not None else {}
        self.tools: OrderedDict[ToolKey, ToolProfile] = OrderedDict()
        self.tasks: OrderedDict[TaskKey, TaskBaseline] = OrderedDict()
        self.divergence = Divergence(divergence or Thresholds())
        self.changed: set[ToolKey | TaskKey] = set()
        """What has changed since it was saved; emptied by who saves."""

    # --- tools ------------------------------------------------------------------------------------------------------

    def fit(self, step: Step) -> None:
        """Hold a good result against its tool's shape, once, and learn from it. One that doesn't fit is nonconforming.

        Nothing is decided while too few results have been seen.
        """
        call = step.call
        if call is None or call.fitted or not step.tool:
            return
        call.fitted = True
        key = ToolKey(step.environment, step.tool)
        if call.shape is None:
            if call.outcome.status is Status.EMPTY:
                self._time(key, step, call)
            return
        profile = self.tools.get(key) or self.profile(key)
        found = self._misfit(key, profile, call.shape, step.service[:64])
        if found is not None:
            call.differ(found.pointer, found.note)
        profile.learn(call.shape, step.end / 1e9, step.service)

    def _time(self, key: ToolKey, step: Step, call: Call) -> None:
        """An empty result that came when the tool's calls are usually given up is no empty result."""
        seconds = (step.end - step.start) / 1e9
        profile = self.tools.get(key) if seconds >= 1.0 else None
        if profile is not None and profile.plateau(seconds, step.end / 1e9):
            call.time_out(f"ended at {seconds:.1f} s, as calls of it without a result do")

    def _misfit(self, key: ToolKey, profile: ToolProfile, shape: Shape, service: str) -> Misfit | None:
        staged = self._staged.get(key.tool) if self._staged else None
        model = staged if staged is not None and staged.learned >= self.limits.least_results else profile
        known = profile.services.get(service, 0) if model is profile else model.learned
        if known < self.limits.least_results:
            return None
        fitting = profile.fitting
        if len(fitting) > MAX_FITTING or not profile.learned % REFIT:
            fitting.clear()
        if shape.mark in fitting or fitting.issuperset(shape.marks):
            return None
        return misfit(model.usual, shape, fitting)

    def called(self, key: ToolKey, calls: Sequence[Step], now: float) -> None:
        """All calls of one tool in a trace that has closed, at `now` by our own clock."""
        profile = self.profile(key)
        self.changed.add(key)
        profile.add(calls, max([step.end for step in calls]) / 1e9)
        if self._staged and (staged := self.staged(key.tool)) is not None:
            self.divergence.called(key, staged, profile, len(calls), now)

    def tick(self, now: float) -> None:
        """Let the divergence of tools that are not called any more come to an end, or to be."""
        for key in list(self.divergence.states):
            tool, staged = self.tools.get(ToolKey(*key)), self.staged(key[1])
            if tool is not None and staged is not None:
                self.divergence.again(key, staged, tool, now)
        self.divergence.forget(self.tools)

    def profile(self, key: ToolKey) -> ToolProfile:
        """The profile of a tool; made where there is none."""
        return _kept(self.tools, key, lambda: ToolProfile(self.limits.tools_half_life), self.limits.tools)

    def staged(self, tool: str) -> ToolProfile | None:
        """The tool in the staging profile, whatever its environment is called there."""
        return self._staged.get(tool)

    def by_tool(self, environment: str | None = None) -> Mapping[str, ToolProfile]:
        """Profiles by tool, of one environment or of all together."""
        found: dict[str, ToolProfile] = {}
        for key, profile in self.tools.items():
            if environment is None or key.environment == environment:
                known = found.get(key.tool)
                found[key.tool] = profile if known is None else _joined(known, profile)
        return found

    def timeout_races(self) -> dict[str, float]:
        """Share of the calls that were given up on, by tool."""
        raced: dict[str, list[float]] = {}
        for key, profile in self.tools.items():
            if profile.calls:
                sums = raced.setdefault(key.tool, [0.0, 0.0])
                sums[0] += profile.races / profile.aging.weight(profile.aging.latest)
                sums[1] += profile.calls / profile.aging.weight(profile.aging.latest)
        return {tool: races / calls for tool, (races, calls) in raced.items()}

    def states(self) -> Mapping[tuple[str, str], int]:
        """How many tools and tasks are known or being learned."""
        known = sum(p.learned >= self.limits.least_results for p in self.tools.values())
        done = sum(b.runs >= self.limits.least_runs for b in self.tasks.values())
        return {
            ("tool", "known"): known,
            ("tool", "learning"): len(self.tools) - known,
            ("task", "known"): done,
            ("task", "learning"): len(self.tasks) - done,
        }

    # --- tasks ------------------------------------------------------------------------------------------------------

    def ran(self, key: TaskKey, usage: Usage, now: float) -> None:
        """A run of a task has ended and its trace has closed."""
        for each in (key, key._replace(inputs=ALL_INPUTS)) if key.inputs != ALL_INPUTS else (key,):
            self.baseline(each).add(usage, now)
            self.changed.add(each)

    def baseline(self, key: TaskKey) -> TaskBaseline:
        """The baseline of a task; made where there is none."""
        return _kept(self.tasks, key, lambda: TaskBaseline(self.limits.half_life), self.limits.tasks)

    def task(self, key: TaskKey) -> TaskBaseline | None:
        """The baseline that a run is held against; None while too few runs have been seen.

        Too few of the same class of inputs: all inputs together, unless longer ones than this are hardly known.
        """
        own = self.tasks.get(key)
        if own is not None and own.runs >= self.limits.least_runs:
            return own
        every = self.all_inputs(key)
        return every if every is not None and self._longer_known(key) else None

    def all_inputs(self, key: TaskKey) -> TaskBaseline | None:
        """Of the task with inputs of all lengths; None while too few runs have been seen."""
        every = self.tasks.get(key._replace(inputs=ALL_INPUTS))
        return every if every is not None and every.runs >= self.limits.least_runs else None

    def _longer_known(self, key: TaskKey) -> bool:
        """Inputs of this class or of a longer one have been seen a few times."""
        third = self.limits.least_runs // 3
        least = int(key.inputs) if key.inputs.isdecimal() else CLASSES
        classes = (self.tasks.get(key._replace(inputs=str(each))) for each in range(least, CLASSES))
        return any(known is not None and known.runs >= third for known in classes)

    # --- all --------------------------------------------------------------------------------------------------------

    def merge(self, other: "Baselines") -> None:
        """Take in all that another one knows."""
        for key, profile in other.tools.items():
            self.profile(key).merge(profile)
        for task, baseline in other.tasks.items():
            self.baseline(task).merge(baseline)
        self.changed |= {*other.tools, *other.tasks}


def _kept(among: "OrderedDict[Key, Kept]", key: Key, make: Callable[[], Kept], most: int) -> Kept:
    found = among.get(key)
    if found is None:
        found = among[key] = make()
        while len(among) > most:
            among.popitem(last=False)
    else:
        among.move_to_end(key)
    return found


def _joined(one: ToolProfile, other: ToolProfile) -> ToolProfile:
    made = ToolProfile(one.aging.half_life)
    made.merge(one)
    made.merge(other)
    return made
