"""What instructions forbid, demand or limit.

Read from system and user messages, sentence by sentence, with the word lists of the message's language. What no reader
understands but sounds like a rule is kept with kind `free`, for its displacement from the context, and stays unchecked.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from xxhash import xxh3_64_intdigest, xxh3_128_digest

from otelagent.reading import numerals, violations
from otelagent.reading.language import likely
from otelagent.reading.lexicon import LANGUAGES, compiled, exact, folded, grammar, listed, matches, pattern, words
from otelagent.reading.sentences import Day, clauses, days, sentences
from otelagent.reading.values import window
from otelagent.reading.violations import Violation, violated, violated_by_call

__all__ = ("Constraint", "Violation", "constraints", "lifted", "violated", "violated_by_call")

LIMIT: Final = 32
"""Constraints per message."""
TEXT: Final = 240
"""Characters of a constraint's text that are kept."""
FIRST: Final[Day] = (0, 0, 0)
LAST: Final[Day] = (9999, 99, 99)


@dataclass(frozen=True, slots=True)
class Constraint:
    """One rule. `text`: its sentence as written (captured content, never for logs), `hash`: that of its folded form."""

    kind: str
    """date, language, format, max_length, min_length, max_items, tool_forbidden, tool_required, term_forbidden,
    term_required, values_forbidden, sources, budget or free."""
    role: str
    text: str
    hash: int
    terms: tuple[str, ...] = ()
    """Lower case: tools, terms, domains, a class of values, a language, a format, the unit of a length."""
    amount: float | None = None
    first: Day = FIRST
    last: Day = LAST

    @property
    def checked(self) -> bool:
        """There is a checker for it; without one nothing is said about it but its displacement."""
        return violations.checkable(self.kind)

    def check(self, completion: str) -> Violation | None:
        """What in a completion clearly breaks it."""
        return violated(self, completion)

    def stands_in(self, text: str) -> bool:
        """The rule's sentence occurs in a text, white space and case aside."""
        return _squeezed(self.text) in _squeezed(text)


@dataclass(frozen=True, slots=True)
class _Draft:
    kind: str
    terms: tuple[str, ...] = ()
    amount: float | None = None
    first: Day = FIRST
    last: Day = LAST

    def made(self, sentence: str, role: str) -> Constraint:
        text = sentence.strip()[:TEXT]
        hashed = xxh3_64_intdigest(_squeezed(text).encode(errors="replace"), 9)
        return Constraint(self.kind, role, text, hashed, self.terms, self.amount, self.first, self.last)


@dataclass(frozen=True, slots=True)
class _Sentence:
    written: str
    lowered: bytes
    language: str

    def find(self, key: str) -> Any:
        return pattern("constraints", self.language, key).search(self.lowered)


def constraints(text: str, role: Literal["system", "user"]) -> tuple[Constraint, ...]:
    """The rules that a message states, at most `LIMIT`; a sentence may state several. A repeated text is read once."""
    key = xxh3_128_digest(f"{role} {text}".encode(errors="replace"))
    if (known := _KNOWN.get(key)) is None:
        if len(_KNOWN) >= _KNOWN_LIMIT:
            _KNOWN.clear()
        known = _KNOWN[key] = _constraints(text, role)
    return known


_KNOWN: Final[dict[bytes, tuple[Constraint, ...]]] = {}
_KNOWN_LIMIT: Final = 256


def _constraints(text: str, role: str) -> tuple[Constraint, ...]:
    found: dict[tuple[object, ...], Constraint] = {}
    shown = window(text)[0]
    languages = likely(shown, slack=1)
    for data in sentences(shown.encode(errors="replace")):
        written = data.decode(errors="replace")
        for language in dict.fromkeys((*languages, *likely(written, slack=1))):
            for made in _read(_Sentence(written, _lowered(written), language), role):
                found.setdefault((made.kind, made.hash, made.terms), made)
        if len(found) >= LIMIT:
            break
    return tuple(found.values())[:LIMIT]


def _read(sentence: _Sentence, role: str) -> list[Constraint]:
    asked = sentence.written.endswith(("?", "？"))
    readers = _OF_THE_ANSWER if asked else (*_OF_THE_ANSWER, *_OF_THE_WORK)
    drafts = [draft for read in readers for draft in read(sentence)]
    if not drafts and not asked and len(sentence.written) >= 8 and sentence.find("free"):
        drafts = [_Draft("free")]
    if any(draft.kind.startswith("tool") for draft in drafts):
        drafts = [draft for draft in drafts if not draft.kind.startswith("term")]
    return [draft.made(sentence.written, role) for draft in drafts]


# --- one reader for each kind ----------------------------------------------------------------------------------------


def _dates(sentence: _Sentence) -> Iterator[_Draft]:
    """Only the documents dated after or before a day, or between two."""
    if not (sentence.find("restriction") and sentence.find("documents")):
        return
    for clause in clauses(sentence.lowered):
        told = days(clause)
        if len(told) == 1 and (span := _span(clause, sentence.language, *told[0])):
            yield _Draft("date", first=span[0], last=span[1])
        elif len(told) == 2 and _between(clause[: told[0][1]], sentence.language):
            yield _Draft("date", first=told[0][0], last=_ending(told[1][0]))


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


def _language(sentence: _Sentence) -> Iterator[_Draft]:
    for word, code in _LANGUAGE_NAMES.items():
        if word.encode() in sentence.lowered:
            demand = _demand(sentence.language, word)
            for match in matches(pattern("constraints", sentence.language, "answering"), sentence.lowered, 8):
                if demand.search(sentence.lowered[max(0, match.start() - 48) : match.end() + 48]):
                    yield _Draft("language", (code,))
                    return


def _format(sentence: _Sentence) -> Iterator[_Draft]:
    for name in ("json", "no_bullets", "no_table", "no_emoji", "bullets", "no_markdown", "table"):
        if sentence.find(name):
            yield _Draft("format", (name,))
            return


def _lengths(sentence: _Sentence) -> Iterator[_Draft]:
    if sentence.find("of_a_part"):
        return
    for kind in ("max_length", "min_length"):
        for each in _counting(sentence.language, kind):
            if match := each.search(sentence.lowered):
                yield _Draft(kind, (_LENGTHS[match[2].decode()],), _amount(match[1]))
                return


def _items(sentence: _Sentence) -> Iterator[_Draft]:
    for each in _counting(sentence.language, "max_items"):
        if match := each.search(sentence.lowered):
            yield _Draft("max_items", (), _amount(match[1]))
            return


def _tools(sentence: _Sentence) -> Iterator[_Draft]:
    for kind in ("tool_forbidden", "tool_required"):
        names = [
            next(filter(None, match.groups()), b"").decode(errors="replace")
            for match in matches(pattern("constraints", sentence.language, kind), sentence.lowered, 4)
        ]
        tools = tuple(violations.tool_name(name) for name in names if _is_tool(name, sentence.lowered))
        if tools:
            yield _Draft(kind, tools)
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


def _terms(sentence: _Sentence) -> Iterator[_Draft]:
    data = sentence.written.encode(errors="replace")
    for kind in ("term_forbidden", "term_required"):
        if rule := sentence.find(kind):
            terms = [next(filter(None, match.groups())).decode(errors="replace") for match in matches(_QUOTED, data, 8)]
            if not terms and kind == "term_forbidden" and sentence.language in ("zh", "ja"):
                terms = _named(sentence)
            elif not terms and kind == "term_forbidden":
                found = [match[1].decode(errors="replace") for match in matches(_PROPER, data, 8)]
                terms = [name for each in found if len(name := _named_after(rule.group(), each)) > _INITIALS]
            terms += [rest for term in terms if (rest := _bare(term))]
            chosen = tuple(dict.fromkeys(term.strip().lower() for term in terms if len(term.strip()) >= 2))
            if chosen and not _is_tool(chosen[0], b""):
                yield _Draft(kind, chosen)
                return


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


def _named(sentence: _Sentence) -> list[str]:
    """Terms in scripts without capitals; a class of values is no term."""
    if any(sentence.find(f"kinds_{name}") for name in _KINDS):
        return []
    found = pattern("constraints", sentence.language, "term_named")
    return [match[1].decode(errors="replace") for match in matches(found, sentence.lowered, 8)]


def _classes(sentence: _Sentence) -> Iterator[_Draft]:
    """A class of values that is to be left out: prices, addresses, telephone numbers."""
    for name in _KINDS:
        if sentence.find(f"kinds_{name}") and any(
            _left_out(clause, name, sentence.language) for clause in clauses(sentence.lowered)
        ):
            yield _Draft("values_forbidden", (name,))


def _left_out(clause: bytes, name: str, language: str) -> bool:
    leave = pattern("constraints", language, "leave_out").search(clause)
    kind = pattern("constraints", language, f"kinds_{name}").search(clause)
    if not leave or not kind:
        return False
    first, second = sorted((leave, kind), key=lambda match: int(match.start()))
    if first is kind and language not in ("ja", "de"):
        return False
    return len(clause[first.end() : second.start()].split()) <= 2 and len(clause[first.end() : second.start()]) <= 24


def _sources(sentence: _Sentence) -> Iterator[_Draft]:
    domains = tuple(match.group().decode().removeprefix("www.") for match in matches(_DOMAIN, sentence.lowered, 16))
    if domains and sentence.find("sources") and "@" not in sentence.written:
        if sentence.language not in ("fr", "zh", "ja") and sentence.find("prohibition"):
            return
        yield _Draft("sources", domains)


def _budget(sentence: _Sentence) -> Iterator[_Draft]:
    for match in matches(pattern("constraints", sentence.language, "budget"), sentence.lowered, 4):
        for start, _, number in numerals.numbers(sentence.lowered, 8):
            if number.unit == "money" and 0 <= start - match.end() <= 12:
                yield _Draft("budget", (), number.readings[0])
                return


_Reader = Callable[[_Sentence], Iterator[_Draft]]
_OF_THE_ANSWER: Final[tuple[_Reader, ...]] = (_language, _format, _lengths)
"""May be asked for politely, in a question."""
_OF_THE_WORK: Final[tuple[_Reader, ...]] = (_dates, _items, _tools, _terms, _classes, _sources, _budget)


# --- lifting ---------------------------------------------------------------------------------------------------------

_TOPIC: Final = {
    "date": "date",
    "language": "language",
    "format": "format",
    "max_length": "length",
    "min_length": "length",
    "max_items": "length",
    "tool_forbidden": "tool",
    "tool_required": "tool",
    "term_forbidden": "term",
    "term_required": "term",
    "values_forbidden": "term",
    "sources": "source",
    "budget": "budget",
}
_REPLACED: Final = frozenset(
    ("date", "language", "format", "max_length", "min_length", "max_items", "sources", "budget")
)


def lifted(standing: Iterable[Constraint], user_text: str) -> tuple[Constraint, ...]:
    """The rules that a later user message takes back, or replaces by another of their kind."""
    standing = tuple(standing)
    if not standing:
        return ()
    shown = window(user_text)[0]
    replaced = {made.kind for made in constraints(shown, "user")} & _REPLACED
    permitted = _permitted(standing, shown)
    taken: list[bytes] = []
    topics: set[str] = set()
    for language in likely(shown, slack=1):
        lifting = pattern("constraints", language, "lifting")
        parts = [part for sentence in sentences(_lowered(shown)) for part in sentence.split(b": ")]
        here = [part for part in parts if not _asked(part) and lifting.search(part)]
        taken += here
        topics |= {topic for topic in _TOPIC.values() if _about(topic, language, here)}
    return tuple(
        rule
        for rule in standing
        if rule.kind in replaced or rule in permitted or (taken and _concerned(rule, topics, taken))
    )


def _permitted(standing: Iterable[Constraint], shown: str) -> list[Constraint]:
    """Forbidden tools that the user permits by name, without a word that forbids beside it."""
    forbidden = [rule for rule in standing if rule.kind == "tool_forbidden"]
    if not forbidden:
        return []
    said = [
        sentence
        for language in likely(shown, slack=1)
        for sentence in sentences(_lowered(shown))
        if pattern("constraints", language, "permits").search(sentence)
        and not pattern("constraints", language, "prohibition").search(sentence)
    ]
    return [rule for rule in forbidden if any(term.encode() in sentence for term in rule.terms for sentence in said)]


def _asked(sentence: bytes) -> bool:
    return sentence.endswith(b"?")


def _about(topic: str, language: str, taken: list[bytes]) -> bool:
    return any(pattern("constraints", language, f"topic_{topic}").search(sentence) for sentence in taken)


def _concerned(rule: Constraint, topics: set[str], taken: list[bytes]) -> bool:
    """What is lifted is about the rule; a lifting that names nothing is about all that the user asked for."""
    if any(term.encode() in sentence for term in rule.terms for sentence in taken):
        return True
    if rule.kind == "free":
        return bool(_long_words(_lowered(rule.text)) & _long_words(b" ".join(taken)))
    return _TOPIC[rule.kind] in topics if topics else rule.role == "user"


def _long_words(data: bytes) -> set[bytes]:
    return {word for word in _WORD.findall(data) if len(word) >= 5}


# --- patterns --------------------------------------------------------------------------------------------------------

_WORD: Final = exact(r"[\pL\pN]+")
_QUOTED: Final = exact(
    r"\"([^\"\n]{1,60})\"|“([^”\n]{1,60})”|«\s?([^»\n]{1,60}?)\s?»|„([^“”\n]{1,60})[“”]|`([^`\n]{1,60})`"
    r"|[「『]([^」』\n]{1,40})[」』]|(?:^|[\s(])'([^'\n]{2,60})'|‘([^’\n]{2,60})’"
)
_PROPER: Final = exact(r"[^\s.!?]\s+(\p{Lu}[\pL\pN&-]+(?:\s\p{Lu}[\pL\pN&-]*){0,4})")
_DOMAIN: Final = exact(
    r"\b(?:[a-z0-9](?:[a-z0-9-]{0,40})\.)+(?:com|org|net|edu|gov|int|io|eu|info|co|ai|dev|app|de|fr|es|pt|br|cn|jp|uk|us|ch|at|it"
    r"|nl|se|no|dk|fi|pl|in|ca|au|mx|ar|example|test|mil|biz|news|me|tv)\b(?:\.[a-z]{2}\b)?"
)


def _merged(key: str) -> dict[str, str]:
    return {
        folded(word): meaning for name in LANGUAGES for word, meaning in words("constraints", name).get(key, {}).items()
    }


_LENGTHS: Final = _merged("length")
_LANGUAGE_NAMES: Final = _merged("languages")
_ONE: Final = ("one", "a single", "ein", "einem", "einen", "un", "une", "una", "um", "uma")
_COUNT: Final = "|".join(
    ("\\d{1,6}", *sorted(numerals.SPELLED, key=len, reverse=True), *_ONE, "[一二三四五六七八九十百]{1,4}")
)
_UNITS: Final = "|".join(sorted(_LENGTHS, key=len, reverse=True))
_BUILT: Final[dict[tuple[str, str], Any]] = {}


def _counting(language: str, key: str) -> list[Any]:
    """Patterns of lengths and counts, with their numbers and units filled in."""
    if (language, key) not in _BUILT:
        found = _lists(language, key)
        filled = [each.replace("<n>", f"(?:{_COUNT})").replace("<length>", f"(?:{_UNITS})") for each in found]
        _BUILT[language, key] = [compiled(each) for each in filled]
    built: list[Any] = _BUILT[language, key]
    return built


def _demand(language: str, word: str) -> Any:
    if (language, word) not in _BUILT:
        _BUILT[language, word] = compiled("|".join(_lists(language, "in_language")).replace("<language>", word))
    return _BUILT[language, word]


def _lists(language: str, key: str) -> list[str]:
    return grammar("constraints", language).get(key, [])


def _amount(written: bytes) -> float:
    text = written.decode()
    if text.isdigit():
        return float(text)
    return float(numerals.SPELLED.get(text) or (not text.isascii() and numerals.chinese(text)) or 1)


def _lowered(text: str) -> bytes:
    return folded(text).encode(errors="replace")


def _squeezed(text: str) -> str:
    return " ".join(folded(text).split())
