"""Rules about the work: documents' dates, tools, terms, kinds of values, sources, numbers of items and budgets."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from otelagent.reading import numerals, violations
from otelagent.reading.lexicon import data, exact, folded, listed, matches, pattern
from otelagent.reading.rule_draft import FIRST, LAST, Draft, RuleSentence, amount, counting
from otelagent.reading.sentences import Day, clauses, days

_QUOTED: Final = exact(
    r"\"([^\"\n]{1,60})\"|“([^”\n]{1,60})”|«\s?([^»\n]{1,60}?)\s?»|„([^“”\n]{1,60})[“”]|`([^`\n]{1,60})`"
    r"|[「『]([^」』\n]{1,40})[」』]|(?:^|[\s(])'([^'\n]{2,60})'|‘([^’\n]{2,60})’"
)
_PROPER: Final = exact(r"[^\s.!?]\s+(\p{Lu}[\pL\pN&-]+(?:\s\p{Lu}[\pL\pN&-]*){0,4})")
_DOMAIN: Final = exact(
    r"\b(?:[a-z0-9](?:[a-z0-9-]{0,40})\.)+(?:com|org|net|edu|gov|int|io|eu|info|co|ai|dev|app|de|fr|es|pt|br|cn|jp|uk|us|ch|at|it"
    r"|nl|se|no|dk|fi|pl|in|ca|au|mx|ar|example|test|mil|biz|news|me|tv)\b(?:\.[a-z]{2}\b)?"
)


def _dates(sentence: RuleSentence) -> Iterator[Draft]:
    """Only the documents dated after or before a day, or between two."""
    if not (sentence.find("restriction") and sentence.find("documents")):
        return
    for clause in clauses(sentence.lowered):
        told = days(clause)
        if len(told) == 1 and (span := _span(clause, sentence.language, *told[0])):
            yield Draft("date", first=span[0], last=span[1])
        elif len(told) == 2 and _between(clause[: told[0][1]], sentence.language):
            yield Draft("date", first=told[0][0], last=_ending(told[1][0]))


def _between(before: bytes, language: str) -> bool:
    within = pattern("constraints", language, "within").search(before)
    return bool(within) and not pattern("constraints", language, "prohibition").search(before)


def _span(clause: bytes, language: str, day: Day, start: int, end: int) -> tuple[Day, Day] | None:
    before, after = clause[max(0, start - 32) : start], clause[end : end + 32]
    later = _adjacent("after", language, before, after)
    earlier = _adjacent("before", language, before, after)
    if later == earlier:
        return None
    later = later > earlier
    forbidden = pattern("constraints", language, "prohibition").search(clause[:start] if language != "ja" else clause)
    return (day, LAST) if later != bool(forbidden) else (FIRST, _ending(day))


def _adjacent(relation: str, language: str, before: bytes, after: bytes) -> int:
    """How near the relation stands before or after the date, an article or "the year" aside; 0: it doesn't. Of "from
    before" the second word is the nearer."""
    ends = [match.end() for match in matches(pattern("constraints", language, relation), before, 8)]
    if ends and len(before[ends[-1] :].split()) <= 2:
        return int(ends[-1]) + 1
    match = pattern("constraints", language, f"{relation}_suffix").search(after)
    return len(before) + 1 if match and match.start() <= 3 else 0


def _ending(day: Day) -> Day:
    return day[0], day[1] or 99, day[2] or 99


def _items(sentence: RuleSentence) -> Iterator[Draft]:
    for each in counting(sentence.language, "max_items"):
        if match := each.search(sentence.lowered):
            yield Draft("max_items", (), amount(match[1]))
            return


def _tools(sentence: RuleSentence) -> Iterator[Draft]:
    for kind in ("tool_forbidden", "tool_required"):
        names = [
            next(filter(None, match.groups()), b"").decode(errors="replace")
            for match in matches(pattern("constraints", sentence.language, kind), sentence.lowered, 4)
        ]
        tools = tuple(violations.tool_name(name) for name in names if _is_tool(name, sentence.lowered))
        if tools:
            yield Draft(kind, tools)
            return


_TOOL_WORDS: Final = ("tool", "outil", "herramienta", "ferramenta", "werkzeug", "function", "funktion")
_TOOL_MARKS: Final = (
    *("’%s’", '"%s"', "“%s”", "„%s“", "«%s»", "「%s」", "%s tool", "’%s’ tool"),
    *(f"{word} %s" for word in _TOOL_WORDS),
    *("工具%s", "%s工具", "%s ツール", "ツール%s", "%sツール"),
)


def _is_tool(name: str, lowered: bytes) -> bool:
    """A name with an underscore or dot inside, or in quotation marks, or with the word tool beside it."""
    bare = name.strip("._-")
    if not bare or bare.isdigit():
        return False
    written = bare.encode(errors="replace")
    return b"_" in written or any((mark % bare).encode(errors="replace") in lowered for mark in _TOOL_MARKS)


_KINDS: Final = ("money", "email", "url", "phone", "percent")


def _terms(sentence: RuleSentence) -> Iterator[Draft]:
    data = sentence.written.encode(errors="replace")
    for kind in ("term_forbidden", "term_required"):
        if rule := sentence.find(kind):
            terms = [next(filter(None, match.groups())).decode(errors="replace") for match in matches(_QUOTED, data, 8)]
            if not terms and kind == "term_forbidden" and sentence.language in ("zh", "ja"):
                terms = _named(sentence)
            elif not terms and kind == "term_forbidden":
                found = [
                    match[1].decode(errors="replace")
                    for match in matches(_PROPER, data, 8)
                    if not _excepted(data[: match.start(1)], sentence.language)
                ]
                terms = [name for each in found if len(name := _named_after(rule.group(), each)) > _INITIALS]
            terms += [rest for term in terms if (rest := _bare(term))]
            chosen = tuple(dict.fromkeys(term.strip().lower() for term in terms if len(term.strip()) >= 2))
            if chosen and not _is_tool(chosen[0], b""):
                yield Draft(kind, chosen)
                return


def _excepted(before: bytes, language: str) -> bool:
    """A name that is to be there, or in which something is: "prices without VAT"."""
    words = folded(before[-_BEFORE:].decode(errors="ignore")).split()
    return bool(words) and bool(pattern("constraints", language, "qualified").search(f" {words[-1]}".encode()))


_BEFORE: Final = 24


def _named_after(rule: bytes, name: str) -> str:
    """A name without the words that are the rule's own: German writes nouns like names."""
    told = rule.decode(errors="replace").split()
    parts = name.split()
    while parts and folded(parts[0].lower()) in told:
        del parts[0]
    return " ".join(parts)


_INITIALS: Final = 2
"""Letters of a name that is too short to be looked for: "US" stands in any text."""
_GENERIC: Final = frozenset(listed("constraints", "generic"))


def _bare(term: str) -> str | None:
    """A name without the word for what it names."""
    first, _, rest = term.partition(" ")
    return rest if rest and first.lower() in _GENERIC else None


def _named(sentence: RuleSentence) -> list[str]:
    """Terms in scripts without capitals; a class of values is no term."""
    if any(sentence.find(f"kinds_{name}") for name in _KINDS):
        return []
    found = pattern("constraints", sentence.language, "term_named")
    return [match[1].decode(errors="replace") for match in matches(found, sentence.lowered, 8)]


def _classes(sentence: RuleSentence) -> Iterator[Draft]:
    """A class of values that is to be left out: prices, addresses, telephone numbers."""
    for name in _KINDS:
        if sentence.find(f"kinds_{name}") and any(
            _left_out(clause, name, sentence.language) for clause in clauses(sentence.lowered)
        ):
            yield Draft("values_forbidden", (name,))


def _left_out(clause: bytes, name: str, language: str) -> bool:
    leave = pattern("constraints", language, "leave_out").search(clause)
    kind = pattern("constraints", language, f"kinds_{name}").search(clause)
    if not leave or not kind or _qualified(clause, kind, language):
        return False
    first, second = sorted((leave, kind), key=lambda match: int(match.start()))
    if first is kind and language not in ("ja", "de"):
        return False
    return len(clause[first.end() : second.start()].split()) <= 2 and len(clause[first.end() : second.start()]) <= 24


def _qualified(clause: bytes, kind: Any, language: str) -> bool:
    """Not the whole class is meant: "prices without VAT", "prices in dollars"."""
    found = pattern("constraints", language, "qualified")
    return bool(found.search(clause[kind.end() :]) or found.search(clause[: kind.start()]))


def _currencies(sentence: RuleSentence) -> Iterator[Draft]:
    """A currency in which nothing is to be told."""
    forbidden = pattern("constraints", sentence.language, "prohibition")
    for clause in clauses(sentence.lowered):
        if (rule := forbidden.search(clause)) is None or any(map(bytes.isdigit, clause.split())):
            continue
        told = clause if sentence.language == "ja" else clause[rule.end() :]
        for words in _CURRENCIES:
            if any(_stands(word, told) for word in words):
                yield Draft("term_forbidden", words)
                return


def _stands(word: str, told: bytes) -> bool:
    written = folded(word).encode()
    at = told.find(written) if any(map(str.isalpha, word)) else -1
    return at >= 0 and not (written[-1:].isalpha() and told[at + len(written) : at + len(written) + 1].isalpha())


_CURRENCIES: Final = tuple(tuple(words) for words in data("currencies").values())


def _sources(sentence: RuleSentence) -> Iterator[Draft]:
    domains = tuple(match.group().decode().removeprefix("www.") for match in matches(_DOMAIN, sentence.lowered, 16))
    if domains and sentence.find("sources") and "@" not in sentence.written:
        if sentence.language not in ("fr", "zh", "ja") and sentence.find("prohibition"):
            return
        yield Draft("sources", domains)


def _budget(sentence: RuleSentence) -> Iterator[Draft]:
    for match in matches(pattern("constraints", sentence.language, "budget"), sentence.lowered, 4):
        for start, _, number in numerals.numbers(sentence.lowered, 8):
            if number.unit == "money" and 0 <= start - match.end() <= 12:
                yield Draft("budget", (), number.readings[0])
                return


def _price(sentence: RuleSentence) -> Iterator[Draft]:
    """A limit of what one thing may cost."""
    if not (sentence.find("each_of") and sentence.find("within_price")):
        return
    money = [n.readings[0] for _, _, n in numerals.numbers(sentence.lowered, 8) if n.unit == "money"]
    if money:
        yield Draft("price_limit", (), money[0])


def _order(sentence: RuleSentence) -> Iterator[Draft]:
    """A tool that is to be called before another."""
    told = [(match.start(), match.group().decode()) for match in matches(_TOOL, sentence.lowered, 4)]
    mark = sentence.find("first")
    if mark is None or len({name for _, name in told}) != _PAIR:
        return
    if sentence.language in ("zh", "ja"):
        later = next((name for at, name in reversed(told) if at < mark.start()), None)
    else:
        later = next((name for at, name in told if at > mark.start()), None)
    earlier = next(name for _, name in told if name != later)
    if later is not None:
        yield Draft("tool_before", (violations.tool_name(earlier), violations.tool_name(later)))


_TOOL: Final = exact(r"\b[a-z0-9]+(?:_[a-z0-9]+)+\b")
_PAIR: Final = 2


OF_THE_WORK: Final[tuple[Callable[[RuleSentence], Iterator[Draft]], ...]] = (
    _dates,
    _items,
    _tools,
    _terms,
    _classes,
    _currencies,
    _sources,
    _budget,
    _price,
    _order,
)
