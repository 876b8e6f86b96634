"""What the pipeline calls to count, and what a scrape gets. The series themselves stand in `series.py`."""

import itertools
import platform
import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import InfoMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from otelagent import __version__, series, vitals
from otelagent.late import Count, Labels, Late, Name, Waiting
from otelagent.model import Layer
from otelagent.scrapers import Scrapers
from otelagent.series import SCOPE_LABELS, Series
from otelagent.tables import Table, label
from otelagent.traffic import Traffic

MAX_SEEN: Final = 4096
"""Agents, tools and edges that are remembered as having their series."""

BY_AGENT: Final = (series.FAILURES, series.AGENT_RUNS, series.CONTEXT_UTILIZATION, series.TASK_TOKENS)
BY_TOOL: Final = (series.TOOL_FAILURES, series.TOOL_CALLS, series.TOOL_RESULT_BYTES, series.TOOL_DURATION)
BY_EDGE: Final = (series.DELEGATIONS, series.ITEMS_ASSIGNED, series.ITEMS_PROCESSED)


class Metrics(Collector):
    """All counts of this process.

    The event loop counts, calls `tick` every second or so, and `flush` at the end; `exposition` may run in any thread.
    `modes` are the failure modes with their layers. `gateway` adds service and environment to the series of agents.
    `traffic` is what the pipeline counts by itself; it is read at a scrape.
    """

    def __init__(
        self,
        modes: Mapping[str, Layer],
        *,
        gateway: bool = False,
        traffic: Traffic | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._gateway = gateway
        self._traffic = traffic or Traffic()
        self._clock = clock
        self._numbers = itertools.count(1)
        self._waiting = Waiting()
        self._seen: set[tuple[str, Labels]] = set()
        self._scrapers = Scrapers()
        self._scraping = threading.Lock()
        self._scraper = ""
        self.resource: Mapping[str, str] = {}
        """Attributes of our own resource, shown on `target_info`."""
        self._tables = {each.name: self._table(_with_modes(each, modes)) for each in (*series.ALL, *vitals.ALL)}
        self._count(series.BUILD_INFO, (__version__, platform.python_version()))
        self.registry = CollectorRegistry(auto_describe=False)
        self.registry.register(self)

    def _table(self, declared: Series) -> Table:
        names = declared.labels + (SCOPE_LABELS if self._gateway and declared.scoped else ())
        return Table(declared, names, self._numbers, self._overflowed)

    def _overflowed(self, metric: str) -> None:
        if metric != series.LABEL_OVERFLOW.name:
            self._count(series.LABEL_OVERFLOW, (metric,))

    # --- counting, by the event loop ------------------------------------------------------------------------------

    def count(self, name: str, labels: Labels, n: float = 1, trace_id: bytes | None = None) -> None:
        """Add `n` to a counter, or let a histogram observe it. Waits while a label is `Late`."""
        if any(isinstance(label, Late) for label in labels):
            count = Count(name, labels, n, trace_id)
            self._waiting.add(count, self._clock())
            return
        self._tables[name].record(labels, n, trace_id)

    observe = count

    def _count(self, which: Series, labels: Labels, n: float = 1, trace_id: bytes | None = None) -> None:
        table = self._tables[which.name]
        point = table.known.get(labels)
        if point is None:
            self.count(which.name, labels, n, trace_id)
        elif which.buckets:
            point.observe(bisect_left(which.buckets, n), n, trace_id)
        else:
            point.count(n, trace_id)

    def _scope(self, service: str, environment: str) -> tuple[str, ...]:
        return (service, environment) if self._gateway else ()

    def resolve(self, key: bytes, name: str | None) -> None:
        """The name that `Late(key)` stood for; None if it is known that there is none."""
        for count in self._waiting.resolve(Late(key), name):
            self.count(count.series, count.labels, count.amount, count.trace_id)

    def tick(self) -> None:
        """Give up on names that have been awaited for 15 seconds."""
        for late in self._waiting.overdue(self._clock()):
            self.resolve(late.key, None)

    def flush(self) -> None:
        """Give up on all names: the process is about to end."""
        while late := self._waiting.first():
            self.resolve(late.key, None)

    # --- agents, tools, edges ---------------------------------------------------------------------------------------

    def seen_agent(self, agent: str, *, service: str = "", environment: str = "") -> None:
        """Have the agent's series exist at 0."""
        self._see(BY_AGENT, (agent, *self._scope(service, environment)))

    def seen_tool(self, tool: str, *, service: str = "", environment: str = "") -> None:
        """Have the tool's series exist at 0."""
        self._see(BY_TOOL, (tool, *self._scope(service, environment)))

    def seen_edge(self, parent: str, child: str, *, service: str = "", environment: str = "") -> None:
        """Have the delegation's series exist at 0."""
        self._see(BY_EDGE, (parent, child, *self._scope(service, environment)))

    def _see(self, which: tuple[Series, ...], labels: Labels) -> None:
        key = (which[0].name, labels)
        if key in self._seen:
            return
        for each in which:
            self._tables[each.name].see(labels)
        if len(self._seen) >= MAX_SEEN:
            self._seen.clear()
        self._seen.add(key)

    def failure(
        self,
        mode: str,
        layer: str,
        agent: Name,
        tool: str | None,
        *,
        service: str = "",
        environment: str = "",
        trace_id: bytes | None = None,
        wasted_tokens: int = 0,
    ) -> None:
        """A finding, told for the first time."""
        scope = self._scope(service, environment)
        self._count(series.FAILURES, (mode, layer, agent, *scope), 1, trace_id)
        if tool is not None:
            self._count(series.TOOL_FAILURES, (mode, tool, *scope), 1, trace_id)
        if wasted_tokens:
            self._count(series.WASTED_TOKENS, (mode, *scope), wasted_tokens, trace_id)

    def wasted_tokens(self, mode: str, tokens: int, *, service: str = "", environment: str = "") -> None:
        """Tokens spent after a run diverged."""
        self._count(series.WASTED_TOKENS, (mode, *self._scope(service, environment)), tokens)

    def agent_run(
        self, agent: Name, outcome: str, *, service: str = "", environment: str = "", trace_id: bytes | None = None
    ) -> None:
        """A run of an agent has ended; outcomes are those of pipelines."""
        self._count(series.AGENT_RUNS, (outcome, agent, *self._scope(service, environment)), 1, trace_id)

    def pipeline(
        self,
        outcome: str,
        workflow: str | None,
        *,
        service: str = "",
        environment: str = "",
        trace_id: bytes | None = None,
    ) -> None:
        """A trace has settled."""
        self._count(series.PIPELINES, (outcome, workflow, *self._scope(service, environment)), 1, trace_id)

    def delegation(
        self,
        parent: Name,
        child: Name,
        outcome: str,
        *,
        assigned: int | None = None,
        processed: int | None = None,
        service: str = "",
        environment: str = "",
        trace_id: bytes | None = None,
    ) -> None:
        """A child's run has ended. Items count only where both numbers are known."""
        scope = self._scope(service, environment)
        self._count(series.DELEGATIONS, (outcome, parent, child, *scope), 1, trace_id)
        if assigned is not None and processed is not None:
            self._count(series.ITEMS_ASSIGNED, (parent, child, *scope), assigned)
            self._count(series.ITEMS_PROCESSED, (parent, child, *scope), min(processed, assigned))
        if assigned and processed is not None:
            self._count(series.DELEGATION_COVERAGE, (child, *scope), min(processed / assigned, 1.0), trace_id)

    def tool_call(
        self,
        tool: str | None,
        outcome: str,
        *,
        bytes: int | None = None,  # noqa: A002 - the unit is the name
        seconds: float | None = None,
        service: str = "",
        environment: str = "",
        trace_id: bytes | None = None,
    ) -> None:
        """A tool has returned. Size and duration where known."""
        scope = self._scope(service, environment)
        self._count(series.TOOL_CALLS, (outcome, tool, *scope), 1, trace_id)
        if bytes is not None:
            self._count(series.TOOL_RESULT_BYTES, (tool, *scope), bytes, trace_id)
        if seconds is not None:
            self._count(series.TOOL_DURATION, (tool, *scope), seconds, trace_id)

    def context(
        self, agent: Name, ratio: float, *, service: str = "", environment: str = "", trace_id: bytes | None = None
    ) -> None:
        """An LLM step filled this share of its context window."""
        self._count(series.CONTEXT_UTILIZATION, (agent, *self._scope(service, environment)), ratio, trace_id)

    def task_tokens(
        self, agent: Name, tokens: int, *, service: str = "", environment: str = "", trace_id: bytes | None = None
    ) -> None:
        """A run of an agent took this many tokens."""
        self._count(series.TASK_TOKENS, (agent, *self._scope(service, environment)), tokens, trace_id)

    def leaf_steps(
        self, status: str, workflow: str | None, n: int, *, service: str = "", environment: str = ""
    ) -> None:
        """Model and tool calls of a settled trace, by the status of their spans: ok or error."""
        self._count(series.LEAF_STEPS, (status, workflow, *self._scope(service, environment)), n)

    def success(self, workflow: str | None, window: str, pipeline: float, leaf: float) -> None:
        """Shares of what succeeded in a window."""
        labels = (workflow, window)
        self._tables[series.PIPELINE_SUCCESS.name].put(labels, pipeline)
        self._tables[series.LEAF_SUCCESS.name].put(labels, leaf)
        self._tables[series.SUCCESS_GAP.name].put(labels, leaf - pipeline)

    def tool_divergence(self, tool: str, distance: float, diverged: bool) -> None:
        """How far a tool is from its staging profile, and whether that is too far."""
        self._tables[series.TOOL_DIVERGENCE.name].put((tool,), distance)
        self._tables[series.TOOL_DIVERGED.name].put((tool,), float(diverged))

    def timeout_races(self, tool: str, share: float) -> None:
        """Share of a tool's recent calls that were given up on."""
        self._tables[series.TIMEOUT_RACES.name].put((tool,), share)

    def baselines(self, kind: str, state: str, n: int) -> None:
        """How many tools or tasks are known, or being learned."""
        self._tables[series.BASELINES.name].put((kind, state), n)

    def incident(self, mode: str, layer: str) -> None:
        """An incident has begun."""
        self._count(series.INCIDENTS, (mode, layer))

    def open_incidents(self, mode: str, layer: str, n: int) -> None:
        """How many go on."""
        self._tables[series.OPEN_INCIDENTS.name].put((mode, layer), n)

    # --- otelagent's own judgement ----------------------------------------------------------------------------------

    def abstention(self, mode: str, reason: str, *, service: str = "", environment: str = "") -> None:
        """A detector couldn't judge."""
        self._count(series.ABSTENTIONS, (mode, reason, *self._scope(service, environment)))

    def muted(self, mode: str, *, service: str = "", environment: str = "") -> None:
        """A finding that the configuration mutes."""
        self._count(series.MUTED, (mode, *self._scope(service, environment)))

    def withdrawn(self, mode: str, *, service: str = "", environment: str = "") -> None:
        """A finding that was told and no longer holds."""
        self._count(series.WITHDRAWN, (mode, *self._scope(service, environment)))

    def finding_delay(self, seconds: float) -> None:
        """From the end of the span at which it showed."""
        self._count(series.FINDING_DELAY, (), max(seconds, 0.0))

    def trace_closed(self, reason: str) -> None:
        """A trace has left memory."""
        self._count(series.TRACES_CLOSED, (reason,))

    def live_traces(self, n: int) -> None:
        """How many traces are in memory now."""
        self._tables[series.LIVE_TRACES.name].put((), n)

    def spans(self, dialect: str, kind: str, n: int = 1) -> None:
        """Spans were read as steps."""
        self._count(series.SPANS, (kind, dialect), n)

    def unrecognised(self, scope: str, n: int = 1) -> None:
        """Spans of this instrumentation scope look like an agent's, and no dialect reads them."""
        self._count(series.UNRECOGNISED, (scope,), n)

    def without_content(self, dialect: str, reason: str) -> None:
        """A step's content is missing."""
        self._count(series.WITHHELD, (reason, dialect))

    def odd_spans(self, reason: str, n: int = 1) -> None:
        """Spans contradict themselves or others."""
        self._count(series.ODD_SPANS, (reason,), n)

    def unread_request(self, reason: str) -> None:
        """A request passed without being understood."""
        self._count(series.UNREAD, (reason,))

    def detector_error(self, mode: str) -> None:
        """A detector raised an exception."""
        self._count(series.DETECTOR_ERRORS, (mode,))

    # --- scraping, in any thread ------------------------------------------------------------------------------------

    def exposition(self, accept: str = "", scraper: str = "") -> tuple[bytes, str]:
        """The body of a scrape and its content type. `scraper`: client address and user agent."""
        encode, content_type = choose_encoder(accept)
        with self._scraping:
            self._scraper = label(scraper)
            return encode(self.registry), content_type

    def collect(self) -> Iterator[Metric]:
        """For the registry; as seen by the scraper at hand."""
        for reading in vitals.readings(self._traffic):
            self._tables[reading.series.name].put(reading.labels, reading.value)
        newest = next(self._numbers)
        shows = self._scrapers.scrape(self._scraper, newest, self._clock())
        for table in self._tables.values():
            yield table.metric(shows)
        if self.resource:
            yield InfoMetricFamily("target", "Attributes of our own resource.", _names(self.resource))


def _names(resource: Mapping[str, str]) -> dict[str, str]:
    """Attribute names as Prometheus takes them."""
    return {"".join(c if c.isascii() and c.isalnum() else "_" for c in key): value for key, value in resource.items()}


def _with_modes(declared: Series, modes: Mapping[str, Layer]) -> Series:
    """The failure modes are known only when the detectors are."""
    if declared.closed == series.BY_LAYER:
        return replace(declared, values=tuple((mode, str(layer)) for mode, layer in modes.items()))
    if declared is series.TOOL_FAILURES:
        return replace(declared, values=tuple((mode,) for mode, layer in modes.items() if layer == Layer.TOOL))
    if declared.closed == series.MODE:
        return replace(declared, values=tuple((mode,) for mode in modes))
    return declared
