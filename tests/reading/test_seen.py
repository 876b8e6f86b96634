"""New messages of histories are the same whether most of them are new or hardly any."""

from collections import Counter
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from otelagent.model import Item, Message
from otelagent.reading.seen import FEW, Seen

histories = st.lists(st.lists(st.integers(1, 40), max_size=30), max_size=6)


def items(prints: Sequence[int]) -> list[Item]:
    return [Item(each << 32, lambda: Message("user", ())) for each in prints]


def one_by_one(histories: Sequence[Sequence[int]]) -> list[list[int]]:
    """Positions of messages that no earlier history had so often."""
    most = Counter[int]()
    found = []
    for history in histories:
        own, new = Counter[int](), []
        for place, each in enumerate(history):
            own[each] += 1
            if own[each] > most[each]:
                new.append(place)
        most |= own
        found.append(new)
    return found


@given(histories=histories)
def test_what_is_new_in_histories_is_new_by_count(histories: list[list[int]]) -> None:
    seen = Seen()
    told = [[place for place, _ in seen.fresh(items(history))] for history in histories]
    assert told == one_by_one(histories)


def test_a_conversation_that_goes_on_gives_its_last_messages() -> None:
    seen = Seen()
    for turn in range(2, 400, 2):
        assert [place for place, _ in seen.fresh(items(range(1, turn + 1)))] == [turn - 2, turn - 1]
    assert [place for place, _ in seen.fresh(items(range(1, 400 + FEW)))] == list(range(398, 399 + FEW))
