"""Rules that leave a class of values out: prices, addresses, telephone numbers."""

from collections.abc import Iterator
from typing import Any, Final

from otelagent.reading import numerals, values
from otelagent.reading.constraints.constraint import Constraint, Draft, Sentence, Violation
from otelagent.reading.constraints.persons import names_person
from otelagent.reading.lexicon import data as listed
from otelagent.reading.lexicon import exact, pattern
from otelagent.reading.sentences import clauses

_KINDS: Final = ("money", "email", "url", "phone", "percent")
_PHONE: Final = exact(r"\b0\d(?:[ .-]\d{2}){4}\b|(?:\+\d{1,3}[ .-]?)?\(?\d{2,5}\)?[ .-]\d{3,4}[ .-]?\d{3,4}\b")
_FIRM: Final = exact(
    rf"\p{{Lu}}[\pL-]+ (?:{'|'.join(listed('rules')['firms'])})\b"
    r"|\p{Han}{2,8}(?:有限公司|股份公司|集团)|株式会社\p{Han}+|\p{Han}+株式会社"
)
_CODE: Final = exact(r"\b\p{Lu}{1,4}[-_ ]?\d{2,}")
"""An answer with a code may name other firms beside."""


def names_class(sentence: Sentence) -> bool:
    """A class of values is named."""
    return any(sentence.find(f"kinds_{name}") for name in _KINDS)


def read(sentence: Sentence) -> Iterator[Draft]:
    """Which class is to be left out, as a whole: prices without tax are only some of the prices."""
    if sentence.find("codes_for_names"):
        yield Draft("values_forbidden", ("customer",))
    elif sentence.find("no_persons"):
        yield Draft("values_forbidden", ("person",))
    for name in _KINDS:
        if sentence.find(f"kinds_{name}") and any(
            _left_out(clause, name, sentence.language) for clause in clauses(sentence.lowered)
        ):
            yield Draft("values_forbidden", (name,))


def _left_out(clause: bytes, name: str, language: str) -> bool:
    leave = pattern("constraints", language, "leave_out").search(clause)
    kind = pattern("constraints", language, f"kinds_{name}").search(clause)
    if not kind or _qualified(clause, kind, language):
        return False
    if pattern("constraints", language, "kept_back").search(clause[kind.end() :]):
        return True
    if not leave:
        return False
    first, second = sorted((leave, kind), key=lambda match: int(match.start()))
    if first is kind and language not in ("ja", "de"):
        return False
    return len(clause[first.end() : second.start()].split()) <= 2 and len(clause[first.end() : second.start()]) <= 24


def _qualified(clause: bytes, kind: Any, language: str) -> bool:
    """Not the whole class is meant: "prices without VAT", "prices in dollars"."""
    found = pattern("constraints", language, "qualified")
    before = language in ("zh", "ja") and found.search(clause[: kind.start()])
    return bool(before or found.search(clause[kind.end() :]))


def breaks(rule: Constraint, text: str) -> Violation | None:
    """A value of a forbidden class stands in the completion."""
    data = values.narrow(text).encode(errors="replace")
    name = rule.terms[0]
    if name in ("money", "percent"):
        hit = any(number.unit == name for number in numerals.distinct(data, 256))
    elif name == "person":
        hit = names_person(text)
    elif name == "customer":
        hit = names_person(text) or (bool(_FIRM.search(data)) and not _CODE.search(data))
    elif name == "phone":
        hit = bool(_PHONE.search(data))
    else:
        found = [data[start:end] for start, end in values.links(data, 64)]
        hit = any((b"@" in link) == (name == "email") for link in found)
    return Violation(rule, "states what the instructions want left out") if hit else None
