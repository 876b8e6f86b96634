"""What shows that a good result is a part of what there is."""

import pytest

from otelagent.reading.acknowledgement import whole
from otelagent.reading.pages import more


@pytest.mark.parametrize(
    ("result", "path", "total"),
    [
        ({"items": [1, 2], "nextPageToken": "x"}, "/nextPageToken", None),
        ({"data": [1], "has_more": True}, "/has_more", None),
        ({"invoices": [1], "meta": {"page": 1, "has_next_page": True}}, "/meta/has_next_page", None),
        ({"totalSize": 9, "records": [1, 2]}, "/totalSize", 9),
        ({"requested": 10, "succeeded": 3, "failed": 7}, "/failed", None),
        ("a\n--- showing first 100 of 2,348 lines ---", "", 2348),
        ({"value": [1], "@odata.nextLink": "https://x/2"}, "/@odata.nextLink", None),
    ],
)
def test_a_part_shows(result: object, path: str, total: int | None) -> None:
    found = more(result)
    assert found is not None
    assert (found.path, found.total) == (path, total)


@pytest.mark.parametrize(
    "result",
    [
        {"items": [1, 2], "nextPageToken": None, "total": 2},
        {"data": [1], "has_more": False},
        {"totalSize": 2, "records": [1, 2]},
        {"passed": 145, "failed": 3},
        {"requested": 10, "succeeded": 10, "failed": 0},
        "lines 1 to 12 of 12",
        [1, 2],
        None,
    ],
)
def test_a_whole_shows_nothing(result: object) -> None:
    assert more(result) is None


@pytest.mark.parametrize(
    "text",
    [
        "There are three customers in Ohio. Altogether they owe 875.",
        "In Summe sind es 875 €.",
        "Il y a 3 clients.",
        "En total son 3.",
        "Ao todo são 3.",
        "一共有3个。",
        "全部で3件です。",
    ],
)
def test_answer_takes_it_for_the_whole(text: str) -> None:
    assert whole(text)


@pytest.mark.parametrize(
    "text",
    ["Here are the first three; there are more.", "Da Nino looks best.", "Of the 212, the first 3 owe 875 in total."],
)
def test_answer_knows_that_it_is_a_part(text: str) -> None:
    assert not whole(text)
