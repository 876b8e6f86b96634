"""What captured text is read as."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otelagent.reading.parsing import parse, redacted


@pytest.mark.parametrize(
    ("text", "value", "form"),
    [
        ('{"a": [1, 2.5, null]}', {"a": [1, 2.5, None]}, "json"),
        (" [] ", [], "json"),
        ('"{\\"a\\": 1}"', {"a": 1}, "json"),
        ('{"a": NaN}', None, "json"),
        ('{"a": "x\ny"}', {"a": "x\ny"}, "json"),
        ('{"a": 1}\n{"a": 2}', [{"a": 1}, {"a": 2}], "json"),
        ("```json\n[1]\n```", [1], "json"),
        ("null", None, "json"),
        ("42", 42, "json"),
        ("None", None, "repr"),
        ("{'a': None, 'b': (1, True), 3: \"it's\"}", {"a": None, "b": [1, True], "3": "it's"}, "repr"),
        ("['x', 'None of these', \"q\\\"'\"]", ["x", "None of these", "q\"'"], "repr"),
        ("{'at': datetime.datetime(2024, 1, 2)}", {"at": [2024, 1, 2]}, "repr"),
        ("{'path': 'C:\\\\x', 'text': 'a\\nb \\xe9'}", {"path": "C:\\x", "text": "a\nb é"}, "repr"),
        ("[1] Smith et al.", "[1] Smith et al.", "text"),
        ("[Source: a] b", "[Source: a] b", "text"),
        ('"Hello" she said', '"Hello" she said', "text"),
        ("(see below)", "(see below)", "text"),
        ("{not json}", "{not json}", "text"),
        ("", "", "text"),
        ("2024-01-05", "2024-01-05", "text"),
    ],
)
def test_text_is_read_as_what_it_holds(text: str, value: object, form: str) -> None:
    parsed = parse(text)
    assert parsed.form == form
    assert not parsed.cut
    if "NaN" not in text:
        assert parsed.value == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"results": [{"title": "Supp', {"results": [{"title": "Supp"}]}),
        ('{"a": 1, "b', {"a": 1}),
        ('{"a": "x\\', {"a": "x"}),
        ("{'results': [{'title': 'Supp", {"results": [{"title": "Supp"}]}),
        ('"{\\"results\\": [1, 2', {"results": [1, 2]}),
        ("[", []),
    ],
)
def test_json_cut_in_the_middle_is_read_as_far_as_it_goes(text: str, value: object) -> None:
    parsed = parse(text)
    assert parsed.cut
    assert parsed.value == value


def test_decoded_values_and_bytes_are_taken_as_they_are() -> None:
    assert parse({"a": [1]}).form == "native"
    assert parse(b'{"a": 1}').value == {"a": 1}
    assert parse(None).value is None


@pytest.mark.parametrize(
    "text",
    [
        "__REDACTED__",
        "[REDACTED]",
        "<REDACTED>",
        "<redacted>",
        "<replaced>",
        "<elided>",
        "<not specified>",
        "[Filtered]",
    ],
)
def test_sentinels_are_no_content(text: str) -> None:
    assert redacted(text)


@pytest.mark.parametrize("text", ["", "{}", "[]", "redacted", "The name was redacted.", "<html>", "N/A", "****x"])
def test_content_is_no_sentinel(text: str) -> None:
    assert not redacted(text)


@given(st.text(max_size=300) | st.binary(max_size=300))
def test_parsing_never_raises(text: str | bytes) -> None:
    parse(text)


@given(st.text(alphabet="[]{}()\"'\\,:0123 aNT\n", max_size=120))
def test_parsing_survives_brackets_and_quotes(text: str) -> None:
    parse(text)


HOSTILE = [
    "[" * 200_000,
    "{'" * 100_000,
    '{"a":' * 50_000,
    "(" * 100_000,
    "'\\" * 100_000,
    "{'a': " + "\\" * 200_000,
    "[" + "x(" * 100_000,
    '"' + '\\"' * 200_000,
    "[" + "1," * 500_000,
    "{'k': 'v', " * 20_000,
    "-" * 1_000_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda t: t[:6])
@pytest.mark.timeout(20)
def test_hostile_text_is_read_to_its_end(text: str) -> None:
    parse(text)
