"""Rules on how dates are written: `DD/MM/YYYY`, `TT.MM.JJJJ`, ISO 8601."""

from collections.abc import Iterator
from typing import Any, Final

from otelagent.reading.constraints.constraint import Constraint, Draft, Sentence, Violation, shared
from otelagent.reading.lexicon import compiled

_DAY, _MONTH, _YEAR = r"(?:dd?|tt?|jj?)", r"mm?", r"(?:yyyy|aaaa|jjjj)"
_ASKED: Final = {
    "iso": compiled(rf"\b{_YEAR}-{_MONTH}-{_DAY}\b|\biso[ -]?8601\b"),
    "slashes": compiled(rf"\b{_DAY}/{_MONTH}/{_YEAR}\b"),
    "american": compiled(rf"\b{_MONTH}/{_DAY}/{_YEAR}\b"),
    "dots": compiled(rf"\b{_DAY}\.{_MONTH}\.{_YEAR}\b"),
}
_EDGE, _END = r"(?:^|[^\w/.:-])", r"(?:$|[^\w/-])"
_WRITTEN: Final = {
    "iso": compiled(rf"{_EDGE}\d{{4}}-\d\d-\d\d{_END}"),
    "slashes": compiled(rf"{_EDGE}\d\d?/\d\d?/\d{{4}}{_END}"),
    "dots": compiled(rf"{_EDGE}\d\d?\.\d\d?\.\d{{4}}{_END}"),
}


def read(sentence: Sentence) -> Iterator[Draft]:
    """The form of dates that answers are to have, by its letters in any language."""
    data = sentence.lowered
    if not shared("dates").search(data) or not shared("writing").search(data) or shared("of_input").search(data):
        return
    asked = [form for form, letters in _ASKED.items() if letters.search(data)]
    if len(asked) == 1:
        yield Draft("date_form", (asked[0],))


def breaks(rule: Constraint, text: str) -> Violation | None:
    """A date in numbers has another form; which of day and month comes first can't be told."""
    own = "slashes" if rule.terms[0] == "american" else rule.terms[0]
    data = text.encode(errors="replace")
    others: list[Any] = [written for form, written in _WRITTEN.items() if form != own]
    return Violation(rule, "writes a date in another form") if any(w.search(data) for w in others) else None
