"""A table that all share who have none stays empty."""

from collections.abc import Callable

import pytest

from otelagent.nothing import NOTHING
from otelagent.resting import packed, unpacked


@pytest.mark.parametrize(
    "write",
    [lambda: NOTHING.__setitem__(1, 1), lambda: NOTHING.setdefault(1, 1), lambda: NOTHING.update({1: 1})],
)
def test_nobody_writes_into_it(write: Callable[[], object]) -> None:
    with pytest.raises(TypeError, match="shared"):
        write()
    assert NOTHING == {}


def test_it_stays_one_object_when_it_was_at_rest() -> None:
    held = packed({"held": NOTHING})
    assert held is not None
    assert unpacked(held)["held"] is NOTHING
