"""What an answer says of the looking admits; what it says of the world doesn't."""

import pytest

from otelagent.reading.claims import claims
from otelagent.reading.looking import of_the_looking
from otelagent.reading.particulars import about_trouble, troubles

THE_WORLD = [
    "The lift failed 14 times, with a longest outage of 6 days.",
    "Der Aufzug ist 14-mal ausgefallen.",
    "seuls 14 envois ont dépassé cinq jours.",
    "con una pérdida de apenas 37 kg por contaminación.",
    "com perda de apenas 37 kg por contaminação.",
    "共发生故障14次，停机37分钟。",
    "障害は14件で、停止は37分でした。",
]
THE_LOOKING = [
    "The request failed after 14 s.",
    "Die Abfrage ist nach 14 s fehlgeschlagen.",
    "la recherche a échoué au bout de 14 s.",
    "la consulta falló a los 14 s.",
    "a consulta falhou após 14 s.",
    "查询在14秒后失败了。",
    "検索は14秒で失敗しました。",
    "The figure of 14 kg is an estimate.",
    "Die 14 kg sind geschätzt.",
    "les 14 kg sont une estimation.",
    "los 14 kg son una estimación.",
    "os 14 kg são uma estimativa.",
    "14公斤是估计值。",
    "14kgは推定です。",
]


@pytest.mark.parametrize("text", THE_WORLD)
def test_trouble_beside_something_invented_is_left_out(text: str) -> None:
    assert set(of_the_looking(text, claims(text))) <= set("…‥, .、。，")


@pytest.mark.parametrize("text", THE_LOOKING)
def test_what_speaks_of_the_looking_stays(text: str) -> None:
    assert of_the_looking(text, claims(text)) == text


def test_where_nothing_is_invented_only_the_trouble_of_the_question_is_left_out() -> None:
    text = "The pump is broken, and no other part ever failed. I could not read the log."
    assert of_the_looking(text, ()) == text
    assert of_the_looking(text, (), {"fail"}) == "The pump is broken, …. I could not read the log."


def test_questions_stay() -> None:
    text = "It lost 37 kg. Could you name the plant, or the month that you mean?"
    assert of_the_looking(text, claims(text)) == "‥. Could you name the plant, or the month that you mean?"


@pytest.mark.parametrize(
    "question",
    [
        "Which part fails most?",
        "Wie oft ist der Aufzug ausgefallen?",
        "Combien de pannes en mars ?",
        "¿Cuántos fallos hubo?",
        "Quantas falhas houve?",
        "上周有哪些故障？",
        "先週の障害は何件ですか",
        "Who is absent today?",
        "Wer fehlt heute?",
        "Quelles factures sont impayées ?",
        "¿Qué quejas llegaron en marzo?",
        "Que reclamações chegaram em março?",
        "今天谁缺勤？",
        "今日の欠勤者は？",
    ],
)
def test_questions_about_trouble(question: str) -> None:
    assert about_trouble(question)
    assert not about_trouble("How much did we sell in March?")


def test_stems_of_trouble_are_those_of_the_question() -> None:
    assert troubles("Which part fails most?") == {"fail"}
    assert "故障" in troubles("上周有哪些故障？")
    assert troubles("How much did we sell in March?") == frozenset()
