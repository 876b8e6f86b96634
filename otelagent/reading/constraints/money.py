"""Rules on currencies: the one that amounts are given in, one that must not occur."""

from collections.abc import Iterator
from functools import cache
from typing import Final

from otelagent.reading import numerals
from otelagent.reading.constraints.constraint import Constraint, Draft, Sentence, Violation, filled, lowered
from otelagent.reading.language import likely
from otelagent.reading.lexicon import LANGUAGES, either, folded, words
from otelagent.reading.sentences import clauses

_NAMES: Final = {
    folded(word): code for name in LANGUAGES for word, code in words("constraints", name).get("currencies", {}).items()
}
_CODES: Final = frozenset(
    ["USD", "EUR", "GBP", "CHF", "JPY", "CNY", "BRL", "INR", "MXN", "CAD", "AUD", "SEK", "DKK", "NOK", "PLN", "KRW"]
)
_SIGNS: Final = {
    "us$": "USD",
    "r$": "BRL",
    "c$": "CAD",
    "a$": "AUD",
    "€": "EUR",
    "£": "GBP",
    "₹": "INR",
    "rmb": "CNY",
    "$": "USD CAD AUD MXN",
    "¥": "JPY CNY",
    "\uffe5": "JPY CNY",
    "元": "CNY",
    "円": "JPY",
    "₩": "KRW",
}
_DOLLARS: Final = tuple(_SIGNS["$"].split())
"""What the bare sign may mean: in Spanish as often pesos."""
_ALL: Final = _NAMES | _SIGNS | {code.lower(): code for code in _CODES}
"""What a name or sign may stand for."""


@cache
def _any() -> str:
    letters = [name for name in _ALL if "$" not in name]
    return rf"(?:{either(letters)}|(?:us|r|c|a)?\$)"


_RULES: Final = (("currency_forbidden", "not"), ("currency_only", "only"))


def read(sentence: Sentence) -> Iterator[Draft]:
    """A currency that must not occur, or else the one that all amounts are to be in."""
    kinds = [(key, kind) for key, kind in _RULES if key in sentence.present]
    if not kinds:
        return
    for clause in clauses(sentence.lowered):
        for key, kind in kinds:
            if len(codes := _codes(sentence.language, key, clause)) == 1:
                yield Draft("currency", (kind, *codes))
                break


def _codes(language: str, key: str, clause: bytes) -> set[str]:
    """The currencies that a clause names in one of these ways, the likeliest of each name."""
    found = [match[1] for each in filled(language, key, ("coin", f"({_any()})")) for match in each.finditer(clause)]
    return {_ALL[name.decode()].split()[0] for name in found if name and name.decode() in _ALL}


def breaks(rule: Constraint, text: str) -> Violation | None:
    """An amount in the currency that must not occur, or none in the one that is asked for and some in others."""
    kind, code = rule.terms
    spanish = likely(text)[:1] == ("es",)
    told = [_currencies(amount) for amount in _amounts(text)]
    told = [each for each in told if each and not (spanish and each == _DOLLARS)]
    if kind == "not":
        broken = any(each in ((code,), _DOLLARS) and each[0] == code for each in told)
    else:
        broken = bool(told) and not any(code in each for each in told)
    return Violation(rule, "states an amount in a currency that the instructions rule out") if broken else None


def _amounts(text: str) -> Iterator[bytes]:
    data = lowered(text)
    for start, end, number in numerals.numbers(data, 256):
        if number.unit == "money":
            yield data[start:end]


def _currencies(amount: bytes) -> tuple[str, ...]:
    """The currencies that the words or signs of an amount may mean; the likeliest first."""
    unit = amount.decode(errors="replace").strip("0123456789.,' ’\u00a0\u202f-")
    ends = [name for name in _ALL if unit.endswith(name)]
    named = ends or [name for name in _ALL if unit.startswith(name)]
    return tuple(_ALL[max(named, key=len)].split()) if named else ()
