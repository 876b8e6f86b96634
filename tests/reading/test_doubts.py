"""Sentences of lack or trouble, with what they are about."""

import pytest

from otelagent.reading.arguments import terms, tool_words
from otelagent.reading.doubts import doubts


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("Direct flights: none to OPO that day.", {"destination": "OPO"}),
        ("Team A closed 318. Zendesk has put a brake on my queries, so team B has to wait.", {"team": "B"}),
        ("Nord verlangt 310 €. Süd hat nicht reagiert.", {"anbieter": "Süd"}),
        ("杭州平均房租4200元,苏州的数据还没有拿到。", {"city": "苏州"}),
        ("Order 5521 is stuck.", {"id": 5521}),
    ],
)
def test_sentence_of_lack_is_about_what_was_asked_for(text: str, arguments: dict[str, object]) -> None:
    assert any(terms(arguments) & doubt.about for doubt in doubts(text))


def test_first_sentence_is_the_opening_headings_and_greetings_aside() -> None:
    assert [doubt.opening for doubt in doubts("# Result\nSure!\nThere is nothing on file. No luck elsewhere.")] == [
        True,
        False,
    ]


def test_good_news_and_what_ifs_are_no_doubts() -> None:
    assert doubts("There were no problems at the sites. If nothing changes, we go on.") == ()


def test_what_the_sentence_states_itself_stays_with_it() -> None:
    (doubt,) = doubts("Kenya has no official figure, but it is $310 million.")
    assert [claim.kind for claim in doubt.claims] == ["money"]


def test_words_of_a_tools_name_count() -> None:
    (doubt,) = doubts("The mirror status is unknown.")
    assert tool_words("getMirror_status") & doubt.about
