"""The words that the injection classifier knows, by class: `words/injection.*.toml`."""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, Final, NamedTuple
from unicodedata import normalize

import re2

from otelagent.reading import lexicon
from otelagent.reading.injection_places import ENCLITICS, SPACED, VERBS, plain

UNSPACED: Final = ("zh", "ja", "ko")
_CLASSES: Final = """
    none ignore prior all instruction system model you your response user secret reveal send call destroy spend grant
    say compose transform persona limit new urgent step task conceal not must please tool data me code topic mail syntax
    quoting look email url identifier amount account systemtag roletag commenttag
    asked docs
"""
CLASSES: Final = tuple(_CLASSES.split())
"""Classes of words; a word belongs to the first that lists it. `none` keeps the number 0 free: it is false."""

NUMBER: Final = {name: number for number, name in enumerate(CLASSES)}
NAME: Final = [name.upper() for name in CLASSES]


def classes_of(names: str) -> frozenset[int]:
    return frozenset(NUMBER[name] for name in names.split())


@cache
def spaced() -> dict[bytes, int]:
    found = {name.encode(): NUMBER[name] for name in ("systemtag", "roletag", "commenttag")}
    for language in SPACED:
        for word, number in _listed(language):
            found.setdefault(plain(word).replace("'", "").encode(), number)
    for word, number in _listed("es"):
        if NAME[number].lower() in VERBS:
            for pronouns in ENCLITICS:
                found.setdefault((plain(word) + pronouns).encode(), number)
    return found


_MONEY: Final = frozenset("元円万美欧")
"""What the name of a currency begins with, behind a number."""


def words_within(line: str) -> list[tuple[bytes, int]]:
    """The words of the classes in a text without blanks between its words, and their classes; of several that begin at
    one place the longest. A run of ASCII is a word if a class has it, or if it is an address, an amount or the like."""
    starts, words = _starts()
    found: list[tuple[bytes, int]] = []
    end = 0
    for at, letter in enumerate(line):
        if at < end or letter not in starts:
            continue
        if letter <= "~":
            end = _run_end(line, at + 1)
            word = line[at:end].lower().strip("\"',.:()<>").encode()
            if number := _amount(word, line[end : end + 1]) or spaced().get(word) or kind(word):
                found.append((word, number))
        else:
            for each in words.get(line[at : at + 2], ()) or words.get(letter, ()):
                if line.startswith(each.letters, at):
                    found.append((each.word, each.number))
                    end = at + len(each.letters)
                    break
    return found


def ordering(line: str) -> bool:
    """Whether a line without blanks has the form of an order: it begins with what Chinese puts before an order's object
    or with an order's verb, perhaps after words that lead to it, or ends as a Japanese order or request does."""
    return _forms().search(line) is not None


_LABEL: Final = 60
"""Letters of ASCII that may stand before an order in a line: a time, a number, a name."""


@cache
def _forms() -> Any:
    chinese, japanese = lexicon.words("injection", "zh"), lexicon.words("injection", "ja")
    verbs = [verb for name in VERBS for verb in chinese.get(name, ())]
    opening = rf"(?:{_any(chinese['opening'])}|[0-9一二三四五六七八九十两点时半:,、 ])*"
    begun = rf"^(?:[ -~]{{0,{_LABEL}}}[ \t:\"'*#>\-(,])?{opening}(?:{_any([*chinese['front'], *verbs])})"
    return re2.compile(rf"{begun}|(?:{_any(japanese['closing'])})[!\"')\s]*$", _options())


def _any(words: Iterable[str]) -> str:
    return "|".join(map(re2.escape, words))


def _options() -> Any:
    options = re2.Options()
    options.log_errors = False
    return options


def _run_end(line: str, at: int) -> int:
    while at < len(line) and "!" <= line[at] <= "~":
        at += 1
    return at


def _amount(word: bytes, behind: str) -> int:
    return _AMOUNT if behind in _MONEY and word.replace(b",", b"").replace(b".", b"").isdigit() else 0


class _Known(NamedTuple):
    letters: str
    word: bytes
    number: int


@cache
def _starts() -> tuple[frozenset[str], dict[str, list[_Known]]]:
    """Letters that words begin with, ASCII among them; and the words by their first letter, or first two where they
    have more, longest first. A list by two letters ends with those of the first alone."""
    words = [_Known(word.decode(), word, number) for word, number in unspaced_words().items()]
    found: dict[str, list[_Known]] = {}
    for each in sorted(words, key=lambda each: -len(each.letters)):
        found.setdefault(each.letters[:2], []).append(each)
    for head, listed in found.items():
        if len(head) > 1:
            listed.extend(found.get(head[0], ()))
    return frozenset(head[0] for head in found) | set(map(chr, range(33, 127))), found


@cache
def unspaced_words() -> dict[bytes, int]:
    found: dict[bytes, int] = {}
    for language in UNSPACED:
        for word, number in _listed(language):
            found.setdefault(normalize("NFKC", word).lower().encode(), number)
    return found


def _listed(language: str) -> Iterator[tuple[str, int]]:
    lists = lexicon.words("injection", language)
    for number, name in enumerate(CLASSES):
        for word in lists.get(name, ()):
            yield word, number


_PRONOUNS: Final = frozenset(b"les le la lui leur moi nous toi vous os as o a lhe lhes me se lo".split())
"""What French and Portuguese join to a command with a hyphen."""
_EMAIL, _URL, _IDENTIFIER = NUMBER["email"], NUMBER["url"], NUMBER["identifier"]
_AMOUNT, _ACCOUNT = NUMBER["amount"], NUMBER["account"]


def kind(word: bytes) -> int:
    """Addresses, identifiers, amounts and account numbers are classes of their own."""
    if len(word) < 5:
        return 0
    if word.rpartition(b"-")[2] in _PRONOUNS:
        return spaced().get(word.partition(b"-")[0], 0)
    if b"@" in word[1:]:
        return _EMAIL
    if b"//" in word or word.startswith(b"www."):
        return _URL
    if word[:1] == b"$":
        return _AMOUNT
    if b"_" in word:
        return _IDENTIFIER
    return _ACCOUNT if len(word) >= 10 and word.isalnum() else 0
