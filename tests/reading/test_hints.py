"""What a short result may be saying; it counts only where an answer states what nothing grounds."""

import pytest

from otelagent.diagnosis.scan import scan
from otelagent.model import Status
from otelagent.reading.hints import hint
from tests import builders

FAILURES: dict[str, list[object]] = {
    "error": [
        "The upstream returned HTTP 502.",
        "Killed",
        "SSL certificate problem: unable to get local issuer certificate",
        "The tool crashed while processing your request.",
        "We're having trouble reaching the pricing service.",
        {"status": "FAILED", "cause": "OutOfMemory"},
        "Datei kann nicht geöffnet werden",
        "リクエストを処理できません",
    ],
    "rate_limited": [
        "You've hit your usage cap for this hour",
        "Credits depleted.",
        "Nombre maximal d'appels atteint",
        "今日配额已用完",
        "アクセスが集中しています",
    ],
    "timeout": ["Execution expired", "A solicitação expirou", "查询超过最长执行时间"],
    "denied": ["Signature does not match", "Token abgelaufen", "Permisos insuficientes", "无效的API密钥"],
    "empty": [
        "Page has no text.",
        "Zu dieser Nummer liegt nichts vor.",
        "Client introuvable",
        "Cliente no encontrado",
        "该时间段没有订单",
        {"found": False},
        {"total": 0},
    ],
}

CONTENT: list[object] = [
    {"imo": "9741205", "name": "Halyard", "lat": None, "lon": None, "sog": 12.4},
    "It opens at nine and closes at six.",
    "No issues found.",
    {"title": "Storage note 0", "date": "2024-02-11", "text": "Site 0 reports 4 MWh of storage and 0 outages."},
    {"price": 12.5, "discount": None},
    [1, 2, 3],
    "Errors in nginx: a guide. " * 20,
]


@pytest.mark.parametrize(
    ("told", "result"), [(told, each) for told, some in FAILURES.items() for each in some], ids=str
)
def test_words_of_trouble_or_of_a_lack_hint_at_an_outcome(told: str, result: object) -> None:
    found = hint(result)
    assert found is not None
    assert found.status is Status(told)


@pytest.mark.parametrize("result", CONTENT, ids=str)
def test_content_hints_at_nothing(result: object) -> None:
    assert hint(result) is None


def found(result: object, answer: str) -> list[str]:
    steps = [{"tool": "rates", "arguments": {"pair": "EURCHF"}, "result": result}, {"say": answer}]
    script = {"user": "How is EUR/CHF?", "steps": steps}
    return [finding.mode for finding in scan([builders.request(builders.spans(script))]).findings.values()]


def test_invented_specifics_make_a_failure_of_what_may_be_one() -> None:
    assert found("The tool crashed while processing your request.", "EUR/CHF stands at 0.9421.") == [
        "tool_error_ignored"
    ]


def test_what_may_be_a_failure_is_none_where_the_answer_rests_on_it() -> None:
    assert (
        found("No change since 0.9421, the market is down for the holiday.", "Still at 0.9421; no trading today.") == []
    )


def test_an_answer_that_tells_of_it_closes_it() -> None:
    assert (
        found("The tool crashed while processing your request.", "I couldn't get the rate; it was 0.9388 in May.") == []
    )
