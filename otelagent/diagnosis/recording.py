"""A recorded run with its content kept: what the fold lets go, the offline workflow reads."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import msgspec

from otelagent import dialects, otlp
from otelagent.diagnosis.play import LOCAL, Logs, Request, play
from otelagent.diagnosis.scan import Report
from otelagent.ear import Ear
from otelagent.log_parts import LogContent, LogParts
from otelagent.model import (
    Content,
    Finding,
    Item,
    Kind,
    Message,
    Receipt,
    Step,
    Text,
    ToolCall,
    ToolOffer,
    ToolResult,
)
from otelagent.pipeline import Pipeline, Settings
from otelagent.run import SOURCES, order
from otelagent.trace import Closed, Trace


class Recorded:
    """A step with its facts and its content. `index` counts the steps of all traces in order of end, from 0."""

    def __init__(
        self,
        step: Step,
        index: int,
        agent: str | None,
        content: Content | None,
        parameters: dict[str, Any] | None = None,
        run: bytes = b"",
    ) -> None:
        self.step = step
        self.run = run
        """Key of the agent's run that it belongs to."""
        self.index = index
        self.agent = agent
        self.content = content
        self.parameters = parameters or {}
        """Of the model's request, as far as they were recorded."""

    @property
    def span_id(self) -> bytes:
        return self.step.span_id

    @property
    def source(self) -> bool:
        """A tool or retrieval."""
        return self.step.kind in SOURCES

    @property
    def name(self) -> str:
        """The tool, model or agent."""
        step = self.step
        return (step.tool if self.source or step.kind is Kind.HANDOFF else step.model or step.agent) or step.name

    @cached_property
    def arguments(self) -> object:
        captured = self._shown.get("arguments") if self.step.rebuilt else self.content and self.content.arguments()
        return getattr(captured, "value", captured)

    @cached_property
    def result(self) -> object:
        captured = self._shown.get("result") if self.step.rebuilt else self.content and self.content.result()
        return getattr(captured, "value", captured)

    @cached_property
    def result_path(self) -> str:
        """The attribute that the result stands in."""
        captured = None if self.step.rebuilt or self.content is None else self.content.result()
        return captured.path if captured is not None else "messages"

    @cached_property
    def history(self) -> Sequence[Item]:
        return () if self.content is None or self.source else self.content.history()

    @cached_property
    def completion(self) -> Sequence[Message]:
        return () if self.content is None or self.source else self.content.completion()

    @cached_property
    def said(self) -> str:
        """The text for the reader, reasoning aside."""
        parts = (p for m in self.completion for p in m.parts if isinstance(p, Text) and not p.reasoning)
        text = "\n".join(p.text for p in parts if p.text.strip())
        whole = self.result if not text and self.step.kind in (Kind.AGENT, Kind.WORKFLOW) else None
        return whole if isinstance(whole, str) else text

    @cached_property
    def asked(self) -> tuple[ToolCall, ...]:
        """Tool calls that the completion asks for."""
        return tuple(p for m in self.completion for p in m.parts if isinstance(p, ToolCall))

    @property
    def offers(self) -> Sequence[ToolOffer]:
        return () if self.content is None or self.source else self.content.tools()

    @cached_property
    def _shown(self) -> dict[str, object]:
        """Of a call that only messages show: what they show of it."""
        messages = [item.read() for item in (self.content.history() if self.content else ())]
        parts = [part for message in messages for part in message.parts]
        shown: dict[str, object] = {}
        for part in parts:
            if isinstance(part, ToolCall) and part.id == self.step.call_id:
                shown["arguments"] = part.arguments
            elif isinstance(part, ToolResult) and part.id == self.step.call_id:
                shown["result"] = part.result
        return shown


@dataclass(frozen=True)
class Run:
    """One invocation of an agent, for the tree."""

    key: bytes
    trace_id: bytes
    agent: str | None
    above: bytes | None
    steps: int
    call: bytes | None = None
    """The span of the call by which its work was given."""
    receipts: tuple[Receipt, ...] = ()
    """Counts that spans and logs of this run carry, in order of their end."""


@dataclass
class Recording:
    """All that is known of the recorded traces that belong together."""

    steps: list[Recorded]
    runs: list[Run]
    report: Report
    traces: tuple[bytes, ...]
    others: tuple[bytes, ...] = ()
    """Further traces of the same file, which are about something else."""
    _by_span: dict[bytes, Recorded] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for recorded in self.steps:
            if not recorded.step.rebuilt or recorded.span_id not in self._by_span:
                self._by_span[recorded.span_id] = recorded

    def at(self, span_id: bytes | None) -> Recorded | None:
        """The step that a span is."""
        return self._by_span.get(span_id) if span_id else None

    @property
    def findings(self) -> list[Finding]:
        return list(self.report.findings.values())


class _Collector(Ear):
    """An ear that keeps the steps of each run when its trace closes."""

    def __init__(self) -> None:
        self.steps: list[tuple[Step, str | None, bytes]] = []
        self.runs: list[Run] = []

    def closed(self, trace: Trace, reason: Closed) -> None:
        for key, run in trace.runs.items():
            if not run.steps:
                continue
            edge = trace.edge(run)
            above, call = (edge.above, edge.call) if edge else (None, None)
            receipts = tuple(receipt for _, receipt in trace.receipts(run))
            self.runs.append(Run(key, trace.trace_id, run.agent, above, len(run.steps), call, receipts))
            self.steps += ((step, run.agent or step.agent, key) for step in run.steps)


class _Contents:
    """What spans and logs show, by step."""

    def __init__(self) -> None:
        self._shown: dict[tuple[bytes, bytes], Content | None] = {}
        self._told: dict[bytes, LogParts] = defaultdict(LogParts)
        self.parameters: dict[tuple[bytes, bytes], dict[str, Any]] = {}

    def heard(self, requests: Iterable[Request]) -> Iterator[Request]:
        """The requests, noting what their logs say of spans."""
        for request in requests:
            for record in otlp.logs(request.body) if isinstance(request, Logs) else ():
                if (part := dialects.read_log(record)) is not None:
                    self._told[part.trace_id].add(part)
                    if part.step is not None:
                        self._shown.setdefault((part.trace_id, part.step.span_id), part.step.content)
            yield request

    def seen(self, body: bytes) -> None:
        """Note what spans show."""
        for span in otlp.TraceRequest(body).spans:
            if isinstance(read := dialects.read(span), Step):
                self._shown[span.trace_id, span.span_id] = read.content
                if read.kind is Kind.LLM:
                    self.parameters[span.trace_id, span.span_id] = _parameters(span.attributes)

    def of(self, step: Step) -> Content | None:
        shown = self._shown.get((step.trace_id, step.span_id))
        parts = self._told[step.trace_id].of(step.span_id) if step.trace_id in self._told else ()
        return LogContent(shown, parts) if parts and not step.rebuilt else shown


def record(requests: Iterable[Request], settings: Settings | None = None, trace: bytes | None = None) -> Recording:
    """Play requests through the fold as `scan` does and keep the content; `trace` picks one of several."""
    report, collector, contents = Report(), _Collector(), _Contents()
    pipeline = Pipeline(settings or LOCAL, ears=(report, collector))
    report.spans_read = play(contents.heard(requests), pipeline, contents.seen)
    chosen = {trace} if trace else _subject(collector, report)
    kept = sorted((pair for pair in collector.steps if pair[0].trace_id in chosen), key=lambda pair: order(pair[0]))
    steps = []
    for index, (step, agent, run) in enumerate(kept):
        parameters = contents.parameters.get((step.trace_id, step.span_id))
        steps.append(Recorded(step, index, agent, contents.of(step), parameters, run))
    everything = {step.trace_id for step, *_ in collector.steps}
    report.findings = {i: f for i, f in report.findings.items() if f.trace_id in chosen} if trace else report.findings
    return Recording(
        steps,
        [run for run in collector.runs if run.trace_id in chosen],
        report,
        tuple(dict.fromkeys(s.step.trace_id for s in steps)),
        tuple(sorted(everything - chosen)),
    )


_REQUEST: Final = "gen_ai.request."
_INVOCATION: Final = "llm.invocation_parameters"


def _parameters(attributes: otlp.Attributes) -> dict[str, Any]:
    """Temperature and the like."""
    names = attributes.keys()
    found = {key.removeprefix(_REQUEST): attributes.get(key) for key in names if key.startswith(_REQUEST)}
    found.pop("model", None)
    written = attributes.get(_INVOCATION)
    if isinstance(written, str):
        try:
            decoded = msgspec.json.decode(written)
        except msgspec.DecodeError:
            decoded = None
        found |= (
            {k: v for k, v in decoded.items() if not isinstance(v, list | dict)} if isinstance(decoded, dict) else {}
        )
    return found


def _subject(collector: _Collector, report: Report) -> set[bytes]:
    """The traces to diagnose: a conversation counts as one; of several that with the gravest finding, else the last."""
    groups: dict[object, set[bytes]] = {}
    latest: dict[object, int] = {}
    named = {s.trace_id: s.conversation for s, *_ in collector.steps if s.conversation}
    for step, *_ in collector.steps:
        if step.kind in (Kind.LLM, *SOURCES):
            key = named.get(step.trace_id, step.trace_id)
            groups.setdefault(key, set()).add(step.trace_id)
            latest[key] = max(step.end, latest.get(key, 0))
    if not groups:
        return {step.trace_id for step, *_ in collector.steps}
    sure: dict[bytes, float] = {}
    for finding in report.findings.values():
        sure[finding.trace_id] = max(finding.confidence, sure.get(finding.trace_id, 0.0))
    return groups[max(groups, key=lambda key: (max(sure.get(t, 0.0) for t in groups[key]), latest[key]))]
