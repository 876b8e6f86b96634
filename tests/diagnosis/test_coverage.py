"""`otelagent inspect --coverage` and `--listen`: what emitters' spans allow to judge, and what would help."""

import asyncio
import json
import socket
from pathlib import Path
from typing import Any

import grpc.aio
import httpx
import pytest
from click.testing import CliRunner, Result

from otelagent.cli import main
from otelagent.diagnosis.emitters import Coverage, coverage
from otelagent.diagnosis.listen import listen
from otelagent.endpoint import Endpoint
from otelagent.exporters.otlp_grpc import METHODS
from otelagent.traffic import Signal
from tests import builders

NO_CONTENT = builders.CAPTURES / "google-adk__native-nocontent__rate_limit.binpb.gz"
WITH_CONTENT = builders.CAPTURES / "google-adk__native__rate_limit.binpb.gz"


BY_TOKENS = {"token_anomaly"}
"""Judged without content."""


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["inspect", *arguments])


def plain(name: str, number: int = 1, **attributes: str) -> builders.Span:
    return builders.span(name, attributes, trace_id=b"t" * 16, span_id=number.to_bytes(8))


def emitter(path: Path) -> dict[str, Any]:
    shown = json.loads(run("--coverage", "--format", "json", str(path)).output)
    (only,) = shown["emitters"]
    return dict(only)


def states(shown: dict[str, Any]) -> dict[str, str]:
    return {d["mode"]: d["state"] for d in shown["detectors"]}


def test_emitter_with_content_can_be_judged() -> None:
    shown = emitter(WITH_CONTENT)
    assert (shown["scope"], shown["share"], shown["missing"]) == ("gcp.vertex.agent", 1.0, [])
    assert set(states(shown).values()) == {"judged"}


def test_without_content_it_is_said_what_is_missing_and_what_provides_it() -> None:
    shown = emitter(NO_CONTENT)
    assert {mode for mode, state in states(shown).items() if state != "not_judged"} == BY_TOKENS
    assert {(m["kind"], m["steps"], m["setting"]) for m in shown["missing"]} == {
        ("llm", 3, "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_ONLY"),
        ("tool", 2, "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_ONLY"),
    }
    text = run("--coverage", str(NO_CONTENT)).output
    assert "not judged for lack of results of tool calls: prompt_injection" in text
    assert "to have it: OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_ONLY" in text


def test_run_that_shows_some_of_it_is_judged_in_part() -> None:
    (only,) = coverage([builders.capture(NO_CONTENT.name), builders.capture(WITH_CONTENT.name)]).emitters.values()
    detectors = Coverage().detectors
    assert {only.verdict(d).state for d in detectors if d.mode not in BY_TOKENS} == {"partly"}


def test_spans_of_no_agent_are_not_called_unrecognised() -> None:
    (only,) = coverage(
        [builders.request([plain("GET /")], scope="opentelemetry.instrumentation.flask")]
    ).emitters.values()
    assert (only.spans, only.share) == (1, None)


EVERYWHERE = [
    {"logfire.msg": "POST /ask", "logfire.msg_template": "{method} {path}", "logfire.span_type": "span"},
    {"lmnr.span.path": "ask"},
    {"gen_ai.environment": "staging"},
    {"langfuse.environment": "staging"},
]
"""What SDKs for agents write onto every span of an application."""


@pytest.mark.parametrize("marks", EVERYWHERE, ids=lambda marks: next(iter(marks)))
def test_servers_and_clients_spans_are_no_agents_whatever_an_sdk_writes_onto_them(marks: dict[str, str]) -> None:
    span = plain("POST /ask", **marks, **{"http.request.method": "POST", "http.route": "/ask"})
    (only,) = coverage([builders.request([span], scope="opentelemetry.instrumentation.fastapi")]).emitters.values()
    assert only.share is None


def test_span_that_was_made_by_hand_with_logfire_is_no_agents() -> None:
    (only,) = coverage([builders.request([plain("load", **EVERYWHERE[0])], scope="logfire")]).emitters.values()
    assert only.share is None


@pytest.mark.parametrize(
    ("scope", "setting"),
    [
        (
            "opentelemetry.instrumentation.openai_v2",
            "OTEL_SEMCONV_STABILITY_OPT_IN=gen_ai_latest_experimental"
            " OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_ONLY",
        ),
        (
            "opentelemetry.instrumentation.botocore.bedrock-runtime",
            "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true, and its log records sent here as well",
        ),
        ("opentelemetry.util.genai", "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_ONLY"),
        ("strands.telemetry.tracer", "OTEL_SEMCONV_STABILITY_OPT_IN=gen_ai_latest_experimental"),
    ],
)
def test_setting_is_that_of_the_emitter(scope: str, setting: str) -> None:
    chat = plain("chat", **{"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"})
    (only,) = coverage([builders.request([chat], scope=scope)]).emitters.values()
    assert [lack.setting for lack in only.lacks] == [setting]


def test_spans_that_look_like_an_agents_and_are_not_understood_lower_the_share() -> None:
    spans = [plain("think", 1), plain("chat", 2, **{"gen_ai.operation.name": "chat"})]
    (only,) = coverage([builders.request(spans, scope="acme.agent.tracer")]).emitters.values()
    assert only.share == 0.5


def test_emitters_that_are_told_apart_are_bounded() -> None:
    found = coverage(builders.request([plain("x", n)], scope=f"scope-{n}") for n in range(1, 301))
    assert len(found.emitters) == 257
    assert sum(e.spans for e in found.emitters.values()) == 300


@pytest.mark.parametrize("transport", ["grpc", "http"])
def test_live_traffic_is_acknowledged_and_told(transport: str) -> None:
    found, body = Coverage(), builders.capture(NO_CONTENT.name)

    async def sent() -> None:
        bound: asyncio.Future[list[Endpoint]] = asyncio.get_running_loop().create_future()
        free = Endpoint("127.0.0.1", 0)
        task = asyncio.create_task(listen(found, free, free, 60, lambda both: bound.set_result(list(both))))
        over_grpc, over_http = await bound
        await _grpc(over_grpc, body) if transport == "grpc" else await _http(over_http, body)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(sent())
    (only,) = found.emitters.values()
    assert (only.scope, sum(only.lacks.values())) == ("gcp.vertex.agent", 5)


async def _grpc(to: Endpoint, body: bytes) -> None:
    async with grpc.aio.insecure_channel(to.target) as channel:
        assert await channel.unary_unary(METHODS[Signal.TRACES])(body, timeout=10) == b""


async def _http(to: Endpoint, body: bytes) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        headers = {"content-type": "application/x-protobuf"}
        answer = await client.post(f"http://{to.target}/v1/traces", content=body, headers=headers)
    assert answer.status_code == 200


def test_listening_ends_and_says_that_nothing_came() -> None:
    result = run("--listen", "1ms", "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0")
    assert (result.exit_code, result.stdout) == (0, "no spans\n")
    assert "nothing is kept or sent on" in result.stderr


def test_address_that_is_taken_is_said() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = run("--listen", "1s", "--grpc", "127.0.0.1:0", "--http", f"127.0.0.1:{taken.getsockname()[1]}")
    assert result.exit_code == 2
    assert "can't listen" in result.stderr


@pytest.mark.parametrize(
    "arguments", [(), ("--listen", "5"), ("--listen", "5s", "x"), ("--coverage", "--format", "mermaid", "x")]
)
def test_use_that_makes_no_sense_is_refused(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


def test_table_of_calls_has_the_columns_where_diagnosis_starts() -> None:
    recording = builders.CAPTURES / "google-adk__native__loop.binpb.gz"
    shown = CliRunner().invoke(main, ["inspect", "--tools", str(recording)], env={"COLUMNS": "200"}).output
    _, head, *cells = [line.split("  ") for line in shown.splitlines() if line.strip() and "─" not in line]
    columns = ("time", "agent", "tool", "arguments", "outcome", "decided by", "seconds", "bytes", "span")
    assert tuple(filter(None, map(str.strip, head))) == columns
    cells = [[cell for cell in map(str.strip, row) if cell] for row in cells]
    assert len(cells) == 5
    assert len({row[3] for row in cells}) == 1
    assert [row[0] for row in cells] == sorted(row[0] for row in cells)
    assert all(row[7].isdigit() for row in cells)
