"""What a replay may cost: an estimate before it starts, and a limit that no request passes."""

from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final

from otelagent.reproduction.models import CannotReplay, Completion

CHARACTERS: Final = 4
"""Per token, roughly."""
ANSWER: Final = 400
"""Tokens of a completion, where nothing tells more."""


class BudgetExhausted(CannotReplay):
    """The next request could pass the budget; it wasn't sent."""


@dataclass(frozen=True)
class Price:
    """US dollars per million tokens."""

    input: float
    output: float

    def of(self, input_tokens: int, output_tokens: int) -> float:
        """In dollars."""
        return (input_tokens * self.input + output_tokens * self.output) / 1e6


def price_of(model: str) -> Price | None:
    """By the list of genai-prices; None where it doesn't know the model, or isn't installed."""
    try:
        from genai_prices import Usage, calc_price
    except ImportError:
        return None
    million = 1_000_000
    try:
        asked = calc_price(Usage(input_tokens=million), model_ref=model).total_price
        said = calc_price(Usage(output_tokens=million), model_ref=model).total_price
    except LookupError:
        return None
    return Price(float(asked), float(said))


@dataclass(frozen=True)
class Estimate:
    """Of all runs together. `dollars` is None where the price isn't known."""

    input_tokens: int
    output_tokens: int
    dollars: float | None

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens


def estimate(
    messages: list[dict[str, Any]], tools: list[dict[str, Any]], turns: int, runs: int, price: Price | None
) -> Estimate:
    """Each of `turns` requests sends what was said before it again."""
    first = size(messages, tools)
    asked = sum(first + n * ANSWER for n in range(turns)) * runs
    said = ANSWER * turns * runs
    return Estimate(asked, said, price.of(asked, said) if price else None)


def size(messages: list[dict[str, Any]], tools: list[dict[str, Any]]) -> int:
    """Tokens of a request, roughly."""
    return (len(str(messages)) + len(str(tools))) // CHARACTERS + 1


@dataclass
class Budget:
    """Shared by all runs, which may be in several threads. None: no limit."""

    tokens: int | None = None
    dollars: float | None = None
    price: Price | None = None
    spent_input: int = 0
    spent_output: int = 0
    _lock: Lock = field(default_factory=Lock)

    def ask(self, messages: list[dict[str, Any]], tools: list[dict[str, Any]]) -> None:
        """Before a request; raises BudgetExhausted."""
        next_input = size(messages, tools)
        with self._lock:
            tokens = self.spent_input + self.spent_output + next_input + ANSWER
            dollars = self.price.of(self.spent_input + next_input, self.spent_output + ANSWER) if self.price else 0.0
        if self.tokens is not None and tokens > self.tokens:
            raise BudgetExhausted(
                f"the budget of {self.tokens} tokens has no room for the next request ({self.spent} were spent)"
            )
        if self.dollars is not None and dollars > self.dollars:
            raise BudgetExhausted(f"the budget of ${self.dollars:g} has no room for the next request")

    def take(self, completion: Completion) -> None:
        """After it."""
        with self._lock:
            self.spent_input += completion.input_tokens
            self.spent_output += completion.output_tokens

    @property
    def spent(self) -> int:
        """Tokens so far."""
        return self.spent_input + self.spent_output
