"""A case as OTLP spans of the GenAI conventions, so that it is judged by the fold that judges live traces."""

from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Any, Final

import msgspec
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from otelagent.cases.case import Call, Case, Note, Offer, Run, Turn, turns

BEGIN: Final = 1_790_000_000_000_000_000
TICK: Final = 10_000_000
"""Nanoseconds between two moments of a rendered case."""

TRACE_ID: Final = blake2b(b"otelagent case", digest_size=16).digest()

_MISSING: Final = msgspec.UNSET


def request(case: Case) -> bytes:
    """A serialised ExportTraceServiceRequest; spans in order of their end, as emitters send them."""
    message = ExportTraceServiceRequest()
    resource_spans = message.resource_spans.add()
    _attribute(resource_spans.resource.attributes.add(), "service.name", "case")
    scope_spans = resource_spans.scope_spans.add()
    scope_spans.scope.name = "opentelemetry.util.genai"
    writer = _Writer()
    for run in case.runs:
        writer.run(run, b"")
    scope_spans.spans.extend(sorted(writer.spans, key=lambda span: span.end_time_unix_nano))
    return message.SerializeToString()


def span_id(element_id: str) -> bytes:
    """The id of the span that stands for a run, turn or call."""
    return blake2b(element_id.encode(), digest_size=8).digest()


class _Writer:
    def __init__(self) -> None:
        self.spans: list[Span] = []
        self._clock = BEGIN

    def run(self, run: Run, parent: bytes) -> None:
        start = self._tick()
        own = parent if _lone(run) else span_id(run.id)
        history: dict[str, bytes] = {}
        last = ""
        for step in run.steps:
            match step:
                case Note():
                    history[step.id] = note(step)
                case Turn():
                    self._turn(step, run, own, history)
                    last = step.text or last
                case Run():
                    self.run(step, own)
        if run.span:
            self._agent(run, parent, start, last)

    def _agent(self, run: Run, parent: bytes, start: int, last: str) -> None:
        attributes: dict[str, object] = {"gen_ai.operation.name": "invoke_agent"}
        if run.agent:
            attributes["gen_ai.agent.name"] = run.agent
        text = run.output if run.output is not None else last
        if text:
            attributes["gen_ai.output.messages"] = b"[" + said("assistant", text) + b"]"
        if run.finish:
            attributes["gen_ai.response.finish_reasons"] = run.finish
        if run.assigned is not None and run.processed is not None:
            attributes |= {"items_assigned": run.assigned, "items_processed": run.processed}
        self._span(f"invoke_agent {run.agent or ''}", run.id, parent, start, attributes, failed=run.failed)

    def _turn(self, turn: Turn, run: Run, parent: bytes, history: dict[str, bytes]) -> None:
        start = self._tick()
        asks = [call for call in turn.calls if call.asked]
        completion = assistant(turn, asks)
        if turn.span:
            self._llm(turn, run, parent, start, visible(turn, history), completion)
        history[turn.id] = completion
        begun = self._clock
        for call in turn.calls:
            if call.parallel:
                self._clock = begun
            begun = self._clock
            self._call(call, run, parent)
            if call.asked and (answer := returned(call)) is not None:
                history[call.id] = answer

    def _llm(self, turn: Turn, run: Run, parent: bytes, start: int, history: list[bytes], completion: bytes) -> None:
        attributes: dict[str, object] = {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": turn.model or "recorded",
            "gen_ai.usage.input_tokens": turn.input_tokens,
            "gen_ai.usage.output_tokens": turn.output_tokens,
            "otelagent.context.utilization": turn.utilization,
            "gen_ai.agent.name": run.agent,
        }
        if run.tools:
            attributes["gen_ai.tool.definitions"] = definitions(run)
        if turn.finish:
            attributes["gen_ai.response.finish_reasons"] = turn.finish
        if history:
            attributes["gen_ai.input.messages"] = b"[" + b",".join(history) + b"]"
        if turn.text or turn.calls:
            attributes["gen_ai.output.messages"] = b"[" + completion + b"]"
        self._span("chat recorded", turn.id, parent, start, attributes, kind=Span.SPAN_KIND_CLIENT)

    def _call(self, call: Call, run: Run, parent: bytes) -> None:
        start = self._tick()
        for inner in call.runs:
            self.run(inner, span_id(call.id) if call.span else parent)
        if call.span:
            retrieval = call.kind == "retrieval"
            attributes: dict[str, object] = {
                "gen_ai.operation.name": {"retrieval": "retrieval", "handoff": "handoff"}.get(
                    call.kind, "execute_tool"
                ),
                "gen_ai.tool.name": call.tool,
                "gen_ai.tool.call.id": wire_id(call) if call.asked else None,
                "gen_ai.tool.description": call.description,
                "gen_ai.agent.name": run.agent,
                "gen_ai.handoff.to_agent": call.target if call.kind == "handoff" else None,
                "gen_ai.retrieval.query.text" if retrieval else "gen_ai.tool.call.arguments": _text(call.arguments),
                "gen_ai.retrieval.documents" if retrieval else "gen_ai.tool.call.result": _text(call.result),
                "http.response.status_code": call.http_status,
                "error.type": call.error_type,
                "status": call.status,
                "result_length_chars": call.length,
            }
            span = self._span(f"execute_tool {call.tool}", call.id, parent, start, attributes, failed=call.failed)
            if call.error:
                event = span.events.add(name="exception", time_unix_nano=self._clock)
                _attribute(event.attributes.add(), "exception.message", call.error)
                _attribute(event.attributes.add(), "exception.type", call.error_type or "Exception")

    def _span(
        self,
        name: str,
        element_id: str,
        parent: bytes,
        start: int,
        attributes: Mapping[str, object],
        *,
        kind: Span.SpanKind.ValueType = Span.SPAN_KIND_INTERNAL,
        failed: bool = False,
    ) -> Span:
        span = Span(
            trace_id=TRACE_ID,
            span_id=span_id(element_id),
            parent_span_id=parent,
            name=name,
            kind=kind,
            start_time_unix_nano=start,
            end_time_unix_nano=self._tick(),
        )
        if failed:
            span.status.code = Status.STATUS_CODE_ERROR
        for key, value in attributes.items():
            if value is not None:
                _attribute(span.attributes.add(), key, value)
        self.spans.append(span)
        return span

    def _tick(self) -> int:
        self._clock += TICK
        return self._clock


def _lone(run: Run) -> bool:
    """One call of a model is all that spans report of it: a trace of its own, whose messages tell the rest."""
    inner = any(isinstance(step, Run) for step in run.steps) or any(call.runs for call in _calls(run))
    reported = [step for step in turns(run) if step.span]
    return not run.span and not inner and len(reported) == 1 and not any(call.span for call in _calls(run))


def _calls(run: Run) -> Iterator[Call]:
    return (call for turn in turns(run) for call in turn.calls)


def definitions(run: Run) -> bytes:
    """The tools that were offered, as JSON."""
    return msgspec.json.encode([{"type": "function", **_declared(o)} for o in run.tools])


def _declared(offer: Offer) -> dict[str, Any]:
    known = {"description": offer.description, "parameters": offer.parameters, "outputSchema": offer.output}
    return {"name": offer.name, **{key: value for key, value in known.items() if value}}


def visible(turn: Turn, history: Mapping[str, bytes]) -> list[bytes]:
    """What stands in a turn's input."""
    return [message for key, message in history.items() if key not in turn.forgets]


def note(step: Note) -> bytes:
    """A message of the conventions, as JSON."""
    return said(step.role, step.text)


def said(role: str, text: str) -> bytes:
    """The same of a text."""
    return msgspec.json.encode({"role": role, "parts": [{"type": "text", "content": text}]})


def assistant(turn: Turn, asks: list[Call]) -> bytes:
    """A completion as a message."""
    parts: list[dict[str, Any]] = [{"type": "text", "content": turn.text}] if turn.text else []
    for call in asks:
        part = {"type": "tool_call", "id": wire_id(call), "name": call.tool}
        parts.append(part if call.arguments is _MISSING else {**part, "arguments": call.arguments})
    return msgspec.json.encode({"role": "assistant", "parts": parts})


def returned(call: Call) -> bytes | None:
    """What a later turn was shown of a call; None where nothing was captured."""
    shown = given(call)
    if shown is _MISSING:
        return None
    part = {"type": "tool_call_response", "id": wire_id(call), "response": shown}
    return msgspec.json.encode({"role": "tool", "parts": [part]})


def given(call: Call) -> Any:
    """The result as the model saw it; UNSET where none is known."""
    if call.seen is not _MISSING:
        return call.seen
    if call.result is not _MISSING:
        return call.result
    return call.error if call.error is not None else _MISSING


def wire_id(call: Call) -> str:
    """A call id that is long enough to be one of its kind."""
    return f"call_{call.same or call.id:0>8}"


def _text(value: Any) -> object:
    """As instrumentations write it: text as it is, all else as JSON."""
    if value is _MISSING:
        return None
    return value if isinstance(value, str) else msgspec.json.encode(value)


def _attribute(target: Any, key: str, value: object) -> None:
    target.key = key
    match value:
        case bytes():
            target.value.string_value = value.decode()
        case bool():
            target.value.bool_value = value
        case int():
            target.value.int_value = value
        case float():
            target.value.double_value = value
        case _:
            target.value.string_value = str(value)


def spans_of(case: Case) -> Iterator[bytes]:
    """One request, as the fold wants its requests."""
    yield request(case)
