"""How the word lists are written."""

import pytest

from otelagent.reading import lexicon
from otelagent.reading.lexicon import AnyOf, blanks, compiled
from otelagent.reading.members import folded


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("not on file", True),
        ("not on  a\nfile", True),
        ("noton file", False),
        ("not on afile", True),
        ("not afile", False),
    ],
)
def test_blank_is_any_white_space_and_an_optional_one_may_be_missing(text: str, found: bool) -> None:
    assert bool(compiled(blanks("not on (?:a)? ?file")).search(text.encode())) is found


@pytest.mark.parametrize("at_once", [False, True])
def test_patterns_that_were_let_go_are_compiled_again_and_find_the_same(at_once: bool) -> None:
    pattern, any_of = compiled("(a+)b"), AnyOf(["xy+", "yz"], at_once=at_once)
    before = pattern.search(b"AAB").span(1), any_of.which(b"yz")
    assert {pattern, any_of} <= set(lexicon._COMPILED)
    matches = pattern.finditer(b"ab ab")
    next(matches)
    lexicon.forget()
    assert not lexicon._COMPILED
    assert len([*matches]) == 1
    assert (pattern.search(b"AAB").span(1), any_of.which(b"yz")) == before == ((0, 2), [1])


def test_names_of_members_are_listed_as_they_are_compared() -> None:
    for key in lexicon.data("results"):
        listed = lexicon.terms("results", key)
        assert listed == tuple(map(folded, listed))
        assert len(set(listed)) == len(listed)
