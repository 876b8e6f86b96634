"""Context windows by model name."""

import pytest

from otelagent.windows import limit


@pytest.mark.parametrize(
    ("model", "tokens"),
    [
        ("gpt-4o", 128_000),
        ("gpt-4o-2024-08-06", 128_000),
        ("openai/gpt-4o-mini", 128_000),
        ("ft:gpt-4o:acme::x1", 128_000),
        ("gpt-4-32k-0613", 32_768),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", 200_000),
        ("claude-sonnet-4-5[1m]", 1_000_000),
        ("models/gemini-2.5-pro", 1_048_576),
        ("gpt-5.7", None),
        ("my-model", None),
        ("", None),
    ],
)
def test_limit_of_a_model(model: str, tokens: int | None) -> None:
    assert limit(model) == tokens


def test_override_goes_before_the_table() -> None:
    assert limit("gpt-4o-mini", (("gpt-4o", 32_000),)) == 32_000
    assert limit("in-house-7b", (("in-house", 8_000),)) == 8_000
