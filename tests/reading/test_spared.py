"""What an assignment takes out by name is no work, in seven languages; what it names otherwise stays."""

import pytest

from otelagent.reading.enumeration import enumerated, names
from otelagent.reading.naming import found
from otelagent.reading.spared import unspared


@pytest.mark.parametrize(
    ("task", "kept"),
    [
        ("Rotate keys of svc-1 and svc-2. You need not touch svc-3 and svc-4.", ["svc-1", "svc-2"]),
        ("Restart every node bar node-7 and node-8: node-1, node-2, node-3.", ["node-1", "node-2", "node-3"]),
        ("Except for D-8 and D-9, process D-1, D-2 and D-3.", ["D-1", "D-2", "D-3"]),
        ("Process D-1, D-2 and D-3, D-4 and D-5 are excluded.", ["D-1", "D-2", "D-3"]),
        ("Check D-1 and D-2. Leave D-3 and D-4 untouched.", ["D-1", "D-2"]),
        ("Check D-1, D-2 and D-3, but not D-4.", ["D-1", "D-2", "D-3"]),
        ("Check:\n- D-1\n- D-2\n\nOut of scope:\n- D-3\n- D-4\n", ["D-1", "D-2"]),
        ("## In scope\n- D-1\n- D-2\n\n## Out of scope\n- D-3\n- D-4\n", ["D-1", "D-2"]),
        ("Stelle DR-1, DR-2 und DR-3 um; ausgenommen sind DR-4 und DR-5.", ["DR-1", "DR-2", "DR-3"]),
        ("Stelle DR-1, DR-2 und DR-3 um, DR-4 und DR-5 bleiben außen vor.", ["DR-1", "DR-2", "DR-3"]),
        ("Fass DR-4 und DR-5 nicht an. Aktualisiere DR-1 und DR-2.", ["DR-1", "DR-2"]),
        ("Ferme TK-40 et TK-41, à l'exception de TK-43 et TK-44 qui attendent.", ["TK-40", "TK-41"]),
        ("Audite AP-1 et AP-2. Hors périmètre : AP-3 et AP-4.", ["AP-1", "AP-2"]),
        ("Publica ART-5 y ART-6; no toques ART-8 ni ART-9.", ["ART-5", "ART-6"]),
        ("PZ-4 y PZ-5 quedan fuera. Revisa PZ-1 y PZ-2.", ["PZ-1", "PZ-2"]),
        ("Migre A-1 e A-2. Fora do escopo: A-3 e A-4.", ["A-1", "A-2"]),
        ("请核对订单 DD-301、DD-302,DD-304 和 DD-305 无需处理。", ["DD-301", "DD-302"]),
        ("除 DB-1 和 DB-2 外,备份 DB-3、DB-4。", ["DB-3", "DB-4"]),
        ("SK-11、SK-12 を確認してください。SK-14 と SK-15 は対象外です。", ["SK-11", "SK-12"]),
        ("S-1、S-2を除く店舗(S-3、S-4、S-5)を確認してください。", ["S-3", "S-4", "S-5"]),
        ("Ship OR-1 and OR-2 today. Hold off on OR-4 and OR-5.", ["OR-1", "OR-2"]),
        # Ids of which a clause says something, after an order for others of their kind.
        ("Answer Q-71 and Q-72; Q-74 and Q-75 go to the billing team.", ["Q-71", "Q-72"]),
        ("Buche RE-1, RE-2 und RE-3. RE-4 und RE-5 stellen wir zurück.", ["RE-1", "RE-2", "RE-3"]),
        ("Corrige AN-1 et AN-2. AN-3 et AN-4 relèvent d'une autre équipe.", ["AN-1", "AN-2"]),
        ("请回复邮件 M-1 和 M-2,M-3 和 M-4 由小李负责。", ["M-1", "M-2"]),
        ("T-1、T-2 に返信してください。T-3 と T-4 は別の担当者が対応します。", ["T-1", "T-2"]),
        # Nothing is taken out.
        ("Check A-1 and A-2. A-3 and A-4 as well.", ["A-1", "A-2", "A-3", "A-4"]),
        ("Check A-1 and A-2 for VAT. Check A-3 and A-4 for totals.", ["A-1", "A-2", "A-3", "A-4"]),
        ("INV-1 and INV-2: check VAT. INV-3 and INV-4: check totals.", ["INV-1", "INV-2", "INV-3", "INV-4"]),
        ("Not only A-1 but also A-2 and A-3 must be checked.", ["A-1", "A-2", "A-3"]),
        ("Without delay, check A-1 and A-2.", ["A-1", "A-2"]),
        ("Apply the rule on gw-lon-1, gw-sin-2 and gw-bar-3.", ["gw-lon-1", "gw-sin-2", "gw-bar-3"]),
        ("Don't forget A-1, A-2 and A-3.", ["A-1", "A-2", "A-3"]),
    ],
)
def test_names_that_are_taken_out_are_no_items(task: str, kept: list[str]) -> None:
    told = [name for family in enumerated(task).families for name in names(task, frozenset(family.keys))]
    ids = {name for name, *_ in found(" ".join(told).encode())}
    assert ids == set(kept)


def test_places_stay_and_what_an_unnamed_exception_means_isnt_guessed() -> None:
    task = "Read doc-1 to doc-9 except the drafts."
    told = unspared(task.encode())
    assert len(told) == len(task.encode())
    assert b"except" in told
    assert all(family.optional for family in enumerated(task).families)


def test_a_text_without_such_words_is_the_same() -> None:
    task = b"Read doc-1 and doc-2."
    assert unspared(task) is task
