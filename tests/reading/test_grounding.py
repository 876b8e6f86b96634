"""The ledger of values that an agent was given."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otelagent.model import Claim
from otelagent.reading.claims import claims
from otelagent.reading.grounding import Ledger
from otelagent.reading.values import numbers, values


def ledger(*given: object) -> Ledger:
    made = Ledger()
    for value in given:
        made.add(values(value), numbers(value))
    return made


def ungrounded(completion: str, *given: object) -> list[str]:
    return [completion[c.start : c.end] for c in ledger(*given).ungrounded(claims(completion))]


DERIVED = [
    ("In total there were 13 late deliveries.", "Supplier A had 5 late deliveries, supplier B had 8."),
    ("The difference is $94.55.", '{"old": 350.00, "new": 255.45}'),
    ("That is 25% of all tickets.", "50 of the 200 tickets are open"),
    ("Sales fell by 18%.", "41,000 pumps in one year, 50,000 in the year before"),
    ("200 shares are worth USD 9,640.", "NWA trades at USD 48.20. How much are 200 shares worth?"),
    ("The flights cost $580 for both passengers.", '{"price": 290, "passengers": 2}'),
    ("The mean was 15 points.", "It scored 10 and 20."),
]


@pytest.mark.parametrize(("completion", "given"), DERIVED)
def test_simple_arithmetic_grounds_a_number(completion: str, given: str) -> None:
    assert ungrounded(completion, given) == []


def test_a_total_of_what_the_completion_itself_lists_is_grounded() -> None:
    completion = "Supplier A had 25 and supplier B had 38 late deliveries, 63 in total."
    assert ungrounded(completion, "A: 25 late, B: 38 late, C: 41 late") == []


def test_invented_numbers_do_not_ground_each_other() -> None:
    assert ungrounded("A had 325, B had 438, 763 in total.", "no numbers at all") == ["325", "438", "763"]


def test_many_numbers_do_not_ground_whatever_can_be_made_of_them() -> None:
    given = " ".join(str(number) for number in range(100, 1600, 23))
    assert ungrounded("It was 877 then, or 1,423 pumps.", given) != []


def test_a_full_ledger_says_so() -> None:
    small = Ledger(limit=100)
    small.add(range(1, 80))
    assert not small.full
    small.add(range(80, 200))
    assert small.full
    assert len(small) == 100


def test_what_was_cut_makes_the_ledger_full() -> None:
    assert ledger("x " * 40_000).full


def test_hashes_survive_being_packed() -> None:
    many = Ledger()
    many.add(range(1, 3000))
    assert 1 in many
    assert 2999 in many
    assert 5000 not in many


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True) | st.integers().map(float), max_size=80), st.floats())
def test_any_numbers_can_be_combined(given_numbers: list[float], value: float) -> None:
    made = Ledger()
    made.add((), given_numbers)
    made.ungrounded([Claim("number", (1,), 0, 1, value), Claim("percent", (2,), 1, 2, value)])


def test_a_price_times_a_small_count_is_grounded() -> None:
    assert ungrounded("Replace both girders for NOK 620,000.", "A glulam girder costs NOK 310,000.") == []


def test_lines_of_a_long_text_can_be_counted() -> None:
    log = "\n".join(f"interval {n} has events" for n in range(2700))
    assert ungrounded("The log lists 2,700 intervals.", {"content": log}) == []
