"""What instructions forbid, demand or limit, and whether a completion or a tool call clearly breaks it.

Read from system and user messages, sentence by sentence. A checker flags only what is plain; a constraint that none of
them understands is kept with kind `free`, for its displacement from the context, and stays unchecked.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec
from xxhash import xxh3_64_intdigest

from otelagent.reading import dates, numerals, values
from otelagent.reading.language import language
from otelagent.reading.lexicon import LANGUAGES, compiled, exact, grammar, matches, words

LIMIT: Final = 32
"""Constraints per message."""
TEXT: Final = 240
"""Characters of a constraint's text that are kept."""

Day = tuple[int, int, int]
_FIRST: Final[Day] = (0, 0, 0)
_LAST: Final[Day] = (9999, 99, 99)


@dataclass(frozen=True, slots=True)
class Constraint:
    """One rule. `text` is its sentence as written (captured content: never for logs), `hash` that of its normal form."""

    kind: str
    """date, language, format, max_length, min_length, max_items, tool_forbidden, tool_required, term_forbidden,
    term_required, values_forbidden, sources, budget or free."""
    role: str
    text: str
    hash: int
    terms: tuple[str, ...] = ()
    """Lower case: tools, terms, domains, classes of values, a language, a format, the unit of a length."""
    amount: float | None = None
    first: Day = _FIRST
    last: Day = _LAST

    @property
    def checked(self) -> bool:
        """There is a checker for it; without one nothing is said about it but its displacement."""
        return self.kind in _CHECKS or self.kind in ("tool_forbidden", "tool_required")

    def check(self, completion: str) -> "Violation | None":
        """What in a completion clearly breaks it."""
        return violated(self, completion)

    def stands_in(self, text: str) -> bool:
        """The rule's sentence occurs in a text, white space and case aside."""
        return _folded(self.text) in _folded(text)


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken rule. `why` holds no captured content."""

    constraint: Constraint
    why: str
    start: int = 0
    end: int = 0


def constraints(text: str, role: Literal["system", "user"]) -> tuple[Constraint, ...]:
    """The rules that a message states, at most `LIMIT`. A sentence may state several."""
    found: list[Constraint] = []
    for sentence in _sentences(values.window(text)[0]):
        lowered = _lowered(sentence)
        here = [made for read in _READERS for made in read(sentence, lowered)]
        if not here and _FREE.search(lowered) and len(sentence) >= 12:
            here = [_Draft("free")]
        for draft in here:
            found.append(draft.made(sentence, role))
        if len(found) >= LIMIT:
            break
    return tuple(dict.fromkeys(found))[:LIMIT]


def violated(constraint: Constraint, completion: str) -> Violation | None:
    """What in a completion (an answer, no tool call) clearly breaks a rule; None also where it can't be told."""
    check = _CHECKS.get(constraint.kind)
    shown = values.window(completion)[0]
    return check(constraint, shown) if check and shown.strip() else None


def violated_by_call(constraint: Constraint, tool: str | None, arguments: object) -> Violation | None:
    """What in a tool call clearly breaks a rule: the tool itself, a date, an address or an amount in its arguments."""
    if constraint.kind == "tool_forbidden" and tool and _tool_name(tool) in constraint.terms:
        return Violation(constraint, "calls a tool that the instructions forbid")
    decoded = _arguments(arguments)
    if not isinstance(decoded, Mapping):
        return None
    for name, value in list(decoded.items())[:64]:
        if (why := _argument_breaks(constraint, str(name).lower(), value)) is not None:
            return Violation(constraint, why)
    return None


def lifted(standing: Iterable[Constraint], user_text: str) -> tuple[Constraint, ...]:
    """The rules that a later user message takes back or replaces by another of their kind."""
    shown = values.window(user_text)[0]
    lowered = _lowered(shown)
    replaced = {made.kind for made in constraints(user_text, "user") if made.kind not in ("free", "term_forbidden", "values_forbidden")}
    taken = [sentence for sentence in map(_lowered, _sentences(shown)) if _LIFTING.search(sentence)]
    topics = {topic for topic, pattern in _TOPICS.items() if any(pattern.search(sentence) for sentence in taken)}
    return tuple(rule for rule in standing if rule.kind in replaced or (taken and _concerned(rule, topics, lowered, taken)))


def _concerned(rule: Constraint, topics: set[str], lowered: bytes, taken: Sequence[bytes]) -> bool:
    if rule.kind == "free":
        return not topics or bool(_shared_words(rule.text, taken))
    if rule.terms and rule.kind.startswith(("term", "tool", "sources")):
        return not topics or any(term.encode() in lowered for term in rule.terms) or _TOPIC_OF.get(rule.kind) in topics
    return not topics or _TOPIC_OF.get(rule.kind) in topics


def _shared_words(text: str, taken: Sequence[bytes]) -> set[bytes]:
    own = {word for word in _WORD.findall(_lowered(text)) if len(word) >= 5}
    return own & {word for sentence in taken for word in _WORD.findall(sentence)}


# --- patterns --------------------------------------------------------------------------------------------------------

_GRAMMARS: Final = {name: grammar("constraints", name) for name in LANGUAGES}
_SENTENCE: Final = exact(r"[^.!?。！？\n;；]*(?:[.][^\s\"”»)][^.!?。！？\n;；]*)*[.!?。！？\n;；]*")
_CLAUSE: Final = exact(r"[^,;，；、]+")
_WORD: Final = exact(r"[\pL\pN]+")
_QUOTED: Final = exact(r"\"([^\"\n]{1,60})\"|“([^”\n]{1,60})”|«\s?([^»\n]{1,60}?)\s?»|„([^“”\n]{1,60})[“”]|`([^`\n]{1,60})`|[「『]([^」』\n]{1,40})[」』]|(?:^|[\s(])'([^'\n]{2,60})'")
_PROPER: Final = exact(r"\p{Lu}[\pL\pN&-]+(?:\s\p{Lu}[\pL\pN&-]+){0,4}")
_DOMAIN: Final = exact(r"\b(?:[a-z0-9](?:[a-z0-9-]{0,40})\.)+(?:com|org|net|edu|gov|int|io|eu|info|co|ai|dev|app|de|fr|es|pt|br|cn|jp|uk|us|ch|at|it|nl|se|no|dk|fi|pl|in|ca|au|mx|ar|example|test|mil|biz|news|me|tv)\b(?:\.[a-z]{2}\b)?")


def _pattern(key: str) -> Any:
    parts = [pattern for name in LANGUAGES for pattern in _GRAMMARS[name].get(key, ())]
    return compiled("|".join(f"(?:{pattern})" for pattern in parts))


def _merged(key: str) -> dict[str, str]:
    return {word: meaning for name in LANGUAGES for word, meaning in words("constraints", name).get(key, {}).items()}


_LENGTHS: Final = _merged("length")
_LANGUAGES: Final = _merged("languages")
_AMOUNT: Final = rf"(?:\d{{1,6}}|{'|'.join(sorted(numerals.SPELLED, key=len, reverse=True))}|one|a single|[一二三四五六七八九十百]{{1,4}})"
_LENGTH: Final = "|".join(sorted(_LENGTHS, key=len, reverse=True))


def _counting(key: str) -> list[Any]:
    parts = [pattern for name in LANGUAGES for pattern in _GRAMMARS[name].get(key, ())]
    return [compiled(pattern.replace("<n>", _AMOUNT).replace("<length>", _LENGTH)) for pattern in parts]


_PROHIBITION: Final = _pattern("prohibition")
_RESTRICTION: Final = _pattern("restriction")
_DOCUMENTS: Final = _pattern("documents")
_AFTER: Final = _pattern("after")
_AFTER_SUFFIX: Final = _pattern("after_suffix")
_BEFORE: Final = _pattern("before")
_BEFORE_SUFFIX: Final = _pattern("before_suffix")
_WITHIN: Final = _pattern("within")
_DATED: Final = _pattern("dated")
_DATED_AFTER: Final = _pattern("dated_after")
_EXCLUDED: Final = _pattern("excluded")
_ANSWERING: Final = _pattern("answering")
_FREE: Final = _pattern("free")
_LIFTING: Final = _pattern("lifting")
_SOURCES: Final = _pattern("sources")
_BUDGET: Final = _pattern("budget")
_TOTAL: Final = _pattern("total")
_TERM_FORBIDDEN: Final = _pattern("term_forbidden")
_TERM_REQUIRED: Final = _pattern("term_required")
_LEAVE_OUT: Final = _pattern("leave_out")
_FORMATS: Final = {name: _pattern(name) for name in ("json", "no_bullets", "bullets", "no_markdown", "table")}
_CLASSES: Final = {name: _pattern(f"kinds_{name}") for name in ("money", "email", "url", "phone", "percent")}
_TOPICS: Final = {name: _pattern(f"topic_{name}") for name in ("date", "language", "format", "length", "tool", "term", "budget", "source")}
_TOPIC_OF: Final = {
    "date": "date", "language": "language", "format": "format", "max_length": "length", "min_length": "length", "max_items": "length",
    "tool_forbidden": "tool", "tool_required": "tool", "term_forbidden": "term", "term_required": "term", "values_forbidden": "term",
    "sources": "source", "budget": "budget",
}  # fmt: skip
_MAX_LENGTH, _MIN_LENGTH, _MAX_ITEMS = (_counting(key) for key in ("max_length", "min_length", "max_items"))
_TOOL_FORBIDDEN: Final = [compiled(p) for name in LANGUAGES for p in _GRAMMARS[name].get("tool_forbidden", ())]
_TOOL_REQUIRED: Final = [compiled(p) for name in LANGUAGES for p in _GRAMMARS[name].get("tool_required", ())]


# --- reading ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Draft:
    kind: str
    terms: tuple[str, ...] = ()
    amount: float | None = None
    first: Day = _FIRST
    last: Day = _LAST

    def made(self, sentence: str, role: str) -> Constraint:
        text = sentence.strip()[:TEXT]
        hashed = xxh3_64_intdigest(_folded(text).encode(errors="replace"), 9)
        return Constraint(self.kind, role, text, hashed, self.terms, self.amount, self.first, self.last)


def _dates(sentence: str, lowered: bytes) -> Iterator[_Draft]:
    """Only the documents dated after or before a day, or between two."""
    if not (_RESTRICTION.search(lowered) and _DOCUMENTS.search(lowered)):
        return
    for clause in _clauses(lowered):
        days = _days(clause)
        if len(days) == 1 and (span := _span(clause, *days[0])):
            yield _Draft("date", first=span[0], last=span[1])
        elif len(days) == 2 and _WITHIN.search(clause[: days[0][1]]) and not _PROHIBITION.search(clause[: days[0][1]]):
            yield _Draft("date", first=days[0][0], last=_ending(days[1][0]))


def _days(clause: bytes) -> list[tuple[Day, int, int]]:
    found = [((m.year, m.month, m.day), m.start, m.end) for m in dates.moments(clause, 8) if m.year]
    taken = [(start, end) for _, start, end in found]
    for number in numerals.numbers(clause, 8):
        inside = any(start <= number.start < end for start, end in taken)
        if number.bare and not inside and 1900 <= number.readings[0] <= 2150:
            found.append(((int(number.readings[0]), 0, 0), number.start, number.end))
    return sorted(found, key=lambda day: day[1])


def _span(clause: bytes, day: Day, start: int, end: int) -> tuple[Day, Day] | None:
    before, after = clause[max(0, start - 32) : start], clause[end : end + 24]
    forbids = bool(_PROHIBITION.search(clause[:start]))
    later = _adjacent(_AFTER, before) or bool(match := _AFTER_SUFFIX.search(after)) and match.start() <= 2
    earlier = _adjacent(_BEFORE, before) or bool(match := _BEFORE_SUFFIX.search(after)) and match.start() <= 2
    if later == earlier:
        return None
    if later != forbids:
        return day, _LAST
    return _FIRST, _ending(day)


def _adjacent(pattern: Any, before: bytes) -> bool:
    """The text before a date ends with the relation, an article or "the year" aside."""
    found = [match.end() for match in matches(pattern, before, 8)]
    return bool(found) and len(before[found[-1] :].split()) <= 2


def _ending(day: Day) -> Day:
    return day[0], day[1] or 99, day[2] or 99


def _language(sentence: str, lowered: bytes) -> Iterator[_Draft]:
    for word, code in _LANGUAGES.items():
        if word.encode() in lowered and any(_demands_language(match, lowered, word) for match in matches(_ANSWERING, lowered, 8)):
            yield _Draft("language", (code,))
            return


def _demands_language(match: Any, lowered: bytes, word: str) -> bool:
    return bool(_language_demand(word).search(lowered[match.start() : match.end() + 48]))


def _language_demand(word: str) -> Any:
    demand = _DEMANDS.get(word)
    if demand is None:
        ways = "|".join(pattern for name in LANGUAGES for pattern in _GRAMMARS[name].get("in_language", ()))
        demand = _DEMANDS[word] = compiled(ways.replace("<language>", word) or word)
    return demand


_DEMANDS: Final[dict[str, Any]] = {}


def _format(sentence: str, lowered: bytes) -> Iterator[_Draft]:
    for name, pattern in _FORMATS.items():
        if pattern.search(lowered):
            yield _Draft("format", (name,))
            return


def _lengths(sentence: str, lowered: bytes) -> Iterator[_Draft]:
    for kind, patterns in (("max_length", _MAX_LENGTH), ("min_length", _MIN_LENGTH)):
        for pattern in patterns:
            if match := pattern.search(lowered):
                yield _Draft(kind, (_LENGTHS[match[2].decode()],), _amount(match[1]))
                return


def _items(sentence: str, lowered: bytes) -> Iterator[_Draft]:
    for pattern in _MAX_ITEMS:
        if match := pattern.search(lowered):
            yield _Draft("max_items", (), _amount(match[1]))
            return


def _amount(written: bytes) -> float:
    text = written.decode()
    return float(text) if text.isdigit() else float(numerals.SPELLED.get(text) or numerals.chinese(text) or 1)


def _tools(sentence: str, lowered: bytes) -> Iterator[_Draft]:
    for kind, patterns in (("tool_forbidden", _TOOL_FORBIDDEN), ("tool_required", _TOOL_REQUIRED)):
        for pattern in patterns:
            names = [next(filter(None, match.groups()), b"").decode() for match in matches(pattern, lowered, 4)]
            if tools := tuple(_tool_name(name) for name in names if _looks_like_a_tool(name, lowered)):
                yield _Draft(kind, tools)
                break


def _looks_like_a_tool(name: str, lowered: bytes) -> bool:
    """A name with an underscore or dot inside, or one in backticks, or one that the word tool follows."""
    bare = name.strip("._-")
    encoded = bare.encode()
    return bool(bare) and ("_" in bare or b"`" + encoded + b"`" in lowered or encoded + b" tool" in lowered or encoded + b"` tool" in lowered)


def _tool_name(name: str) -> str:
    return name.lower().strip("._-`").rpartition(".")[2]


def _terms(sentence: str, lowered: bytes) -> Iterator[_Draft]:
    data = sentence.encode(errors="replace")
    for kind, pattern in (("term_forbidden", _TERM_FORBIDDEN), ("term_required", _TERM_REQUIRED)):
        if match := pattern.search(lowered):
            rest = data[match.end() :] if len(data) == len(lowered) else lowered[match.end() :]
            terms = [next(filter(None, found.groups())).decode(errors="replace") for found in matches(_QUOTED, rest, 8)]
            if not terms and kind == "term_forbidden":
                terms = [found.group().decode() for found in matches(_PROPER, rest, 8)]
            if chosen := tuple(term.strip().lower() for term in terms if len(term.strip()) >= 2):
                yield _Draft(kind, chosen)
                return


def _classes(sentence: str, lowered: bytes) -> Iterator[_Draft]:
    """Classes of values that are to be left out: prices, addresses, numbers to call."""
    if not _LEAVE_OUT.search(lowered):
        return
    for name, pattern in _CLASSES.items():
        for clause in _clauses(lowered):
            leave = _LEAVE_OUT.search(clause)
            if leave and (match := pattern.search(clause)) and len(clause[leave.end() : match.start()].split()) <= 3:
                yield _Draft("values_forbidden", (name,))
                break


def _allowed_sources(sentence: str, lowered: bytes) -> Iterator[_Draft]:
    domains = tuple(match.group().decode().removeprefix("www.") for match in matches(_DOMAIN, lowered, 16))
    if domains and _SOURCES.search(lowered) and not _PROHIBITION.search(lowered) and "@" not in sentence:
        yield _Draft("sources", domains)


def _budget(sentence: str, lowered: bytes) -> Iterator[_Draft]:
    if not (match := _BUDGET.search(lowered)):
        return
    for number in numerals.numbers(lowered, 8):
        if number.unit == "money" and 0 <= number.start - match.end() <= 12:
            yield _Draft("budget", (), number.readings[0])
            return


_Reader = Callable[[str, bytes], Iterator[_Draft]]
_READERS: Final[tuple[_Reader, ...]] = (_dates, _language, _format, _lengths, _items, _tools, _terms, _classes, _allowed_sources, _budget)


# --- checking --------------------------------------------------------------------------------------------------------


def _check_dates(rule: Constraint, text: str) -> Violation | None:
    """A document is used or cited with a date outside the allowed span."""
    for sentence in _sentences(text):
        lowered = _lowered(sentence)
        if _EXCLUDED.search(lowered):
            continue
        for day, start, end in _days(lowered):
            if not _outside(rule, day):
                continue
            if _DATED.search(lowered[max(0, start - 60) : start]) or _DATED_AFTER.search(lowered[end : end + 40]):
                return Violation(rule, "relies on a document dated outside the allowed span")
    return None


def _outside(rule: Constraint, day: Day) -> bool:
    """Earlier than the first or later than the last, as far as the day is said."""
    known = 3 if day[2] else 2 if day[1] else 1
    return day[:known] < rule.first[:known] or day[:known] > rule.last[:known]


def _check_language(rule: Constraint, text: str) -> Violation | None:
    spoken = language(text) if len(text) >= 40 else None
    return Violation(rule, "is written in another language") if spoken and spoken != rule.terms[0] else None


def _check_format(rule: Constraint, text: str) -> Violation | None:
    broken = _FORMAT_CHECKS[rule.terms[0]](text)
    return Violation(rule, "has another format") if broken else None


def _not_json(text: str) -> bool:
    body = text.strip()
    if body.startswith("```"):
        body = body.removeprefix("```json").strip("`").strip()
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return True
    return False


_BULLET: Final = exact(r"(?m)^\s*(?:[-*•‣▪–]|\d{1,3}[.)])\s+\S")
_MARKDOWN: Final = exact(r"(?m)^#{1,6}\s+\S|\*\*[^*\n]+\*\*|^\s*\|.*\|\s*$|```")
_TABLE: Final = exact(r"(?m)^\s*\|.*\|.*$|<table|\t")
_FORMAT_CHECKS: Final[dict[str, Callable[[str], bool]]] = {
    "json": _not_json,
    "bullets": lambda text: not _BULLET.search(text.encode(errors="replace")) and len(text) > 200,
    "no_bullets": lambda text: len(_BULLET.findall(text.encode(errors="replace"))) >= 2,
    "no_markdown": lambda text: bool(_MARKDOWN.search(text.encode(errors="replace"))),
    "table": lambda text: not _TABLE.search(text.encode(errors="replace")) and len(text) > 200,
}


def _check_max_length(rule: Constraint, text: str) -> Violation | None:
    length, limit = _length(text, rule.terms[0]), rule.amount or 0
    slack = max(1.15 * limit, limit + 2) if rule.terms[0] in ("words", "characters") else limit + 1
    return Violation(rule, f"is longer than {limit:.0f} {rule.terms[0]}") if length > slack else None


def _check_min_length(rule: Constraint, text: str) -> Violation | None:
    length, limit = _length(text, rule.terms[0]), rule.amount or 0
    return Violation(rule, f"is shorter than {limit:.0f} {rule.terms[0]}") if length < 0.7 * limit else None


def _length(text: str, unit: str) -> int:
    if unit == "words":
        return len(text.split())
    if unit == "characters":
        return len(text.strip())
    if unit == "sentences":
        return sum(1 for sentence in _sentences(text) if len(sentence.strip()) > 3)
    return sum(1 for part in text.split("\n\n" if unit == "paragraphs" else "\n") if part.strip())


def _check_items(rule: Constraint, text: str) -> Violation | None:
    listed = _BULLET.findall(text.encode(errors="replace"))
    top = [item for item in listed if not item.lstrip(b"\n").startswith((b"  ", b"\t"))]
    return Violation(rule, "lists more items than allowed") if len(top) > (rule.amount or 0) + 0.5 else None


def _check_forbidden(rule: Constraint, text: str) -> Violation | None:
    lowered = text.lower()
    for term in rule.terms:
        at = _occurrence(lowered, term)
        if at >= 0 and not _EXCLUDED.search(_around(lowered, at)):
            return Violation(rule, "uses a term that the instructions forbid", at, at + len(term))
    return None


def _check_required(rule: Constraint, text: str) -> Violation | None:
    lowered = text.lower()
    return Violation(rule, "lacks a term that the instructions require") if not any(term in lowered for term in rule.terms) else None


def _occurrence(lowered: str, term: str) -> int:
    at = lowered.find(term)
    for _ in range(64):
        if at < 0:
            return -1
        before, after = lowered[at - 1 : at], lowered[at + len(term) : at + len(term) + 1]
        if not term.isascii() or not (before.isalnum() or after.isalnum()):
            return at
        at = lowered.find(term, at + 1)
    return -1


def _around(lowered: str, at: int) -> bytes:
    start = max(lowered.rfind(mark, 0, at) for mark in ".!?\n。") + 1
    end = min((found for mark in ".!?\n。" if (found := lowered.find(mark, at)) >= 0), default=len(lowered))
    return _lowered(lowered[start:end])


_PHONE: Final = exact(r"(?:\+\d{1,3}[ .-]?)?\(?\d{2,5}\)?[ .-]\d{3,4}[ .-]?\d{3,4}\b")


def _check_values(rule: Constraint, text: str) -> Violation | None:
    """A value of a forbidden class stands in the completion."""
    data = values.narrow(text).encode(errors="replace")
    name = rule.terms[0]
    if name in ("money", "percent"):
        hit = any(number.unit == name for number in numerals.numbers(data, 256))
    elif name == "phone":
        hit = bool(_PHONE.search(data))
    else:
        found = [data[start:end] for start, end in values.links(data, 64)]
        hit = any((b"@" in link) == (name == "email") for link in found)
    return Violation(rule, "states what the instructions want left out") if hit else None


def _check_sources(rule: Constraint, text: str) -> Violation | None:
    data = text.encode(errors="replace")
    for start, end in values.links(data, 64):
        link = data[start:end].decode(errors="replace")
        if "://" in link and not _within(link, rule.terms):
            return Violation(rule, "cites an address outside the allowed sources")
    return None


def _within(link: str, domains: Sequence[str]) -> bool:
    host = link.lower().partition("://")[2].partition("/")[0].partition(":")[0]
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def _check_budget(rule: Constraint, text: str) -> Violation | None:
    for sentence in _sentences(text):
        lowered = _lowered(sentence)
        if not _TOTAL.search(lowered) or _EXCLUDED.search(lowered) or b"budget" in lowered:
            continue
        if any(n.unit == "money" and n.readings[0] > (rule.amount or 0) for n in numerals.numbers(lowered, 16)):
            return Violation(rule, "states a cost above the budget")
    return None


_CHECKS: Final[dict[str, Callable[[Constraint, str], Violation | None]]] = {
    "date": _check_dates,
    "language": _check_language,
    "format": _check_format,
    "max_length": _check_max_length,
    "min_length": _check_min_length,
    "max_items": _check_items,
    "term_forbidden": _check_forbidden,
    "term_required": _check_required,
    "values_forbidden": _check_values,
    "sources": _check_sources,
    "budget": _check_budget,
}

_LOWER_BOUND: Final = ("after", "since", "from", "start", "min", "begin", "newer", "gte")
_UPPER_BOUND: Final = ("before", "until", "to_", "end", "max", "older", "lte")
_PRICE: Final = ("amount", "price", "cost", "total", "budget", "payment")


def _argument_breaks(rule: Constraint, name: str, value: object) -> str | None:
    if rule.kind == "date" and isinstance(value, str) and len(value) <= 40:
        for day, _, _ in _days(value.lower().encode(errors="replace")):
            if any(word in name for word in _LOWER_BOUND) and _before(day, rule.first):
                return "asks for documents older than allowed"
            if any(word in name for word in _UPPER_BOUND) and _before(rule.last, day):
                return "asks for documents newer than allowed"
    if rule.kind == "sources" and isinstance(value, str) and "://" in value and not _within(value, rule.terms):
        return "opens an address outside the allowed sources"
    if rule.kind == "budget" and isinstance(value, int | float) and not isinstance(value, bool):
        return "spends more than the budget" if any(word in name for word in _PRICE) and value > (rule.amount or 0) else None
    return None


def _before(one: Day, other: Day) -> bool:
    known = 3 if one[2] and other[2] else 2 if one[1] and other[1] else 1
    return one[:known] < other[:known]


def _arguments(arguments: object) -> object:
    if isinstance(arguments, str):
        try:
            return msgspec.json.decode(arguments)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return None
    return arguments


def _sentences(text: str) -> Iterator[str]:
    for match in matches(_SENTENCE, text.encode(errors="replace"), 400):
        if sentence := match.group().decode(errors="replace").strip():
            yield sentence


def _clauses(lowered: bytes) -> Iterator[bytes]:
    for match in matches(_CLAUSE, lowered, 24):
        yield match.group()


def _lowered(text: str) -> bytes:
    return values.narrow(text).lower().replace("'", "’").encode(errors="replace")


def _folded(text: str) -> str:
    return " ".join(text.lower().split())
