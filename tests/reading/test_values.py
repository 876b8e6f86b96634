"""Different notations of one value have a key in common."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otelagent.reading.claims import claims
from otelagent.reading.grounding import Ledger
from otelagent.reading.values import CUT, HEAD, LIMIT, TAIL, numbers, values

EQUAL = [
    ("It cost 1,000 in all.", "1000"),
    ("Es sind 1.000 Stück.", "1000"),
    ("It was 67 % then.", "0.67"),
    ("It was 67 percent then.", "67%"),
    ("Es waren 67 Prozent.", '{"share": 0.67}'),
    ("Soit 25 pour cent.", "0.25"),
    ("占百分之六十七。", "67%"),
    ("6割が賛成した。", "60%"),
    ("It was dated 2024-01-05.", "5 January 2024"),
    ("It began on January 5th, 2024.", "2024-01-05"),
    ("It began on 01/05/2024.", "2024-01-05"),
    ("It began on 01/05/2024.", "1 May 2024"),
    ("Am 5. Januar 2024 begann es.", "2024-01-05T10:30:00Z"),
    ("Le 5 janvier 2024.", "2024-01-05"),
    ("Le 1er mars 2024.", "2024-03-01"),
    ("El 5 de enero de 2024.", "2024-01-05"),
    ("Em 5 de janeiro de 2024.", "2024-01-05"),
    ("于2024年1月5日开始。", "2024-01-05"),
    ("2024年1月のことです。", "2024-01-05"),
    ("It left on 5 January 2024.", '{"ts": 1704412800}'),
    ("It left on May 20.", "2024-05-20"),
    ("In March 2024 it reopened.", '{"published": "2024-03-14"}'),
    ("It cost $1.2 million.", "1200000"),
    ("Es kostete 1,2 Millionen Euro.", "1.200.000 €"),
    ("Cela coûte 1,2 million d'euros.", "1200000"),
    ("Costó 1,2 millones de euros.", "1200000"),
    ("Custou 1,2 milhões de euros.", "1200000"),
    ("Sie kostete 3,5 Mrd. Euro.", "3500000000"),
    ("价格为1.2亿元。", "120000000"),
    ("価格は120万円です。", "1200000"),
    ("販売は41万2000台でした。", "412000"),
    ("費用は1万8千円です。", "18000"),
    ("売上は3億5千万円です。", "350000000"),
    ("Some 41k users came.", "41,000 users"),
    ("It took three months.", "3 months"),
    ("Es dauerte drei Monate.", "3"),
    ("历时三个月。", "3"),
    ("It took 4.2 months.", "4.23"),
    ("There were about 1.2 million.", "1,204,331"),
    ("Es waren rund 1,2 Millionen.", "1204331"),
    ("It lasts 1.5 hours.", "90 minutes"),
    ("It leaves at 2:30 PM.", '{"t": "14:30:00"}'),
    ("See https://www.example.org/a/ for it.", "http://example.org/a"),
    ("See contract CN-2231 for it.", "cn2231"),
    ("The price is EUR 48,200.", '{"price_eur": 48200}'),
    ("The price is 48.20 EUR.", '{"price": 48.2}'),
    ("Der Preis ist 12.345,67 €.", "12345.67"),
    ("La ville a 1 234 567 habitants.", "1234567"),
    ("La ville a 1 234 567 habitants.", "1234567"),
    ("There are 45 tonnes.", "forty-five tonnes"),
    ("There are 15 flights.", json.dumps([{"id": n} for n in range(100, 115)])),
    ('It says "payment is due within thirty days of receipt".', "Terms. Payment is due within thirty days of receipt."),
]
DIFFERENT = [
    ("It was 67% then.", "68%"),
    ("It was 91% then.", "The first 90 days, 2023-09-01, https://example.org/articles/91"),
    ("It was dated 2024-01-06.", "2024-01-05"),
    ("It took 4.2 months.", "4.4"),
    ("The limit is 42 dB.", "47 dB"),
    ("It cost $1.3 million.", "1,204,331"),
    ("See contract CN-2232 for it.", "CN-2231"),
    ("See https://example.org/b for it.", "https://example.org/a"),
    ('It says "payment is due within sixty days of receipt".', "Payment is due within thirty days of receipt."),
]


def grounded(completion: str, given: object) -> bool:
    ledger = Ledger()
    ledger.add(values(given), numbers(given))
    stated = claims(completion)
    assert stated, completion
    return not ledger.ungrounded(stated)


@pytest.mark.parametrize(("completion", "given"), EQUAL)
def test_a_value_is_grounded_in_any_notation(completion: str, given: str) -> None:
    assert grounded(completion, given)


@pytest.mark.parametrize(("completion", "given"), DIFFERENT)
def test_another_value_grounds_nothing(completion: str, given: str) -> None:
    assert not grounded(completion, given)


def test_structure_and_its_json_text_have_the_same_values() -> None:
    structure = {"results": [{"title": "Heat pumps", "sold": 41200}, {"title": "Boilers", "sold": 900}], "total": 2}
    assert values(structure) == values(json.dumps(structure))
    assert grounded("They sold 41,200 pumps.", {"content": json.dumps(structure)})


def test_digits_of_dates_addresses_and_identifiers_are_no_numbers() -> None:
    assert numbers("On 2024-03-18 we read https://example.org/articles/401 about CN-2231 and 42 pumps.") == (42.0,)


def test_sums_and_averages_of_a_column_are_values() -> None:
    rows = [{"late": n} for n in (5, 8, 12)]
    assert grounded("That makes 25 in all.", rows)
    assert grounded("The mean is 8.3 a month.", rows)


def test_numbers_inside_parallel_texts_make_columns_too() -> None:
    rows = [{"snippet": f"Supplier {n} reported {3 * n + 2} late deliveries."} for n in range(1, 11)]
    assert grounded("That makes 185 in all.", rows)


def test_what_is_left_out_is_said() -> None:
    assert CUT not in values("a short text with 3 pumps")
    assert CUT in values("x " * (HEAD + TAIL))
    assert CUT in values(" ".join(map(str, range(1000, 3000))))
    assert len(values(" ".join(map(str, range(1000, 3000))))) <= LIMIT + 1


def test_the_tail_of_a_long_text_is_read() -> None:
    assert grounded("It was 987654 then.", "no numbers here " * 4000 + "987654")


nested = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5),
    max_leaves=20,
)


@given(nested)
def test_anything_can_be_read(value: object) -> None:
    assert len(values(value)) <= LIMIT + 1
    numbers(value)


@pytest.mark.parametrize(
    "unit", ["1,234 ", "1.", "2024-01-0", "a@b.", "三十", "Abc ", "x-1", "[", "https://", "1 ", "5 de "]
)
@pytest.mark.timeout(20)
def test_long_and_repetitive_text_is_read_to_its_end(unit: str) -> None:
    text = unit * (60_000 // len(unit))
    values(text)
    claims(text)
