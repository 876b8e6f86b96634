"""Rules on amounts: a budget, what one thing may cost, how much may be refunded or paid at once."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from otelagent.model import Earlier
from otelagent.reading import numerals
from otelagent.reading.constraints.acts import MARKS, does, in_scope, scope_of
from otelagent.reading.constraints.constraint import Constraint, Draft, Sentence, Violation, said, shared
from otelagent.reading.constraints.tools import plain
from otelagent.reading.envelopes import unwrap_arguments
from otelagent.reading.lexicon import LANGUAGES, folded, matches, pattern, words

_DEEDS: Final[dict[str, tuple[str, ...]]] = {}
for _name in LANGUAGES:
    for _deed, _stems in words("constraints", _name).get("deeds", {}).items():
        _DEEDS[_deed] = (*_DEEDS.get(_deed, ()), *map(folded, _stems))


def read(sentence: Sentence) -> Iterator[Draft]:
    """The amount that must not be exceeded: by a deed, by one thing, or in all."""
    yield from _caps(sentence)
    if sentence.find("each_item") and sentence.find("limiting"):
        yield from (Draft("price_limit", (), each) for each in _money(sentence)[:1])
    yield from _budget(sentence)


def _caps(sentence: Sentence) -> Iterator[Draft]:
    told = _money(sentence) if "beyond" in sentence.present else []
    if len(told) != 1 or sentence.find("sum"):
        return
    deeds = [deed for deed, stems in _DEEDS.items() if any(stem.encode() in sentence.lowered for stem in stems)]
    if deeds and sentence.find("beyond") and not sentence.find("conditional"):
        yield Draft("cap", tuple(deeds), told[0])


def _money(sentence: Sentence) -> list[float]:
    return [n.readings[0] for _, _, n in numerals.numbers(sentence.lowered, 8) if n.unit == "money"]


def _budget(sentence: Sentence) -> Iterator[Draft]:
    if "allowing" in sentence.present and len(told := _money(sentence)) == 1 and sentence.find("sum"):
        scope = scope_of(sentence) if sentence.find("allowing") and not sentence.find("unless") else None
        if scope is not None and not shared("more_than_a_purse").search(sentence.lowered):
            yield Draft("budget", (SUM, *scope), told[0])
        return
    for match in matches(pattern("constraints", sentence.language, "budget"), sentence.lowered, 4):
        for start, _, number in numerals.numbers(sentence.lowered, 8):
            if number.unit == "money" and 0 <= start - match.end() <= 12:
                yield Draft("budget", (SUM,) if sentence.find("sum") else (), number.readings[0])
                return


SUM: Final = "sum"
"""The term of a budget for all that a run spends, whatever its parts."""


def over_budget(rule: Constraint, text: str) -> Violation | None:
    """A total above the budget, where the sentence doesn't speak of the budget itself."""
    for sentence, _ in said(text, "total"):
        if not any(word in sentence for word in _BUDGET_WORDS) and _above(rule, sentence):
            return Violation(rule, "states a cost above the budget")
    return None


_BUDGET_WORDS: Final = (b"budget", b"presupuesto", b"orcamento", "预算".encode(), "予算".encode())


def item_over(rule: Constraint, text: str) -> Violation | None:
    """A thing is proposed that costs more than one may, where no sum is told."""
    for sentence, language in said(text, "proposing"):
        if not pattern("constraints", language, "sum").search(sentence) and _above(rule, sentence):
            return Violation(rule, "proposes something that costs more than allowed")
    return None


def _above(rule: Constraint, sentence: bytes) -> bool:
    limit = rule.amount or 0
    return any(n.unit == "money" and n.readings[0] > limit for n in numerals.distinct(sentence, 16))


def argument_breaks(rule: Constraint, tool: str, name: str, value: object) -> str | None:
    """A call spends, refunds or pays more than it may."""
    if not _is_money(folded(name), value) or value <= (rule.amount or 0):  # type: ignore[operator]
        return None
    if rule.kind == "cap":
        named = folded(tool)
        does = any(stem in named for deed in rule.terms for stem in _DEEDS[deed])
        return "asks for a higher amount than allowed" if does else None
    return "spends more than the budget"


def sum_breaks(rule: Constraint, tool: str, arguments: object, earlier: Iterable[Earlier] | None) -> str | None:
    """A call spends more than earlier ones of its tool left; none where something was taken back."""
    now = spent(arguments)
    if SUM not in rule.terms or not now or earlier is None or not any(does(tool, act) for act in _SPENDING):
        return None
    parts: dict[frozenset[str], float] = {}
    for each in in_scope(rule, earlier):
        if each.tool and any(does(each.tool, act) for act in _TAKING_BACK):
            return None
        if each.tool == tool and each.given is not None and not each.failed and (part := each.given.amount):
            parts[each.given.plain] = part
    parts.pop(plain(arguments), None)
    return (
        "spends more than the budget, with the calls before" if now + sum(parts.values()) > (rule.amount or 0) else None
    )


_SPENDING: Final = ("buy", "book", "pay")
_TAKING_BACK: Final = ("cancel", "refund", "delete")


def spent(arguments: object) -> float | None:
    """The largest of the amounts of money that arguments name."""
    inner = unwrap_arguments(arguments).value if arguments is not None else None
    named = list(inner.items())[:64] if isinstance(inner, Mapping) else []
    told = [float(value) for name, value in named if _is_money(folded(str(name)), value)]
    return max(told, default=None)


def _is_money(name: str, value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and any(m in name for m in MARKS["money"])
