"""Specific statements, and what only looks like one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otelagent.reading.claims import claims


def kinds(text: str) -> list[tuple[str, str]]:
    return [(claim.kind, text[claim.start : claim.end]) for claim in claims(text)]


NO_CLAIMS = [
    "1. First step\n2. Second step\n- Option 2: go on",
    "# Results of 2024\nStep 3 is done, see Table 4 and section 4.2.",
    "Do you want the flight at 14:30 for $320?",
    "I will refund $120 within 7 days.",
    "```python\nx = 42.5\n```",
    "Python 3.11 and version 2.4.1 are both fine.",
    "I found 2 options below. One of them is cheap.",
    "The Boeing 737 flies there.",
    "It is called COVID-19.",
    "Ich werde 120 Euro erstatten.",
    "Möchten Sie den Flug um 14:30 Uhr?",
    "Je vais rembourser 120 euros.",
    "Voy a reembolsar 120 euros.",
    "Vou reembolsar 120 euros.",
    "您要预订14:30的航班吗？",
    "Schritt 13 ist erledigt, siehe Seite 45.",
    "第13步已完成。",
    "Margins are stable and supplier risk is low.",
]
CLAIMS = [
    (
        "According to a 2024 study, 67% of respondents were productive within 4.2 months (Hartmann et al., 2024).",
        [("year", "2024"), ("percent", "67%"), ("number", "4.2 months"), ("citation", "Hartmann et al., 2024)")],
    ),
    (
        "They set the limit at 42 dB at night and 47 dB by day, in force since March 2025.",
        [("number", "42 dB"), ("number", "47 dB"), ("date", "March 2025")],
    ),
    (
        "NWA trades at USD 48.20, so 200 shares are worth USD 9,640.",
        [("money", "USD 48.20"), ("number", "200"), ("money", "USD 9,640")],
    ),
    ("Demand grew (Smith, 2021; see [3]).", [("citation", "(Smith, 2021")]),
    ("According to Dr. Anna Meyer, costs fell.", [("name", "Anna Meyer")]),
    ("Hartmann said that demand grew.", [("name", "Hartmann")]),
    (
        'It calls this "a turning point for the whole industry".',
        [("quote", '"a turning point for the whole industry"')],
    ),
    ("See https://example.org/a.", [("url", "https://example.org/a.")]),
    ("Contract CN-2231 is signed.", [("id", "CN-2231")]),
    (
        "Die Kosten betragen 4,2 Mio. Euro laut Bundesamt für Statistik.",
        [("money", "4,2 Mio. Euro"), ("name", "Bundesamt für Statistik")],
    ),
    ("Selon l'INSEE, 67 % des ménages sont équipés.", [("name", "INSEE"), ("percent", "67 %")]),
    (
        "Según el INE, el 45 % de los hogares gastó 1.200 euros.",
        [("name", "INE"), ("percent", "45 %"), ("money", "1.200 euros")],
    ),
    (
        "De acordo com o IBGE, 45% dos domicílios gastaram R$ 1.200,50.",
        [("name", "IBGE"), ("percent", "45%"), ("money", "R$ 1.200,50")],
    ),
    ("2023年销量为41.2万台，同比下降18%。", [("year", "2023年"), ("number", "41.2万台"), ("percent", "18%")]),
    (
        "2023年の販売台数は41万2000台で、18%減少した。",
        [("year", "2023年"), ("number", "41万2000台"), ("percent", "18%")],
    ),
]


@pytest.mark.parametrize("text", NO_CLAIMS)
def test_numbering_questions_promises_and_small_counts_are_no_claims(text: str) -> None:
    assert kinds(text) == []


@pytest.mark.parametrize(("text", "expected"), CLAIMS)
def test_specific_statements_are_claims(text: str, expected: list[tuple[str, str]]) -> None:
    assert kinds(text) == expected


def test_offsets_are_characters_also_behind_the_cut_of_a_long_text() -> None:
    text = "Überfüllt. " + "ä " * 30_000 + "Am Ende waren es 67 Prozent."
    assert kinds(text) == [("percent", "67 Prozent")]


@given(st.text(max_size=400))
def test_any_text_can_be_read(text: str) -> None:
    for claim in claims(text):
        assert 0 <= claim.start < claim.end <= len(text)
        assert claim.keys
