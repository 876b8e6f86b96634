"""Rules on terms: words not to be used, names not to be mentioned, lines that an answer has to hold."""

from collections.abc import Iterator
from itertools import takewhile
from typing import Final

from otelagent.reading.constraints.constraint import (
    Constraint,
    Draft,
    Sentence,
    Violation,
    excluded,
    lowered,
    said,
    shared,
)
from otelagent.reading.constraints.tools import is_tool
from otelagent.reading.constraints.withheld import names_class
from otelagent.reading.language import likely
from otelagent.reading.lexicon import exact, folded, listed, matches, pattern

_QUOTED: Final = exact(
    r"\"([^\"\n]{1,60})\"|“([^”\n]{1,60})”|«\s?([^»\n]{1,60}?)\s?»|„([^“”\n]{1,60})[“”]|`([^`\n]{1,60})`"
    r"|[「『]([^」』\n]{1,40})[」』]|(?:^|[\s(])'([^'\n]{2,60})'|‘([^’\n]{2,60})’"
)
_PROPER: Final = exact(r"[^\s.!?]\s+(\p{Lu}[\pL\pN&-]+(?:\s\p{Lu}[\pL\pN&-]*){0,4})")
_TITLE: Final = exact(r"\b(Dr|Dra|Prof|Mr|Mrs|Ms|Sr|Sra|M)\.\s")
_PART: Final = exact(r"[,;:.–—，；：。、]")
_LONGER: Final = exact(r"[\pL\pN]{2,}\s+[\pL\pN]+|[\pL\pN]{6,}|\p{Han}{3,}|[\p{Hiragana}\p{Katakana}]{4,}")
"""More than a word between two terms of a list."""
_LEADS: Final = 2
"""Words that a rule begins with and may be written like a name."""
_INITIALS: Final = 2
"""Letters of a name that is too short to be looked for: "US" stands in any text."""
_GENERIC: Final = frozenset(listed("constraints", "generic"))
_DAYS: Final = frozenset(listed("constraints", "days"))
_UNSPACED: Final = ("zh", "ja")


def read(sentence: Sentence) -> Iterator[Draft]:
    """The terms of a sentence that forbids or demands some."""
    data = _TITLE.sub(rb"\1 ", sentence.written.encode(errors="replace"))
    if sentence.find("qualifying"):
        yield from _chosen("term_forbidden", [_qualifier(sentence)])
    elif banned := sentence.find("unrecommended"):
        rest = _PART.split(sentence.lowered[banned.end() :])[0]
        if not shared("only_to_some").search(rest) and not shared("let_pass").search(rest):
            yield from _chosen("recommendation_forbidden", _quoted(data) or _brands(sentence, data))
    elif rule := sentence.find("term_forbidden"):
        yield from _chosen(
            "term_forbidden", _forbidden(sentence, data) or _unquoted(sentence, _QUOTED.sub(b" ", data), rule.group())
        )
    elif named := sentence.find("name_forbidden"):
        yield from _chosen("term_forbidden", _forbidden(sentence, data) or _beside(sentence, data, named.start()))
    elif sentence.find("term_banned"):
        yield from _chosen("term_forbidden", _forbidden(sentence, data))
    elif sentence.find("term_required"):
        yield from _chosen("term_required", _quoted(data))


_LATIN: Final = exact(r"\b(\p{Lu}\p{Ll}[\pL\pN-]+)\b")
_BRAND: Final = exact(r"(?:Marken?|Firma|Hersteller|Produkte? von|Geräte? von|Modelle? von)\s(\p{Lu}[\pL\pN-]+)")
_EAST: Final = exact(
    r"(?:推荐|推销|推介|建议购买)(?:任何)?([\p{Han}]{2,6}?)(?:牌|品牌|的|产品|[，。；]|$)|([\p{Han}\p{Katakana}ーA-Za-z]{2,12}?)"
    r"(?:の|社の|製)?(?:製品|商品)?(?:は|を)(?:お客様に)?(?:お?勧め|お?薦め|推奨|おすすめ|提案)"
)


def _brands(sentence: Sentence, data: bytes) -> list[str]:
    """The names in a sentence that says what isn't to be recommended."""
    if sentence.language in _UNSPACED:
        found = [match[1].decode(errors="replace") for match in matches(_LATIN, data, 4)]
        return found or [next(filter(None, m.groups())).decode(errors="replace") for m in matches(_EAST, data, 4)]
    if sentence.language == "de":
        return [match[1].decode(errors="replace") for match in matches(_BRAND, data, 4)]
    return [name for name in _unquoted(sentence, data, b"") if name.lower() not in _GENERIC]


def _quoted(data: bytes) -> list[str]:
    return [next(filter(None, match.groups())).decode(errors="replace") for match in matches(_QUOTED, data, 8)]


def _forbidden(sentence: Sentence, data: bytes) -> list[str]:
    """The quoted terms that a sentence forbids: those beside its prohibition, else those that it doesn't put in place
    of others."""
    groups: list[tuple[bool, bool, list[str]]] = []
    end = 0
    for match in matches(_QUOTED, data, 8):
        term = next(filter(None, match.groups())).decode(errors="replace")
        lead = _PART.split(data[end : match.start()])[-1]
        end = match.end()
        if groups and not (
            _LONGER.search(lead) or any(_says(sentence, key, lead) for key in ("preferring", "forbidding"))
        ):
            groups[-1][2].append(term)
        else:
            part = lead if sentence.language != "ja" else _PART.split(data[end:])[0]
            groups.append((_says(sentence, "forbidding", part), _says(sentence, "preferring", part), [term]))
    for beside in (True, False):
        if found := [
            term for banned, preferred, terms in groups for term in terms if banned or not (beside or preferred)
        ]:
            return found
    return []


def _says(sentence: Sentence, key: str, part: bytes) -> bool:
    return bool(pattern("constraints", sentence.language, key).search(lowered(part.decode(errors="replace"))))


def _chosen(kind: str, terms: list[str]) -> Iterator[Draft]:
    terms = terms + [rest for term in terms if (rest := _bare(term))]
    chosen = tuple(dict.fromkeys(term.strip(" .").lower() for term in terms if len(term.strip(" .")) >= _INITIALS))
    if chosen and not is_tool(chosen[0], b""):
        yield Draft(kind, chosen)


def _qualifier(sentence: Sentence) -> str:
    """Of "prices without tax" what makes the price one of those."""
    return str(sentence.find("qualifying")[1].decode(errors="replace"))


def _unquoted(sentence: Sentence, data: bytes, rule: bytes) -> list[str]:
    if sentence.language in _UNSPACED:
        return _named(sentence)
    found = [match[1].decode(errors="replace") for match in matches(_PROPER, data, 8)]
    own = rule if sentence.language == "de" else b" ".join(rule.split()[:_LEADS])
    named = [name for each in found if len(name := _named_after(own, each)) > _INITIALS and name not in _DAYS]
    return [name for name in named if _is_name(name)] if sentence.language == "de" else named


def _is_name(noun: str) -> bool:
    """A German noun that is a name: more than one in a row, or with capitals or digits inside."""
    return " " in noun or not noun[1:].islower()


def _beside(sentence: Sentence, data: bytes, at: int) -> list[str]:
    return _named(sentence) if sentence.language in _UNSPACED else _before(sentence, data, at)


def _before(sentence: Sentence, data: bytes, at: int) -> list[str]:
    """The name that stands right before the words that forbid it."""
    for match in matches(_PROPER, data, 8):
        name = match[1].decode(errors="replace")
        if lowered(data[: match.end()].decode(errors="replace")).rstrip() != sentence.lowered[:at].rstrip():
            continue
        *kinds, last = name.split()
        if sentence.language != "de":
            return [name] if name.lower() not in _GENERIC and len(name) > _INITIALS else []
        told = kinds or lowered(data[: match.start(1)].decode(errors="replace")).decode().split()
        return [last] if any(folded(kind.lower()).startswith(_KINDS_OF_NAMES) for kind in told[-2:]) else []
    return []


_KINDS_OF_NAMES: Final = tuple(sorted(folded(word) for word in _GENERIC if len(word) > 3))


def _named_after(rule: bytes, name: str) -> str:
    """A name without the words that are the rule's own: German writes nouns like names."""
    told = rule.decode(errors="replace").split()
    parts = name.split()
    while parts and folded(parts[0].lower()) in told:
        del parts[0]
    return " ".join(parts)


def _bare(term: str) -> str | None:
    """A name without the word for what it names."""
    first, _, rest = term.partition(" ")
    return rest if rest and first.lower() in _GENERIC else None


def _named(sentence: Sentence) -> list[str]:
    """Terms in scripts without capitals; a class of values is no term."""
    if names_class(sentence):
        return []
    found = pattern("constraints", sentence.language, "term_named")
    told = matches(found, sentence.lowered, 8)
    return [next(filter(None, match.groups())).decode(errors="replace") for match in told]


def uses(rule: Constraint, text: str) -> Violation | None:
    """A forbidden term stands in an answer, and its sentence doesn't say that it was left out."""
    small = text.lower()
    for term in rule.terms:
        at = _occurrence(small, term)
        if at >= 0:
            around = lowered(_sentence_at(small, at).replace(term, " "))
            if not any(_left_out(around, name) for name in likely(text)):
                return Violation(rule, "uses a term that the instructions forbid", at, at + len(term))
    return None


def _left_out(sentence: bytes, language: str) -> bool:
    """A sentence says that it was left out; a word that denies has to stand beside one for naming it."""
    denial = pattern("constraints", language, "denial")
    if denial.search(sentence) and pattern("constraints", language, "naming").search(sentence):
        return True
    return excluded(denial.sub(b" ", sentence), language)


def recommends(rule: Constraint, text: str) -> Violation | None:
    """A sentence that proposes something names what isn't to be recommended, and says nothing against it."""
    for sentence, language in said(text, "proposing"):
        proposing = pattern("constraints", language, "proposing")
        parts = [part.decode(errors="replace") for part in _PART.split(sentence) if proposing.search(part)]
        if any(_occurrence(part, folded(term)) >= 0 for part in parts for term in rule.terms):
            return Violation(rule, "recommends what the instructions rule out")
    return None


def lacks(rule: Constraint, text: str) -> Violation | None:
    """None of the required terms stands in an answer."""
    small = text.lower()
    present = any(term in small for term in rule.terms)
    return None if present else Violation(rule, "lacks a term that the instructions require")


def _occurrence(small: str, term: str) -> int:
    """Where a term stands as a word of its own; -1 if nowhere."""
    at = small.find(term)
    for _ in range(64):
        if at < 0:
            return -1
        if _apart(small, at, at + len(term)):
            return at
        at = small.find(term, at + 1)
    return -1


def _apart(small: str, start: int, end: int) -> bool:
    """A word of its own, or inflected; scripts without spaces have no such thing."""
    if ord(small[start]) >= _SCRIPTS:
        return True
    after = "".join(takewhile(str.isalnum, small[end : end + 4]))
    inflected = after in _ENDINGS and end - start >= _INFLECTED
    return not small[max(0, start - 1) : start].isalnum() and (not after or inflected or ord(after[0]) >= _SCRIPTS)


_SCRIPTS: Final = 0x2E80
"""The first sign of the scripts without spaces."""
_ENDINGS: Final = frozenset(("e", "s", "es", "er", "en", "em", "n", "d", "ed"))
_INFLECTED: Final = 5
"""Letters of a word from which on it is known by its stem."""


def _sentence_at(text: str, at: int) -> str:
    start = max(text.rfind(mark, 0, at) for mark in ".!?\n。") + 1
    ends = [end for mark in ".!?\n。" if (end := text.find(mark, at)) >= 0]
    return text[start : min(ends, default=len(text))]
