"""Where in a text a sentence could instruct its reader: one pass of one pattern, so that a text without such a place
costs little more than that. `words/injection.marks.toml` lists what makes a place.

Encoded runs, and each kind of surroundings, have a program of their own: in one, RE2 builds a state for every way in
which they can stand side by side, and a text unlike those before costs three times as much.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, Final, NamedTuple
from unicodedata import normalize

import re2

from otelagent.reading import lexicon

SPACED: Final = ("en", "de", "fr", "es", "pt", "it")
BARE: Final = b"~bare"
"""Nothing around tells what kind of text it is."""
PACKED: Final = 24
"""Least length of a run of base64 or hexadecimal that is looked into."""
VERBS: Final = ("ignore", "reveal", "send", "call", "destroy", "spend", "grant", "say", "compose", "persona", "look")
"""Classes of verbs that commands begin with."""
ENCLITICS: Final = (
    "lo", "la", "los", "las", "le", "les", "me", "nos", "selo", "sela", "selos", "selas", "melo", "mela",
)  # fmt: skip
"""What Spanish joins to a command: *envíalos*."""
_BEFORE: Final = 200
_AFTER: Final = 400
_ENDERS: Final = (b".", b":", b"!", b"?", b";", b"\n")
_STOPS: Final = b".!?;"
_NUMBERED: Final = (b".", b")")
"""What stands behind the number of a step, or of a sentence before that ends in one."""
_FOLDS: Final = 4
"""Lines that a sentence may go on for, either way."""
_AROUND: Final = 250
_BEGIN: Final = r"""(?:\A|[\n.!?:;>"'`*(|\[\]#/\\=\x1e-])[ \t*_]*"""
_SURROUNDINGS: Final = ("topic", "mail", "syntax", "docs")
_MANUAL: Final = {
    "fence": r"```|~~~|\.\. code|::\n|<pre|<code",
    "prompt": r"(?m)^[ \t]*(?:\$|>>>|#|%) [a-z]"
    r"|(?:pip|npm|go|apt|brew|yarn|cargo|docker|git|npx) (?:-\S+ )?(?:install|get|add|run|clone|i) ",
    "option": r"(?:^|[ \t\[`])--?[a-z][a-z-]+\b",
    "heading": r"(?m)^#{1,5} |^[=\-~^]{4,}$|^[A-Z][A-Z ]{3,}$",
    "link": r"\]\(|`_|\]: http|\]\[",
    "tick": r"`[^`\n]{1,60}`",
}
"""What manuals are written with: fences, prompts, options, headings, links, code within a sentence."""


class Places(NamedTuple):
    commands: list[tuple[int, int]]
    packed: list[bytes]


class Span(NamedTuple):
    """The sentence around a place, or around several."""

    begin: int
    end: int
    behind: int
    """Where the first place in it ends."""
    crowd: int
    """How many places are near besides its own."""


def plain(word: str) -> str:
    """A word as it is written in text without accents."""
    return normalize("NFKD", word.replace("ß", "ss").replace("ø", "o")).encode("ascii", "ignore").decode().lower()


def _options() -> Any:
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = False
    options.max_mem = 64 << 20
    return options


def _any(words: Iterable[str]) -> str:
    return f"(?:{'|'.join(sorted(map(re2.escape, words)))})"


@cache
def _commands() -> Any:
    marks = lexicon.words("injection", "marks")
    verbs = {plain(v) for lang in SPACED for name in VERBS for v in lexicon.words("injection", lang).get(name, ())}
    nouns = set(marks["nouns"])
    joined = rf"(?:{'|'.join(ENCLITICS)}|-[a-z]{{1,4}})?"
    verb = _any(verbs - nouns) + joined + r"(?: ['\"`@$(<\[*]*[a-z0-9/~.{]|\n[a-z])"
    asked = rf"(?:please|kindly) {_any(nouns)} [a-z0-9'$]"
    command = rf"(?:{verb}|{asked}|{_any(nouns)} (?:{'|'.join(marks['articles'])})\b)"
    lead = rf"(?:(?:{'|'.join(marks['lead'])})[ ,:!-]+)*"
    told = rf"\b(?:{'|'.join(marks['told'])}) +"
    return re2.compile("|".join([rf"(?:{_BEGIN}|{told}){lead}{command}", *marks["marks"]]).encode(), _options())


@cache
def _packed() -> Any:
    return re2.compile(rb"[A-Za-z0-9+/]{%d,}={0,2}" % PACKED, _options())


@cache
def _surroundings() -> tuple[tuple[Any, list[bytes]], ...]:
    """Sets of patterns, each with the features of its patterns."""
    words = {
        name: {plain(v) for lang in SPACED for v in lexicon.words("injection", lang).get(name, ())}
        for name in _SURROUNDINGS
    }
    bounded = {
        name: rf"(?:^|[^a-z0-9@./_-]){_any(each)}(?:[^a-z0-9@./_-]|[./-](?:[^a-z0-9]|$)|$)"
        for name, each in words.items()
    }
    return tuple((_set(each.values()), [b"~" + name.encode() for name in each]) for each in (bounded, _MANUAL))


def _set(patterns: Iterable[str]) -> Any:
    found = re2.Set.SearchSet(_options())
    for pattern in patterns:
        found.Add(pattern)
    found.Compile()
    return found


def places(raw: bytes) -> Places:
    """Spans of what could instruct, and runs that could be encoded text."""
    commands = [match.span() for match in _commands().finditer(raw)]
    return Places(commands, [match.group() for match in _packed().finditer(raw)])


def spans(raw: bytes, flat: bytes, commands: list[tuple[int, int]]) -> Iterator[Span]:
    """The sentences around the places, in order; none is longer than `_BEFORE` and `_AFTER` allow around its first
    place. `flat` is `raw` as plain text of the same length, with a line for each sentence."""
    done, starts = 0, [begin for begin, _ in commands]
    for number, (at, behind) in enumerate(commands):
        if behind <= done:
            continue
        begin = max(done, _first(raw, flat, at))
        done = _last(raw, flat, behind)
        near = bisect_right(starts, done + _AROUND) - bisect_left(starts, begin - _AROUND)
        yield Span(begin, done, behind, near - bisect_left(starts, done, number) + number)


def _first(raw: bytes, flat: bytes, at: int) -> int:
    if raw[at] in _STOPS:
        return at + 1
    if raw[at : at + 1].isdigit() and raw[at + 1 : at + 2] in _NUMBERED:
        return at + 2
    begin = flat.rfind(b"\n", max(0, at - _BEFORE), at + 1) + 1
    for _ in range(_FOLDS):
        if not begin or at - begin > _BEFORE or not _goes_on(raw, begin - 1):
            break
        begin = flat.rfind(b"\n", max(0, at - _BEFORE), begin - 1) + 1
    return begin or (flat.find(b" ", at - _BEFORE, at) + 1 if at > _BEFORE else 0)


def _last(raw: bytes, flat: bytes, behind: int) -> int:
    limit = min(len(flat), behind + _AFTER)
    end = flat.find(b"\n", behind, limit)
    for _ in range(_FOLDS):
        if end < 0 or not _goes_on(raw, end):
            break
        end = flat.find(b"\n", end + 1, limit)
    return end if end >= 0 else limit


def _goes_on(raw: bytes, at: int) -> bool:
    """A line break within a sentence: the next line begins in lower case and is no `key: value`."""
    if raw[at] != 10 or raw[at - 1 : at] in _ENDERS:
        return False
    line = raw[at + 1 : at + 32].lstrip(b" \t")
    return line[:1].islower() and b":" not in line[:24]


def surroundings(raw: bytes, begin: int, end: int) -> list[bytes]:
    """Whether words of security research, mails or code stand around."""
    around = raw[max(0, begin - _AROUND) : end + _AROUND]
    return [keys[number] for found, keys in _surroundings() for number in (found.Match(around) or ())] or [BARE]
