"""Where in a text a sentence could instruct its reader: one pass of one pattern, so that a text without such a place
costs little more than that. `words/injection.marks.toml` lists what makes a place.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, Final, NamedTuple
from unicodedata import normalize

import re2

from otelagent.reading import injection_text, lexicon

SPACED: Final = ("en", "de", "fr", "es", "pt", "it")
MARK: Final = b"\x01"
"""Stands in a passage behind a place; the three others say more of what follows it."""
TITLE: Final = b"\x03"
"""Behind a place: the next word has a capital, as in a title or before a name."""
BARE: Final = b"~bare"
"""Nothing around tells what kind of text it is."""
NAMED: Final = b"\x04"
"""Behind a place: one of the next words is a name."""
PACKED: Final = 24
"""Least length of a run of base64 or hexadecimal that is looked into."""
_VERBS: Final = ("ignore", "reveal", "send", "call", "destroy", "spend", "grant", "say", "compose", "persona", "look")
_BEFORE: Final = 160
_AFTER: Final = 400
_APART: Final = injection_text.APART.encode()
_AROUND: Final = 350
_AHEAD: Final = 100
_WORD: Final = 40
_BEGIN: Final = r"""(?:\A|[\n.!?:;>"'`*(|\[\]#/\\=\x1e-])[ \t*_]*"""
_NAMES: Final = re2.compile(rb"[a-z,'\"@] ?[A-Z][a-z]+")
_SURROUNDINGS: Final = ("topic", "mail", "syntax")
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
_AROUND_KEYS: Final = [b"~" + name.encode() for name in (*_SURROUNDINGS, *_MANUAL)]


class Passage(NamedTuple):
    """A stretch of text around places, each marked."""

    raw: bytes
    begin: int
    end: int
    crowd: int
    """How many places are near besides its own."""


def plain(word: str) -> str:
    """A word as it is written in text without accents."""
    return normalize("NFKD", word.replace("ß", "ss").replace("ø", "o")).encode("ascii", "ignore").decode().lower()


def _compiled(pattern: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = False
    options.max_mem = 64 << 20
    return re2.compile(pattern.encode(), options)


def _any(words: Iterable[str]) -> str:
    return f"(?:{'|'.join(sorted(map(re2.escape, words)))})"


@cache
def _places() -> Any:
    marks = lexicon.words("injection", "marks")
    verbs = {plain(v) for lang in SPACED for name in _VERBS for v in lexicon.words("injection", lang).get(name, ())}
    nouns = set(marks["nouns"])
    verb = _any(verbs - nouns) + r"(?: ['\"`@$(<\[*]*[a-z0-9/~.{]|\n[a-z])"
    command = rf"(?:{verb}|{_any(nouns)} (?:{'|'.join(marks['articles'])})\b)"
    lead = rf"(?:(?:{'|'.join(marks['lead'])})[ ,:!-]+)*"
    told = rf"\b(?:{'|'.join(marks['told'])}) +"
    packed = rf"[A-Za-z0-9+/]{{{PACKED},}}={{0,2}}"
    return _compiled("|".join([rf"(?:{_BEGIN}|{told}){lead}{command}", *marks["marks"], packed]))


@cache
def _surroundings() -> Any:
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = False
    options.max_mem = 64 << 20
    found = re2.Set.SearchSet(options)
    for name in _SURROUNDINGS:
        words = {plain(v) for lang in SPACED for v in lexicon.words("injection", lang).get(name, ())}
        found.Add(rf"\b{_any(words)}\b")
    for pattern in _MANUAL.values():
        found.Add(pattern)
    found.Compile()
    return found


class Places(NamedTuple):
    commands: list[tuple[int, int]]
    packed: list[bytes]


def places(raw: bytes) -> Places:
    """Spans of what could instruct, and runs that could be encoded text."""
    commands: list[tuple[int, int]] = []
    packed: list[bytes] = []
    for match in _places().finditer(raw):
        begin, end = match.span()
        if end - begin >= PACKED and b" " not in (run := raw[begin:end]) and b"\n" not in run:
            packed.append(run)
        else:
            commands.append((begin, end))
    return Places(commands, packed)


def passages(raw: bytes, commands: list[tuple[int, int]]) -> Iterator[Passage]:
    """The text around the places, in order, joined where it overlaps."""
    number, starts = 0, [begin for begin, _ in commands]
    while number < len(commands):
        first, (at, end) = number, commands[number]
        begin = _boundary(raw, at)
        done = _behind(raw, end)
        pieces = [raw[begin:done], _mark(raw, done)]
        end = max(done, _ending(raw, end))
        while (number := number + 1) < len(commands) and commands[number][0] - _BEFORE < end and end - begin < 4096:
            after = max(done, _behind(raw, commands[number][1]))
            pieces += (raw[done:after], _mark(raw, after))
            done, end = after, max(end, _ending(raw, after))
        pieces.append(raw[done:end])
        near = bisect_right(starts, end + _AROUND) - bisect_left(starts, begin - _AROUND)
        yield Passage(b"".join(pieces), begin, end, near - (number - first))


def _behind(raw: bytes, end: int) -> int:
    """Behind the word that a place ends in, before what ends a sentence."""
    place = raw.find(b" ", end - 1, end + _WORD)
    line = raw.find(b"\n", end - 1, place if place >= 0 else end + _WORD)
    found = line if line >= 0 else place if place >= 0 else end
    return end - 1 + len(raw[end - 1 : found].rstrip(b".!?;,:\"'"))


def _mark(raw: bytes, at: int) -> bytes:
    title = raw[at + 1 : at + 2].isupper() and raw[at + 2 : at + 3].islower()
    named = _NAMES.search(raw, at, min(len(raw), at + _AHEAD)) is not None
    return MARK + TITLE * title + NAMED * named


def _boundary(raw: bytes, at: int) -> int:
    """Where a passage begins: a word's beginning well before the place."""
    return raw.rfind(b" ", max(0, at - 2 * _BEFORE), at - _BEFORE) + 1 or max(0, at - _BEFORE) if at > _BEFORE else 0


def _ending(raw: bytes, after: int) -> int:
    ends = [place for mark in (b". ", b"\n\n", _APART) if (place := raw.find(mark, after, after + _AFTER)) >= 0]
    return min(ends) + 1 if ends else min(len(raw), after + _AFTER)


def surroundings(raw: bytes, begin: int, end: int) -> list[bytes]:
    """Whether words of security research, mails or code stand around."""
    around = raw[max(0, begin - _AROUND) : end + _AROUND]
    return [_AROUND_KEYS[number] for number in (_surroundings().Match(around) or ())] or [BARE]
