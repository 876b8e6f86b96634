"""Agent runs as short scripts, made into OTLP of the GenAI conventions: what fixtures and tests play.

A script is a dict: `system`, `user`, `agent`, and `steps`, a list of

- `{"tool": name, "arguments": {...}, "result": ...}`: the model asks for it, then it runs. `"status": "error"` marks
  the tool's span as failed, `"error"` is the text of its exception, `"id"` its call id
- `{"parallel": [tool, ...]}`: one turn of the model asks for several; with `"overlap": true` they run at one time
- `{"say": text}`: a completion with text; ends the turn
- `{"user": text}`: the user's next message
- `{"agent": script}`: a child agent called as a tool, `arguments` and `result` beside it

Options of a script: `"history": false` (no messages on LLM spans), `"content": false` (nothing captured),
`"tool_spans": false` (calls show in messages only), `"tokens": [n, ...]` (input tokens of each LLM step), `"model"`,
`"offers": [tool, ...]` (definitions of tools on LLM spans), `"finish"` (finish reason on the agent's span; beside a
`say` that of the model's turn). A call with `"lost": true` is
asked for and never carried out.
"""

import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, Span

CAPTURES = Path(__file__).parent / "captures"
BEGIN = 1_790_000_000_000_000_000
MILLISECOND = 1_000_000


def value(plain: Any) -> AnyValue:
    """An AnyValue of a plain Python value."""
    match plain:
        case None:
            return AnyValue()
        case bool():
            return AnyValue(bool_value=plain)
        case int():
            return AnyValue(int_value=plain)
        case float():
            return AnyValue(double_value=plain)
        case bytes():
            return AnyValue(bytes_value=plain)
        case list() | tuple():
            message = AnyValue()
            message.array_value.SetInParent()
            message.array_value.values.extend(map(value, plain))
            return message
        case dict():
            message = AnyValue()
            message.kvlist_value.SetInParent()
            message.kvlist_value.values.extend(KeyValue(key=k, value=value(v)) for k, v in plain.items())
            return message
    return AnyValue(string_value=plain)


def span(
    name: str,
    attributes: dict[str, Any],
    *,
    trace_id: bytes,
    span_id: bytes,
    parent_id: bytes = b"",
    start: int = BEGIN,
    end: int = BEGIN + MILLISECOND,
    kind: int = Span.SPAN_KIND_INTERNAL,
    status: int = 0,
    events: Iterable[Span.Event] = (),
) -> Span:
    """One OTLP span."""
    return Span(
        name=name,
        trace_id=trace_id,
        span_id=span_id,
        parent_span_id=parent_id,
        kind=kind,
        start_time_unix_nano=start,
        end_time_unix_nano=end,
        attributes=[KeyValue(key=k, value=value(v)) for k, v in attributes.items()],
        status={"code": status},
        events=events,
    )


def request(
    spans: Iterable[Span], *, scope: str = "opentelemetry.util.genai", service: str = "test", environment: str = ""
) -> bytes:
    """A serialised ExportTraceServiceRequest with one resource and scope."""
    message = ExportTraceServiceRequest()
    resource_spans = message.resource_spans.add()
    resource_spans.resource.attributes.append(KeyValue(key="service.name", value=value(service)))
    if environment:
        resource_spans.resource.attributes.append(KeyValue(key="deployment.environment.name", value=value(environment)))
    scope_spans = resource_spans.scope_spans.add()
    scope_spans.scope.name = scope
    scope_spans.spans.extend(spans)
    return message.SerializeToString()


class _Player:
    """Turns a script into spans in order of their end."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._count = 0
        self.clock = BEGIN
        self.trace_id = hashlib.blake2b(seed.encode(), digest_size=16).digest()

    def new_id(self) -> bytes:
        self._count += 1
        return hashlib.blake2b(f"{self._seed}/{self._count}".encode(), digest_size=8).digest()

    def tick(self, milliseconds: int = 50) -> int:
        self.clock += milliseconds * MILLISECOND
        return self.clock

    def play(self, script: dict[str, Any], parent_id: bytes) -> Iterator[Span]:
        agent_id, start = self.new_id(), self.tick(1)
        run = _Run(self, script, agent_id)
        for step in script["steps"]:
            yield from run.step(step)
        attributes: dict[str, Any] = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": run.agent}
        if "finish" in script:
            attributes["gen_ai.response.finish_reasons"] = [script["finish"]]
        if run.captured and run.said:
            attributes["gen_ai.output.messages"] = json.dumps([_message("assistant", _text(run.said))])
        yield span(
            f"invoke_agent {run.agent}",
            attributes,
            trace_id=self.trace_id,
            span_id=agent_id,
            parent_id=parent_id,
            start=start,
            end=self.tick(1),
            status=2 if script.get("failed") else 0,
        )


class _Run:
    def __init__(self, player: _Player, script: dict[str, Any], agent_id: bytes) -> None:
        self.player = player
        self.script = script
        self.agent_id = agent_id
        self.agent = script.get("agent", "atlas")
        self.captured = script.get("content", True)
        self.said = ""
        self._tokens = iter(script.get("tokens", ()))
        self.messages = [
            _message(role, _text(script[key]))
            for role, key in (("system", "system"), ("user", "user"))
            if key in script
        ]

    def step(self, step: dict[str, Any]) -> Iterator[Span]:
        if "say" in step:
            self.said = step["say"]
            yield self.llm([_text(step["say"])], step)
        elif "user" in step:
            self.messages.append(_message("user", _text(step["user"])))
        else:
            calls = step.get("parallel", [step])
            named = [(call.get("id") or self.player.new_id().hex(), call) for call in calls]
            texts = [_text(step["text"])] if "text" in step else []
            yield self.llm([*texts, *(_asked(i, c) for i, c in named)], step)
            if step.get("overlap"):
                yield from self.overlapping(named)
                return
            for call_id, call in named:
                if not call.get("lost"):
                    yield from self.tool(call_id, call)

    def overlapping(self, named: list[tuple[str, dict[str, Any]]]) -> Iterator[Span]:
        """All calls begin at one time."""
        begin, ends, made = self.player.clock, [], []
        for call_id, call in named:
            self.player.clock = begin + len(ends) * MILLISECOND
            made += list(self.tool(call_id, call))
            ends.append(self.player.clock)
        self.player.clock = max(ends)
        yield from sorted(made, key=lambda s: s.end_time_unix_nano)

    def llm(self, parts: list[dict[str, Any]], step: dict[str, Any]) -> Span:
        attributes: dict[str, Any] = {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": self.script.get("model", "gpt-4o"),
            "gen_ai.usage.input_tokens": next(self._tokens, 100 * len(self.messages)),
            "gen_ai.usage.output_tokens": 20,
        }
        if "offers" in self.script:
            attributes["gen_ai.tool.definitions"] = json.dumps(self.script["offers"])
        if "finish" in step:
            attributes["gen_ai.response.finish_reasons"] = [step["finish"]]
        if self.captured:
            if self.script.get("history", True):
                attributes["gen_ai.input.messages"] = json.dumps(step.get("sees", self.messages), ensure_ascii=False)
            attributes["gen_ai.output.messages"] = json.dumps([_message("assistant", *parts)], ensure_ascii=False)
        self.messages.append(_message("assistant", *parts))
        start, end = self.player.tick(10), self.player.tick()
        return self._span(f"chat {attributes['gen_ai.request.model']}", attributes, start, end, kind=3)

    def tool(self, call_id: str, call: dict[str, Any]) -> Iterator[Span]:
        name = call.get("tool") or f"ask_{call['agent'].get('agent', 'child')}"
        span_id, start = self.player.new_id(), self.player.tick(5)
        if "agent" in call:
            yield from self.player.play(call["agent"], span_id)
        attributes: dict[str, Any] = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": name,
            "gen_ai.tool.call.id": call_id,
        }
        if self.captured and "arguments" in call:
            attributes["gen_ai.tool.call.arguments"] = json.dumps(call["arguments"], ensure_ascii=False)
        if self.captured and "result" in call:
            result = call["result"]
            attributes["gen_ai.tool.call.result"] = result if isinstance(result, str) else json.dumps(result)
        answer = call.get("result", call.get("error", ""))
        part = {"type": "tool_call_response", "id": call_id, "response": answer}
        self.messages.append(_message("tool", part))
        if self.script.get("tool_spans", True):
            events = [_exception(call["error"])] if "error" in call else []
            status = 2 if call.get("status") == "error" or events else 0
            end = self.player.tick()
            yield self._span(
                f"execute_tool {name}", attributes, start, end, span_id=span_id, status=status, events=events
            )

    def _span(self, name: str, attributes: dict[str, Any], start: int, end: int, **more: Any) -> Span:
        more.setdefault("span_id", self.player.new_id())
        return span(
            name,
            {**attributes, "gen_ai.agent.name": self.agent},
            trace_id=self.player.trace_id,
            parent_id=self.agent_id,
            start=start,
            end=end,
            **more,
        )


def spans(script: dict[str, Any], seed: str = "a") -> list[Span]:
    """The spans of a script, in order of their end. Another seed gives other ids."""
    return list(_Player(seed).play(script, b""))


def _message(role: str, *parts: dict[str, Any]) -> dict[str, Any]:
    return {"role": role, "parts": list(parts)}


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "content": text}


def _asked(call_id: str, call: dict[str, Any]) -> dict[str, Any]:
    name = call.get("tool") or f"ask_{call['agent'].get('agent', 'child')}"
    return {"type": "tool_call", "id": call_id, "name": name, "arguments": call.get("arguments", {})}


def _exception(text: str) -> Span.Event:
    kind, _, message = text.partition(": ")
    pairs = {"exception.type": kind, "exception.message": message or text}
    return Span.Event(name="exception", attributes=[KeyValue(key=k, value=value(v)) for k, v in pairs.items()])


# --- recordings ----------------------------------------------------------------------------------------------------


def capture(name: str) -> bytes:
    """A recording's ExportTraceServiceRequest, all spans in order of arrival."""
    return gzip.decompress((CAPTURES / name).read_bytes())


def manifest() -> list[dict[str, Any]]:
    """The manifest's entries; fails without data."""
    entries: list[dict[str, Any]] = json.loads((CAPTURES / "manifest.json").read_text())["captures"]
    assert entries, "no recordings"
    return entries


def one_by_one(body: bytes) -> Iterator[bytes]:
    """A request as one request per span, in the same order."""
    for resource_spans in ExportTraceServiceRequest.FromString(body).resource_spans:
        for scope_spans in resource_spans.scope_spans:
            for one in scope_spans.spans:
                yield _with(resource_spans, scope_spans, [one])


def as_arrived(body: bytes, arrival: list[dict[str, Any]]) -> Iterator[bytes]:
    """A recording cut into the requests in which it arrived."""
    singles = list(one_by_one(body))
    at = 0
    for part in arrival:
        yield b"".join(singles[at : at + part["spans"]])
        at += part["spans"]
    assert at == len(singles), "the manifest's arrival doesn't fit the recording"


def _with(resource_spans: ResourceSpans, scope_spans: Any, own: list[Span]) -> bytes:
    message = ExportTraceServiceRequest()
    copy = message.resource_spans.add(schema_url=resource_spans.schema_url)
    copy.resource.CopyFrom(resource_spans.resource)
    scope_copy = copy.scope_spans.add(schema_url=scope_spans.schema_url)
    scope_copy.scope.CopyFrom(scope_spans.scope)
    scope_copy.spans.extend(own)
    return message.SerializeToString()
