"""Rules on units of measure: metric or imperial."""

from collections.abc import Iterator
from typing import Any, Final

from otelagent.reading.constraints.constraint import Constraint, Draft, Sentence, Violation, excluded, lowered
from otelagent.reading.language import likely
from otelagent.reading.lexicon import compiled, either, listed
from otelagent.reading.sentences import sentences

_SYSTEMS: Final = ("metric", "imperial")


def _measured(key: str) -> Any:
    """A number with one of the units; what is as much an everyday word, such as pounds and yards, is no unit here."""
    return compiled(rf"\d\s?(?:{either(listed('constraints', key))})")


_OTHER: Final = {"metric": _measured("imperial_units"), "imperial": _measured("metric_units")}
_SCREENS: Final = compiled(either(listed("constraints", "screens")))
"""Things that are measured in inches everywhere."""


def read(sentence: Sentence) -> Iterator[Draft]:
    """The system that measures are to be given in."""
    for system in _SYSTEMS:
        if sentence.find(f"only_{system}"):
            yield Draft("units", (system,))
            return


def breaks(rule: Constraint, text: str) -> Violation | None:
    """A measure in a unit of the other system."""
    other = _OTHER[rule.terms[0]]
    for sentence in sentences(lowered(text)):
        left_out = _SCREENS.search(sentence) or any(excluded(sentence, name) for name in likely(text))
        if other.search(sentence) and not left_out:
            return Violation(rule, "measures in units that the instructions rule out")
    return None
