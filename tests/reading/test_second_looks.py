"""What an answer says its author looked at once more, and where."""

import pytest

from otelagent.reading.arguments import words_of
from otelagent.reading.lexicon import folded
from otelagent.reading.second_looks import second_looks

LOOKS = [
    ("I also screened the directors against the EU sanctions list and there were no matches.", "sanctions"),
    ("For good measure, I cross-checked the number with the land registry.", "registry"),
    ("The company is active. I ran a credit check with Creditsafe as well: 82 of 100.", "Creditsafe"),
    ("Ich habe die IBAN außerdem mit den Stammdaten im ERP abgeglichen.", "Stammdaten"),
    ("J'ai également vérifié l'attestation auprès de l'assureur.", "assureur"),
    ("También consulté las deudas en el catastro.", "catastro"),
    ("Também consultei os protestos no cartório.", "cartório"),
    ("另外我也在失信名单中核查了一遍：我还对照失信名单核对过。", "失信名单"),
    ("念のため反社データベースとも照合しました。", "反社データベース"),
]
NO_LOOKS = [
    "I checked the stock in Bristol: 3 are left.",
    "I will also check it against the register.",
    "Would you like me to compare it with the delivery note as well?",
    "I have not cross-checked the figure with the register.",
    "Dana also checked it against the register.",
    "Dear Ms Roy,\nI also checked your file against the register.\nKind regards",
    'The log says "I also screened them against the list of sanctions".',
    "Bitte prüfen Sie die IBAN auch im ERP.",
    "Ich kann sie gerne auch mit dem ERP abgleichen.",
    "Vous devriez aussi vérifier auprès de l'assureur.",
    "Puedo consultar también el catastro.",
    "Posso também consultar o cartório?",
    "您也可以在名单中核查。",
    "反社チェックも行いましょうか。",
    "確認もしてください。",
]


@pytest.mark.parametrize(("text", "place"), LOOKS)
def test_a_second_look_names_where(text: str, place: str) -> None:
    looks = second_looks(text)
    assert any(not look.where.isdisjoint(words_of(folded(place))) for look in looks), looks


@pytest.mark.parametrize("text", NO_LOOKS)
def test_plans_offers_quotes_and_what_others_checked_are_none(text: str) -> None:
    assert not second_looks(text)


def test_what_it_states_is_told() -> None:
    (look,) = second_looks("It is fine. I also scanned it with VirusTotal: 0 of 91 engines flag it.")
    assert {claim.value for claim in look.claims} >= {91}
