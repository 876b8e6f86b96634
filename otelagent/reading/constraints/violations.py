"""Whether a completion or a tool call clearly breaks a rule. What can't be told is no violation."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

import msgspec

from otelagent.model import Earlier
from otelagent.reading import values
from otelagent.reading.constraints import (
    acts,
    address,
    amounts,
    dated,
    disclosed,
    formats,
    hours,
    ingredients,
    lengths,
    literals,
    money,
    sources,
    spoken,
    stays,
    terms,
    tools,
    units,
    withheld,
    written_dates,
)
from otelagent.reading.constraints.constraint import Constraint, Violation

ARGUMENTS: Final = 64
"""Arguments of a call that are looked at."""

_ANSWERS: Final[dict[str, Callable[[Constraint, str], Violation | None]]] = {
    "date": dated.breaks,
    "language": spoken.breaks,
    "address": address.breaks,
    "format": formats.breaks,
    "max_length": lengths.too_long,
    "min_length": lengths.too_short,
    "max_items": lengths.too_many,
    "term_forbidden": terms.uses,
    "term_required": terms.lacks,
    "recommendation_forbidden": terms.recommends,
    "ingredients": ingredients.breaks,
    "disclosed": disclosed.breaks,
    "values_forbidden": withheld.breaks,
    "sources": sources.cites,
    "sources_forbidden": sources.cites,
    "currency": money.breaks,
    "units": units.breaks,
    "date_form": written_dates.breaks,
    "budget": amounts.over_budget,
    "price_limit": amounts.item_over,
}


def violated(constraint: Constraint, completion: str, earlier: Iterable[Earlier] | None = None) -> Violation | None:
    """What in a completion (an answer, no tool call) clearly breaks a rule; None also where it can't be told.

    `earlier`: the run's calls and answers before it, the latest first; None: not known.
    """
    if constraint.kind == "tool_required":
        return tools.answer_breaks(constraint, earlier)
    check = _ANSWERS.get(constraint.kind)
    shown = values.window(completion)[0]
    return check(constraint, shown) if check and shown.strip() else None


def violated_by_call(
    constraint: Constraint, tool: str | None, arguments: object, earlier: Iterable[Earlier] | None = None
) -> Violation | None:
    """What in a tool call clearly breaks a rule: the tool itself, a date, an address or an amount in its arguments.

    `earlier`: the run's calls and answers before it, the latest first; None: not known.
    """
    if tool and (why := tools.call_breaks(constraint, tool, arguments, earlier)):
        return Violation(constraint, why)
    decoded = _decoded(arguments) if constraint.kind in _OF_ARGUMENTS else None
    if tool and constraint.kind in acts.KINDS and (why := acts.call_breaks(constraint, tool, decoded, earlier)):
        return Violation(constraint, why)
    if tool and constraint.kind in _LITERAL and (why := literals.call_breaks(constraint, tool, decoded, earlier)):
        return Violation(constraint, why)
    if tool and constraint.kind == "budget" and (why := amounts.sum_breaks(constraint, tool, arguments, earlier)):
        return Violation(constraint, why)
    if constraint.kind == "ingredients" and (why := ingredients.call_breaks(constraint, tool or "", decoded)):
        return Violation(constraint, why)
    if not isinstance(decoded, Mapping) or (
        constraint.kind == "weekday" and not hours.concerns(constraint, tool or "", decoded)
    ):
        return None
    for name, value in list(decoded.items())[:ARGUMENTS]:
        if why := _argument_breaks(constraint, tool or "", str(name).lower(), value):
            return Violation(constraint, why)
    return None


_OF_ARGUMENTS: Final = frozenset(
    (
        "date",
        "sources",
        "sources_forbidden",
        "recipients",
        "budget",
        "price_limit",
        "cap",
        "hours",
        "weekday",
        "stay",
        "ingredients",
        *acts.KINDS,
        literals.PLACE,
        literals.VALUE,
    )
)
_LITERAL: Final = (literals.PLACE, literals.VALUE)


def _argument_breaks(rule: Constraint, tool: str, name: str, value: object) -> str | None:
    if rule.kind == "date":
        return dated.argument_breaks(rule, name, value)
    if rule.kind == "stay":
        return stays.argument_breaks(rule, tool, name, value)
    if rule.kind in ("hours", "weekday"):
        return hours.argument_breaks(rule, tool, name, value)
    if rule.kind in (*acts.KINDS, *_LITERAL, "ingredients"):
        return None
    if rule.kind in ("budget", "cap"):
        return amounts.argument_breaks(rule, tool, name, value)
    return sources.argument_breaks(rule, name, value) if rule.kind != "price_limit" else None


def _decoded(arguments: object) -> object:
    if isinstance(arguments, str):
        try:
            return msgspec.json.decode(arguments)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return None
    return arguments
