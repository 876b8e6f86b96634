"""Rules that anyone would try first, to measure ours against: they read spans of the GenAI conventions only."""

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Final, NamedTuple

import re2
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

REPEATS: Final = 3
_BAD: Final = re2.compile(
    r"(?i)^\s*(?:|\[\]|\{\}|null|none)\s*$|error|exception|failed|429|timed? ?out|no results|not found|\[\]"
)
_HEDGE: Final = re2.compile(
    r"(?i)\b(?:no|not|unable|unfortunately|sorry|could ?n.t|cannot|can.t|error|failed|missing|unavailable|however)\b"
)


class Call(NamedTuple):
    """A tool call as recorded."""

    tool: str
    arguments: str
    result: str


def steps(request: bytes) -> list[Call | str]:
    """The tool calls and answers of a request in order of their end."""
    spans = [
        span
        for group in ExportTraceServiceRequest.FromString(request).resource_spans
        for scope in group.scope_spans
        for span in scope.spans
    ]
    found: list[Call | str] = []
    for span in sorted(spans, key=lambda s: s.end_time_unix_nano):
        values = {pair.key: pair.value.string_value for pair in span.attributes}
        if "gen_ai.tool.name" in values:
            found.append(
                Call(
                    values["gen_ai.tool.name"],
                    values.get("gen_ai.tool.call.arguments", ""),
                    values.get("gen_ai.tool.call.result", ""),
                )
            )
        elif values.get("gen_ai.operation.name") == "chat":
            found += _texts(values.get("gen_ai.output.messages", "[]"))
    return found


def _texts(messages: str) -> Iterator[str]:
    parts = [part for message in json.loads(messages) for part in message.get("parts", ())]
    if not any(part.get("type") == "tool_call" for part in parts):
        yield from (part.get("content", "") for part in parts if part.get("type") == "text")


def loops(found: list[Call | str]) -> bool:
    """Three consecutive equal calls with an equal result."""
    calls = [step for step in found if isinstance(step, Call)]
    return any(len(set(calls[at : at + REPEATS])) == 1 for at in range(len(calls) - REPEATS + 1))


def near_loops(found: list[Call | str]) -> bool:
    """Four or more consecutive calls of one tool, each with most words of the one before, and nothing found."""
    calls = [step for step in found if isinstance(step, Call)]
    run = 1
    for before, after in pairwise(calls):
        run = run + 1 if _alike(before, after) else 1
        if run > REPEATS:
            return True
    return False


def _alike(before: Call, after: Call) -> bool:
    one, other = set(before.arguments.lower().split()), set(after.arguments.lower().split())
    same = (_nothing(before.result) and _nothing(after.result)) or before.result == after.result
    return before.tool == after.tool and same and 2 * len(one & other) >= len(one | other)


def _nothing(result: str) -> bool:
    return result.startswith(("Could not find", "No more results"))


def unhedged(found: list[Call | str]) -> bool:
    """An error or empty result, then an answer without a hedge word."""
    bad = False
    for step in found:
        if isinstance(step, Call):
            bad = bad or bool(_BAD.search(step.result))
        elif bad and not _HEDGE.search(step):
            return True
    return False
