"""Recorded traffic to learn from: calls by run, and shifts put into them."""

import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from otelagent.baselines.tool import ToolProfile
from otelagent.diagnosis import profiles
from otelagent.ear import Ear
from otelagent.model import Step
from otelagent.pipeline import Pipeline, Settings
from otelagent.run import SOURCES
from training import corpora

RESULT = "gen_ai.tool.call.result"
Change = Callable[[Span, Any, int], Any]
"""Gives the new result of the nth call from the span and its result; it may change the span's times."""


def tool_requests(corpus: str, tool: str) -> list[ExportTraceServiceRequest]:
    """A request for each run that calls the tool, with the spans of its calls only."""
    found = []
    for run in corpora.runs(corpus):
        request = ExportTraceServiceRequest.FromString(run.request)
        for scope in (s for r in request.resource_spans for s in r.scope_spans):
            own = [span for span in scope.spans if span.name == f"execute_tool {tool}"]
            del scope.spans[:]
            scope.spans.extend(own)
        if any(scope.spans for r in request.resource_spans for scope in r.scope_spans):
            found.append(request)
    return found


def shifted(requests: Iterable[ExportTraceServiceRequest], change: Change | None = None) -> Iterator[bytes]:
    """The requests with a change in the results of their calls."""
    number = 0
    for request in requests:
        copy = ExportTraceServiceRequest.FromString(request.SerializeToString())
        for span in (span for r in copy.resource_spans for s in r.scope_spans for span in s.spans):
            _vary(span, number)
            for attribute in span.attributes:
                if change is not None and attribute.key == RESULT:
                    result = change(span, _parsed(attribute.value.string_value), number)
                    attribute.value.string_value = result if isinstance(result, str) else json.dumps(result)
            number += 1
        yield copy.SerializeToString()


def _vary(span: Span, number: int) -> None:
    """Recorded durations are made up and all alike; these are log-normal, half a second in the middle."""
    seconds = random.Random(f"{span.span_id.hex()}/{number}").lognormvariate(-0.7, 0.5)
    span.end_time_unix_nano = span.start_time_unix_nano + int(seconds * 1e9)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def learned(bodies: Iterable[bytes]) -> dict[str, ToolProfile]:
    return dict(profiles.learned(bodies).by_tool())


class _Calls(Ear):
    def __init__(self) -> None:
        self.runs: list[dict[str, list[Step]]] = []

    def closed(self, trace: Any, reason: Any) -> None:
        calls: dict[str, list[Step]] = defaultdict(list)
        for run in trace.runs.values():
            for step in run.steps:
                if step.kind in SOURCES and step.tool and step.call is not None:
                    calls[step.tool].append(step)
        self.runs.append(calls)


@cache
def calls_by_run(corpus: str) -> list[dict[str, list[Step]]]:
    """All calls of a corpus as the fold reads them, by run and tool."""
    ear = _Calls()
    off = dict.fromkeys(profiles.available(), "off")
    pipeline = Pipeline(Settings(detectors=off, normal=profiles.learned([])), (ear,))
    for at, run in enumerate(corpora.runs(corpus)):
        pipeline.traces(run.request, float(at))
    pipeline.settle(1e6)
    return ear.runs


def profiled(runs: Iterable[dict[str, list[Step]]]) -> dict[str, ToolProfile]:
    """Profiles of these runs."""
    made: dict[str, ToolProfile] = defaultdict(ToolProfile)
    for run in runs:
        for tool, steps in run.items():
            for step in steps:
                if step.call is not None and step.call.shape is not None:
                    made[tool].learn(step.call.shape, 0.0)
            made[tool].add(steps, 0.0)
    return dict(made)
