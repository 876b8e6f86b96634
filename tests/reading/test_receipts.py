"""Receipts in JSON and words, and items that assignments enumerate."""

import json
from pathlib import Path
from typing import Any

import pytest

from otelagent.reading.enumeration import enumerated, mentioned, names
from otelagent.reading.naming import forms, key, keys
from otelagent.reading.receipts import in_structure, in_words


@pytest.mark.parametrize(
    ("value", "assigned", "processed", "honest"),
    [
        ({"items_assigned": 7, "items_processed": 3}, 7, 3, False),
        ({"data": {"meta": {"totalDocuments": "7", "documentsProcessed": 3}}}, 7, 3, False),
        ({"receipt": {"total": 7, "processed": 3}}, 7, 3, False),
        ({"assigned": ["a", "b", "c"], "processed": ["a"]}, 3, 1, False),
        ({"items_assigned": 7, "items_processed": 3, "status": "partial"}, 7, 3, True),
        ({"items_assigned": 7, "items_processed": 3, "failed": ["d"]}, 7, 3, True),
        ({"num_files": 5, "files_processed": 5}, 5, 5, False),
    ],
)
def test_receipt_in_structure(value: Any, assigned: int, processed: int, honest: bool) -> None:
    for shown in (value, json.dumps(value), json.dumps({"result": json.dumps(value)})):
        found = in_structure(shown)
        assert found is not None
        assert (found.assigned, found.processed, found.honest, found.method) == (
            assigned,
            processed,
            honest,
            "reported",
        )


@pytest.mark.parametrize(
    "value",
    [
        {"projects": [{"name": "x", "total": 120, "completed": 45}]},
        {"total": 7, "results": []},
        {"processed": True, "total": 7},
        "processed 3",
        {"items_assigned": 3, "items_processed": 7},
    ],
)
def test_counts_that_are_no_receipt(value: Any) -> None:
    assert in_structure(json.dumps(value) if not isinstance(value, str) else value) is None


@pytest.mark.parametrize(
    "text", ["I processed 3 of 7 documents.", "3 von 7 Dokumenten wurden gelesen.", "3 documents sur 7 ont été lus."]
)
def test_words_admit_what_is_left(text: str) -> None:
    found = in_words(text)
    assert found is not None
    assert (found.assigned, found.processed, found.honest, found.method) == (7, 3, True, "text")


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("Analyse these documents: doc-1, doc-2 and doc-3.", ["doc-1", "doc-2", "doc-3"]),
        ("Process all invoices INV-008 to INV-011.", ["INV-008", "INV-009", "INV-010", "INV-011"]),
        ("Read https://a.org/x and https://a.org/y.", ["https://a.org/x", "https://a.org/y"]),
        ("Review src/a.py, src/b.py", ["src/a.py", "src/b.py"]),
        ("Check the weather in Berlin, Paris and Rome.", ["Berlin", "Paris", "Rome"]),
        ("Review each company:\n- Acme Corp: revenue\n- Borealis: debt\n", ["Acme Corp", "Borealis"]),
        ("doc-1, doc-2, doc-1", ["doc-1", "doc-2"]),
        ({"ids": ["a7", "b9"]}, ["a7", "b9"]),
        ({"files": [{"name": "a.pdf", "size": 3}, {"name": "b.pdf", "size": 4}]}, ["a.pdf", "b.pdf"]),
    ],
)
def test_items_are_enumerated(text: Any, items: list[str]) -> None:
    wanted = set(keys(items))
    assert wanted in [set(family.keys) for family in enumerated(text).families]
    assert wanted <= {k for name in names(text, frozenset(wanted)) for k in forms(name)} or not isinstance(text, str)


@pytest.mark.parametrize("text", ["the seven documents", "7 documents", "sieben Dokumente", "这7份文件"])
def test_a_number_alone_is_stated(text: str) -> None:
    assert enumerated(text).stated == 7


def test_lists_for_reference_are_optional() -> None:
    (family,) = enumerated("You may use any of doc-1, doc-2 or doc-3.").families
    assert family.optional


@pytest.mark.parametrize("arguments", ['{"doc_id": "doc-2"}', {"path": "DOC-2"}, "doc-2", '{"q": "read doc-2 now"}'])
def test_call_mentions_its_item(arguments: Any) -> None:
    assert key("doc-2") in mentioned(arguments)
    assert key("doc-3") not in mentioned(arguments)


RECEIPTS = json.loads((Path(__file__).parent / "receipts.json").read_text())


@pytest.mark.parametrize(("value", "counts"), RECEIPTS["structure"], ids=str)
def test_receipts_go_by_many_names(value: Any, counts: list[int] | None) -> None:
    found = in_structure(value) or (in_words(value) if isinstance(value, str) else None)
    assert (found and [found.assigned, found.processed]) == counts


@pytest.mark.parametrize(("text", "counts"), RECEIPTS["words"], ids=str)
def test_words_say_how_much_was_done(text: str, counts: list[int] | None) -> None:
    found = in_words(text)
    assert (found and [found.assigned, found.processed]) == counts
