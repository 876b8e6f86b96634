"""`otelagent replay` as its user meets it: offline, and with the real openai SDK against a scripted endpoint."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from otelagent.cli import main
from tests import builders
from tests.reproduction import scripted_server as server

FAILING = builders.CAPTURES / "pydantic-ai__native-default__empty_result.binpb.gz"
LAST = "7"
"""Step of the answer, when the three searches have come back."""


def replay(*args: str | Path) -> Result:
    return CliRunner().invoke(main, ["replay", *map(str, args)])


@pytest.fixture(autouse=True)
def _no_key_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "any")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)


def live(script: server.Script, *args: str, runs: int = 5) -> tuple[dict[str, Any], server.Endpoint, int]:
    with server.serving(script) as endpoint:
        given = ("--model", "scripted", "--base-url", endpoint.url, "--step", LAST, "--runs", str(runs))
        result = replay(FAILING, *given, "--format", "json", *args)
    return json.loads(result.stdout), endpoint, result.exit_code


def test_recorded_model_goes_on_as_it_did() -> None:
    result = replay(FAILING, "--format", "json")
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert told["outcomes"] == {"empty_result_fabrication": 1}
    assert [call["tool"] for call in told["last"]["calls"]] == ["web_search"]
    assert "67%" in told["last"]["answer"]


def test_runs_of_the_recorded_model_are_said_to_tell_nothing() -> None:
    assert "says the same each time" in replay(FAILING, "--runs", "2").stderr


@pytest.mark.parametrize(
    ("failures", "verdict", "interval"),
    [
        (5, "deterministic", [0.4782, 1.0]),
        (4, "mixed", [0.2836, 0.9949]),
        (1, "stochastic", [0.0051, 0.7164]),
        (0, "not_reproduced", [0.0, 0.5218]),
    ],
)
def test_verdict_follows_from_the_interval(failures: int, verdict: str, interval: list[float]) -> None:
    script = server.fixed(*(number < failures for number in range(5)))
    told, endpoint, code = live(script)
    assert (told["failures"], told["runs"], told["verdict"]) == (failures, 5, verdict)
    assert told["interval"] == interval
    assert code == (1 if failures else 0)
    assert len(endpoint.requests) == 5


@pytest.mark.parametrize(("rate", "verdict"), [(0.8, "mixed"), (0.1, "stochastic"), (0.0, "not_reproduced")])
def test_random_model_of_a_known_rate_ends_early_with_the_right_verdict(rate: float, verdict: str) -> None:
    told, endpoint, _ = live(server.at_rate(rate, seed=7), runs=200)
    assert told["verdict"] == verdict
    assert told["clear"]
    assert told["interval"][0] <= rate <= told["interval"][1]
    assert 12 < told["runs"] < 200
    assert len(endpoint.requests) == told["runs"]


def test_model_is_sent_what_the_step_was_sent_with_the_tools_and_parameters() -> None:
    _, endpoint, _ = live(server.fixed(True), runs=1)
    sent = endpoint.requests[0]
    roles = [message["role"] for message in sent["messages"]]
    assert roles[:2] == ["system", "user"]
    assert roles.count("tool") == 3
    assert [tool["function"]["name"] for tool in sent["tools"]] == ["web_search"]
    assert sent["tools"][0]["function"]["parameters"]["properties"].keys() == {"query"}
    asked = [call["id"] for message in sent["messages"] for call in message.get("tool_calls") or ()]
    answered = [message["tool_call_id"] for message in sent["messages"] if message["role"] == "tool"]
    assert asked == answered


def test_loop_goes_on_with_mocks_until_the_model_answers() -> None:
    def script(number: int, body: dict[str, Any]) -> dict[str, Any]:
        if number == 0:
            return server.asks("web_search", {"query": "onboarding buddy programme software teams"})
        return server.said(server.FABRICATED)

    with server.serving(script) as endpoint:
        result = replay(FAILING, "--model", "scripted", "--base-url", endpoint.url, "--step", "5", "--format", "json")
    told = json.loads(result.stdout)
    assert told["outcomes"] == {"empty_result_fabrication": 1}
    assert endpoint.requests[1]["messages"][-1]["role"] == "tool"
    assert told["tokens"] == 240


def test_call_that_was_not_recorded_is_told_with_the_nearest_one() -> None:
    def script(number: int, body: dict[str, Any]) -> dict[str, Any]:
        return server.asks("web_search", {"query": "something else"})

    with server.serving(script) as endpoint:
        result = replay(FAILING, "--model", "scripted", "--base-url", endpoint.url, "--step", "5")
    assert "unexpected call web_search" in result.stdout
    assert "nearest recorded: web_search" in result.stdout
    assert "unexpected_call" in result.stdout
    assert result.exit_code == 0


def test_match_by_name_answers_whatever_the_arguments() -> None:
    def script(number: int, body: dict[str, Any]) -> dict[str, Any]:
        return server.asks("web_search", {"query": "else"}) if number == 0 else server.said(server.HONEST)

    with server.serving(script) as endpoint:
        given = ("--model", "scripted", "--base-url", endpoint.url, "--step", "5", "--match", "name")
        result = replay(FAILING, *given, "--format", "json")
    assert json.loads(result.stdout)["outcomes"] == {"ok": 1}


def test_endpoint_that_is_down_is_said_without_content() -> None:
    with server.serving(server.fixed(True)) as endpoint:
        pass
    result = replay(FAILING, "--model", "m", "--base-url", endpoint.url, "--step", LAST)
    assert result.exit_code == 2
    assert "can't be reached" in result.stderr


def test_endpoint_that_refuses_is_said_without_what_it_said() -> None:
    with server.serving(server.fixed(True), status=401) as endpoint:
        result = replay(FAILING, "--model", "m", "--base-url", endpoint.url, "--step", LAST)
    assert result.exit_code == 2
    assert "answers 401" in result.stderr
    assert "secret" not in result.output


def test_budget_ends_the_runs_and_nothing_more_is_sent() -> None:
    with server.serving(server.fixed(True)) as endpoint:
        given = ("--model", "m", "--base-url", endpoint.url, "--step", LAST, "--runs", "50")
        result = replay(FAILING, *given, "--budget-tokens", "1500")
    assert result.exit_code == 2
    assert "budget of 1500 tokens" in result.stderr
    assert "runs so far" in result.stderr
    assert 0 < len(endpoint.requests) * 120 <= 1500


def test_price_that_is_not_known_is_asked_for() -> None:
    result = replay(FAILING, "--model", "my-own", "--budget-usd", "1", "--step", LAST)
    assert result.exit_code == 2
    assert "--price" in result.stderr


def test_estimate_comes_before_the_first_request() -> None:
    with server.serving(server.fixed(True)) as endpoint:
        given = ("--model", "gpt-4o", "--base-url", endpoint.url, "--step", LAST, "--runs", "2")
        result = replay(FAILING, *given)
    assert "2 runs of 1 turn: about " in result.stderr
    assert "about $0.0" in result.stderr


def test_without_the_openai_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)
    result = replay(FAILING, "--model", "m", "--step", LAST)
    assert result.exit_code == 2
    assert "otelagent[replay]" in result.stderr


def test_step_without_content_can_not_be_replayed() -> None:
    name = "pydantic-ai-nocontent__native__empty_result.binpb.gz"
    result = replay(builders.CAPTURES / name, "--step", "1")
    assert result.exit_code == 2
    assert "wasn't captured" in result.stderr


def test_step_that_is_not_there_is_refused() -> None:
    assert replay(FAILING, "--step", "99").exit_code == 2
    assert replay(FAILING, "--step", "zz").exit_code == 2
    assert replay(FAILING, "--agent", "nowhere:agent").exit_code == 2
    assert replay(FAILING, "--check", "json").exit_code == 2


def test_what_the_step_is_and_why_it_failed_is_told() -> None:
    result = replay(FAILING)
    assert "from step 5, where the failure began: the model has 6 messages" in result.stderr
    assert "web_search returned nothing, and the next answer" in result.stdout
    assert "1 of 1 run: empty_result_fabrication" in result.stdout


def test_error_in_own_code_is_told_with_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken.py").write_text(
        "async def agent(messages, tools, working_memory):\n    return tools['serch']\n"
        "def check(answer, calls):\n    return answer\n"
    )
    monkeypatch.chdir(tmp_path)
    agent = replay(FAILING, "--agent", "broken:agent")
    check = replay(FAILING, "--check", "broken:check")
    assert (agent.exit_code, check.exit_code) == (2, 2)
    assert "--agent: broken:agent: KeyError at broken.py:2: 'serch'" in agent.stderr
    assert "--check: broken:check: TypeError: check() missing" in check.stderr


def test_own_agent_and_own_check_take_the_places_of_model_and_detectors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.py").write_text(
        "async def agent(messages, tools, working_memory):\n"
        "    found = tools['web_search'](query='onboarding buddy programme software teams')\n"
        "    return {'content': f'{len(messages)} messages, {len(found)} keys'}\n"
        "def check(run):\n"
        "    return 'too_short' if len(run['answer']) < 100 and run['calls'] else None\n"
    )
    monkeypatch.chdir(tmp_path)
    result = replay(FAILING, "--step", "5", "--agent", "mine:agent", "--check", "mine:check", "--format", "json")
    told = json.loads(result.stdout)
    assert told["outcomes"] == {"too_short": 1}
    assert told["last"]["answer"] == "6 messages, 1 keys"
    assert result.exit_code == 1
