"""What an answer says of the looking admits; what it says of the world doesn't."""

import pytest

from otelagent.model import Claim
from otelagent.reading.claims import claims
from otelagent.reading.looking import about_trouble, of_the_looking

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
def test_invented_trouble_is_left_out(text: str) -> None:
    assert of_the_looking(text, claims(text), everywhere=False).strip() == ""


@pytest.mark.parametrize("text", THE_LOOKING)
def test_what_speaks_of_the_looking_stays(text: str) -> None:
    assert of_the_looking(text, claims(text), everywhere=True) == text


def test_clauses_that_state_nothing_invented_stay_unless_all_must_speak_of_the_looking() -> None:
    text = "The pump is broken, and it failed 14 times. I could not read the log."
    assert of_the_looking(text, claims(text), everywhere=False) == "The pump is broken, I could not read the log."
    assert of_the_looking(text, claims(text), everywhere=True) == "I could not read the log."


def test_questions_stay() -> None:
    text = "It lost 37 kg. Could you name the plant, or the month that you mean?"
    assert (
        of_the_looking(text, claims(text), everywhere=True) == "Could you name the plant, or the month that you mean?"
    )


def test_offsets_are_those_of_characters() -> None:
    text = "Größe und Höhe fehlen. Es waren 37 kg."
    invented = [Claim("number", (), text.index("37"), text.index("37") + 5)]
    assert of_the_looking(text, invented, everywhere=False) == "Größe und Höhe fehlen. "


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
    ],
)
def test_questions_about_trouble(question: str) -> None:
    assert about_trouble(question)
    assert not about_trouble("How much did we sell in March?")
