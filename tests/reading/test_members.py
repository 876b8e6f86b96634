"""Names of members as they are folded."""

from otelagent.reading import members


def test_of_long_names_and_values_only_the_beginning_is_looked_at_and_kept() -> None:
    members._folded.cache_clear()
    text = "A_B-" * 1_000
    assert members.folded(text) == "ab" * 16
    assert members.folded(text + "another end") == "ab" * 16
    assert members._folded.cache_info().currsize == 1
