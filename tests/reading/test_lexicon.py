"""How the word lists are written."""

import pytest

from otelagent.reading.lexicon import blanks, compiled


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
