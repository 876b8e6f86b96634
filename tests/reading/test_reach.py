"""An answer that tells of the first part of a range, and that its author went no further."""

import pytest

from otelagent.reading.brief import brief
from otelagent.reading.reach import reached


@pytest.mark.parametrize(
    ("task", "answer", "counts"),
    [
        ("Summarise pages 12 to 20.", "Pages 12 to 17 are summarised, then I hit the token limit.", (9, 6)),
        ("Summarise pages 12 to 20.", "Pages 12 to 17 tell of soil. The rest was not read.", (9, 6)),
        ("Process 2019-2023.", "Processed 2019-2021; 2022 and 2023 are still outstanding.", (5, 3)),
        ("Erstelle das Register A bis Z.", "A bis M ist fertig. Ab N habe ich abgebrochen.", (26, 13)),
        ("整理1980年到1999年的档案。", "1980年至1991年已整理，1992年以后的还没动。", (20, 12)),
    ],
)
def test_how_far_it_got_is_counted(task: str, answer: str, counts: tuple[int, int]) -> None:
    found = reached(answer, brief(task))
    assert found is not None
    assert (found.assigned, found.processed) == counts


@pytest.mark.parametrize(
    ("task", "answer"),
    [
        ("Summarise pages 12 to 20.", "Pages 12 to 17 are about soil; from page 18 the author turns to water."),
        ("Summarise pages 12 to 20.", "Pages 12 to 17 are read, and 18 to 20. The rest of the book wasn't asked for."),
        ("Summarise pages 12 to 20.", "Pages 12 to 20 are summarised; the appendix is still outstanding."),
        ("Erfasse A bis Z.", "A bis M ist erfasst, N bis Z ist erfasst. Der Rest der Daten fehlt."),
        ("Summarise the report.", "Pages 12 to 17 tell of soil. The rest was not read."),
        ("Pick a number from 1 to 10.", "1 to 3 are too small. I stopped at seven."),
    ],
)
def test_a_range_that_was_dealt_with_or_tells_of_something_else_is_none(task: str, answer: str) -> None:
    assert reached(answer, brief(task)) is None
