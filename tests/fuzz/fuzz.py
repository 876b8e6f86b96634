"""Looks for bytes at which reading raises: `make fuzz`. A find becomes a test beside the module that it broke.

Targets: `traces` and `logs` take serialised requests, `spans` known keys with any values, `json` OTLP/JSON, `file` what
`diagnose` reads, `redaction` requests of all signals, `body` gzipped HTTP bodies, `answers` what a destination answers,
`configuration` YAML, `spool` the spool's file.
"""

import gzip
import json
import logging
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import atheris  # type: ignore[import-not-found]  # installed by make fuzz, in an environment of its own

with atheris.instrument_imports(include=["otelagent"]):
    from otelagent import config, config_text, detectors, dialects, items, otlp, otlp_json, splitting
    from otelagent.diagnosis import load
    from otelagent.ear import Ear
    from otelagent.errors import BadConfig, Rejected
    from otelagent.exporters import otlp_grpc as exporter
    from otelagent.exporters import refusal
    from otelagent.model import Content, Step
    from otelagent.pipeline import Pipeline
    from otelagent.receivers import otlp_http as receiver
    from otelagent.redaction import Redactor
    from otelagent.settings import Redaction
    from otelagent.spool_file import NAME, SpoolFile
    from otelagent.traffic import Outlet, Signal
from tests import builders

LARGEST: Final = 60_000
"""Bytes of a recording that is taken as a seed."""
KEYS: Final = sorted(
    {key for d in dialects.DIALECTS for keys in d.fields.values() for key in keys if isinstance(key, str)}
    | {m.removesuffix("*") for d in dialects.DIALECTS for m in d.markers}
    | {key for d in dialects.DIALECTS for key in (*d.arguments, *d.result, *d.output) if isinstance(key, str)}
    | {key for d in dialects.DIALECTS for key, _ in d.kinds if isinstance(key, str)}
    | {"gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions", "gen_ai.prompt.0.content"}
)
SCOPES: Final = sorted({"", "requests"} | {s.removesuffix("*") for d in dialects.DIALECTS for s in d.scopes})
WORDS: Final = sorted({str(w) for d in dialects.DIALECTS for _, table in d.kinds for w in table} | {"success_empty"})
TEXTS: Final = (
    '[{"role": "user", "parts": [{"type": "text", "content": "Find a, b and c; never say x."}]}]',
    '[{"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": {"results": []}}]}]',
    '[{"role": "assistant", "parts": [{"type": "tool_call", "id": "c1", "name": "search", "arguments": {"q": 1}}]}]',
    '{"results": [], "total": 0, "error": {"code": 429}}',
    "ToolMessage(content='[]', name='search', tool_call_id='c1')",
)
JSON_LOGS: Final = tuple(
    json.dumps(
        {"resourceLogs": [{"scopeLogs": [{"logRecords": [record | {"traceId": "07" * 16, "spanId": "07" * 8}]}]}]}
    ).encode()
    for record in (
        {"eventName": "gen_ai.choice", "body": {"kvlistValue": {"values": [{"key": "message", "value": {}}]}}},
        {"eventName": "tool_invocation", "attributes": [{"key": "tool_name", "value": {"stringValue": "x"}}]},
        {"eventName": "gen_ai.tool.message", "body": {"stringValue": TEXTS[1]}, "timeUnixNano": "1"},
    )
)


class Loud(Ear):
    """An ear that raises what the pipeline catches."""

    def unread(self, reason: str) -> None:
        if (error := sys.exc_info()[1]) is not None:
            raise error


def traces(data: bytes) -> None:
    """A request, through dialects, facts and the whole fold."""
    try:
        for span in otlp.TraceRequest(data).spans:
            item = dialects.read(span)
            if isinstance(item, Step) and item.content is not None:
                _drain(item.content)
    except Rejected:
        return
    pipeline = Pipeline(ears=(Loud(),))
    pipeline.traces(data, 1.0)
    pipeline.traces(data, 2.0)
    pipeline.settle(3.0)


def logs(data: bytes) -> None:
    """Log records that come before any span."""
    pipeline = Pipeline(ears=(Loud(),))
    try:
        pipeline.logs(data, 1.0)
    except Rejected:
        return
    pipeline.settle(2.0)


def spans(data: bytes) -> None:
    """Spans of any dialect whose known keys hold anything."""
    source = atheris.FuzzedDataProvider(data)
    made = [_span(source, number) for number in range(source.ConsumeIntInRange(1, 4))]
    traces(builders.request(made, scope=source.PickValueInList(SCOPES)))


def from_json(data: bytes) -> None:
    """OTLP/JSON: refused, or protobuf that is read."""
    for signal in otlp_json.REQUESTS:
        try:
            body = otlp_json.to_protobuf(data, signal)
        except Rejected:
            continue
        if signal != "metrics":
            {"traces": traces, "logs": logs}[signal](body)


def from_file(data: bytes) -> None:
    """A file that somebody gives to `diagnose`."""
    path = FOLDER / "trace"
    path.write_bytes(data)
    try:
        for body in load.requests(path):
            traces(body)
    except load.Unreadable:
        return


def redaction(data: bytes) -> None:
    """Refused, or cut, counted and redacted without a trace of what is blocked."""
    for signal in Signal:
        try:
            redacted = REDACTOR.redact(signal, data)
            items.count(signal, redacted)
        except Rejected:
            continue
        for part in splitting.pieces(redacted, 64):
            items.count(signal, part)


def http_body(data: bytes) -> None:
    """A gzipped body in chunks: refused, or inflated up to the limit."""
    source = atheris.FuzzedDataProvider(data)
    inflate = receiver._Inflate(1 << 16)
    try:
        while source.remaining_bytes():
            inflate.feed(source.ConsumeBytes(source.ConsumeIntInRange(1, 4096)))
        assert len(inflate.end()) <= 1 << 16
    except receiver._Refusal:
        return


def answers(data: bytes) -> None:
    """Answers and details of a hostile destination."""
    for signal in Signal:
        exporter.rejected_items(signal, data)
    delay = refusal._read_delay(data)
    assert delay is None or 0 <= delay <= refusal.LONGEST_DELAY


def configuration(data: bytes) -> None:
    """Text of a configuration: mistakes, or a configuration that can be printed."""
    try:
        read = config_text.read([f"yaml:{data.decode(errors='replace')}"], environ={})
        config.load(read, environ={}, check_detectors=detectors.mistakes).dump()
    except BadConfig:
        return


def spool(data: bytes) -> None:
    """A damaged file never stops the start, and what is put afterwards comes out."""
    source = atheris.FuzzedDataProvider(data)
    for path in FOLDER.glob(f"{NAME}*"):
        path.unlink()
    whole = bytearray(FILLED)
    for _ in range(source.ConsumeIntInRange(0, 40)):
        at = source.ConsumeIntInRange(0, len(whole) - 1)
        whole[at] = source.ConsumeIntInRange(0, 255)
    cut = source.ConsumeIntInRange(0, len(whole))
    (FOLDER / NAME).write_bytes(whole[:cut] if source.ConsumeBool() else whole)
    file = SpoolFile(FOLDER)
    file.open()
    outlet = Outlet("fuzz", Signal.TRACES)
    with file.transaction():
        file.put(outlet, b"new", 1)
        assert b"new" in [each.body for each in file.oldest(outlet, 1 << 20)]
        for letter in file.dead_letters():
            file.dead_body(letter.id)
    file.close()


def _filled() -> bytes:
    """A spool with requests and a dead letter."""
    with tempfile.TemporaryDirectory() as folder:
        file = SpoolFile(Path(folder))
        file.open()
        outlet = Outlet("otlp", Signal.TRACES)
        with file.transaction():
            for number in range(20):
                file.put(outlet, bytes([number]) * 500, 1)
            file.bury(outlet, b"x" * 100, 1, "INVALID_ARGUMENT", 1.0)
        file.close()
        return (Path(folder) / NAME).read_bytes()


REDACTOR: Final = Redactor(
    Redaction(allow_all_keys=True, blocked_values=["[0-9]{4,}"], blocked_key_patterns=["token"], redact_all_types=True),
    Counter(),
)
FOLDER: Final = Path(tempfile.mkdtemp(prefix="otelagent-fuzz"))
FILLED: Final = _filled()
YAML: Final = (
    b"receivers: {otlp: {protocols: {grpc: {endpoint: 'a:1'}}}}\nservice: {telemetry: {logs: {level: info}}}",
    b"a: &a [1, 2]\nb: *a\nprocessors::agent_failures::traces::settle: 5s",
    b"exporters: {otlp: {endpoint: ${env:X:-b:2}, headers: {a: $$}}}",
)


def _span(source: Any, number: int) -> Any:
    attributes = {source.PickValueInList(KEYS): _value(source, 4) for _ in range(source.ConsumeIntInRange(0, 8))}
    return builders.span(
        source.PickValueInList(["chat", "execute_tool search", "invoke_agent a", "ai.toolCall", "tool_invocation"]),
        attributes,
        trace_id=b"t" * 16,
        span_id=bytes([number]) * 8,
        parent_id=bytes([source.ConsumeIntInRange(0, 5)]) * 8,
        start=builders.BEGIN + source.ConsumeIntInRange(0, 1 << 33),
        end=builders.BEGIN + source.ConsumeIntInRange(0, 1 << 33),
        status=source.ConsumeIntInRange(0, 2),
    )


def _value(source: Any, depth: int) -> Any:
    match source.ConsumeIntInRange(0, 9 if depth else 6):
        case 0:
            return source.PickValueInList(WORDS)
        case 1:
            return source.ConsumeUnicodeNoSurrogates(40)
        case 2:
            return source.ConsumeBytes(20)
        case 3:
            return source.ConsumeInt(8)
        case 4:
            return source.ConsumeFloat()
        case 5 | 6:
            text = source.PickValueInList([*TEXTS])
            cut = source.ConsumeIntInRange(0, len(text))
            return text[:cut] + source.ConsumeUnicodeNoSurrogates(8) + text[cut + source.ConsumeIntInRange(0, 9) :]
        case 7:
            return [_value(source, depth - 1) for _ in range(source.ConsumeIntInRange(0, 3))]
        case 8:
            keys = ["role", "content", "parts", "type", "name", "id", "tool_calls", "function", "arguments"]
            picked = (source.PickValueInList(keys) for _ in range(source.ConsumeIntInRange(0, 4)))
            return {key: _value(source, depth - 1) for key in picked}
    return json.dumps(_value(source, depth - 1), default=str)


def _drain(content: Content) -> None:
    content.arguments()
    content.result()
    content.error()
    content.tools()
    content.completion()
    for item in content.history():
        item.read()


TARGETS: Final = {
    "traces": traces,
    "logs": logs,
    "spans": spans,
    "json": from_json,
    "file": from_file,
    "redaction": redaction,
    "body": http_body,
    "answers": answers,
    "configuration": configuration,
    "spool": spool,
}


def seeds(target: str) -> Iterator[bytes]:
    """Recordings to begin with."""
    if target in ("traces", "redaction", "file"):
        for path in sorted(builders.CAPTURES.glob("*__ok.binpb.gz")):
            body = gzip.decompress(path.read_bytes())
            if len(body) <= LARGEST:
                yield body
    elif target in ("spans", "spool"):
        yield from (random.Random(n).randbytes(900) for n in range(20))
    elif target == "logs":
        yield from (otlp_json.to_protobuf(text, "logs") for text in JSON_LOGS)
    elif target == "body":
        yield from (gzip.compress(bytes(n) * 50) for n in (1, 5000))
    elif target == "answers":
        yield b""
    elif target == "configuration":
        yield from YAML
    elif target == "json":
        yield from JSON_LOGS
        yield b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"00","attributes":[{"key":"a","value":{}}]}]}]}]}'


def main() -> None:
    """`fuzz.py TARGET CORPUS [libFuzzer's options]`."""
    target, corpus = sys.argv[1], Path(sys.argv[2])
    corpus.mkdir(parents=True, exist_ok=True)
    for number, body in enumerate(seeds(target)):
        (corpus / f"seed-{number}").write_bytes(body)
    logging.disable(logging.CRITICAL)
    atheris.Setup([sys.argv[0], str(corpus), *sys.argv[3:]], TARGETS[target])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
