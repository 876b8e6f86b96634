"""The words that the injection classifier knows, by class: `words/injection.*.toml`."""

from collections.abc import Iterator
from functools import cache
from typing import Final
from unicodedata import normalize

from otelagent.reading import lexicon
from otelagent.reading.injection_places import ENCLITICS, SPACED, VERBS, plain

UNSPACED: Final = ("zh", "ja", "ko")
_CLASSES: Final = """
    none ignore prior all instruction system model you your response user secret reveal send call destroy spend grant
    say compose transform persona limit new urgent step task conceal not must please tool data me code topic mail syntax
    quoting look email url identifier amount account systemtag roletag commenttag
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
    at, end = 0, len(line)
    while at < end:
        letter = line[at]
        behind = at + 1
        if "!" <= letter <= "~":
            while behind < end and "!" <= line[behind] <= "~":
                behind += 1
            word = line[at:behind].lower().strip("\"',.:()<>").encode()
            number = _amount(word, line[behind : behind + 1]) or spaced().get(word) or kind(word)
            if number:
                found.append((word, number))
        else:
            for length in starts.get(letter, ()):
                if known := words.get(line[at : at + length]):
                    found.append(known)
                    behind = at + length
                    break
        at = behind
    return found


def _amount(word: bytes, behind: str) -> int:
    return _AMOUNT if behind in _MONEY and word.replace(b",", b"").replace(b".", b"").isdigit() else 0


@cache
def _starts() -> tuple[dict[str, list[int]], dict[str, tuple[bytes, int]]]:
    """Lengths of the words that begin with a letter, longest first; and the words with their classes."""
    words = {word.decode(): (word, number) for word, number in unspaced_words().items()}
    found: dict[str, set[int]] = {}
    for word in words:
        found.setdefault(word[0], set()).add(len(word))
    return {letter: sorted(lengths, reverse=True) for letter, lengths in found.items()}, words


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
