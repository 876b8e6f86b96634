"""Whether a completion or a tool call clearly breaks a rule. What can't be told is no violation."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from otelagent.reading import numerals, values
from otelagent.reading.language import language, likely
from otelagent.reading.lexicon import any_of, exact, folded, pattern
from otelagent.reading.sentences import Day, days, sentences

if TYPE_CHECKING:
    from otelagent.reading.constraints import Constraint


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken rule. `why` holds no captured content; offsets are characters of the completion, where known."""

    constraint: "Constraint"
    why: str
    start: int = 0
    end: int = 0


def checkable(kind: str) -> bool:
    """There is a checker for this kind of rule."""
    return kind in _CHECKS or kind in ("tool_forbidden", "tool_required", "tool_before")


def violated(constraint: "Constraint", completion: str) -> Violation | None:
    """What in a completion (an answer, no tool call) clearly breaks a rule; None also where it can't be told."""
    check = _CHECKS.get(constraint.kind)
    shown = values.window(completion)[0]
    return check(constraint, shown) if check and shown.strip() else None


def violated_by_call(constraint: "Constraint", tool: str | None, arguments: object) -> Violation | None:
    """What in a tool call clearly breaks a rule: the tool itself, a date, an address or an amount in its arguments."""
    if constraint.kind == "tool_forbidden" and tool and tool_name(tool) in constraint.terms:
        return Violation(constraint, "calls a tool that the instructions forbid")
    decoded = _decoded(arguments)
    if not isinstance(decoded, Mapping):
        return None
    for name, value in list(decoded.items())[:64]:
        if why := _argument_breaks(constraint, str(name).lower(), value):
            return Violation(constraint, why)
    return None


def tool_name(name: str) -> str:
    """A tool's bare name, as instructions write it."""
    return name.lower().strip("._-`").rpartition(".")[2]


# --- completions -----------------------------------------------------------------------------------------------------


def _dates(rule: "Constraint", text: str) -> Violation | None:
    """A document is used or cited with a date outside the allowed span."""
    for name in likely(text):
        dated, dated_after = pattern("constraints", name, "dated"), pattern("constraints", name, "dated_after")
        for sentence in sentences(_lowered(text)):
            for day, start, end in days(sentence):
                if not _outside(rule, day) or _excluded(sentence, name):
                    continue
                if dated.search(sentence[max(0, start - 60) : start]) or dated_after.search(sentence[end : end + 40]):
                    return Violation(rule, "relies on a document dated outside the allowed span")
    return None


def _outside(rule: "Constraint", day: Day) -> bool:
    """Earlier than the first or later than the last, as far as the day is said."""
    known = 3 if day[2] else 2 if day[1] else 1
    return day[:known] < rule.first[:known] or day[:known] > rule.last[:known]


def _excluded(sentence: bytes, name: str) -> bool:
    """The sentence says that something was left out, or the like."""
    return bool(pattern("constraints", name, "excluded").search(sentence))


def _language(rule: "Constraint", text: str) -> Violation | None:
    spoken = language(text) if len(text) >= 40 else None
    return Violation(rule, "is written in another language") if spoken and spoken != rule.terms[0] else None


def _format(rule: "Constraint", text: str) -> Violation | None:
    return Violation(rule, "has another format") if _FORMATS[rule.terms[0]](text) else None


def _not_json(text: str) -> bool:
    body = text.strip()
    if body.startswith("```"):
        body = body.removeprefix("```json").strip("`").strip()
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return True
    return False


_BULLET: Final = exact(r"(?m)^[ \t]*(?:[-*•‣▪–]|\d{1,3}[.)])[ \t]+\S")
_MARKDOWN: Final = exact(r"(?m)^#{1,6}[ \t]+\S|\*\*[^*\n]+\*\*|^[ \t]*\|.*\|[ \t]*$|```")
_TABLE: Final = exact(r"(?m)^[ \t]*\|.*\|.*$|<table|\t")
_ROW: Final = exact(r"(?m)^[ \t]*\|.*\|[ \t]*$|<tr\b")
_ROWS: Final = 2
_EMOJI: Final = exact(r"[\x{1F300}-\x{1FAFF}\x{2700}-\x{27BF}\x{2600}-\x{26FF}]")
_LONG: Final = 100
"""Characters from which on an answer has room for more than one item."""
_FORMATS: Final[dict[str, Callable[[str], bool]]] = {
    "json": _not_json,
    "bullets": lambda text: len(text) > _LONG and not _BULLET.search(text.encode(errors="replace")),
    "no_bullets": lambda text: len(_BULLET.findall(text.encode(errors="replace"))) >= 2,
    "no_markdown": lambda text: bool(_MARKDOWN.search(text.encode(errors="replace"))),
    "no_table": lambda text: len(_ROW.findall(text.encode(errors="replace"))) >= _ROWS,
    "no_emoji": lambda text: bool(_EMOJI.search(text.encode(errors="replace"))),
    "table": lambda text: len(text) > _LONG and not _TABLE.search(text.encode(errors="replace")),
}


def _max_length(rule: "Constraint", text: str) -> Violation | None:
    length, limit = _length(text, rule.terms[0]), rule.amount or 0
    slack = max(1.15 * limit, limit + 2) if rule.terms[0] in ("words", "characters") else limit + 1
    return Violation(rule, f"is longer than {limit:.0f} {rule.terms[0]}") if length > slack else None


def _min_length(rule: "Constraint", text: str) -> Violation | None:
    length, limit = _length(text, rule.terms[0]), rule.amount or 0
    return Violation(rule, f"is shorter than {limit:.0f} {rule.terms[0]}") if length < 0.7 * limit else None


def _length(text: str, unit: str) -> int:
    if unit == "words":
        return len(text.split())
    if unit == "characters":
        return len(text.strip())
    if unit == "sentences":
        return sum(1 for sentence in sentences(text.encode(errors="replace")) if len(sentence) > 3)
    return sum(1 for part in text.split("\n\n" if unit == "paragraphs" else "\n") if part.strip())


def _items(rule: "Constraint", text: str) -> Violation | None:
    listed = _BULLET.findall(text.encode(errors="replace"))
    top = [item for item in listed if not item.startswith((b"  ", b"\t"))]
    return Violation(rule, "lists more items than allowed") if len(top) > (rule.amount or 0) + 0.5 else None


def _term_forbidden(rule: "Constraint", text: str) -> Violation | None:
    lowered = text.lower()
    for term in rule.terms:
        at = _occurrence(lowered, term)
        if at >= 0:
            around = _lowered(_sentence_at(lowered, at))
            if not any(_excluded(around, name) for name in likely(text)):
                return Violation(rule, "uses a term that the instructions forbid", at, at + len(term))
    return None


def _term_required(rule: "Constraint", text: str) -> Violation | None:
    lowered = text.lower()
    present = any(term in lowered for term in rule.terms)
    return None if present else Violation(rule, "lacks a term that the instructions require")


def _occurrence(lowered: str, term: str) -> int:
    """Where a term stands as a word of its own, a sign beside a number; -1 if nowhere."""
    at = lowered.find(term)
    for _ in range(64):
        if at < 0:
            return -1
        before, after = lowered[max(0, at - 2) : at], lowered[at + len(term) : at + len(term) + 2]
        if _apart(term, before, after):
            return at
        at = lowered.find(term, at + 1)
    return -1


def _apart(term: str, before: str, after: str) -> bool:
    if not any(map(str.isalnum, term)):
        return before.strip()[-1:].isdigit() or after.strip()[:1].isdigit()
    return not term.isascii() or not (before[-1:].isalnum() or after[:1].isalnum())


def _sentence_at(text: str, at: int) -> str:
    start = max(text.rfind(mark, 0, at) for mark in ".!?\n。") + 1
    ends = [end for mark in ".!?\n。" if (end := text.find(mark, at)) >= 0]
    return text[start : min(ends, default=len(text))]


_PHONE: Final = exact(r"(?:\+\d{1,3}[ .-]?)?\(?\d{2,5}\)?[ .-]\d{3,4}[ .-]?\d{3,4}\b")


def _values_forbidden(rule: "Constraint", text: str) -> Violation | None:
    """A value of a forbidden class stands in the completion."""
    data = values.narrow(text).encode(errors="replace")
    name = rule.terms[0]
    if name in ("money", "percent"):
        hit = any(number.unit == name for number in numerals.distinct(data, 256))
    elif name == "phone":
        hit = bool(_PHONE.search(data))
    else:
        found = [data[start:end] for start, end in values.links(data, 64)]
        hit = any((b"@" in link) == (name == "email") for link in found)
    return Violation(rule, "states what the instructions want left out") if hit else None


def _sources(rule: "Constraint", text: str) -> Violation | None:
    data = text.encode(errors="replace")
    for start, end in values.links(data, 64):
        link = data[start:end].decode(errors="replace")
        if "://" in link and not _within(link, rule.terms):
            return Violation(rule, "cites an address outside the allowed sources")
    return None


def _within(link: str, domains: Sequence[str]) -> bool:
    host = link.lower().partition("://")[2].partition("/")[0].partition(":")[0]
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def _budget(rule: "Constraint", text: str) -> Violation | None:
    """A total above the budget, where the sentence doesn't speak of the budget itself."""
    for name in likely(text):
        total = pattern("constraints", name, "total")
        for sentence in sentences(_lowered(text)):
            if not total.search(sentence) or _excluded(sentence, name) or _speaks_of_budget(sentence):
                continue
            if any(n.unit == "money" and n.readings[0] > (rule.amount or 0) for n in numerals.distinct(sentence, 16)):
                return Violation(rule, "states a cost above the budget")
    return None


def _price_limit(rule: "Constraint", text: str) -> Violation | None:
    """A price above the limit of one thing, in a sentence that tells of no total and rules nothing out."""
    for name in likely(text):
        total = any_of("acknowledgement", name, "whole_claim")
        for sentence in sentences(_lowered(text)):
            above = [
                n for n in numerals.distinct(sentence, 16) if n.unit == "money" and n.readings[0] > (rule.amount or 0)
            ]
            if above and not (total.search(sentence) or _excluded(sentence, name) or _speaks_of_budget(sentence)):
                return Violation(rule, "names something that costs more than allowed")
    return None


_BUDGET_WORDS: Final = (b"budget", b"presupuesto", b"orcamento", "预算".encode(), "予算".encode())


def _speaks_of_budget(sentence: bytes) -> bool:
    return any(word in sentence for word in _BUDGET_WORDS)


_CHECKS: Final[dict[str, Callable[["Constraint", str], Violation | None]]] = {
    "date": _dates,
    "language": _language,
    "format": _format,
    "max_length": _max_length,
    "min_length": _min_length,
    "max_items": _items,
    "term_forbidden": _term_forbidden,
    "term_required": _term_required,
    "values_forbidden": _values_forbidden,
    "sources": _sources,
    "budget": _budget,
    "price_limit": _price_limit,
}

# --- calls -----------------------------------------------------------------------------------------------------------

_BOUNDS: Final = (
    *("after", "since", "from", "start", "min", "begin", "newer", "gte"),
    *("before", "until", "to_", "end", "max", "older", "lte"),
)
"""Parts of the names of arguments that bound a time, on either side."""
_PRICE: Final = ("amount", "price", "cost", "total", "budget", "payment")


def _argument_breaks(rule: "Constraint", name: str, value: object) -> str | None:
    if rule.kind == "date" and isinstance(value, str) and len(value) <= 40:
        for day, _, _ in days(_lowered(value)):
            if not any(word in name for word in _BOUNDS):
                continue
            if _earlier(day, rule.first):
                return "asks for documents older than allowed"
            if _earlier(rule.last, day):
                return "asks for documents newer than allowed"
    if rule.kind == "sources" and isinstance(value, str) and "://" in value and not _within(value, rule.terms):
        return "opens an address outside the allowed sources"
    if rule.kind == "budget" and isinstance(value, int | float) and not isinstance(value, bool):
        above = value > (rule.amount or 0) and any(word in name for word in _PRICE)
        return "spends more than the budget" if above else None
    return None


def _earlier(one: Day, other: Day) -> bool:
    known = 3 if one[2] and other[2] else 2 if one[1] and other[1] else 1
    return one[:known] < other[:known]


def _decoded(arguments: object) -> object:
    if isinstance(arguments, str):
        try:
            return msgspec.json.decode(arguments)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return None
    return arguments


def _lowered(text: str) -> bytes:
    return folded(text).encode(errors="replace")
